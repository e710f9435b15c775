"""Rows that make no sense: rejected and counted, one by one; whatever stands beside them counts as ever."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from exporter.calldb.connect import Connection as Writer
from tests.support.gauges import Stepper, stepper

# As far as an instant goes in PostgreSQL, and what is no instant at all.
ENDS_OF_TIME = ("294276-12-31 23:59:59+00", "4714-11-24 00:00:00+00 BC", "infinity", "-infinity")
CALL = """INSERT INTO calls (call_id, customer_id, campaign_id, scenario, generation, dialed_at, answered_at, ended_at,
    answered_by, interaction_seconds, hangup_by)
SELECT $1, $2, 1, $3, 'gen_z', at, at, at, 'human', 60, 'customer'
FROM (SELECT now() - interval '2 minutes') AS ago (at)"""


@pytest.fixture
async def writer(database: str) -> AsyncIterator[Writer]:
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


@pytest.fixture
async def exporter(database: str, writer: Writer) -> AsyncIterator[Stepper]:
    """Has read a collection call (1) and two acquisition calls (2, 3) of one customer, and nothing else."""
    for call_id, scenario in ((1, "collection"), (2, "acquisition"), (3, "acquisition")):
        await writer.execute(CALL, call_id, 7, scenario)
    async with stepper(database) as opened:
        # As in a database of some size, calls of a customer are found by the index on the dialling: its bounds are
        # computed before any row is looked at.
        await writer.execute("DROP INDEX calls_customer_ended, calls_in_flight; ANALYZE calls")
        await opened.opened.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        await opened.poll()
        await opened.backfill()
        yield opened


async def of_an_hour(exporter: Stepper, name: str, **labels: str) -> float | None:
    """The gauge of the last hour after a poll, at which every gauge equals the oracle."""
    await exporter.poll()
    assert exporter.lanes.health.quarantined == {}  # what failed would show its last values
    assert await exporter.differences() == []
    slices = dict.fromkeys(("scenario", "generation", "period", "script"), "all")
    at = tuple(sorted((slices | {"window": "1h"} | labels).items()))
    return exporter.gauges().get((f"outcall_{name}", at))


@pytest.mark.parametrize("end", ENDS_OF_TIME)
@pytest.mark.parametrize("scenario", ["collection", "acquisition"])
async def test_a_dial_at_the_end_of_time(exporter: Stepper, writer: Writer, scenario: str, end: str) -> None:
    """It has no local time, no month and no day; all other dials have theirs, at this poll and at the next."""
    await writer.execute(CALL, 9, 7, scenario)
    await writer.execute(f"UPDATE calls SET dialed_at = '{end}' WHERE call_id = 9")
    assert await of_an_hour(exporter, "connect_samples") == 4
    assert await of_an_hour(exporter, "connect_samples", period="unknown") == 1
    assert await of_an_hour(exporter, "frequency_compliance_samples") == 3
    await writer.execute(CALL, 10, 7, scenario)
    assert await of_an_hour(exporter, "frequency_compliance_samples") == 4
    await writer.execute("UPDATE calls SET dialed_at = now() WHERE call_id = 9")
    assert await of_an_hour(exporter, "frequency_compliance_samples") == 5


@pytest.mark.parametrize(("answered_at", "early"), [("294276-12-31 23:59:50+00", 3), ("infinity", 2), ("-infinity", 2)])
async def test_an_answer_at_the_end_of_time(exporter: Stepper, writer: Writer, answered_at: str, early: int) -> None:
    """Talk time is at most 30 s by the letter where it is known; at infinity nobody has answered in time."""
    await writer.execute(f"UPDATE calls SET answered_at = '{answered_at}' WHERE call_id = 1")
    assert await of_an_hour(exporter, "early_hangup_ratio") == early / 3


@pytest.mark.parametrize(("seconds", "counts"), [("Infinity", 1), ("NaN", 0), ("-Infinity", 0), ("2e9", 1)])
async def test_an_interaction_without_end(exporter: Stepper, writer: Writer, seconds: str, counts: int) -> None:
    """At least 10 s is at least 10 s; what is not a number is not known."""
    await writer.execute(f"UPDATE calls SET interaction_seconds = '{seconds}' WHERE call_id = 1")
    assert await of_an_hour(exporter, "effective_contact_ratio") == (2 + counts) / 3


@pytest.mark.parametrize("end", [*ENDS_OF_TIME, "294276-11-01 00:00:00+00"])
async def test_a_recording_from_the_end_of_time(exporter: Stepper, writer: Writer, end: str) -> None:
    """The recordings beside it, of a call and of none, are judged as ever; early is what begins after its end."""
    sql = """INSERT INTO recordings (recording_id, call_id, started_at, deleted_at)
        VALUES ($1, $2, $3::text::timestamptz, now())"""
    for recording_id, call_id, started_at in ((1, 1, "yesterday"), (2, None, "yesterday"), (3, 1, end), (4, None, end)):
        await writer.execute(sql, recording_id, call_id, started_at)
    is_later = not end.endswith("BC") and not end.startswith("-")
    assert await of_an_hour(exporter, "recording_retention_samples") == (4 if is_later else 2)


async def test_latencies_of_ages(exporter: Stepper, writer: Writer) -> None:
    """Their sum would be more than an integer holds: rejected, while the sound one counts."""
    sql = """INSERT INTO turns (call_id, seq, user_end_at, bot_start_at)
        SELECT 1, n, CASE n WHEN 0 THEN now() - interval '1 second' ELSE $1::text::timestamptz END, now()
        FROM generate_series(0, 200) AS n"""
    await writer.execute(sql, "0001-01-01 00:00:00+00")
    assert await of_an_hour(exporter, "response_latency_seconds", stat="mean") == 1
    assert await of_an_hour(exporter, "slow_response_samples") == 1
    assert exporter.lanes.tracker.rejected["turns", "latency_out_of_range"] == 200
    await writer.execute("UPDATE turns SET user_end_at = bot_start_at - interval '1000000 seconds' WHERE seq = 1")
    assert await of_an_hour(exporter, "slow_response_samples") == 2


async def test_incidents_of_ages(exporter: Stepper, writer: Writer) -> None:
    """A default date is no beginning."""
    sql = """INSERT INTO incidents (incident_id, opened_at, resolved_at)
        SELECT n, CASE n WHEN 0 THEN now() - interval '1 hour' ELSE $1::text::timestamptz END, now()
        FROM generate_series(0, 200) AS n"""
    await writer.execute(sql, "0001-01-01 00:00:00+00")
    assert await of_an_hour(exporter, "incident_resolution_seconds") == 3600
    assert exporter.lanes.tracker.rejected["incidents", "resolution_out_of_range"] == 200


async def test_one_bad_amount_of_a_customer(exporter: Stepper, writer: Writer) -> None:
    """The value is rejected, the credit limit beside it is not, and the other way round."""
    sql = "INSERT INTO ltv_snapshots VALUES ($1, '2026-01-01', $2, $3::text::numeric, $4, $5::text::numeric)"
    for customer, arm, value, again, limit in (
        (1, "before", "100", True, "1000"),
        (1, "after", "150", True, "1e12"),
        (2, "before", "NaN", True, "3000"),
        (2, "after", "NaN", True, "3000"),
    ):
        await writer.execute(sql, customer, arm, value, again, limit)
    await exporter.poll()
    assert await exporter.differences() == []
    uplifts = {n: v for (n, at), v in exporter.gauges().items() if "uplift_ratio" in n and ("scenario", "all") in at}
    expected = {"ltv": 0.5, "reborrow": 0, "credit_limit": 0.5}
    assert uplifts == {f"outcall_{slug}_uplift_ratio": pytest.approx(value) for slug, value in expected.items()}


async def test_a_corrected_campaign_moves_first_contacts(exporter: Stepper, writer: Writer) -> None:
    """Of two contacts of a campaign the second does not count, until the first turns out to be of another one."""
    for call_id, seconds in ((2, 120), (3, 60)):
        await writer.execute(
            "UPDATE calls SET ended_at = now() - make_interval(secs => $2) WHERE call_id = $1", call_id, seconds
        )
    # A minute that a corrected anchor has left is read again by the reconcile.
    await exporter.poll()
    await exporter.reconcile()
    assert await of_an_hour(exporter, "lead_conversion_samples") == 1
    await writer.execute("UPDATE calls SET campaign_id = 2 WHERE call_id = 2")
    assert await of_an_hour(exporter, "lead_conversion_samples") == 2
    await writer.execute("UPDATE calls SET campaign_id = NULL WHERE call_id = 3")
    assert await of_an_hour(exporter, "lead_conversion_samples") == 2
    await writer.execute("UPDATE calls SET campaign_id = NULL WHERE call_id = 2")
    assert await of_an_hour(exporter, "lead_conversion_samples") == 1


@pytest.mark.parametrize("name", ["dialed", "regulated_dial"])
async def test_no_plan_can_fail_on_a_local_time(exporter: Stepper, writer: Writer, name: str) -> None:
    """Whichever condition a plan tries first: the measures can be computed of the last instant too, in any zone."""
    for call_id, scenario in ((8, "collection"), (9, "acquisition")):
        await writer.execute(CALL, call_id, 7, scenario)
        await writer.execute(f"UPDATE calls SET dialed_at = '{ENDS_OF_TIME[0]}' WHERE call_id = {call_id}")
    dataset = exporter.lanes.catalogue.datasets[name]
    columns = ", ".join(column for measure in dataset.measures for column in measure.columns)
    row = await writer.fetchrow(f"SELECT {columns} FROM calls AS calls {dataset.join} WHERE {dataset.where}")
    assert row is not None
    assert row[0] == 5
