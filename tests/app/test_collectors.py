"""A collector fails alone: with a clear sentence, without a value of a row, and everything else goes on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import asyncpg
import pytest
from prometheus_client.metrics_core import Metric

from exporter.collectors.recordings import RecordingsCollector
from tests.app.running import running

UUID = "6b1f27a1-9c0e-4c55-8d0a-0123456789ab"
STORED = """
INSERT INTO recordings (recording_id, call_id, started_at, stored_at, bytes)
SELECT {id}, 1, now() - interval '1 hour' * number, now() - interval '30 minutes', 10
FROM generate_series(1, 40) AS number
"""
RECREATED = """
DROP TABLE recordings;
CREATE TABLE recordings (
    recording_id {id}, call_id bigint, started_at {instant}, stored_at timestamptz, bytes {bytes}, sha256 text,
    deleted_at timestamptz, updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
USUAL = {"id": "bigint", "instant": "timestamptz", "bytes": "bigint"}


async def recreate(dsn: str, **types: str) -> None:
    """The table of recordings with columns of other types, and recordings of which some are drawn."""
    writer = await asyncpg.connect(dsn)
    await writer.execute(RECREATED.format_map(USUAL | types))
    await writer.execute(STORED.format(id=f"'{UUID}'" if types.get("id") == "uuid" else "number"))
    await writer.close()


async def test_a_sample_that_cannot_be_judged(database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A column that no KPI reads gets another type while the service runs: the collector says what it wants."""
    await recreate(database)
    async with running(database, tmp_path, recordings_dir=tmp_path) as service:
        await service.until(lambda: service.value("recordings_sample_timestamp_seconds") is not None)
        writer = await asyncpg.connect(database)
        await writer.execute("ALTER TABLE recordings ALTER bytes TYPE numeric")
        await writer.close()
        told = "recordings.bytes is not bigint: cast it in a SELECT under sources"
        await service.until(lambda: f"collector recordings: {told}" in caplog.messages)
        await service.until(lambda: service.value("collector_success", collector="recordings") == 0)
        as_of = service.value("as_of_timestamp_seconds") or 0
        await service.until(lambda: (service.value("as_of_timestamp_seconds") or 0) > as_of + 0.5)
        assert service.value("up") == 1
        assert service.value("source_up", source="recordings") == 1
        assert service.value("collector_success", collector="host") == 1
        assert service.value("recordings_store_free_bytes") is None
        assert [problem.problem for problem in service.app.snapshot.status.collectors if not problem.ok] == [told]
    assert caplog.messages.count(f"collector recordings: {told}") == 1


@pytest.mark.parametrize("types", [{"id": "uuid"}, {"instant": "timestamp"}, {"bytes": "numeric"}])
async def test_a_source_of_wrong_type_is_not_sampled(
    database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, types: dict[str, str]
) -> None:
    """The source is set aside with its KPIs; the store is watched all the same."""
    await recreate(database, **types)
    async with running(database, tmp_path, recordings_dir=tmp_path) as service:
        await service.until(lambda: service.value("source_up", source="recordings") == 0)
        as_of = service.value("as_of_timestamp_seconds") or 0
        await service.until(lambda: (service.value("as_of_timestamp_seconds") or 0) > as_of + 0.5)
        assert service.value("up") == 1
        assert service.value("collector_success", collector="recordings") == 1
        assert service.value("recordings_sample_timestamp_seconds") is None
    assert UUID not in caplog.text
    assert "cast in a SELECT under sources" in caplog.text


async def test_a_bug_of_a_collector(
    database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a collector raises, its own metrics alone are gone; the log has the class, never the text."""

    def broken(_: RecordingsCollector) -> Iterable[Metric]:
        raise KeyError(UUID)

    monkeypatch.setattr(RecordingsCollector, "collect", broken)
    async with running(database, tmp_path, recordings_dir=tmp_path) as service:
        await service.until(lambda: service.value("collector_success", collector="host") == 1)
        await service.until(lambda: service.value("up") == 1)
        assert service.value("collector_success", collector="recordings") == 0
    assert caplog.messages.count("collector recordings: cannot be read (KeyError)") == 1
    assert UUID not in caplog.text


async def test_a_bug_of_a_sample(database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever is read beside the polls, its failure is told by its class, and reading goes on."""
    async with running(database, tmp_path) as service:

        async def broken(*_: object) -> None:
            raise KeyError(UUID)

        service.app._engine.lanes.every(0.1, "calls", broken)
        await service.until(lambda: caplog.messages.count("calls: KeyError") > 1)
        as_of = service.value("as_of_timestamp_seconds") or 0
        await service.until(lambda: (service.value("as_of_timestamp_seconds") or 0) > as_of)
    assert UUID not in caplog.text
