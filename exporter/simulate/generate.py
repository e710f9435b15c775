"""Making the facts of a minute or a day: customers, their calls, and all that follows. Pure; see the package."""

from __future__ import annotations

from datetime import date, timedelta

from exporter.simulate.background import write_background
from exporter.simulate.business import write_application, write_case, write_task
from exporter.simulate.calendar import COLLECTION, hour_start, new_customers
from exporter.simulate.calls import Call, place_call, write_call
from exporter.simulate.draws import rounded
from exporter.simulate.experience import blocks, write_complaint, write_recording, write_survey
from exporter.simulate.people import ACQUISITION, OPERATIONS, Dial, new_customer, planned_dials, retry
from exporter.simulate.plan import SimulationPlan, minute_of
from exporter.simulate.quality import write_quality
from exporter.simulate.tables import Facts
from exporter.simulate.unit import Unit, open_unit

SPARSE_CUSTOMERS = 8
ERASURE_SOONEST, ERASURE_LATEST = 120.0, 3 * 86_400.0
REDELIVERED_WITHIN = timedelta(seconds=30)


def generate_minute(
    plan: SimulationPlan, minute: int, faults: frozenset[str] = frozenset(), *, sparse: bool = False
) -> Facts:
    """All that begins in a minute (counted from EPOCH), with what follows from it days later.

    `sparse`: few customers with one dial each, as an archive keeps them.
    """
    unit = open_unit(plan, minute, faults, sparse=sparse)
    write_background(unit)
    for scenario in plan.case.scenarios:
        count = rounded(unit.rng, new_customers(plan, scenario, unit.local))
        for _ in range(min(count, SPARSE_CUSTOMERS) if sparse else count):
            if unit.rng.random() < plan.case.erasure:
                _erased_customer(unit, scenario)
            else:
                _customer(unit, scenario)
    return unit.facts


def generate_day(plan: SimulationPlan, day: date) -> Facts:
    """All that begins on a local day, with what follows from it later."""
    facts = Facts()
    for minute in minutes_of(plan, day):
        facts.extend(generate_minute(plan, minute))
    return facts


def minutes_of(plan: SimulationPlan, day: date) -> range:
    """The minutes of a local day; 23 or 25 hours of them where the clocks change."""
    first, last = (hour_start(plan.timezone, day + timedelta(days=days), 0) for days in (0, 1))
    return range(minute_of(first), minute_of(last))


def _customer(unit: Unit, scenario: str) -> None:
    """A new customer: the dials in order, with a retry where the first finds nobody, until the customer objects."""
    random = unit.rng.random
    customer = new_customer(unit)
    if scenario == COLLECTION:
        write_case(unit, customer)
    contacted: set[int] = set()
    dials = planned_dials(unit, scenario)
    blocked = False
    while dials:
        dial = dials.pop(0)
        if blocked and random() >= unit.phase(dial.at).redial:
            continue
        call = place_call(unit, customer, dial)
        write_call(unit, call)
        if call.by_person:
            _consequences(unit, call, contacted)
            blocked = blocks(unit, call) or blocked
        elif not dials and _retried(unit, dial, scenario):
            dials.append(retry(unit, dial))


def _retried(unit: Unit, dial: Dial, scenario: str) -> bool:
    """Marketing only, once, and only where no follow-up is planned; so often that it is the planned share of all."""
    if scenario == COLLECTION or unit.sparse or dial.at >= 60:
        return False
    case = unit.case
    alone = (1 - case.answer) * (1 - sum(case.marketing_follow_ups.values()))
    return unit.rng.random() < case.same_day_retry / alone


def _consequences(unit: Unit, call: Call, contacted: set[int]) -> None:
    """What follows from a call that a person answered. `contacted`: campaigns that reached the customer before."""
    write_quality(unit, call)
    write_survey(unit, call)
    write_complaint(unit, call)
    write_recording(unit, call)
    campaign = call.dial.campaign_id
    if call.effective and campaign not in contacted:
        if call.dial.scenario == ACQUISITION:
            write_application(unit, call)
        elif call.dial.scenario == OPERATIONS and not contacted:
            write_task(unit, call)
        contacted.add(campaign)


def _erased_customer(unit: Unit, scenario: str) -> None:
    """A customer whose data are erased some time after: whatever would have come later never comes."""
    facts, unit.facts = unit.facts, Facts()
    _customer(unit, scenario)
    erased_at = unit.at(ERASURE_SOONEST + (ERASURE_LATEST - ERASURE_SOONEST) * unit.rng.random() ** 3)
    customer_id = unit.facts.first["customers"][0][0]
    unit.facts.lost_files += [(row[0], row[2], erased_at) for row in unit.facts.first["recordings"]]
    # A second delivery must not bring back what has been erased.
    facts.extend(unit.facts, until=erased_at - REDELIVERED_WITHIN)
    facts.erasures.append((customer_id, erased_at))
    unit.facts = facts
