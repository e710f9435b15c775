"""Any past period, exactly: whatever its edges, its chunks, and the time zone in which days are cut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from exporter.calldb.connect import Access
from exporter.calldb.period import Period, Read, days, folding_of, pooled, read_period, reading
from exporter.calldb.reader import Cells
from exporter.calldb.reference import AGAINST, Against, references
from exporter.errors import DatabaseError, UsageError
from exporter.semantic.load import load_catalogue

START = datetime(2026, 3, 7, 3, 10, 30, tzinfo=UTC)
HOURS = 60
NAMES = ("dial", "first_contact", "survey", "survey_without_call", "incident")
# Whole hours, half an hour off, and a night in which the clock is put forward (8 March 2026).
ZONES = ("Asia/Shanghai", "Asia/Kolkata", "America/New_York")


def at(hours: float) -> int:
    """Unix seconds, so many hours after the first call."""
    return int((START + timedelta(hours=hours)).timestamp())


@pytest.fixture
async def filled(database: str) -> str:
    """An answered call every ten minutes for sixty hours, on the edges of hours too; some surveys have no call."""
    connection = await asyncpg.connect(database)
    await connection.execute(
        """INSERT INTO calls (call_id, customer_id, campaign_id, scenario, generation, script, dialed_at, answered_at,
             ended_at, answered_by, interaction_seconds, hangup_by, cost_cny, updated_at)
           SELECT n, n % 50, 1, (ARRAY['acquisition', 'collection'])[1 + n % 2],
             (ARRAY['gen_z', 'elderly', NULL])[1 + n % 3], 'script ' || n % 40, at, at,
             at + make_interval(secs => n % 6), 'human', n % 20, 'customer', 0.25, at
           FROM generate_series(0, $2) AS n
           CROSS JOIN LATERAL (SELECT $1::timestamptz + make_interval(mins => 10 * n)) AS due (at)""",
        START,
        HOURS * 6,
    )
    await connection.execute(
        """INSERT INTO surveys (survey_id, call_id, channel, responded_at, satisfied, updated_at)
           SELECT call_id, CASE WHEN call_id % 3 > 0 THEN call_id END, 'ivr', ended_at, call_id % 5 > 0, ended_at
           FROM calls WHERE call_id % 2 = 0"""
    )
    await connection.close()
    return database


async def read(dsn: str, period: Period, timezone: str = "Asia/Shanghai", **how: object) -> Read:
    return await read_period(Access(dsn), load_catalogue(timezone=timezone), NAMES, period, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("timezone", ZONES)
async def test_parts_are_the_whole(filled: str, timezone: str) -> None:
    """Split at any second, by the hour or by the day: the same sums."""
    rng = Random(timezone)
    whole = (await read(filled, Period(at(0), at(HOURS)), timezone)).cells()
    edges = [at(0), *sorted(at(rng.uniform(0, HOURS)) for _ in range(5)), at(HOURS)]
    parts = [(await read(filled, Period(*pair), timezone)).cells() for pair in pairwise(edges)]
    assert whole["dial"]
    assert whole["survey_without_call"]
    assert whole["incident"] == {}
    assert {name: pooled(part[name] for part in parts) for name in NAMES} == whole
    assert (await read(filled, Period(at(0), at(HOURS)), timezone, each="hour")).cells() == whole
    assert (await read(filled, Period(at(0), at(HOURS)), timezone, each="day")).cells() == whole


def dials(cells: Cells) -> int:
    return sum(vector[-1] for vector in cells.values())


@pytest.mark.parametrize("timezone", ZONES)
async def test_days_are_local(filled: str, timezone: str) -> None:
    """As PostgreSQL counts them in that zone, half-hour offsets and daylight saving included."""
    connection = await asyncpg.connect(filled)
    rows = await connection.fetch(
        """SELECT extract(epoch FROM greatest($2, date_trunc('day', ended_at AT TIME ZONE $1) AT TIME ZONE $1))::bigint
             AS start, count(*) AS dials FROM calls GROUP BY 1""",
        timezone,
        START,
    )
    await connection.close()
    found = await read(filled, Period(at(0), at(HOURS + 1)), timezone, each="day")
    assert {start: dials(cells) for start, cells in found.buckets["dial"].items()} == {
        row["start"]: row["dials"] for row in rows
    }


async def test_hours_are_utc(filled: str) -> None:
    """The first one is cut by the period's edge and keeps its name."""
    found = await read(filled, Period(at(0), at(2)), each="hour")
    assert {start % 3600 for start in found.buckets["dial"]} == {0}
    assert min(found.buckets["dial"]) == at(0) // 3600 * 3600


