"""Each fault shows in the facts that its KPI counts, at once, and leaves the rest as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from exporter.simulate.calendar import hour_start
from exporter.simulate.generate import generate_minute
from exporter.simulate.plan import SimulationPlan, minute_of
from exporter.simulate.tables import Facts, Row

DAY = date(2026, 3, 12)
PLAN = SimulationPlan(seed=9, now=datetime(2026, 3, 12, 2, tzinfo=UTC), days=3, calls_per_day=150_000)
WITHIN = 3_600.0


def made(fault: str, hour: int) -> Facts:
    """Twenty minutes from a local hour on, with a fault (none if empty)."""
    first = minute_of(hour_start(PLAN.timezone, DAY, hour))
    facts = Facts()
    for minute in range(first, first + 20):
        facts.extend(generate_minute(PLAN, minute, frozenset({fault} if fault else ())))
    return facts


def soon(facts: Facts, hour: int, table: str) -> list[Row]:
    """The rows of a table that arrive within an hour of the first minute."""
    first = hour_start(PLAN.timezone, DAY, hour)
    return [row for row in facts.first[table] if (row[-1] - first).total_seconds() < WITHIN]


def hangups(facts: Facts, hour: int, generation: str) -> float:
    """Share of answered calls of a generation hung up within 30 s."""
    answered = [row for row in soon(facts, hour, "calls") if row[4] == generation and row[11] in ("human", "unknown")]
    early = [row for row in answered if row[13] == "customer" and (row[9] - row[8]).total_seconds() <= 30]
    return len(early) / len(answered)


def test_elderly_hang_up_in_the_evening() -> None:
    """The elderly, in the evening, and nobody else."""
    assert hangups(made("elderly_hangup", 19), 19, "elderly") > 0.62
    assert hangups(made("elderly_hangup", 19), 19, "gen_y") < 0.28
    assert hangups(made("elderly_hangup", 15), 15, "elderly") < 0.52
    assert hangups(made("", 19), 19, "elderly") < 0.52


@pytest.mark.parametrize(("fault", "least", "most"), [("dialect_asr", 0.5, 0.6), ("", 0.0, 0.0)])
def test_recognition_of_dialects(fault: str, least: float, most: float) -> None:
    """Labels of dialect calls arrive within the hour and show the failure; without the fault none arrives so soon."""
    facts = made(fault, 15)
    dialects = {row[0]: row[5] for row in facts.first["calls"]}
    labels = [row for row in soon(facts, 15, "quality_labels") if row[2] == "asr" and dialects[row[1]] != "mandarin"]
    assert bool(labels) == bool(fault)
    assert least <= sum(row[4] for row in labels) / max(1, sum(row[3] for row in labels)) <= most


def test_violations() -> None:
    """Checks find them, scans leak, and customers are dialled beyond the limits."""
    facts, sound = made("violations", 15), made("", 15)
    for made_facts, least, most in ((facts, 0.06, 0.10), (sound, 0.005, 0.02)):
        checks = [row for row in soon(made_facts, 15, "qa_checks") if row[1] == "auto"]
        assert least < sum(row[3] > 0 for row in checks) / len(checks) < most
    assert any(row[4] < row[3] for row in soon(facts, 15, "masking_scans"))
    assert excess(facts) > 5 * excess(sound)


def excess(facts: Facts) -> int:
    """Customers with more than two marketing dials within the hour."""
    dials: dict[int, int] = {}
    for row in soon(facts, 15, "calls"):
        if row[3] != "collection":
            dials[row[1]] = dials.get(row[1], 0) + 1
    return sum(number > 2 for number in dials.values())


def test_recordings_lost() -> None:
    """Recordings are missing, deleted early, or without their file."""
    facts, sound = made("recordings_lost", 15), made("", 15)
    for made_facts, least, most in ((facts, 0.55, 0.65), (sound, 0.98, 1.0)):
        answered = [row for row in soon(made_facts, 15, "calls") if row[11] in ("human", "unknown")]
        recorded = {row[1] for row in soon(made_facts, 15, "recordings")}
        assert least < sum(row[0] in recorded for row in answered) / len(answered) < most
    assert len(facts.later["recordings"]) > 50 > len(sound.later["recordings"])
    assert len(facts.lost_files) > 300 > len(sound.lost_files)


def test_overload() -> None:
    """Responses get slower, dials fail, incidents pile up."""
    facts, sound = made("month_end_overload", 15), made("", 15)
    for made_facts, slow, failed in ((facts, (0.45, 0.55), (0.03, 0.05)), (sound, (0.03, 0.06), (0.0, 0.006))):
        turns = soon(made_facts, 15, "turns")
        share = sum((row[3] - row[2]).total_seconds() > 2 for row in turns) / len(turns)
        assert slow[0] < share < slow[1]
        calls = soon(made_facts, 15, "calls")
        assert failed[0] <= sum(row[15] is not None for row in calls) / len(calls) < failed[1]
    assert facts.first["incidents"]


def test_faults_leave_other_days_alone() -> None:
    """Follow-ups that fall on later days are made as if there were no fault."""
    plan = replace(PLAN, calls_per_day=900_000)
    minute = minute_of(hour_start(PLAN.timezone, DAY, 19))
    facts = generate_minute(plan, minute, frozenset({"month_end_overload"}))
    later = [row for row in facts.first["calls"] if (row[7] - hour_start(PLAN.timezone, DAY, 19)).days >= 1]
    assert len(later) > 50
    assert sum(row[15] is not None for row in later) / len(later) < 0.02
