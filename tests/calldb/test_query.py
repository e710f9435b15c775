"""The SQL of the shipped catalogue: snapshots for the reader, a real server for the truth."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from exporter.calldb import query
from exporter.calldb.connect import Connection
from exporter.calldb.query import fingerprints
from exporter.calldb.reader import raw_labels
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue
from tests.calldb.statements import by_file, readable
from tests.golden import files

SNAPSHOTS = Path(__file__).with_name("snapshots")
CATALOGUE = load_catalogue()
STATEMENTS = by_file(CATALOGUE)
FAR_AWAY = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@pytest.fixture
async def opened(database: str) -> AsyncIterator[Connection]:
    """A session in yet another time zone, which must not matter."""
    connection = await asyncpg.connect(database, server_settings={"TimeZone": "Pacific/Apia"})
    yield connection
    await connection.close()


def test_snapshots() -> None:
    """A file for each dataset, level and source holds its statements as they are."""
    texts = {f"{name}.sql": ";\n\n".join(map(readable, sql)) + ";\n" for name, sql in STATEMENTS.items()}
    files.check(SNAPSHOTS, "*.sql", texts, "tests/calldb/test_query.py")


def test_the_readable_form_is_the_same_statement() -> None:
    """Only white space differs."""
    for statements in STATEMENTS.values():
        for sql in statements:
            assert "".join(readable(sql).split()) == "".join(sql.split())


async def test_every_statement_is_understood(opened: Connection) -> None:
    """PostgreSQL prepares each of them over the canonical schema; whoever reads rows counts them in the last column."""
    for name, statements in STATEMENTS.items():
        for sql in statements:
            prepared = await opened.prepare(sql)
            columns = [attribute.name for attribute in prepared.get_attributes()]
            if "row_count" in sql:
                assert columns[-1] == "row_count", name
                assert prepared.get_attributes()[-1].type.name == "int8"


async def test_vectors_are_integers(opened: Connection) -> None:
    """Bucket first, labels next, then only bigint columns, as many as the dataset says and one that counts rows."""
    for name, dataset in CATALOGUE.datasets.items():
        for grain in ("minute", "hour"):
            source = CATALOGUE.sources[dataset.source]
            sql = query.aggregate_sql(dataset, source, "minute" if grain == "minute" else "hour")
            types = [attribute.type.name for attribute in (await opened.prepare(sql)).get_attributes()]
            labels = types[1 : 1 + len(dataset.slices)]
            assert types[0] == "int8", name
            assert set(labels) <= {"text", "int4"}, name
            assert types[1 + len(labels) :] == ["int8"] * (dataset.width + 1), name


def test_the_hour_differs_in_its_grain_alone() -> None:
    """The same rows under the same conditions."""
    for dataset in CATALOGUE.datasets.values():
        source = CATALOGUE.sources[dataset.source]
        minute, hour = query.aggregate_sql(dataset, source, "minute"), query.aggregate_sql(dataset, source, "hour")
        cut = minute.replace("date_trunc('minute'", "date_trunc('hour'", 1).replace("each minute", "each hour", 1)
        assert hour == cut


async def dial(opened: Connection, call_id: int, dialed: datetime, ended: datetime) -> None:
    """A finished call."""
    sql = "INSERT INTO calls (call_id, scenario, dialed_at, ended_at) VALUES ($1, 'collection', $2, $3)"
    await opened.execute(sql, call_id, dialed, ended)


async def aggregated(
    opened: Connection, catalogue: Catalogue, name: str, start: datetime, end: datetime
) -> list[tuple[int, dict[str, str | None]]]:
    """(bucket, labels) of every cell, in order."""
    dataset = catalogue.datasets[name]
    rows = await opened.fetch(query.aggregate_sql(dataset, catalogue.sources[dataset.source], "minute"), start, end)
    labels = [dict(zip(dataset.labels, raw_labels(dataset.slices, row, 1), strict=True)) for row in rows]
    return sorted(((row[0], given) for row, given in zip(rows, labels, strict=True)), key=lambda item: item[0])


async def test_a_range_begins_with_its_start_and_ends_before_its_end(opened: Connection) -> None:
    """To the microsecond; buckets are cut in UTC, also in a zone of half an hour."""
    start = datetime(2026, 3, 1, 10, 15, tzinfo=UTC)
    ticks = (-timedelta(microseconds=1), timedelta(0), timedelta(seconds=59.999999), timedelta(minutes=1))
    for number, tick in enumerate(ticks):
        await dial(opened, number, start, start + tick)
    for zone in ("Asia/Shanghai", "Asia/Kolkata", "America/St_Johns"):
        catalogue = load_catalogue(timezone=zone)
        cells = await aggregated(opened, catalogue, "dial", start, start + timedelta(minutes=1))
        assert [bucket for bucket, _ in cells] == [int(start.timestamp())]


def period_of(local: time) -> str:
    """kpis.md: morning 08-12, noon 12-14, afternoon 14-18, evening 18-21, off hours."""
    bands = ((8, 12, "morning"), (12, 14, "noon"), (14, 18, "afternoon"), (18, 21, "evening"))
    return next((name for start, end, name in bands if start <= local.hour < end), "off_hours")


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Asia/Shanghai", date(2026, 3, 29)),
        ("Europe/Berlin", date(2026, 3, 29)),
        ("Europe/Berlin", date(2026, 10, 25)),
        ("America/New_York", date(2026, 11, 1)),
        ("Australia/Lord_Howe", date(2026, 4, 5)),
    ],
)
async def test_the_period_is_that_of_the_local_clock(opened: Connection, zone: str, day: date) -> None:
    """On the days on which the clocks change too, every half hour, and a second before it."""
    midnight = datetime.combine(day, time(0), ZoneInfo(zone)).astimezone(UTC)
    instants = [midnight + timedelta(minutes=30 * n) - timedelta(seconds=n % 2) for n in range(-2, 52)]
    for number, dialed in enumerate(instants):
        await dial(opened, number, dialed, midnight + timedelta(days=2, minutes=number))
    catalogue = load_catalogue(timezone=zone)
    cells = await aggregated(opened, catalogue, "dial", midnight, midnight + timedelta(days=4))
    expected = [period_of(dialed.astimezone(ZoneInfo(zone)).time()) for dialed in instants]
    assert [labels["period"] for _, labels in cells] == expected


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin"])
async def test_retention_ends_after_calendar_months(opened: Connection, zone: str) -> None:
    """Six of them, by the local clock: across the change of clocks, and on the last day of a shorter month."""
    local = ZoneInfo(zone)
    started = [datetime(2025, month, day, 12, tzinfo=local) for month, day in ((8, 31), (8, 28), (10, 1), (12, 31))]
    until = [datetime(2026, month, day, 12, tzinfo=local) for month, day in ((2, 28), (2, 28), (4, 1), (6, 30))]
    await dial(opened, 1, started[0].astimezone(UTC), started[0].astimezone(UTC))
    for number, instant in enumerate(started):
        sql = "INSERT INTO recordings (recording_id, call_id, started_at) VALUES ($1, 1, $2)"
        await opened.execute(sql, number, instant)
    catalogue = load_catalogue(timezone=zone)
    expected = sorted({int(instant.timestamp()) for instant in until})
    cells = await aggregated(opened, catalogue, "recording_kept", *FAR_AWAY)
    assert [bucket for bucket, _ in cells] == expected
    for bucket in expected:  # the narrowest range finds it, through the widened range of the index
        edge = datetime.fromtimestamp(bucket, UTC)
        narrow = await aggregated(opened, catalogue, "recording_kept", edge, edge + timedelta(minutes=1))
        assert [found for found, _ in narrow] == [bucket]


def own_file(folder: Path, text: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


OF_CALLS = {name for name, dataset in CATALOGUE.datasets.items() if "calls" in dataset.needs}
OWN = {
    "a source is mapped": (
        "sources: {complaints: {relation: crm.complaints}}",
        {"complaint", "complaint_without_call"},
    ),
    "calls are mapped": ("sources: {calls: {relation: crm.calls}}", OF_CALLS),
    "a label gets another band": (
        "dimensions: {generation: {bands: {kind: birth_year, below: elderly, from: {1980: gen_x}}}}",
        {"task_need", "task_completion"},
    ),
    "a parameter changes": ("parameters: {repeat_questions: 3}", {"analysis"}),
    "a target changes": ("kpis: {csat: {targets: [{severity: warning, value: 0.9}]}}", set()),
}


@pytest.mark.parametrize(("text", "changed"), OWN.values(), ids=OWN)
def test_a_change_is_read_again_and_nothing_else(tmp_path: Path, text: str, changed: set[str]) -> None:
    """A dataset's fingerprint holds all that its buckets depend on, and no more."""
    before, after = fingerprints(CATALOGUE), fingerprints(load_catalogue([own_file(tmp_path, text)]))
    assert {name for name in before if before[name] != after[name]} == changed


def test_another_time_zone_moves_what_is_cut_in_it() -> None:
    """Facts with a period or a calendar limit; those without are kept."""
    before, after = fingerprints(CATALOGUE), fingerprints(load_catalogue(timezone="Europe/Berlin"))
    kept = {name for name in before if before[name] == after[name]}
    assert kept == {
        "ledger_entry", "case_entry", "repayment", "task_need", "task_completion", "incident",
        "masking_scan_without_call", "complaint_without_call", "survey_without_call", "quality_label_without_call",
    }  # fmt: skip