async def test_progress_goes_up_to_the_end(filled: str) -> None:
    """By dataset in the order of names, and day."""
    told: list[tuple[float, str]] = []
    await read(filled, Period(at(0), at(HOURS)), progress=lambda share, name: told.append((share, name)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert [*dict.fromkeys(name for _, name in told)] == [*sorted(NAMES), ""]


async def test_a_source_that_is_missing_takes_down_its_own(filled: str) -> None:
    """The others are read; levels, which have no past, are passed over."""
    connection = await asyncpg.connect(filled)
    await connection.execute("DROP TABLE incidents")
    await connection.close()
    found = await read_period(Access(filled), load_catalogue(), (*NAMES, "in_flight"), Period(at(0), at(HOURS)))
    assert found.buckets.keys() == set(NAMES) - {"incident"}
    assert found.failed == {"incident": "incidents does not exist: create it, or map it under sources"}


async def test_what_is_locked_passes(filled: str) -> None:
    """Other than what is missing: later it may be read as it is."""
    connection = await asyncpg.connect(filled)
    await connection.execute("DROP TABLE incidents")
    await connection.execute("BEGIN; LOCK TABLE surveys IN ACCESS EXCLUSIVE MODE")
    found = await read_period(
        Access(filled, lock_timeout=0.05), load_catalogue(), ("dial", "survey", "incident"), Period(at(0), at(1))
    )
    await connection.close()
    assert found.failed.keys() == {"survey", "incident"}
    assert found.passing == {"survey"}
    assert found.buckets.keys() == {"dial"}


async def test_what_takes_too_long_is_read_in_parts(filled: str) -> None:
    """Every row of this source costs a hundredth of a second, and a statement may take a third of one."""
    expected = (await read(filled, Period(at(0), at(12)))).cells()["dial"]
    connection = await asyncpg.connect(filled)
    await connection.execute("CREATE SCHEMA slow; CREATE FUNCTION slow.true() RETURNS boolean LANGUAGE sql AS "
                             "'SELECT true FROM pg_sleep(0.01)'")  # fmt: skip
    await connection.execute("CREATE VIEW slow.calls AS SELECT *, xmin FROM public.calls WHERE slow.true()")
    await connection.close()
    access = Access(filled, schema="slow, public")
    found = await read_period(access, load_catalogue(), ("dial",), Period(at(0), at(12)), patience=0.35)
    assert found.failed == {}
    assert found.cells()["dial"] == expected
    too_long = await read_period(access, load_catalogue(), ("dial",), Period(at(0), at(1)), patience=0.005)
    assert too_long.passing == too_long.failed.keys() == {"dial"}


async def test_a_lost_connection_is_told(filled: str) -> None:
    """In one sentence, and not as an error of the source."""
    killer = await asyncpg.connect(filled)
    async with reading(Access(filled), load_catalogue()) as past:
        await killer.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                             "WHERE application_name LIKE 'outcall-exp%' AND datname = current_database()")  # fmt: skip
        with pytest.raises(DatabaseError, match="connection to the call database was lost"):
            await past.read(NAMES, Period(at(0), at(1)))
    await killer.close()


async def test_an_unreachable_database_is_told() -> None:
    """As everywhere."""
    with pytest.raises(DatabaseError, match="nothing listens"):
        await read("postgresql://nobody@127.0.0.1:1/none", Period(at(0), at(1)))


async def test_names_are_kept_by_both_periods(filled: str) -> None:
    """Forty scripts, thirty places: the same thirty on both sides, those with the most rows in both together."""
    catalogue = load_catalogue()
    periods = [Period(at(0), at(20)), Period(at(20), at(HOURS))]
    sides = [(await read(filled, period)).cells() for period in periods]
    folding = folding_of(catalogue, *sides)
    places = catalogue.datasets["dial"].labels.index("script")
    raw = {labels[places] for side in sides for labels in side["dial"]}
    assert len(raw) == 40
    assert len({folding.value("script", script) for script in raw}) == 31


@pytest.mark.parametrize(("against", "expected"), [
    ("previous", ["2026-03-09 06:00"]), ("day-before", ["2026-03-08 18:00"]), ("week-before", ["2026-03-02 18:00"]),
    ("same-hours", [f"2026-03-0{day} 18:00" for day in range(2, 9)]),
])  # fmt: skip
def test_references(against: Against, expected: list[str]) -> None:
    """The same local hours, also of the night to the eighth, which is an hour short; the window before is as long."""
    zone = ZoneInfo("America/New_York")
    start = int(datetime(2026, 3, 9, 18, tzinfo=zone).timestamp())
    found = references(Period(start, start + 12 * 3600), against, zone.key)
    assert [f"{datetime.fromtimestamp(period.start, zone):%Y-%m-%d %H:%M}" for period in found] == expected
    short = [period.start for period in found if period.seconds < 12 * 3600]
    assert [f"{datetime.fromtimestamp(start, zone):%d}" for start in short] == (["07"] if len(found) == 7 else [])


@pytest.mark.parametrize("against", sorted(set(AGAINST) - {"previous"}))
def test_a_reference_does_not_meet_the_window(against: Against) -> None:
    """A week against the day before would be compared with itself."""
    with pytest.raises(UsageError, match="too long"):
        references(Period(0, 8 * 86400), against, "UTC")


def test_days_of_a_long_period() -> None:
    """They follow each other without a gap, and a month in which the clock is put forward is an hour short."""
    zone = ZoneInfo("America/New_York")
    period = Period(*(int(datetime(2026, month, 1, tzinfo=zone).timestamp()) for month in (3, 4)))
    found = list(days(period, zone.key))
    assert len(found) == 31
    assert all(one.end == other.start for one, other in pairwise(found))
    assert sorted({day.seconds for day in found}) == [23 * 3600, 24 * 3600]
