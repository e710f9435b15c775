"""Money of which some is not known (what customers cost, what came back): absent, never 0, there at the next poll."""

from __future__ import annotations

from decimal import Decimal

import asyncpg

from tests.support.gauges import Stepper, stepper

CALL = """INSERT INTO calls (call_id, customer_id, scenario, generation, dialed_at, ended_at, cost_cny)
SELECT $1, $1, 'acquisition', $2, at, at, $3 FROM (SELECT now() - interval '2 minutes') AS two_minutes_ago (at)"""
GRANT = """INSERT INTO credit_applications (application_id, customer_id, source_call_id, granted_at)
VALUES ($1, $1, $1, now() - interval '1 minute')"""
ENTRY = """INSERT INTO cost_ledger (entry_id, booked_at, scenario, amount_cny)
VALUES (1, now() - interval '2 minutes', 'acquisition', NULL)"""

REPAYMENT = "INSERT INTO repayments (repayment_id, case_id, amount_cny, paid_at) VALUES ($1, $2, $3, now())"


async def costs(exporter: Stepper) -> dict[str, float]:
    """Generation -> CNY a customer over the last hour, after a poll; samples stand beside each, or beside none."""
    await exporter.poll()
    assert await exporter.differences() == []
    labels = {"window": "1h", "scenario": "all", "period": "all", "script": "all"}
    read: dict[str, dict[str, float]] = {"outcall_acquisition_cost_cny": {}, "outcall_acquisition_cost_samples": {}}
    for (name, at), value in exporter.gauges().items():
        if name in read and labels.items() <= dict(at).items():
            read[name][dict(at)["generation"]] = value
    found, samples = read.values()
    assert found.keys() == samples.keys()
    return found


async def test_an_unknown_cost_is_not_zero(database: str) -> None:
    """Of a call, of the ledger; it is 0 once that is known, and where nothing was spent."""
    writer = await asyncpg.connect(database)
    for call_id, generation, cost in ((1, "gen_z", None), (2, "elderly", 0)):
        await writer.execute(CALL, call_id, generation, cost)
        await writer.execute(GRANT, call_id)
    async with stepper(database) as exporter:
        await exporter.poll()
        await exporter.backfill()
        assert await costs(exporter) == {"elderly": 0}
        await writer.execute("UPDATE calls SET cost_cny = 0 WHERE call_id = 1")
        assert await costs(exporter) == {"gen_z": 0, "elderly": 0, "all": 0}
        await writer.execute(ENTRY)
        assert await costs(exporter) == {"gen_z": 0, "elderly": 0}
        await writer.execute("UPDATE calls SET cost_cny = 8 WHERE call_id = 2")
        assert await costs(exporter) == {"gen_z": 0, "elderly": 8, "all": 4}
        await writer.execute("UPDATE cost_ledger SET amount_cny = 100")
        assert await costs(exporter) == {"gen_z": 0, "elderly": 8, "all": 54}
    await writer.close()


async def test_a_cost_beyond_reason_is_not_known(database: str) -> None:
    """NaN, or more than anybody has: rejected, and the customer was not for free; so with the ledger."""
    writer = await asyncpg.connect(database)
    for call_id, generation, cost in ((1, "gen_z", "NaN"), (2, "elderly", "1e12")):
        await writer.execute(CALL, call_id, generation, Decimal(cost))
        await writer.execute(GRANT, call_id)
    async with stepper(database) as exporter:
        await exporter.poll()
        await exporter.backfill()
        assert await costs(exporter) == {}
        await writer.execute("UPDATE calls SET cost_cny = 0")
        assert await costs(exporter) == {"gen_z": 0, "elderly": 0, "all": 0}
        await writer.execute(ENTRY.replace("NULL", "'NaN'"))
        assert await costs(exporter) == {"gen_z": 0, "elderly": 0}
        assert exporter.lanes.tracker.rejected["calls", "cost_out_of_range"] == 2
        assert exporter.lanes.tracker.rejected["cost_ledger", "amount_out_of_range"] == 1
    await writer.close()


async def test_an_unknown_repayment_is_not_zero(database: str) -> None:
    """A debt of which came back nobody knows what, NULL or nonsense; with another repayment beside it that counts."""
    writer = await asyncpg.connect(database)
    for case_id, bucket in ((1, "M1"), (2, "M2"), (3, "M3")):
        sql = "INSERT INTO collection_cases (case_id, bucket, entered_at, overdue_cny) VALUES ($1, $2, now(), 100)"
        await writer.execute(sql, case_id, bucket)
        await writer.execute(REPAYMENT, case_id, case_id, {1: None, 2: Decimal("NaN")}.get(case_id, Decimal(0)))
    async with stepper(database) as exporter:
        await exporter.poll()
        await exporter.backfill()
        assert await recovered(exporter) == {"M3": 0}
        await writer.execute(REPAYMENT, 4, 1, Decimal(50))
        assert await recovered(exporter) == {"M1": 0.5, "M3": 0, "all": 50 / 300}
        await writer.execute("UPDATE repayments SET amount_cny = 0 WHERE repayment_id = 2")
        assert await recovered(exporter) == {"M1": 0.5, "M2": 0, "M3": 0, "all": 50 / 300}
        await writer.execute("UPDATE collection_cases SET overdue_cny = NULL WHERE case_id = 1")
        assert await recovered(exporter) == {"M2": 0, "M3": 0, "all": 50 / 200}  # over the debts that are known
    await writer.close()


async def recovered(exporter: Stepper) -> dict[str, float]:
    """Bucket -> recovery over the last hour, after a poll."""
    await exporter.poll()
    assert await exporter.differences() == []
    at = {"window": "1h", "scenario": "all", "generation": "all", "period": "all", "script": "all"}
    read = {labels: v for (name, labels), v in exporter.gauges().items() if name == "outcall_recovery_ratio"}
    return {dict(labels)["bucket"]: v for labels, v in read.items() if at.items() <= dict(labels).items()}
