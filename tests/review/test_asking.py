"""What a review asks on its own: in parts where the server takes too long, and told where even those are too slow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from exporter.calldb.asking import Asker
from exporter.calldb.connect import Access, connection
from exporter.calldb.period import Period
from exporter.review.facts import lateness
from exporter.review.model import SourceQuality
from exporter.semantic.model import Catalogue

START = datetime(2026, 3, 7, 16, tzinfo=UTC)
HOURS, PATIENCE = 36, 0.35
# Four calls an hour, of which the third is written late; each row costs as long as the view says.
SLOW = """
CREATE SCHEMA slow;
CREATE FUNCTION slow.true() RETURNS boolean LANGUAGE sql AS 'SELECT true FROM pg_sleep({seconds})';
CREATE VIEW slow.calls AS SELECT *, xmin FROM public.calls WHERE slow.true();
"""
CALLS = """
INSERT INTO calls (call_id, dialed_at, ended_at, updated_at)
SELECT n, at, at, at + make_interval(days => CASE WHEN n % 3 = 0 THEN 2 ELSE 0 END)
FROM generate_series(0, $2) AS n CROSS JOIN LATERAL (SELECT $1::timestamptz + make_interval(mins => 15 * n)) AS due (at)
"""


async def counted(database: str, catalogue: Catalogue, seconds: float) -> tuple[tuple[SourceQuality, ...], set[str]]:
    """The late calls, where a row takes so long."""
    writer = await asyncpg.connect(database)
    await writer.execute(CALLS, START, HOURS * 4 - 1)
    await writer.execute(SLOW.format(seconds=seconds))
    await writer.close()
    access = Access(database, schema="slow, public")
    period = Period(int(START.timestamp()), int((START + timedelta(hours=HOURS)).timestamp()))
    async with connection(access, statement_timeout=PATIENCE) as opened:
        found, failed = await lateness(Asker(catalogue, opened, access, PATIENCE), period, ["dial", "survey"])
    return tuple(each for each in found if each.source == "calls"), set(failed)


async def test_what_takes_too_long_is_asked_in_parts(database: str, catalogue: Catalogue) -> None:
    """A day takes a second, of which a statement has a third."""
    found, failed = await counted(database, catalogue, 0.01)
    assert failed == set()
    assert found == (SourceQuality("calls", HOURS * 4, HOURS * 4 // 3),)


async def test_what_is_too_slow_for_an_hour_is_told(database: str, catalogue: Catalogue) -> None:
    """Of one source; the others are counted."""
    found, failed = await counted(database, catalogue, 0.2)
    assert (found, failed) == ((), {"calls"})


@pytest.mark.parametrize("hours", [1, 5, 36])
async def test_parts_hold_every_row_once(database: str, catalogue: Catalogue, hours: int) -> None:
    """Whatever the period is."""
    writer = await asyncpg.connect(database)
    await writer.execute(CALLS, START, HOURS * 4 - 1)
    await writer.close()
    access, start = Access(database), int(START.timestamp())
    sql = "SELECT call_id, 1 FROM calls WHERE dialed_at >= $1::timestamptz AND dialed_at < $2::timestamptz"
    async with connection(access, statement_timeout=PATIENCE) as opened:
        asker = Asker(catalogue, opened, access, PATIENCE)
        parts = [rows async for rows in asker.parts("calls", sql, Period(start, start + hours * 3600))]
    assert sorted(row[0] for rows in parts for row in rows) == list(range(hours * 4))
