"""What acquiring customers has cost, while some of it is not known: absent, never 0, and there at the next poll."""

from __future__ import annotations

import asyncpg

from tests.support.gauges import Stepper, stepper

CALL = """INSERT INTO calls (call_id, customer_id, scenario, generation, dialed_at, ended_at, cost_cny)
SELECT $1, $1, 'acquisition', $2, at, at, $3 FROM (SELECT now() - interval '2 minutes') AS two_minutes_ago (at)"""
GRANT = """INSERT INTO credit_applications (application_id, customer_id, source_call_id, granted_at)
VALUES ($1, $1, $1, now() - interval '1 minute')"""
ENTRY = """INSERT INTO cost_ledger (entry_id, booked_at, scenario, amount_cny)
VALUES (1, now() - interval '2 minutes', 'acquisition', NULL)"""


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
