"""Facts that hang on no call: incidents, ledger entries, snapshots of customer value."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from exporter.simulate.calendar import day_factor, hour_start
from exporter.simulate.case import dial_cost
from exporter.simulate.draws import cny, lognormal, slots, stream
from exporter.simulate.people import ACQUISITION, birth_date
from exporter.simulate.plan import SimulationPlan
from exporter.simulate.tables import Row
from exporter.simulate.unit import Unit

# Once a day, at a local time that no summer time skips.
BOOKING = (4, 30)
OTHER_COSTS = {"collection": 0.4, "operations": 0.3}
VALUE, LIMIT, REBORROW = 1_200.0, 20_000.0, 0.30


def write_background(unit: Unit) -> None:
    """Incidents of the minute; at the booking minute the day's ledger entries, on the first of a month snapshots."""
    _incident(unit)
    if (unit.local.hour, unit.local.minute) == BOOKING and not unit.sparse:
        unit.facts.first["cost_ledger"] += ledger(unit)
        # Those of the month in which a history begins are there from the start (`archive.founding`).
        begins = unit.plan.days > 0 and unit.local.date() == unit.plan.first_day
        if unit.local.day == 1 and not begins:
            unit.facts.first["ltv_snapshots"] += snapshots(unit.plan, unit.local.date())


def _incident(unit: Unit) -> None:
    rng, phase = unit.rng, unit.phase(0.0)
    if rng.random() >= phase.incidents_per_minute:
        return
    durations = lognormal(phase.incident_median, 0.7)
    opened = 60 * rng.random()
    resolved = unit.at(opened + 60 + durations[int(rng.random() * len(durations))])
    unit.facts.first["incidents"].append((unit.number, unit.at(opened), None, unit.at(opened + 1)))
    unit.facts.later["incidents"].append((unit.number, unit.at(opened), resolved, resolved))


def ledger(unit: Unit) -> Iterable[Row]:
    """Costs of a day that belong to no call, per scenario, in proportion to its planned dials."""
    case, plan, day = unit.case, unit.plan, unit.local.date()
    for place, (scenario, share) in enumerate(case.scenarios.items()):
        each = OTHER_COSTS.get(scenario, 0.0)
        if scenario == ACQUISITION:
            each = dial_cost(case, plan.phase(unit.start)) * case.ledger_share
        amount = plan.calls_per_day * share * day_factor(case, scenario, day) * each
        yield unit.number * 8 + place, unit.start, scenario, cny(round(amount * 100)), unit.at(30)


def panel(plan: SimulationPlan) -> range:
    """Numbers of the customers whose value is followed."""
    return range(1, 1 + min(5_000, max(200, plan.calls_per_day // 8)))


def panel_customers(plan: SimulationPlan) -> Iterable[Row]:
    """Rows of the customers whose value is followed."""
    rng = stream(plan.seed, "panel")
    generations, dialects = slots(plan.case.mix), slots(plan.case.dialects)
    written = hour_start(plan.timezone, plan.first_day.replace(day=1), 0)
    for number in panel(plan):
        generation = generations[int(rng.random() * len(generations))]
        yield number, birth_date(rng, generation), dialects[int(rng.random() * len(dialects))], written


def snapshots(plan: SimulationPlan, as_of: date) -> Iterable[Row]:
    """Value, re-borrowing and credit limit of the panel as they were before AI operations, and as they are after."""
    written = hour_start(plan.timezone, as_of, 0) + timedelta(hours=5)
    for arm, factor in (("before", 1.0), ("after", 1 + plan.case.ltv_uplift)):
        rng = stream(plan.seed, "ltv", as_of, arm)
        for number in panel(plan):
            value = cny(round(100 * VALUE * factor * (0.7 + 0.6 * rng.random())))
            limit = cny(round(100 * LIMIT * factor * (0.8 + 0.4 * rng.random())))
            yield number, as_of, arm, value, rng.random() < REBORROW * factor, limit, written
