"""Fills a database with a month of history in time order, by SQL alone; what is due later is left to the writer."""

from __future__ import annotations

import asyncio
import time
from importlib.resources import files

import asyncpg

from benchmarks.cluster import EXPORTER, Cluster
from benchmarks.history import CALLS, DIALECT, FILLS, GENERATION, SCENARIO, SCRIPT, SECONDS, SMALL, UNIFORM, Fill

SECONDARY = "FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%\\_pkey'"
# Seconds; followers come up to an hour after their call.
RECENT = 7200
ROLE = f"DO $$ BEGIN IF to_regrole('{EXPORTER}') IS NULL THEN CREATE ROLE {EXPORTER} LOGIN; END IF; END $$"


def fill_sql(fill: Fill, now: str, first: int = 1) -> str:
    """The INSERT of one table, for the calls from key `first` on."""
    at = f"({fill.at})"
    turns = " CROSS JOIN generate_series(1, 3) AS s" if fill.table == "turns" else ""
    tie = " ON CONFLICT DO NOTHING" if fill.table == "do_not_call" else ""
    kept = f"bench_u(c.call_id, 60) < {fill.share} AND " if fill.share < 1 else ""
    return (
        f"INSERT INTO {fill.table} SELECT {fill.select.format(at=at)} FROM calls AS c{turns} "
        f"WHERE c.call_id >= {first} AND {kept}{fill.source} AND {at} < timestamptz '{now}'{tie}"
    )


async def load(cluster: Cluster, database: str, rows: int) -> float:
    """Create and fill a database with `rows` calls; returns seconds."""
    began = time.monotonic()
    await _create(cluster, database)
    opened = await cluster.connect(database)
    await prepare(opened)
    indexes = await _drop_indexes(opened)
    now = str(await opened.fetchval("SELECT now()"))
    await opened.execute("SET work_mem = '64MB'; SET jit = off")
    await opened.execute(_calls_sql(now, rows, 1, rows, rows / SECONDS))
    await opened.execute("ANALYZE calls")
    small = SMALL.format(now=now, customers=customers(rows), dialect=DIALECT.format(key="id"))
    await _together(cluster, database, [small, *(fill_sql(fill, now) for fill in FILLS)])
    await _together(cluster, database, indexes)
    await opened.execute("VACUUM (ANALYZE, FREEZE)")
    # Above every key that the load derives from a call's.
    await opened.execute(f"CREATE SEQUENCE bench_id START {8 * rows}")
    await opened.close()
    return time.monotonic() - began


def customers(rows: int) -> int:
    """How many customers the calls go to."""
    return max(1000, rows // 3)


def _calls_sql(now: str, rows: int, first: int, last: int, rate: float) -> str:
    texts = {"generation": GENERATION, "scenario": SCENARIO, "dialect": DIALECT, "script": SCRIPT}
    drawn = {name: text.format(key="id") for name, text in texts.items()}
    return CALLS.format(now=now, step=1 / rate, customers=customers(rows), first=first, last=last, **drawn)


async def catch_up(opened: asyncpg.Connection[asyncpg.Record], rows: int) -> None:
    """Fill the time since the platform last wrote, so that the recent hours are as full as the rest."""
    row = await opened.fetchrow("SELECT now()::text, extract(epoch FROM now() - max(ended_at))::float8 FROM calls")
    assert row is not None
    now, gap = row
    await _add(opened, now, rows, int(gap * rows / SECONDS), rows / SECONDS)


async def thicken(opened: asyncpg.Connection[asyncpg.Record], rows: int, rate: float) -> None:
    """Make the last hours as full as a platform that writes `rate` dials a second leaves them."""
    row = await opened.fetchrow(
        f"SELECT now()::text, count(*) FROM calls WHERE ended_at > now() - interval '{RECENT} s'"
    )
    assert row is not None
    now, found = row
    missing = int(rate * RECENT - found)
    await _add(opened, now, rows, missing, missing / RECENT)


async def _add(opened: asyncpg.Connection[asyncpg.Record], now: str, rows: int, count: int, rate: float) -> None:
    """So many more calls with all that follows them, the last one ending now, at `rate` calls a second."""
    if count <= 0:
        return
    first = await opened.fetchval("SELECT nextval('bench_id')")
    await opened.execute("SELECT setval('bench_id', $1)", first + count)
    await opened.execute(_calls_sql(now, rows, first, first + count - 1, rate))
    for fill in FILLS:
        await opened.execute(fill_sql(fill, now, first))


async def prepare(opened: asyncpg.Connection[asyncpg.Record]) -> None:
    """The schema as it is now, also over an older one; safe to run again."""
    await opened.execute(files("exporter").joinpath("calldb/schema.sql").read_text("utf-8") + UNIFORM)
    await opened.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {EXPORTER}")


async def _create(cluster: Cluster, database: str) -> None:
    admin = await cluster.connect()
    for statement in (
        f"DROP DATABASE IF EXISTS {database} WITH (FORCE)",
        f"CREATE DATABASE {database}",
        "CREATE EXTENSION IF NOT EXISTS pg_stat_statements",
        ROLE,
    ):
        await admin.execute(statement)
    await admin.close()


async def _drop_indexes(opened: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    """Drop what is faster built at the end; returns how to build it."""
    found = await opened.fetch(f"SELECT indexname, indexdef {SECONDARY}")
    for row in found:
        await opened.execute(f"DROP INDEX {row[0]}")
    return [row[1] for row in found]


async def _together(cluster: Cluster, database: str, statements: list[str]) -> None:
    """Run statements over two connections, one per core of a small machine."""
    left = list(reversed(statements))

    async def work() -> None:
        opened = await cluster.connect(database)
        await opened.execute("SET maintenance_work_mem = '1GB'; SET jit = off")
        while left:
            await opened.execute(left.pop())
        await opened.close()

    await asyncio.gather(work(), work())
