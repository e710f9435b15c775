"""The command as a user starts it: a process of its own, nothing of the caller's environment but what is given."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from types import MappingProxyType
from urllib.request import urlopen

NOTHING: Mapping[str, str] = MappingProxyType({})
DEADLINE = 60.0


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str


def run(*words: str, folder: Path, settings: Mapping[str, str] = NOTHING) -> Done:
    """Run a command in `folder` to its end; `settings` are keys of the configuration, given by environment."""
    done = subprocess.run(
        command(words), cwd=folder, env=environment(folder, settings), capture_output=True, text=True, timeout=DEADLINE
    )
    return Done(done.returncode, done.stdout, done.stderr)


def command(words: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "exporter.cli", *words]


def environment(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """A clean environment whose home is `folder`."""
    given = {f"OUTCALL_{key.upper()}": value for key, value in settings.items()}
    package = str(Path(__file__).parents[2])
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", "PYTHONPATH": package, **given}


class Service:
    """A running `serve`; `lines` are those of its log, as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: Queue[str] = Queue()
        self.log: list[str] = []
        self.url = self._announced()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _announced(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().partition("metrics: ")[2].strip(")\n")

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)
            self.lines.put(line)

    def await_log(self, text: str) -> None:
        """Return when a line of the log holds `text`."""
        while text not in self.lines.get(timeout=DEADLINE):
            pass

    def page(self) -> str:
        """The page of metrics."""
        with urlopen(self.url, timeout=DEADLINE) as answer:  # noqa: S310 - our own server
            text: str = answer.read().decode()
            return text

    def await_page(self, line: str) -> None:
        """Return when the page has that line; the test's time limit bounds it."""
        while line not in self.page().splitlines():
            assert self.process.poll() is None


@contextmanager
def service(folder: Path, settings: Mapping[str, str]) -> Iterator[Service]:
    """`serve` for a block."""
    process = subprocess.Popen(
        command(("serve",)),
        cwd=folder,
        env=environment(folder, settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Service(process)
    finally:
        process.terminate()
        process.wait(DEADLINE)
