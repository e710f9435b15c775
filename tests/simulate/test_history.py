"""A history is what a live stream would have left behind: honest stamps, running calls, nothing erased."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from exporter.errors import DatabaseError, RunError
from exporter.simulate.events import settled
from exporter.simulate.faults import Faults
from exporter.simulate.generate import generate_minute
from exporter.simulate.history import backlog, fill_history
from exporter.simulate.live import Feed
from exporter.simulate.plan import SimulationPlan, minute_of
from exporter.simulate.tables import TABLES, Facts
from tests.simulate.conftest import CASE_PLAN, quiet, stored

if TYPE_CHECKING:
    from exporter.simulate.write import Connection

NOON = datetime(2026, 3, 12, 4, 0, 20, tzinfo=UTC)
SMALL = SimulationPlan(seed=3, now=NOON, days=1, calls_per_day=3_000)


async def test_every_table_has_facts(case: Connection) -> None:
    """All 18 tables are filled."""
    for table in TABLES:
        assert await case.fetchval(f"SELECT count(*) FROM {table.name}") > 0, table.name
    assert len(TABLES) == 18


async def test_stamps_are_honest(case: Connection) -> None:
    """No row claims to have been written after now; the newest was written just before."""
    for table in TABLES:
        assert await case.fetchval(f"SELECT max(updated_at) <= $1 FROM {table.name}", CASE_PLAN.now), table.name
    newest = await case.fetchval("SELECT max(updated_at) FROM turns")
    assert CASE_PLAN.now - newest < timedelta(minutes=10)


def test_some_calls_are_running() -> None:
    """A history ends amid calls: some ring, some talk, none is dialled in the future."""
    facts = Facts()
    for minute in range(minute_of(NOON) - 5, minute_of(NOON) + 1):
        facts.extend(generate_minute(replace(SMALL, calls_per_day=100_000), minute))
    calls = settled(facts, NOON)["calls"]
    running = [row for row in calls if row[9] is None]
    assert sum(row[8] is None for row in running) > 10
    assert sum(row[8] is not None for row in running) > 10
    assert all(row[7] <= NOON and row[-1] <= NOON for row in calls)


async def test_recordings_fall_due(case: Connection) -> None:
    """Old recordings reach the end of their retention within the last 30 days, and will within the days to come."""
    due = "SELECT count(*) FROM recordings WHERE started_at + interval '6 months' BETWEEN $1 AND $2"
    now = CASE_PLAN.now
    assert await case.fetchval(due, now - timedelta(days=30), now) > 60
    assert await case.fetchval(due, now - timedelta(days=1), now) >= 1
    assert await case.fetchval(due, now, now + timedelta(days=7)) > 10
    early = "SELECT count(*) FROM recordings WHERE deleted_at < started_at + interval '6 months'"
    assert await case.fetchval(early) <= 3


async def test_progress_reaches_the_end(connection: Connection) -> None:
    """Progress rises to 1, and the newest day comes first."""
    seen: list[tuple[float, str]] = []
    plan = SimulationPlan(seed=3, now=NOON, days=4, calls_per_day=6_000)
    await fill_history(connection, plan, progress=lambda done, text: seen.append((done, text)))
    fractions = [done for done, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert len(seen) > 2
    assert "2026-03-1" in seen[0][1]
    assert seen[0][1] > seen[-1][1]


async def test_history_may_begin_on_the_first_of_a_month(connection: Connection) -> None:
    """The snapshot of that month is written once."""
    plan = SimulationPlan(seed=3, now=NOON, days=11, calls_per_day=200)
    assert plan.first_day.day == 1
    await fill_history(connection, plan, progress=quiet)
    assert await connection.fetchval("SELECT count(DISTINCT as_of) FROM ltv_snapshots") == 1


async def test_second_fill_is_refused(connection: Connection) -> None:
    """Tables that hold calls are left alone."""
    await fill_history(connection, SMALL, progress=quiet)
    with pytest.raises(RunError, match="holds calls already"):
        await fill_history(connection, SMALL, progress=quiet)


async def test_missing_table(connection: Connection) -> None:
    """A database without the tables: one sentence with the fix, and no word of the driver's."""
    await connection.execute("DROP TABLE surveys")
    with pytest.raises(DatabaseError, match="42P01") as error:
        await fill_history(connection, SMALL, progress=quiet)
    assert "init-db" in str(error.value)
    assert "surveys" not in str(error.value)


async def test_history_equals_live(connection: Connection) -> None:
    """A history up to ten o'clock, fed on until noon, is the history up to noon (but for the stamps)."""
    morning = NOON - timedelta(hours=2)
    plan = SimulationPlan(seed=3, now=morning, days=1, calls_per_day=3_000)
    filled = await fill_history(connection, plan, progress=quiet)
    feed = Feed(plan, Faults(), filled.pending)
    for minutes in range(1, 121, 7):
        await feed.apply_until(connection, morning + timedelta(minutes=minutes))
    await feed.apply_until(connection, NOON)
    lived = await contents(connection)
    for table in TABLES:
        await connection.execute(f"TRUNCATE {table.name}")
    await fill_history(connection, SMALL, progress=quiet)
    assert await contents(connection) == lived
    assert len(lived["calls"]) > 3_000


async def contents(connection: Connection) -> dict[str, set[tuple[object, ...]]]:
    """All rows of all tables without their stamps."""
    found = {}
    for table in TABLES:
        columns = ", ".join(table.columns[:-1])
        rows = await connection.fetch(f"SELECT {columns} FROM {table.name}")
        found[table.name] = {tuple(tuple(v) if isinstance(v, list) else v for v in row.values()) for row in rows}
    return found


async def test_backlog_is_what_the_fill_left(connection: Connection) -> None:
    """A feed that did not fill the history finds what is still to arrive by itself."""
    filled = await fill_history(connection, SMALL, progress=quiet)
    # The recordings of the archive are deleted in the weeks to come, whoever filled it.
    left = sorted(repr(event) for event in filled.pending if event.table != "recordings")
    assert left == sorted(repr(event) for event in backlog(SMALL) if event.table != "recordings")
    assert len(left) > 1_000


async def test_recording_files(connection: Connection, tmp_path: Path) -> None:
    """The last day's recordings have a file of the recorded size, named by local day and number."""
    plan = SimulationPlan(seed=3, now=NOON, days=1, calls_per_day=500, recordings_dir=tmp_path)
    await fill_history(connection, plan, progress=quiet)
    rows = await connection.fetch(
        """SELECT recording_id, bytes, to_char(started_at AT TIME ZONE 'Asia/Shanghai', 'YYYY/MM/DD') AS day
        FROM recordings WHERE started_at >= $1""",
        NOON - timedelta(days=1),
    )
    assert len(rows) > 100
    assert stored(tmp_path) == {f"{row['day']}/{row['recording_id']}.wav": row["bytes"] for row in rows}
