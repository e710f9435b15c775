"""The real service in a process of its own, and waiting for what its page says."""

from __future__ import annotations

import asyncio
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Self

import asyncpg

from exporter.calldb.reader import instant
from tests.oracle.gauges import FAMILIES, oracle
from tests.support.pgtools import HOST, free_port
from tests.support.scrape import Samples, compare, parse

ROOT = Path(__file__).parents[2]
# Generous: a loaded machine is slow, and what never comes is found all the same.
DEADLINE = 90.0
GLANCE = 0.05

# Quick polls and short limits: a fault shows, and is over, within seconds.
PACE = {
    "POLL_INTERVAL": "0.3",
    "SWEEP_INTERVAL": "0.7",
    "RECONCILE_INTERVAL": "3600",
    "CONNECT_TIMEOUT": "1",
    "STATEMENT_TIMEOUT": "2",
    "LOCK_TIMEOUT": "0.5",
    "BACKGROUND_TIMEOUT": "5",
    "HOST_INTERVAL": "60",
}

# The metrics by which the exporter tells of itself, and the head of any sample.
HEALTH = ("outcall_up ", "outcall_as_of_", "outcall_window_complete", "outcall_config_last_", "outcall_source_up")
HEAD = re.compile(r"^(outcall_\w+)[{ ]", re.MULTILINE)

Launch = Callable[[Mapping[str, str], Path], int]


def launch(environment: Mapping[str, str], log: Path) -> int:
    """`python -m exporter.cli serve`, which ends with the tests however they end; returns its process id."""
    with log.open("ab") as sink:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "exporter.cli", "serve"],
            env=dict(environment),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
        )
    # The process is watched by its descriptor, which works for a grandchild too; as a zombie it counts as ended.
    process.returncode = 0
    return process.pid


class Service:
    """One state folder and one port; started and killed as often as one likes. A context manager: killed at the end."""

    def __init__(
        self, dsn: str, folder: Path, settings: Mapping[str, str] | None = None, *, start: Launch = launch
    ) -> None:
        self.state, self.log = folder / "state", folder / "service.log"
        self.port = free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OUTCALL_")}
        own = {
            "DATABASE_URL": dsn,
            "LISTEN": f"{HOST}:{self.port}",
            "STATE_DIR": str(self.state),
            **PACE,
            **(settings or {}),
        }
        self.environment = kept | {f"OUTCALL_{name}": value for name, value in own.items()}
        self._launch = start
        self._handle: int | None = None
        self.pid = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start the process; it serves some time later."""
        self.pid = self._launch(self.environment, self.log)
        self._handle = os.pidfd_open(self.pid)

    @property
    def running(self) -> bool:
        return self._handle is not None and not select.select([self._handle], [], [], 0)[0]

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self._handle is not None and self.running:
            signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """`kill -9`, and gone when this returns."""
        if self._handle is None:
            return
        self.send(signal.SIGKILL)
        select.select([self._handle], [], [], DEADLINE)
        os.close(self._handle)
        self._handle = None

    def page(self) -> Page | None:
        """The page, or None while it is not served; a process that ended by itself is a failure."""
        assert self.running, f"the service ended by itself:\n{self.log.read_text('utf-8')[-3000:]}"
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.port}/metrics", timeout=DEADLINE) as answer:
                return Page(answer.read().decode())
        except (urllib.error.URLError, ConnectionError):
            return None

    async def wait_for(self, what: str, condition: Callable[[Page], bool]) -> Page:
        """The first page on which the condition holds."""
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            page = await asyncio.to_thread(self.page)
            if page is not None and condition(page):
                return page
            await asyncio.sleep(GLANCE)
        raise AssertionError(f"{what}: not within {DEADLINE:.0f} s\n{self.log.read_text('utf-8')[-3000:]}")

    async def polled_after(self, moment: float) -> Page:
        """A page of a poll after a moment of the database's clock (Unix seconds), every window covered."""
        return await self.wait_for("a page of a later poll", lambda page: page.as_of > moment and page.is_complete)


class Page:
    """A page as served; what is asked often is read without parsing thousands of gauges."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def samples(self) -> Samples:
        """All of it."""
        return parse(self.text)

    @cached_property
    def health(self) -> Samples:
        """What the exporter says of itself."""
        return parse("".join(line for line in self.text.splitlines(keepends=True) if line.startswith(HEALTH)))

    @property
    def kpis(self) -> set[str]:
        """The metrics of the oracle that are there."""
        return {name for name in HEAD.findall(self.text) if name in FAMILIES}

    def value(self, name: str, **labels: str) -> float | None:
        """A sample of the exporter's health."""
        return self.health.get((f"outcall_{name}", tuple(sorted(labels.items()))))

    @property
    def as_of(self) -> float:
        """The instant that the gauges are right for, Unix seconds; 0 before the first poll."""
        return self.value("as_of_timestamp_seconds") or 0.0

    @property
    def is_up(self) -> bool:
        return self.value("up") == 1.0

    @property
    def is_complete(self) -> bool:
        """Whether every source is covered and fresh in every window."""
        found = [value for (name, _), value in self.health.items() if name == "outcall_window_complete"]
        return bool(found) and all(found)


async def differences(connection: asyncpg.Connection[asyncpg.Record], page: Page) -> list[str]:
    """How a page differs from what the oracle says of its instant; for a database at rest."""
    return compare(await oracle(connection, instant(page.as_of)), page.samples, families=FAMILIES)


async def database_time(connection: asyncpg.Connection[asyncpg.Record]) -> float:
    """The database's clock, Unix seconds."""
    return float(await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())"))


@contextmanager
def nursery() -> Iterator[Launch]:
    """A launcher that forks from a process which has imported everything: many starts cost a fraction each."""
    mother = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.nursery"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert mother.stdin is not None
    assert mother.stdout is not None
    asking, answering = mother.stdin, mother.stdout

    def fork(environment: Mapping[str, str], log: Path) -> int:
        asking.write(json.dumps({"environment": dict(environment), "log": str(log)}).encode() + b"\n")
        asking.flush()
        return int(answering.readline())

    try:
        yield fork
    finally:
        asking.close()
        answering.close()
        mother.wait(DEADLINE)
