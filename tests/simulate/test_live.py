"""The live stream, under a clock of our own: rows appear, change, come twice, are corrected and go."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from exporter.errors import DatabaseError
from exporter.simulate.faults import Faults
from exporter.simulate.live import Feed, feed_live
from exporter.simulate.plan import SimulationPlan
from tests.simulate.conftest import stored
from tests.support.postgres import Postgres

if TYPE_CHECKING:
    from exporter.simulate.write import Connection, Connector

START = datetime(2026, 3, 12, 2, 0, 0, tzinfo=UTC)
PLAN = SimulationPlan(seed=4, now=START, days=0, calls_per_day=60_000)


async def advance(feed: Feed, connection: Connection, seconds: int, step: int = 30) -> None:
    """Let the clock run on from START in steps."""
    for second in range(step, seconds + 1, step):
        await feed.apply_until(connection, START + timedelta(seconds=second))


async def test_everything_happens(connection: Connection) -> None:
    """Within half an hour: new rows, running calls, second deliveries, corrections; and erasures leave nothing."""
    case = replace(PLAN.case, erasure=0.03)
    feed = Feed(replace(PLAN, case=case), Faults())
    await advance(feed, connection, 1_800)
    assert {"new", "opening", "later", "duplicate", "erasure"} <= feed.applied.keys()
    # The share is of all first versions; 0.5 % within sampling error.
    assert 0.003 < feed.applied["duplicate"] / feed.applied["new"] < 0.007
    orphans = await connection.fetchval("SELECT count(*) FROM turns WHERE call_id NOT IN (SELECT call_id FROM calls)")
    assert orphans == 0
    strangers = "SELECT count(*) FROM calls WHERE customer_id NOT IN (SELECT customer_id FROM customers)"
    assert await connection.fetchval(strangers) == 0


async def test_a_call_is_seen_ringing_talking_ended(connection: Connection) -> None:
    """A call is inserted while it rings, and updated until it has ended; `updated_at` moves each time."""
    feed = Feed(PLAN, Faults())
    states: dict[int, list[str]] = {}
    stamps: dict[int, list[datetime]] = {}
    for second in range(1, 400, 2):
        instant = START + timedelta(seconds=second)
        await feed.apply_until(connection, instant)
        for row in await connection.fetch("SELECT * FROM calls WHERE updated_at = $1", instant):
            state = "ended" if row["ended_at"] else "talking" if row["answered_at"] else "ringing"
            states.setdefault(row["call_id"], []).append(state)
            stamps.setdefault(row["call_id"], []).append(row["updated_at"])
    courses = Counter(tuple(course) for course in states.values())
    assert courses["ringing", "talking", "ended"] > 50
    assert courses["ringing", "ended"] > 20
    assert all(moments == sorted(set(moments)) for moments in stamps.values())


async def test_erasure_takes_every_row(connection: Connection) -> None:
    """When all customers of some minutes are erased, nothing is left of them."""
    case = replace(PLAN.case, erasure=1.0)
    feed = Feed(replace(PLAN, case=case, calls_per_day=2_000), Faults())
    await feed.apply_until(connection, START + timedelta(minutes=3))
    assert await connection.fetchval("SELECT count(*) FROM calls") > 5
    numbers = {row[0] for row in await connection.fetch("SELECT customer_id FROM customers")}
    await feed.apply_until(connection, START + timedelta(days=4))
    left = "SELECT count(*) FROM {} WHERE customer_id = ANY($1::bigint[])"
    for table in ("customers", "calls", "collection_cases", "credit_applications", "service_tasks", "do_not_call"):
        assert await connection.fetchval(left.format(table), list(numbers)) == 0, table
    for table in ("turns", "recordings", "qa_checks", "surveys", "call_analyses", "quality_labels"):
        orphans = f"SELECT count(*) FROM {table} t WHERE NOT EXISTS (SELECT FROM calls c WHERE c.call_id = t.call_id)"
        assert await connection.fetchval(orphans) == 0, table


async def test_steps_do_not_matter(connection: Connection, postgres: Postgres) -> None:
    """Ten minutes in one step leave the same as in many."""
    other_dsn = await asyncio.to_thread(postgres.create_database)
    other = await asyncpg.connect(other_dsn)
    await advance(Feed(PLAN, Faults()), connection, 600, step=7)
    await Feed(PLAN, Faults()).apply_until(connection, START + timedelta(seconds=600))
    await Feed(PLAN, Faults()).apply_until(other, START + timedelta(seconds=600))
    checksum = (
        "SELECT md5(string_agg(md5(row(call_id, ended_at, hangup_by, cost_cny)::text), '' ORDER BY call_id)) FROM calls"
    )
    assert await connection.fetchval(checksum) == await other.fetchval(checksum)
    await other.close()


async def test_a_fault_shows_and_goes(connection: Connection) -> None:
    """Switched on while running, a fault fills the next minutes; switched off, it is gone."""
    faults = Faults()
    feed = Feed(PLAN, faults)
    shares = []
    for minute, switch in ((5, True), (10, False), (15, False)):
        await feed.apply_until(connection, START + timedelta(minutes=minute))
        faults.switch("month_end_overload", on=switch)
    for first in (1, 6, 11):
        span = [START + timedelta(minutes=first), START + timedelta(minutes=first + 4)]
        shares.append(
            await connection.fetchval(
                """SELECT avg((bot_start_at - user_end_at > interval '2 seconds')::int)::float
                FROM turns JOIN calls USING (call_id) WHERE dialed_at >= $1 AND dialed_at < $2""",
                *span,
            )
        )
    before, during, after = shares
    assert before < 0.1 < 0.4 < during
    assert after < 0.1


async def test_millions_a_day(connection: Connection) -> None:
    """Five million dials a day are made and written: a minute brings its thousands of calls."""
    feed = Feed(replace(PLAN, calls_per_day=5_000_000), Faults())
    await feed.apply_until(connection, START + timedelta(seconds=61))
    assert await connection.fetchval("SELECT count(*) FROM calls") > 7_000


async def test_recording_files(connection: Connection, tmp_path: Path) -> None:
    """Files come with their rows; the fault keeps some from being there and deletes others."""
    plan = replace(PLAN, recordings_dir=tmp_path)
    feed = Feed(plan, Faults(["recordings_lost"]))
    await advance(feed, connection, 900, step=60)
    rows = await connection.fetch("SELECT recording_id, bytes, deleted_at FROM recordings")
    sizes = {int(name[len("2026/03/12/") : -len(".wav")]): size for name, size in stored(tmp_path).items()}
    present = [row for row in rows if row["recording_id"] in sizes]
    assert all(sizes[row["recording_id"]] == row["bytes"] and row["deleted_at"] is None for row in present)
    assert 0.5 < len(present) / len(rows) < 0.85
    assert any(row["deleted_at"] for row in rows)


async def test_nothing_is_lost_when_the_database_fails(connection: Connection) -> None:
    """A write that failed is written with the next."""
    feed = Feed(PLAN, Faults())
    await connection.execute("ALTER TABLE turns RENAME TO hidden")
    with pytest.raises(asyncpg.UndefinedTableError):
        await feed.apply_until(connection, START + timedelta(minutes=5))
    assert await connection.fetchval("SELECT count(*) FROM calls") == 0
    await connection.execute("ALTER TABLE hidden RENAME TO turns")
    await feed.apply_until(connection, START + timedelta(minutes=5, seconds=1))
    talked = "SELECT count(*) FROM calls WHERE ended_at IS NOT NULL AND answered_by IN ('human', 'unknown')"
    with_turns = "SELECT count(DISTINCT call_id) FROM turns"
    assert await connection.fetchval(talked) == await connection.fetchval(with_turns) > 50


def connector(dsn: str) -> Connector:
    """Connects to a database."""

    async def connect() -> Connection:
        return await asyncpg.connect(dsn, timeout=5)

    return connect


class Clock:
    """A clock that runs on by ten seconds whenever somebody looks; every minute something is done."""

    def __init__(self, looks: int, stop: asyncio.Event) -> None:
        self._seconds = count(10, 10)
        self._last = looks * 10
        self._stop = stop

    def __call__(self) -> datetime:
        seconds = next(self._seconds)
        if seconds >= self._last:
            self._stop.set()
        return START + timedelta(seconds=seconds)


async def test_feeding_goes_on_after_a_restart(postgres: Postgres, database: str) -> None:
    """When the database restarts, the feed says so in one sentence, connects again, and misses nothing."""
    stop, said = asyncio.Event(), list[str]()
    restarted = False
    clock = Clock(6, stop)

    def restarting_clock() -> datetime:
        nonlocal restarted
        now = clock()
        if not restarted and now > START + timedelta(seconds=20):
            restarted = True
            # Not a crash: the test cluster commits asynchronously, and a crash may take a commit back.
            postgres.restart("fast")
        return now

    feed = await feed_live(
        connector(database), PLAN, stop=stop, faults=Faults(), report=said.append, clock=restarting_clock, tick=0
    )
    assert len(said) == 1
    assert "trying again" in said[0]
    connection = await asyncpg.connect(database)
    expected = Feed(PLAN, Faults())
    late = START + timedelta(minutes=5)
    await feed.apply_until(connection, late)
    rows = await connection.fetchval("SELECT count(*) FROM calls")
    for table in ("calls", "turns", "customers"):
        await connection.execute(f"TRUNCATE {table}")
    await expected.apply_until(connection, late)
    assert await connection.fetchval("SELECT count(*) FROM calls") == rows > 100
    await connection.close()


async def test_a_missing_table_ends_the_feed(connection: Connection, database: str) -> None:
    """What trying again cannot mend is an error."""
    await connection.execute("DROP TABLE calls")
    stop = asyncio.Event()
    with pytest.raises(DatabaseError, match="42P01"):
        await feed_live(connector(database), PLAN, stop=stop, faults=Faults(), clock=Clock(60, stop), tick=0)
