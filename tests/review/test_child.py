"""The process that writes a review: what it says, and that it never outlives the service."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import psutil
import pytest

from exporter.errors import RunError
from exporter.review.child import NICENESS, sentence, write
from exporter.review.periods import span_of
from exporter.review.schedule import Due
from tests.commands.process import environment
from tests.e2e.processes import until

DUE = Due("weekly", span_of("2026-W12", "weekly", datetime(2026, 4, 2, tzinfo=UTC).date()), 0.0)
# Nobody listens there; the password must be told to nobody.
NOWHERE = "postgresql://nobody:hidden-password@127.0.0.1:1/none"


@pytest.mark.parametrize(
    ("said", "status", "expected"),
    [
        (b"outcall-exporter: it failed. Fix: mend it\n", 1, "it failed. Fix: mend it"),
        (b"WARNING of a library\noutcall-exporter: a.yaml:3: wrong\noutcall-exporter: b: wrong\n", 2,
         "a.yaml:3: wrong; b: wrong"),
        (b"Traceback (most recent call last):\n  File x\nasyncpg.exceptions.DataError: value 13800000000\n", 1,
         "its process ended with status 1 (asyncpg.exceptions.DataError)"),
        (b"Traceback\nKeyError: 'secret'\n", 1, "its process ended with status 1 (KeyError)"),
        (b"", 1, "its process ended with status 1 (it said nothing)"),
        (b"", -9, "its process was ended by signal 9"),
        (b"outcall-exporter: " + b"x" * 5000, 1, "x" * 400),
    ],
)  # fmt: skip
def test_what_is_told_of_a_failure(said: bytes, status: int, expected: str) -> None:
    """One sentence, no value of a row, no secret."""
    assert sentence(said, status) == expected


async def test_a_review_by_a_process(past: str, tmp_path: Path) -> None:
    """Pages and summary; the configuration comes by its file and by the environment."""
    (tmp_path / "own.yaml").write_text("timezone: Asia/Shanghai\n")
    words = ("--config", str(tmp_path / "own.yaml"))
    await write(DUE, tmp_path / "out", words, environment(tmp_path, {"database_url": past}))
    endings = {path.name.removeprefix(DUE.stem) for path in (tmp_path / "out").iterdir()}
    assert endings == {".zh.html", ".zh.md", ".en.html", ".en.md", ".json"}


async def test_its_own_sentence_is_the_error(tmp_path: Path) -> None:
    with pytest.raises(RunError) as failed:
        await write(DUE, tmp_path, (), environment(tmp_path, {"database_url": NOWHERE}))
    assert "nothing listens at the call database's address" in str(failed.value)
    assert "hidden" not in str(failed.value)
    with pytest.raises(RunError, match="is not a setting"):
        await write(DUE, tmp_path, (), environment(tmp_path, {"no_such": "1"}))


@contextmanager
def locked(dsn: str) -> Iterator[None]:
    """Every reader of dials waits for as long as the block lasts."""
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(asyncpg.connect(dsn))
    loop.run_until_complete(connection.execute("BEGIN; LOCK TABLE calls IN ACCESS EXCLUSIVE MODE"))
    try:
        yield
    finally:
        loop.run_until_complete(connection.close())
        loop.close()


@pytest.mark.parametrize("table", ["calls", "incidents", "surveys"])
async def test_a_lock_is_waited_for(database: str, tmp_path: Path, table: str) -> None:
    """Nothing is written with a gap that passes, unless it is said that it should be."""
    where = environment(tmp_path, {"database_url": database, "lock_timeout": "0.1"})
    connection = await asyncpg.connect(database)
    await connection.execute(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
    with pytest.raises(RunError, match=rf"^{table}\b.* locked or too slow. Fix: wait: it is tried again$"):
        await write(DUE, tmp_path / "out", (), where)
    assert not (tmp_path / "out").exists()
    await write(DUE, tmp_path / "out", (), where, accept_gaps=True)
    await connection.close()
    assert (tmp_path / "out" / f"{DUE.stem}.json").exists()


async def test_what_is_refused_for_good_is_told_in_the_review(database: str, tmp_path: Path) -> None:
    """Waiting would not help."""
    connection = await asyncpg.connect(database)
    await connection.execute("DROP TABLE surveys")
    await connection.close()
    await write(DUE, tmp_path / "out", (), environment(tmp_path, {"database_url": database}))
    assert "surveys does not exist" in (tmp_path / "out" / f"{DUE.stem}.en.md").read_text("utf-8")


PARENT = """
import asyncio, os, sys
from datetime import date
from pathlib import Path
from exporter.review.child import write
from exporter.review.periods import span_of
from exporter.review.schedule import Due
due = Due("weekly", span_of("2026-W12", "weekly", date(2026, 4, 2)), 0.0)
asyncio.run(write(due, Path(sys.argv[1]), (), os.environ))
"""


@pytest.mark.parametrize("name", [signal.SIGKILL, signal.SIGINT])
def test_it_ends_with_the_service(database: str, tmp_path: Path, name: signal.Signals) -> None:
    """However that ends; it works at a low priority, and leaves no part of a page."""
    settings = {"database_url": database, "lock_timeout": "600"}
    with locked(database):
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, str(tmp_path / "out")],
            env=environment(tmp_path, settings),
            stderr=subprocess.DEVNULL,
        )
        process = until("the review reads", lambda: reading(parent.pid))
        assert process.nice() == os.nice(0) + NICENESS
        parent.send_signal(name)
        parent.wait(60)
        until("the review has ended", lambda: has_ended(process))
    assert not list(tmp_path.glob("out/*"))


def reading(parent: int) -> psutil.Process | None:
    """The process of the review, once it works for its parent: at a low priority and connected."""
    for child in psutil.Process(parent).children():
        if child.nice() > os.nice(0) and child.net_connections():
            return child
    return None


def has_ended(process: psutil.Process) -> bool | None:
    """Whether it works no more; where nobody waits for orphans, it stays as a zombie."""
    try:
        return (not process.is_running() or process.status() == psutil.STATUS_ZOMBIE) or None
    except psutil.NoSuchProcess:
        return True
