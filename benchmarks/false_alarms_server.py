"""A real Prometheus on the loopback with a written past: blocks made by promtool, read by range queries."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

import yaml

from tests.support.pgtools import HOST, free_port

PATIENCE = 60.0
MINUTE = 60.0
# A sample is seen until the next one and no longer: what is absent must be absent, as after a scrape without it.
LOOK_BACK = 59.999
# promtool cuts blocks to multiples of two hours; longer ones than its default save reading the input again for each.
LONGEST_BLOCK = "162h"
# Prometheus refuses ranges of more than 11,000 steps.
STEPS = 10_000

Labels = Mapping[str, str]


class Series(NamedTuple):
    """What an expression gives: its labels, and minutes (after the start of the query) with their values."""

    labels: dict[str, str]
    points: dict[int, float]


class Prometheus:
    """The server on `folder`, from the first samples on; a context manager that ends it. It scrapes nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._log = folder / "prometheus.log"
        self._url = f"http://{HOST}:{free_port()}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.data.mkdir(parents=True, exist_ok=True)
        (self.folder / "prometheus.yml").write_text("{}\n", "utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)
            self._process = None

    def load(self, lines: Iterable[str]) -> None:
        """Add samples in OpenMetrics text; the server is started (again) to see them."""
        path = self.folder / "samples.txt"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(lines)
            file.write("# EOF\n")
        self._promtool("openmetrics", str(path), str(self.data))
        path.unlink()
        self._restart()

    def record(self, rules: list[dict[str, str]], start: datetime, end: datetime) -> None:
        """Evaluate recording rules each minute of the past and add what they record."""
        # Always the same file and group: their names decide at which second of the minute a group is evaluated.
        path = self.folder / "recording.yml"
        group = {"name": "past", "interval": "1m", "rules": rules}
        path.write_text(yaml.safe_dump({"groups": [group]}, allow_unicode=True), "utf-8")
        span = [f"--start={start.timestamp():.0f}", f"--end={end.timestamp():.0f}"]
        self._promtool("rules", *span, f"--url={self._url}", f"--output-dir={self.data}", str(path))
        self._restart()

    def range(self, expression: str, start: datetime, minutes: int) -> Iterator[Series]:
        """The expression at the end of each minute, in pieces that the server accepts."""
        for first in range(0, minutes, STEPS):
            begin = start.timestamp() + first * MINUTE + LOOK_BACK
            end = begin + (min(STEPS, minutes - first) - 1) * MINUTE
            answer = self._get("query_range", query=expression, start=begin, end=end, step=MINUTE)
            for found in answer["data"]["result"]:
                points = {first + round((at - begin) / MINUTE): float(value) for at, value in found["values"]}
                yield Series(found["metric"], points)

    def _promtool(self, *arguments: str) -> None:
        command = ["promtool", "tsdb", "create-blocks-from", arguments[0], f"--max-block-duration={LONGEST_BLOCK}"]
        done = subprocess.run([*command, *arguments[1:]], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"promtool {arguments[0]} failed: {(done.stdout + done.stderr)[-2_000:]}")

    def _restart(self) -> None:
        self.__exit__()
        self._start()

    def _start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={self.folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self.data}",
                    "--storage.tsdb.retention.time=100y",
                    f"--query.lookback-delta={LOOK_BACK * 1_000:.0f}ms",
                    f"--web.listen-address={self._url.removeprefix('http://')}",
                ],
                stdout=log,
                stderr=log,
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.__exit__()
            raise

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(f"{self._url}/-/ready", timeout=5):  # noqa: S310
                    return
            except (urllib.error.URLError, OSError):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"Prometheus does not start: {self._log.read_text('utf-8')[-2_000:]}") from None
                time.sleep(0.02)

    def _get(self, path: str, **parameters: object) -> Any:
        query = urllib.parse.urlencode(parameters).encode()
        request = urllib.request.Request(f"{self._url}/api/v1/{path}", query)  # noqa: S310 - our own server
        try:
            with urllib.request.urlopen(request, timeout=600) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{parameters.get('query')}: {error.read().decode()}") from None


def head(name: str, labels: Labels) -> str:
    """Name and labels as they stand before a value."""
    return name + "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}"
