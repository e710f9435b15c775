"""A filled database shows the figures of the case, before and after, within sampling error."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import chain
from math import erf, log, sqrt
from typing import TYPE_CHECKING

import pytest

from exporter.simulate.case import Phase
from tests.simulate.conftest import CASE_PLAN
from tests.simulate.figures import ACQUISITION_COST, CALL, MOS, PROPORTIONS, RECOVERY

if TYPE_CHECKING:
    from exporter.simulate.write import Connection

LARGEST_Z = 4.5
CHANGE = CASE_PLAN.change_at or CASE_PLAN.now
START = CASE_PLAN.now - timedelta(days=CASE_PLAN.days + 1)
# The last applications come three weeks after their call.
SPANS = {"before": (START, CHANGE), "after": (CHANGE, CASE_PLAN.now - timedelta(days=21))}

# As the KPI document gives them; nothing is taken from the simulator's own parameters.
GENERATIONS = ("gen_z", "gen_y", "gen_x", "elderly", "all")
BY_GENERATION = {
    ("before", "early_hangup"): (0.18, 0.20, 0.26, 0.4533, 0.32),
    ("after", "early_hangup"): (0.17, 0.185, 0.235, 0.2511, 0.22),
    ("before", "contact"): (0.93, 0.92, 0.90, 0.80, 0.865),
    ("after", "contact"): (0.93, 0.925, 0.91, 0.89, 0.908),
    ("before", "conversion"): (0.20, 0.195, 0.175, 0.0925, 0.15),
    ("after", "conversion"): (0.205, 0.205, 0.195, 0.1517, 0.18),
    ("before", "csat"): (0.86, 0.83, 0.80, 0.68),
    ("after", "csat"): (0.86, 0.83, 0.80, 0.78),
}
SAME = {
    "connect": {"all": 0.68},
    "mix": {"gen_z": 0.15, "gen_y": 0.25, "gen_x": 0.15, "elderly": 0.45},
    "asr": {"cantonese": 0.88, "sichuanese": 0.88},
    "labelled": {"all": 0.03},
    "ivr": {"all": 0.7},
    "system_fault": {"rest": 0.003, "burst": 0.02},
    "escalation": {"all": 0.22},
    "completion": {"all": 0.83},
    "within_day": {"all": 0.6},
    "within_week": {"all": 0.97},
    "below_median_latency": {"all": 0.5},
    "slow_response": {"all": (1 - erf(log(2 / 1.1) / 0.35 / sqrt(2))) / 2},
}
CHANGED = {
    ("before", "repeat"): {"all": 0.10},
    ("after", "repeat"): {"all": 0.07},
    ("before", "compliant"): {"all": 0.990},
    ("after", "compliant"): {"all": 0.997},
    ("before", "label"): {"asr": 0.965, "intent": 0.94, "emotion": 0.90},
    ("after", "label"): {"asr": 0.965, "intent": 0.94, "emotion": 0.93},
}
EXPECTED: dict[tuple[str, str], dict[str, float]] = {
    **{key: dict(zip(GENERATIONS, values, strict=False)) for key, values in BY_GENERATION.items()},
    **CHANGED,
    **dict(chain.from_iterable((((phase, name), at) for phase in SPANS) for name, at in SAME.items())),
}


def z(successes: float, trials: float, expected: float) -> float:
    """How many standard errors a proportion is off."""
    return abs(successes / trials - expected) / sqrt(expected * (1 - expected) / trials)


@pytest.mark.parametrize(("phase", "name"), EXPECTED)
async def test_proportion(case: Connection, phase: str, name: str) -> None:
    """Every proportion of the case, in each phase and slice, is that of the document."""
    found = {
        row[0]: (float(row[1]), float(row[2])) for row in await case.fetch(CALL + PROPORTIONS[name], *SPANS[phase])
    }
    for at, expected in EXPECTED[phase, name].items():
        successes, trials = found[at]
        assert trials >= 30, at
        assert z(successes, trials, expected) < LARGEST_Z, (at, successes / trials, expected)


@pytest.mark.parametrize(("phase", "m1"), [("before", 0.45), ("after", 0.52)])
async def test_recovery(case: Connection, phase: str, m1: float) -> None:
    """Money repaid over money overdue: M1 rises from .45 to .52, M2 stays at .33."""
    found = {row[0]: row for row in await case.fetch(RECOVERY, *SPANS[phase])}
    for bucket, expected in (("M1", m1), ("M2", 0.33)):
        _, repaid, overdue, effective = found[bucket]
        assert z(float(repaid), float(overdue), expected) * sqrt(float(effective) / float(overdue)) < LARGEST_Z


@pytest.mark.parametrize(("phase", "expected"), [("before", 800.0), ("after", 490.0)])
async def test_acquisition_cost(case: Connection, phase: str, expected: float) -> None:
    """Cost per customer newly granted credit, calls and ledger together."""
    cost, granted = await case.fetchrow(ACQUISITION_COST, *SPANS[phase]) or (0, 0)
    assert granted > 100
    assert abs(float(cost) / expected - granted) < LARGEST_Z * sqrt(granted)


@pytest.mark.parametrize("phase", SPANS)
async def test_opinion_score(case: Connection, phase: str) -> None:
    """The mean opinion score is 3.9."""
    mean, error = await case.fetchrow(MOS, *SPANS[phase]) or (0, 0)
    assert abs(mean - 3.9) < LARGEST_Z * error


async def test_volume(case: Connection) -> None:
    """An ordinary weekday has the planned dials, a weekend 0.6 of it, a month-end day 1.5 of the collection dials."""
    rows = await case.fetch(
        """SELECT scenario, extract(isodow FROM day) >= 6 AS weekend, extract(day FROM day) >= 26 AS month_end,
            avg(dials)::float AS dials, count(*) AS days
        FROM (SELECT scenario, (dialed_at AT TIME ZONE 'Asia/Shanghai')::date AS day, count(*) AS dials
            FROM calls WHERE dialed_at >= $1 AND dialed_at < $2 GROUP BY 1, 2) AS per_day GROUP BY 1, 2, 3""",
        *(datetime(2026, month, 1, tzinfo=CHANGE.tzinfo) for month in (2, 4)),
    )
    assert len(rows) == 12
    for row in rows:
        share = {"acquisition": 0.5, "collection": 0.35, "operations": 0.15}[row["scenario"]]
        peak = 1.5 if row["scenario"] == "collection" and row["month_end"] else 1.0
        expected = CASE_PLAN.calls_per_day * share * (0.6 if row["weekend"] else 1.0) * peak
        assert abs(row["dials"] - expected) < LARGEST_Z * sqrt(expected / row["days"]), dict(row)


async def test_hours(case: Connection) -> None:
    """Dials follow the hourly weights from 8 to 21 h; a retry may come a little later."""
    rows = await case.fetch(
        "SELECT extract(hour FROM dialed_at AT TIME ZONE 'Asia/Shanghai')::int, count(*) FROM calls GROUP BY 1"
    )
    dials = {row[0]: row[1] for row in rows}
    total = sum(dials.values())
    for hour, weight in enumerate((2, 7, 9, 8, 3, 4, 8, 9, 9, 7, 6, 5, 3), start=8):
        assert abs(dials[hour] / total * 80 - weight) < 0.35, hour
    assert set(dials) <= set(range(8, 22))


async def test_regulated_dials(case: Connection) -> None:
    """Most dials keep the frequency limits, a few break them, and collection keeps its hours."""
    limited = """SELECT count(*) FILTER (WHERE number > allowed) AS broken, count(*) AS dials FROM (
        SELECT allowed,
            row_number() OVER (PARTITION BY customer_id, allowed, unit ORDER BY dialed_at, call_id) AS number
        FROM (SELECT *, CASE scenario WHEN 'collection' THEN 1 ELSE 2 END AS allowed,
            date_trunc(CASE scenario WHEN 'collection' THEN 'day' ELSE 'month' END,
                dialed_at AT TIME ZONE 'Asia/Shanghai') AS unit FROM calls) AS c) AS ranked"""
    broken, dials = await case.fetchrow(limited) or (0, 0)
    assert 0.00005 < broken / dials < 0.001


async def test_customer_value(case: Connection) -> None:
    """Value after is a fifth above value before, in the latest snapshots."""
    uplift = await case.fetchval(
        """SELECT (avg(value_cny) FILTER (WHERE arm = 'after')
            / avg(value_cny) FILTER (WHERE arm = 'before') - 1)::float
        FROM ltv_snapshots WHERE as_of = (SELECT max(as_of) FROM ltv_snapshots)"""
    )
    assert 0.15 < uplift < 0.25


async def test_incidents(case: Connection) -> None:
    """Incidents are resolved within a quarter of an hour or so on average."""
    mean = await case.fetchval("SELECT avg(extract(epoch FROM resolved_at - opened_at))::float FROM incidents")
    assert 600 < mean < 1_100


def test_document_adds_up() -> None:
    """The simulator's parameters by generation give the document's overall figures."""
    case = CASE_PLAN.case
    for phase, hangup, contact in ((case.before, 0.32, 0.865), (case.after, 0.22, 0.908)):
        assert overall(phase, "early_hangup") == pytest.approx(hangup, abs=0.0006)
        assert overall(phase, "contact") == pytest.approx(contact, abs=0.0006)


def overall(phase: Phase, rate: str) -> float:
    """A rate over the generations, weighted by the mix."""
    return sum(share * float(getattr(phase.rates[name], rate)) for name, share in CASE_PLAN.case.mix.items())
