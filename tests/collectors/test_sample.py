"""The judgement of a sample on real files, and the drawing of one from a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath

import asyncpg
import pytest

from exporter.collectors.base import CollectorError
from exporter.collectors.sample import RETENTION, SETTLED, RecordingRow, Verdict, judge, sample_query, tally

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)


def locate(row: RecordingRow) -> PurePosixPath:
    if row.recording_id is None:
        raise ValueError("NULL")
    return PurePosixPath(f"{row.recording_id}.wav")


def row(recording_id: int | None, size: int | None) -> RecordingRow:
    return RecordingRow(recording_id, 1, NOW, size)


def test_each_verdict(tmp_path: Path) -> None:
    (tmp_path / "1.wav").write_bytes(b"12345")
    (tmp_path / "3.wav").mkdir()
    (tmp_path / "4.wav").symlink_to(tmp_path / "1.wav")
    (tmp_path / "5.wav").symlink_to(tmp_path / "lost.wav")
    (tmp_path / "6.wav").symlink_to(tmp_path / "6.wav")
    verdicts = [
        judge(one, tmp_path, locate)
        for one in (row(1, 5), row(1, None), row(1, 6), row(2, 5), row(3, 5), row(4, 5), row(5, 5), row(6, 5))
    ]
    assert verdicts == ["ok", "ok", "size_mismatch", "missing", "missing", "ok", "missing", "unknown"]
    assert judge(row(None, 5), tmp_path, locate) is Verdict.UNKNOWN


def test_the_tally_has_every_verdict() -> None:
    assert tally([Verdict.OK, Verdict.OK, Verdict.MISSING]) == {"ok": 2, "missing": 1, "size_mismatch": 0, "unknown": 0}


@pytest.mark.parametrize(
    "wrong",
    [
        {"recording_id": 1.5},
        {"call_id": b"x"},
        {"started_at": "2026"},
        {"started_at": NOW.replace(tzinfo=None)},
        {"bytes": "9"},
    ],
)
def test_a_column_of_another_type_is_refused(wrong: dict[str, object]) -> None:
    record: dict[str, object] = {"recording_id": 1, "call_id": None, "started_at": NOW, "bytes": None}
    assert RecordingRow.from_record(record) == RecordingRow(1, None, NOW, None)
    with pytest.raises(CollectorError, match="cast it in a SELECT under sources"):
        RecordingRow.from_record(record | wrong)


async def fill(connection: asyncpg.Connection, first: int, days: int, every: str, **columns: str) -> None:
    """A recording `every` interval from `days` before NOW on; `columns` override SQL expressions over `at`."""
    sql = {"stored_at": "at + interval '1 minute'", "deleted_at": "NULL::timestamptz"} | columns
    await connection.execute(
        f"""INSERT INTO recordings (recording_id, call_id, started_at, stored_at, bytes, deleted_at)
            SELECT $1 + row_number() OVER (ORDER BY at), 7, at, {sql["stored_at"]}, 1000, {sql["deleted_at"]}
            FROM generate_series($2::timestamptz, $3, $4::text::interval) AS at""",
        first, NOW - timedelta(days=days), NOW, every,
    )  # fmt: skip


async def draw(connection: asyncpg.Connection, size: int, relation: str = "recordings") -> list[RecordingRow]:
    query, values = sample_query(relation, NOW, size)
    return [RecordingRow.from_record(record) for record in await connection.fetch(query, *values)]


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


async def test_only_recordings_that_must_be_there_are_drawn(connection: asyncpg.Connection) -> None:
    await fill(connection, 10_000, 20, "10 minutes")
    await fill(connection, 20_000, 20, "10 minutes", stored_at="NULL::timestamptz")
    await fill(connection, 30_000, 20, "10 minutes", deleted_at="at + interval '1 day'")
    await fill(connection, 40_000, 300, "1 day", stored_at="at")
    drawn = await draw(connection, 200)
    assert len(drawn) == len(set(drawn)) > 40
    assert all(one.started_at and NOW - RETENTION <= one.started_at < NOW - SETTLED for one in drawn)
    assert {int(one.recording_id or 0) // 10_000 for one in drawn} <= {1, 4}


async def test_the_draw_reaches_the_whole_range_and_never_exceeds_its_size(connection: asyncpg.Connection) -> None:
    await fill(connection, 0, 100, "10 minutes")
    drawn = await draw(connection, 40)
    assert len(drawn) == 40
    ages = sorted((NOW - one.started_at).days for one in drawn if one.started_at)
    assert ages[0] < 50 < ages[-1]


async def test_the_first_calls_of_a_morning_are_not_preferred(connection: asyncpg.Connection) -> None:
    """Calls from 8 to 12 only: were nights not discarded, five of six draws would be the first chunk of a morning."""
    await fill(connection, 0, 60, "1 minute")
    hour = "extract(hour FROM started_at AT TIME ZONE 'UTC')"
    await connection.execute(f"DELETE FROM recordings WHERE {hour} NOT BETWEEN 8 AND 11")
    drawn = await draw(connection, 300)
    late = [one for one in drawn if one.started_at and one.started_at.hour >= 10]
    assert len(late) > len(drawn) * 0.25


async def test_an_empty_table_draws_nothing(connection: asyncpg.Connection) -> None:
    assert await draw(connection, 10) == []


async def test_a_select_may_stand_for_the_table(connection: asyncpg.Connection) -> None:
    await fill(connection, 0, 1, "10 minutes")
    columns = "'r' || recording_id AS recording_id, call_id, started_at, stored_at, bytes, deleted_at"
    relation = f"(SELECT {columns} FROM recordings) AS own"
    assert all(str(one.recording_id).startswith("r") for one in await draw(connection, 5, relation))
    assert await draw(connection, 5, relation)


async def test_the_cost_is_a_few_looks_into_the_index(connection: asyncpg.Connection) -> None:
    """100,000 recordings: the table is found by the index of started_at, never read in sequence."""
    await fill(connection, 0, 69, "1 minute")
    await connection.execute("ANALYZE recordings")
    query, values = sample_query("recordings", NOW, 20)
    plan = "\n".join(record[0] for record in await connection.fetch(f"EXPLAIN {query}", *values))
    assert "recordings_started_at" in plan
    assert "Seq Scan" not in plan
