"""The folder of reviews as `serve` sees it: which are written, which are still to be told of, and whose turn it is."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from exporter.errors import RunError
from exporter.expose.library import entries, read_page, sweep, write_whole
from exporter.review.summary import ENDING, Summary, loaded
from exporter.review.words import Language

SENT: Final = ".sent"
LOCK: Final = ".outcall-reviews.lock"
# What is older than this, in seconds since it was written, is no news any more.
NEWS: Final = 14 * 86400.0
_PAGES: Final = frozenset({"zh.html", "zh.md", "en.html", "en.md"})


@dataclass(frozen=True, slots=True)
class Stock:
    """What is there. `written`: stems of whole reviews; `untold`: of these, whole and new, those nobody was told of.

    `newest`: when the newest was written, Unix seconds.
    """

    written: frozenset[str] = frozenset()
    untold: tuple[Summary, ...] = field(default=())
    newest: float | None = None


def looked(folder: Path, now: float) -> Stock:
    """What is there now; raises RunError when the folder cannot be read."""
    with _told(folder):
        sweep(folder, now)
        found = [
            summary for entry in entries(folder) if entry.pages == _PAGES for summary in _summary(folder, entry.stem)
        ]
        untold = [each for each in found if now - each.generated < NEWS and not (folder / (each.stem + SENT)).exists()]
        return Stock(
            frozenset(each.stem for each in found),
            tuple(sorted(untold, key=lambda each: each.end)),
            max((each.generated for each in found), default=None),
        )


def _summary(folder: Path, stem: str) -> Iterator[Summary]:
    """The summary of a review, if it is whole: one of a period that was running is not what was due."""
    content = None
    # One file that cannot be read is not there, and is written anew: it must not stop all the others.
    with contextlib.suppress(OSError):
        content = read_page(folder, stem + ENDING)
    summary = loaded(content.decode("utf-8", "replace")) if content is not None else None
    if summary is not None and summary.stem == stem and summary.is_whole:
        yield summary


def files_of(folder: Path, summary: Summary) -> dict[Language, str]:
    """The Markdown of a review by language; raises RunError."""
    languages: tuple[Language, ...] = ("zh", "en")
    with _told(folder):
        found = {language: read_page(folder, f"{summary.stem}.{language}.md") for language in languages}
    return {language: content.decode("utf-8", "replace") for language, content in found.items() if content is not None}


def note_sent(folder: Path, summary: Summary, receiver: str, now: float) -> None:
    """Remember that a review was told of; raises RunError."""
    with _told(folder):
        write_whole(folder / (summary.stem + SENT), json.dumps({"receiver": receiver, "at": now}) + "\n")


def claim(folder: Path) -> int | None:
    """The turn to write and tell, which closing it gives back: of several processes on one folder one has it.

    None while another one has it; the kernel takes it from whom is killed. Raises RunError.
    """
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        except OSError:
            os.close(lock)
            raise
        return lock


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        fix = "make it a folder that this user can write, or set reviews_dir to another one"
        raise RunError(f"the reviews' folder {folder} cannot be used ({error.strerror})", fix) from None
