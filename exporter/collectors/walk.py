"""Counting a large store a little at a time: a walk that pauses, and the last complete count.

A store of millions of files takes minutes to walk. `walk` is a generator that yields every few entries, so whoever
drives it decides when to pause; the folder it is in stays open meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

# Entries between two looks at the clock.
STRIDE = 256


@dataclass(frozen=True, slots=True)
class Count:
    """Regular files, their bytes, and the entries that could not be read."""

    files: int = 0
    size: int = 0
    errors: int = 0


@dataclass(frozen=True, slots=True)
class Scan:
    """A complete count; it ended at `ended_at` (Unix seconds), `clock` (monotonic), and took `seconds`, with pauses."""

    count: Count
    ended_at: float
    clock: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Growth:
    """Change per second between two complete counts; negative when the store shrinks."""

    files: float
    size: float


def growth(before: Scan, after: Scan) -> Growth | None:
    """None when no time has passed between the two."""
    elapsed = after.clock - before.clock
    if elapsed <= 0:
        return None
    return Growth((after.count.files - before.count.files) / elapsed, (after.count.size - before.count.size) / elapsed)


def walk(root: Path) -> Generator[None, None, Count]:
    """Count the regular files below `root`, pausing every few entries; returns the whole.

    Symbolic links are not followed. What vanishes meanwhile is not counted, what cannot be read is counted in `errors`.
    Raises OSError when the root itself cannot be read.
    """
    tally, top = _Tally(), os.fspath(root)
    pending = [top]
    while pending:
        folder = pending.pop()
        try:
            yield from _walk_folder(folder, pending, tally)
        except OSError as error:
            if folder == top:
                raise
            tally.failed(error)
        yield
    return Count(tally.files, tally.size, tally.errors)


@dataclass(slots=True)
class _Tally:
    files: int = 0
    size: int = 0
    errors: int = 0

    def failed(self, error: OSError) -> None:
        self.errors += not isinstance(error, FileNotFoundError)


def _walk_folder(folder: str, pending: list[str], tally: _Tally) -> Generator[None, None, None]:
    with os.scandir(folder) as entries:
        for number, entry in enumerate(entries, 1):
            try:
                _visit(entry, pending, tally)
            except OSError as error:
                tally.failed(error)
            if number % STRIDE == 0:
                yield


def _visit(entry: os.DirEntry[str], pending: list[str], tally: _Tally) -> None:
    if entry.is_dir(follow_symlinks=False):
        pending.append(entry.path)
    elif entry.is_file(follow_symlinks=False):
        tally.size += entry.stat(follow_symlinks=False).st_size
        tally.files += 1


class Scanner:
    """Walks the store within a time budget per step, again after `every` seconds; keeps the last two full counts."""

    def __init__(self, root: Path, every: float, clock: Callable[[], float], now: Callable[[], float]) -> None:
        self.last: Scan | None = None
        self.previous: Scan | None = None
        self._root = root
        self._every = every
        self._clock = clock
        self._now = now
        self._started = 0.0
        self._running: Generator[None, None, Count] | None = None

    def step(self, budget: float) -> None:
        """Walk on for `budget` seconds, or to the end. Raises OSError, then starts over, if the root is lost."""
        if self._running is None and not self._due():
            return
        deadline = self._clock() + budget
        running = self._running or self._start()
        try:
            while self._clock() < deadline:
                next(running)
        except StopIteration as end:
            self._running = None
            self._complete(end.value)
        except OSError:
            self._running = None
            raise

    def _due(self) -> bool:
        return self.last is None or self._clock() - self._started >= self._every

    def _start(self) -> Generator[None, None, Count]:
        self._started = self._clock()
        self._running = walk(self._root)
        return self._running

    def _complete(self, count: Count) -> None:
        clock = self._clock()
        self.previous, self.last = self.last, Scan(count, self._now(), clock, clock - self._started)
