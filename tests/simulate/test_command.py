"""The command fills a database, feeds it until a signal, and refuses what makes no sense."""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from exporter.errors import DatabaseError, RunError, UsageError
from exporter.simulate import history
from exporter.simulate.command import add_arguments, plan_from, run

if TYPE_CHECKING:
    from exporter.simulate.write import Connection

NOW = datetime(2026, 4, 1, 10, 30, tzinfo=UTC)


def parsed(*words: str) -> argparse.Namespace:
    """The options of a command line."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def test_change_is_at_a_local_midnight() -> None:
    """The change lies in the middle of the history unless a day is given."""
    assert plan_from(parsed("--days", "20"), NOW).change_at == datetime(2026, 3, 21, 16, tzinfo=UTC)
    assert plan_from(parsed("--change-days-ago", "0"), NOW).change_at == datetime(2026, 3, 31, 16, tzinfo=UTC)


async def test_history_only(connection: Connection, database: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`--no-live` writes the history, says how much, and ends."""
    assert await run(parsed("--days", "1", "--calls-per-day", "300", "--no-live"), database) == 0
    assert await connection.fetchval("SELECT count(*) FROM calls") > 100
    written = capsys.readouterr()
    assert "100%" in written.err
    assert written.out == ""


async def test_live_until_a_signal(connection: Connection, database: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a history it feeds at once, names the faults that are on, and a signal ends it well."""
    words = ("--days", "0", "--calls-per-day", "2000000", "--night-share", "1", "--fault", "violations")
    running = asyncio.create_task(run(parsed(*words), database))
    while not await connection.fetchval("SELECT EXISTS (SELECT FROM customers)"):
        assert not running.done()
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == 0
    assert "fault violations is on" in capsys.readouterr().err


class Impatient(io.StringIO):
    """A stderr whose reader sends SIGTERM as soon as it sees some words, once."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words

    def write(self, text: str) -> int:
        if self._words and self._words in text:
            self._words = ""
            os.kill(os.getpid(), signal.SIGTERM)
        return super().write(text)


@asynccontextmanager
async def unheard() -> AsyncIterator[None]:
    """A signal that the command does not listen to ends the test, as it would end the command."""
    task = asyncio.current_task()
    assert task is not None
    loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(task.cancel, "SIGTERM was not heard"))
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, before)


async def test_signal_at_the_first_word(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It listens to signals before it says that it is live: whoever waits for that may stop it at once."""
    monkeypatch.setattr(sys, "stderr", Impatient("feeding live"))
    async with unheard():
        assert await run(parsed("--days", "0", "--calls-per-day", "300"), database) == 0


async def test_signal_while_the_history_is_written(
    connection: Connection, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends at once, and says that the history is not whole; nothing of it is left running or open."""
    monkeypatch.setattr(history, "CALLS_PER_CHUNK", 20)
    monkeypatch.setattr(sys, "stderr", Impatient("history written back"))
    async with unheard():
        with pytest.raises(RunError, match="before the history was written in full"):
            await run(parsed("--days", "4", "--calls-per-day", "300"), database)
        assert asyncio.all_tasks() == {asyncio.current_task()}
    assert 0 < await connection.fetchval("SELECT count(*) FROM calls") < 600


async def test_schema(connection: Connection, database: str) -> None:
    """`--schema` writes into the tables of that schema alone."""
    await connection.execute('CREATE SCHEMA "Elsewhere"')
    for table in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        await connection.execute(f'CREATE TABLE "Elsewhere".{table[0]} (LIKE public.{table[0]} INCLUDING ALL)')
    words = ("--days", "1", "--calls-per-day", "300", "--no-live", "--schema", "Elsewhere")
    assert await run(parsed(*words), database) == 0
    assert await connection.fetchval("SELECT count(*) FROM public.calls") == 0
    assert await connection.fetchval('SELECT count(*) FROM "Elsewhere".calls') > 100


@pytest.mark.parametrize(
    "words",
    [
        ("--fault", "earthquake"),
        ("--fault", "violations", "--no-live"),
        ("--days", "-3"),
        ("--change-days-ago", "-1"),
        ("--timezone", "Nowhere"),
        ("--schema", "a; drop"),
        ("--rate-factor", "-1"),
        ("--rate-factor", "nan"),
    ],
)
async def test_wrong_usage(words: tuple[str, ...]) -> None:
    """Refused before anything is connected to."""
    with pytest.raises(UsageError):
        await run(parsed(*words), "postgresql://127.0.0.1:1/none")


@pytest.mark.parametrize("words", [("--no-live",), ("--days", "0")])
async def test_no_database(words: tuple[str, ...]) -> None:
    """A database that is not there is one sentence without its address or password."""
    with pytest.raises(DatabaseError) as error:
        await run(parsed(*words), "postgresql://somebody:secret-word@127.0.0.1:1/none")
    assert "secret-word" not in str(error.value)


async def test_wrong_password(database: str) -> None:
    """So is a wrong password."""
    host = database.rpartition("@")[2]
    with pytest.raises(DatabaseError, match="28P01"):
        await run(parsed("--no-live"), f"postgresql://outcall_test:wrong-word@{host}")
