"""The folder of reviews: strict names, regular files of that folder only, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

# review-weekly-2026-W46, review-monthly-2026-10, review-weekly-2026-11-01..2026-11-14
STEM = r"review-(weekly|monthly)-(\d{4}-W\d{2}|\d{4}-\d{2}|\d{4}-\d{2}-\d{2}\.\.\d{4}-\d{2}-\d{2})"
_PAGE = re.compile(rf"({STEM})\.(zh|en)\.(html|md)", re.ASCII)
# A page has drawings of twenty KPIs; none comes near this.
MOST_BYTES = 16 << 20
# What a process that was killed left behind is removed when it is as old as this, in seconds.
_STALE = 3600.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A review that is there: its days, both included, which of its pages (`zh.html`, ...), and when the newest was
    written (Unix seconds).
    """

    stem: str
    cadence: str
    period: str
    first: date
    last: date
    pages: frozenset[str]
    written: float


def is_page(name: str) -> bool:
    """Whether a name is that of a review's page."""
    return _PAGE.fullmatch(name) is not None


def entries(folder: Path) -> list[Entry]:
    """The reviews that are there, the newest period first; none where there is no such folder. Raises OSError."""
    found: dict[str, Entry] = {}
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as files:
        for file in files:
            match = _PAGE.fullmatch(file.name)
            if match is None or not file.is_file(follow_symlinks=False):
                continue
            stem, cadence, period, language, ending = match.groups()
            if (span := _days(period)) is None:
                continue
            # It may be taken away meanwhile; the others are still there.
            try:
                changed = file.stat(follow_symlinks=False).st_mtime
            except FileNotFoundError:
                continue
            known = found.get(stem)
            pages = (known.pages if known else frozenset()) | {f"{language}.{ending}"}
            written = max(known.written if known else 0.0, changed)
            found[stem] = Entry(stem, cadence, period, *span, pages, written)
    return sorted(found.values(), key=lambda entry: (entry.last, entry.first, entry.cadence), reverse=True)


def _days(period: str) -> tuple[date, date] | None:
    """The first and the last day of a period's name; None where the calendar has no such."""
    try:
        if ".." in period:
            first, last = map(date.fromisoformat, period.split(".."))
            return first, last
        if "W" in period:
            year, week = map(int, period.split("-W"))
            return date.fromisocalendar(year, week, 1), date.fromisocalendar(year, week, 7)
        first = date.fromisoformat(f"{period}-01")
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    except (ValueError, OverflowError):
        return None


def read_page(folder: Path, name: str) -> bytes | None:
    """A file of the folder; None for what is no regular file of it: a link, a pipe, a folder. Raises OSError."""
    if not name or "/" in name or name.startswith("."):
        return None
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(folder / name, flags)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        if (folder / name).is_symlink():
            return None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(MOST_BYTES + 1)
    finally:
        os.close(descriptor)
    return content if len(content) <= MOST_BYTES else None


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is seen whole or not at all, after a crash of the machine too. Raises OSError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(folder: Path, now: float) -> None:
    """Remove what killed writers left behind. Raises OSError."""
    for path in _parts(folder):
        with contextlib.suppress(FileNotFoundError):
            if path.stat(follow_symlinks=False).st_mtime < now - _STALE:
                path.unlink()


def _parts(folder: Path) -> Iterator[Path]:
    yield from folder.glob(".review-*.part")
