"""Facts of no known call: in the whole, in no slice, and at the next poll where they belong when that is known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from tests.oracle import oracle
from tests.support.gauges import Stepper, stepper
from tests.support.scrape import compare

PARTS = ("ratio", "ratio_lower", "ratio_upper", "samples", "score")
PLACE = {"window", "scenario"}

# Gauge that counts the row, the table, the column that names it, and what makes it count two minutes ago.
FACTS = {
    "masking": ("outcall_masking_samples", "masking_scans", "scan_id", "scanned_at, sensitive, masked", "$2, 3, 2"),
    "deleted": ("outcall_recording_retention_samples", "recordings", "recording_id", "started_at, deleted_at",
                "$2::timestamptz - interval '1 day', $2"),
    "kept": ("outcall_recording_retention_ratio", "recordings", "recording_id", "started_at",
             "($2::timestamptz AT TIME ZONE 'Asia/Shanghai' - interval '6 months') AT TIME ZONE 'Asia/Shanghai'"),
    "complaint": ("outcall_complaint_ratio", "complaints", "complaint_id", "received_at", "$2"),
    "survey": ("outcall_csat_samples", "surveys", "survey_id", "responded_at, satisfied", "$2, true"),
    **{
        kind: (f"outcall_{slug}_samples", "quality_labels", "label_id", "labelled_at, kind, total, correct, score",
               f"$2, '{kind}', 4, 3, 4.5")
        for kind, slug in (("asr", "asr_accuracy"), ("intent", "intent_accuracy"), ("emotion", "emotion_match"),
                           ("audit", "violation_detection"), ("tts_mos", "tts_mos"))
    },
}  # fmt: skip


@pytest.fixture
async def writer(database: str) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Two answered calls two minutes ago, one of collection with the number 1, one of operations."""
    connection = await asyncpg.connect(database)
    for call_id, scenario in ((1, "collection"), (2, "operations")):
        await answered(connection, call_id, scenario)
    yield connection
    await connection.close()


async def answered(connection: asyncpg.Connection[asyncpg.Record], call_id: int, scenario: str) -> None:
    sql = """INSERT INTO calls (call_id, scenario, dialed_at, answered_at, ended_at, answered_by)
             SELECT $1, $2, at, at, at, 'human' FROM (SELECT now() - interval '2 minutes') AS two_minutes_ago (at)"""
    await connection.execute(sql, call_id, scenario)


async def places(exporter: Stepper, name: str) -> dict[str, float]:
    """The gauge after a poll, which has to agree with the oracle: scenario -> value, over the last hour."""
    await exporter.poll()
    gauges = exporter.gauges()
    slug = name.removeprefix("outcall_").rpartition("_")[0]
    expected = await oracle(exporter.opened, exporter.as_of, kpis={slug})
    assert compare(expected, gauges, families={f"outcall_{slug}_{part}" for part in PARTS}) == []
    read = [(dict(at), value) for (found, at), value in gauges.items() if found == name and ("window", "1h") in at]
    return {at["scenario"]: value for at, value in read if all(at[label] == "all" for label in at.keys() - PLACE)}


@pytest.mark.parametrize(("name", "table", "key", "columns", "values"), FACTS.values(), ids=FACTS)
async def test_a_fact_finds_and_loses_its_call(
    database: str,
    writer: asyncpg.Connection[asyncpg.Record],
    name: str,
    table: str,
    key: str,
    columns: str,
    values: str,
) -> None:
    """Written without a call, given one, given one that is late, and left alone again: always in the whole."""
    async with stepper(database) as exporter:
        await exporter.poll()
        await exporter.backfill()
        of_none = await places(exporter, name)
        assert of_none in ({}, {"all": 0, "collection": 0, "operations": 0})
        at = await writer.fetchval("SELECT now()") - timedelta(minutes=2)
        sql = f"INSERT INTO {table} ({key}, call_id, {columns}) VALUES ($1, NULL, {values})"
        await writer.execute(sql, 7, at)
        whole = await places(exporter, name)
        assert whole == of_none | {"all": max(whole.values())}
        assert whole["all"] > 0

        await writer.execute(f"UPDATE {table} SET call_id = 1 WHERE {key} = 7")
        found = await places(exporter, name)
        assert found["collection"] > 0
        assert found["all"] == whole["all"]

        await writer.execute(f"UPDATE {table} SET call_id = 3 WHERE {key} = 7")
        assert await places(exporter, name) == whole
        await answered(writer, 3, "acquisition")
        there = await places(exporter, name)
        assert there["acquisition"] > 0
        assert there["all"] > 0

        await writer.execute(f"UPDATE {table} SET call_id = NULL WHERE {key} = 7")
        lost = await places(exporter, name)
        assert lost.pop("all") > 0
        assert not any(lost.values())


async def test_a_breach_outlives_its_call(database: str, writer: asyncpg.Connection[asyncpg.Record]) -> None:
    """Its call was erased or purged: after the next reconcile it is told as a whole."""
    at = await writer.fetchval("SELECT now()") - timedelta(minutes=2)
    for number, (_, table, key, columns, values) in enumerate(FACTS.values()):
        await writer.execute(f"INSERT INTO {table} ({key}, call_id, {columns}) VALUES ($1, 1, {values})", number, at)
    async with stepper(database) as exporter:
        await exporter.poll()
        await exporter.backfill()
        before = {name: await places(exporter, name) for name, *_ in FACTS.values()}
        await writer.execute("DELETE FROM calls WHERE call_id = 1")
        await exporter.poll()
        await exporter.reconcile()
        assert await exporter.differences() == []
        after = {name: await places(exporter, name) for name, *_ in FACTS.values()}
    assert all("collection" in scenarios for scenarios in before.values())
    assert not any("collection" in scenarios for scenarios in after.values())
    assert all(after[name]["all"] >= before[name]["all"] > 0 for name in before)
