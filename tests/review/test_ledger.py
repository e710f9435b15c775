"""The folder of reviews: what counts as written, what is still to be told, whose turn it is."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from exporter.errors import RunError
from exporter.expose.library import entries, is_page, read_page, write_whole
from exporter.review.ledger import NEWS, Stock, claim, files_of, looked, note_sent
from exporter.review.model import Span
from exporter.review.summary import Summary, Told, dumped

NOW = 1_795_000_000.0
TOLD = Told("title", "scope", "counts", (), ("point",), 0)
SUMMARY = Summary(
    "weekly", Span("2026-W46", date(2026, 11, 9), date(2026, 11, 15)), 1_794_758_400, NOW, NOW, {"zh": TOLD, "en": TOLD}
)
PAGES = [f"{SUMMARY.stem}.{ending}" for ending in ("zh.html", "zh.md", "en.html", "en.md")]


def put(folder: Path, summary: Summary = SUMMARY) -> None:
    for name in PAGES:
        write_whole(folder / name, f"text of {name}")
    write_whole(folder / f"{summary.stem}.json", dumped(summary))


def test_written_and_told(tmp_path: Path) -> None:
    """Once told, never again."""
    put(tmp_path)
    found = looked(tmp_path, NOW)
    assert found == Stock(frozenset({SUMMARY.stem}), (SUMMARY,), NOW)
    assert files_of(tmp_path, SUMMARY) == {"zh": f"text of {PAGES[1]}", "en": f"text of {PAGES[3]}"}
    note_sent(tmp_path, SUMMARY, "reviews", NOW)
    assert looked(tmp_path, NOW).untold == ()
    assert looked(tmp_path, NOW).written == {SUMMARY.stem}


@pytest.mark.parametrize("lacking", [*PAGES, f"{SUMMARY.stem}.json"])
def test_a_part_is_no_review(tmp_path: Path, lacking: str) -> None:
    put(tmp_path)
    (tmp_path / lacking).unlink()
    assert not looked(tmp_path, NOW).written


def test_one_of_a_period_that_was_running_is_not_what_was_due(tmp_path: Path) -> None:
    put(tmp_path, replace(SUMMARY, as_of=SUMMARY.end - 1.0))
    assert not looked(tmp_path, NOW).written
    put(tmp_path, replace(SUMMARY, as_of=float(SUMMARY.end)))
    assert looked(tmp_path, NOW).written


def test_what_is_old_is_no_news(tmp_path: Path) -> None:
    """A receiver that is set later is not told of the whole archive."""
    put(tmp_path)
    assert looked(tmp_path, NOW + NEWS - 1).untold
    assert not looked(tmp_path, NOW + NEWS).untold
    assert looked(tmp_path, NOW + NEWS).written


def test_a_summary_under_another_name(tmp_path: Path) -> None:
    """A copy would be told under a name that has no pages."""
    put(tmp_path)
    (tmp_path / f"{SUMMARY.stem}.json").write_text(dumped(replace(SUMMARY, cadence="monthly")), "utf-8")
    assert not looked(tmp_path, NOW).written


def test_a_summary_that_cannot_be_read_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not there, and so written anew; a socket cannot be opened whoever asks."""
    put(tmp_path)
    monkeypatch.chdir(tmp_path)
    for ending in ("zh.html", "zh.md", "en.html", "en.md"):
        (tmp_path / f"review-weekly-2026-W45.{ending}").touch()
    with socket.socket(socket.AF_UNIX) as unreadable:
        unreadable.bind("review-weekly-2026-W45.json")
        with pytest.raises(OSError, match="No such device"):
            read_page(tmp_path, "review-weekly-2026-W45.json")
        assert looked(tmp_path, NOW).written == {SUMMARY.stem}


def test_a_page_that_is_taken_away_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between listing it and looking at it; the others are listed, whatever the order."""
    put(tmp_path)
    gone = tmp_path / "review-weekly-2026-W45.zh.html"
    scandir = os.scandir

    @contextmanager
    def listed(folder: Path) -> Iterator[Iterator[os.DirEntry[str]]]:
        with scandir(folder) as files:
            found = sorted(files, key=lambda file: file.name)
        gone.unlink()
        yield iter(found)

    gone.touch()
    monkeypatch.setattr(os, "scandir", listed)
    assert [entry.stem for entry in entries(tmp_path)] == [SUMMARY.stem]


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    for use in (lambda: looked(tmp_path / "taken", NOW), lambda: claim(tmp_path / "taken")):
        with pytest.raises(RunError, match=r"taken cannot be used .*Fix: make it a folder that this user can write"):
            use()


def test_one_at_a_time_has_the_turn(tmp_path: Path) -> None:
    """And one that is killed gives it back."""
    mine = claim(tmp_path / "new")
    assert mine is not None
    assert claim(tmp_path / "new") is None
    os.close(mine)
    script = "import sys; from exporter.review.ledger import claim; from pathlib import Path\n"
    script += "print(claim(Path(sys.argv[1])), flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "new")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip().isdigit()
        assert claim(tmp_path / "new") is None
        other.kill()
        other.wait()
    mine = claim(tmp_path / "new")
    assert mine is not None
    os.close(mine)


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    """What was there stays when the new one cannot be written; what a killed writer left is swept up."""
    path = tmp_path / PAGES[0]
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "new \udc80")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert stat.S_IMODE(path.stat().st_mode) & 0o600 == 0o600
    left, fresh = tmp_path / f".{PAGES[0]}.1.part", tmp_path / f".{PAGES[0]}.2.part"
    left.touch()
    fresh.touch()
    os.utime(left, (NOW - 7200, NOW - 7200))
    os.utime(fresh, (NOW, NOW))
    looked(tmp_path, NOW)
    assert (left.exists(), fresh.exists()) == (False, True)


def test_the_newest_first(tmp_path: Path) -> None:
    """By their last day; what the calendar does not have, and other files, are left out."""
    periods = ["weekly-2026-W01", "weekly-2025-W52", "monthly-2025-12", "weekly-2025-12-01..2025-12-24"]
    for name in (*periods, "weekly-2026-W54", "monthly-2026-13", "daily-2026-10", "weekly-2026-1"):
        (tmp_path / f"review-{name}.zh.html").touch()
    (tmp_path / "notes.html").touch()
    (tmp_path / "review-weekly-2026-W02.zh.html").mkdir()
    assert [entry.stem.removeprefix("review-") for entry in entries(tmp_path)] == [
        "weekly-2026-W01", "monthly-2025-12", "weekly-2025-W52", "weekly-2025-12-01..2025-12-24"
    ]  # fmt: skip
    assert entries(tmp_path / "none") == []


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../secret", "review-weekly-2026-W46.zh.html/..", "/etc/passwd", "review-weekly-2026-W46.json",
     "review-weekly-2026-W46.sent", ".review-weekly-2026-W46.zh.html.1.part", "review-weekly-2026-W46.zh.html\n",
     "review-weekly-2026-W46.fr.html", "REVIEW-weekly-2026-W46.zh.html", "review-weekly-２０２６-W46.zh.html"],
)  # fmt: skip
def test_names_of_no_page(name: str) -> None:
    assert not is_page(name)


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    """No link leads out, no pipe is waited for."""
    folder = tmp_path / "reviews"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    (folder / PAGES[0]).symlink_to(tmp_path / "secret")
    os.mkfifo(folder / PAGES[1])
    (folder / PAGES[2]).mkdir()
    assert [read_page(folder, name) for name in (*PAGES, "../secret")] == [None] * 5
