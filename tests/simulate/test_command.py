"""The command fills a database, feeds it until a signal, and refuses what makes no sense."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from exporter.errors import DatabaseError, UsageError
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
