"""What is counted at every poll, without a window: 0 is a count, and absent is unknown."""

from __future__ import annotations

import asyncpg

from tests.support.gauges import Stepper, stepper

RUNNING = "INSERT INTO calls (call_id, scenario, dialed_at) VALUES (1, 'collection', now()), (2, NULL, now())"


def by_scenario(exporter: Stepper, name: str) -> dict[str, float]:
    """The gauges of a level; each has but one slice."""
    found = {labels: value for (metric, labels), value in exporter.gauges().items() if metric == name}
    return {dict(labels)["scenario"]: value for labels, value in found.items()}


async def test_no_call_is_none_in_each_scenario(database: str) -> None:
    """Of every declared scenario; an undeclared one while it has calls; nothing when it is not known."""
    writer = await asyncpg.connect(database)
    none = dict.fromkeys(("acquisition", "collection", "operations"), 0.0)
    async with stepper(database) as exporter:
        for name in ("outcall_calls_in_flight", "outcall_calls_stuck"):
            assert by_scenario(exporter, name) == {}
        await exporter.poll()
        for name in ("outcall_calls_in_flight", "outcall_calls_stuck"):
            assert by_scenario(exporter, name) == none
        await writer.execute(RUNNING)
        await exporter.poll()
        assert by_scenario(exporter, "outcall_calls_in_flight") == none | {"collection": 1, "unknown": 1}
        await writer.execute("UPDATE calls SET ended_at = now(), updated_at = clock_timestamp()")
        await exporter.poll()
        assert by_scenario(exporter, "outcall_calls_in_flight") == none
        exporter.lanes.health.fresh.pop("in_flight")
        assert by_scenario(exporter, "outcall_calls_in_flight") == {}
        assert not [name for name, _ in exporter.gauges() if name.startswith("outcall_ltv_")]
    await writer.close()
