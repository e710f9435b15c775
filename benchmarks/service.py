"""The real exporter as a process of its own, and what can be seen of it from outside."""

from __future__ import annotations

import asyncio
import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.request import urlopen

from tests.support.pgtools import HOST, free_port

Sample = tuple[str, str]


class Service:
    """`python -m exporter.cli serve` with settings as environment; a context manager."""

    def __init__(self, dsn: str, state: Path, log: Path, **settings: object) -> None:
        self.port = free_port()
        self._log = log
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("OUTCALL_")} | {
            "OUTCALL_DATABASE_URL": dsn,
            "OUTCALL_STATE_DIR": str(state),
            "OUTCALL_LISTEN": f"{HOST}:{self.port}",
            **{f"OUTCALL_{key.upper()}": str(value) for key, value in settings.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.began = 0.0

    def __enter__(self) -> Self:
        self.began = time.monotonic()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "exporter.cli", "serve"], env=self._environment, stdout=log, stderr=log
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def metrics(self) -> dict[Sample, float]:
        """Every sample of /metrics by (name, label text); empty while nothing listens."""
        try:
            with urlopen(f"http://{HOST}:{self.port}/metrics", timeout=30) as answer:
                return parse(answer.read().decode())
        except OSError:
            return {}

    async def wait(self, until: Callable[[Mapping[Sample, float]], bool], limit: float) -> float:
        """Poll /metrics until a condition holds; returns the seconds since the start of the process."""
        while (elapsed := time.monotonic() - self.began) < limit:
            if until(await asyncio.to_thread(self.metrics)):
                return time.monotonic() - self.began
            if self._process is not None and self._process.poll() is not None:
                break
            await asyncio.sleep(max(0.1, 0.03 * elapsed))
        raise RuntimeError(f"the exporter did not get there in {limit:.0f} s, see {self._log}")

    def memory(self) -> tuple[float, float]:
        """(resident, peak) in MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text("utf-8")
        values = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return tuple(int(values[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))  # type: ignore[return-value]

    def connection(self) -> http.client.HTTPConnection:
        """A keep-alive connection."""
        return http.client.HTTPConnection(HOST, self.port, timeout=30)


def parse(text: str) -> dict[Sample, float]:
    """Samples of a page in the text format."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            head, _, value = line.rpartition(" ")
            name, _, labels = head.partition("{")
            found[name, labels.rstrip("}")] = float(value)
    return found


def total(metrics: Mapping[Sample, float], name: str) -> float:
    """The sum of a metric over its labels."""
    return sum(value for (at, _), value in metrics.items() if at == name)


def complete(metrics: Mapping[Sample, float]) -> bool:
    """Whether every window of every source is covered."""
    flags = [value for (name, _), value in metrics.items() if name == "outcall_window_complete"]
    return bool(flags) and all(flags)


def has_gauges(metrics: Mapping[Sample, float]) -> bool:
    """Whether KPI gauges are on the page."""
    return any(name == "outcall_connect_ratio" for name, _ in metrics)
