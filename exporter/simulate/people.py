"""Customers and when they are dialled: who, which generation and dialect, and every dial of theirs to come.

A customer belongs to one unit. Marketing: one dial, sometimes a retry the same day or a follow-up days later, so two a
month at most. Collection: at most one a day. A small share is dialled too often: those dials are the violations.
"""

from __future__ import annotations

from datetime import date
from random import Random
from typing import NamedTuple

from exporter.simulate.calendar import COLLECTION, busy_moment, day_factor
from exporter.simulate.draws import slots
from exporter.simulate.unit import Unit, local_day

ACQUISITION = "acquisition"
OPERATIONS = "operations"
CAMPAIGNS = 3
# The newer wording is the second of each pair.
SCRIPTS = {
    ACQUISITION: ("annual-rate-v1", "monthly-interest-v2"),
    COLLECTION: ("standard-v3", "empathy-v4"),
    OPERATIONS: ("general-v1", "personal-v2"),
}
SCENARIO_NUMBER = {ACQUISITION: 1, COLLECTION: 2, OPERATIONS: 3}
BIRTH_YEARS = {"gen_z": (1995, 2009), "gen_y": (1980, 1994), "gen_x": (1965, 1979), "elderly": (1942, 1964)}


class Customer(NamedTuple):
    """Who is dialled; no phone number and no name anywhere."""

    customer_id: int
    generation: str
    dialect: str
    birth_date: date | None


class Dial(NamedTuple):
    """One attempt, `at` seconds after the start of its unit."""

    at: float
    day: date
    scenario: str
    campaign_id: int
    script: str


def new_customer(unit: Unit) -> Customer:
    """Draw a customer and write the row."""
    rng = unit.rng
    generations, dialects = slots(unit.case.mix), slots(unit.case.dialects)
    generation = generations[int(rng.random() * len(generations))]
    dialect = dialects[int(rng.random() * len(dialects))]
    customer = Customer(unit.next_id(), generation, dialect, birth_date(rng, generation))
    unit.facts.first["customers"].append((customer.customer_id, customer.birth_date, dialect, unit.start))
    return customer


def birth_date(rng: Random, generation: str) -> date | None:
    """A day of birth within the generation's band; None where the generation is unknown."""
    band = BIRTH_YEARS.get(generation)
    if band is None:
        return None
    first, last = band
    return date(first + int(rng.random() * (last - first + 1)), 1 + int(rng.random() * 12), 1 + int(rng.random() * 28))


def planned_dials(unit: Unit, scenario: str) -> list[Dial]:
    """The dials to a new customer, in order, not counting a retry, which depends on how the first went."""
    rng = unit.rng
    day = local_day(unit)
    number = int(rng.random() * CAMPAIGNS)
    script = SCRIPTS[scenario][int(rng.random() * 2)]
    first = Dial(rng.random() * 60, day, scenario, campaign(day, scenario, number), script)
    if unit.sparse:
        return [first]
    dials = [first, *_too_many(unit, first)]
    if len(dials) == 1:
        dials += _follow_ups(unit, first, number)
    return dials


def campaign(day: date, scenario: str, number: int) -> int:
    """Each scenario runs some campaigns a month: 202603 11 is acquisition's second in March 2026."""
    return (day.year * 100 + day.month) * 100 + SCENARIO_NUMBER[scenario] * 10 + number


def retry(unit: Unit, dial: Dial) -> Dial:
    """The second attempt of the same day, 20 to 60 minutes later."""
    return dial._replace(at=dial.at + 1_200 + 2_400 * unit.rng.random())


def _too_many(unit: Unit, first: Dial) -> list[Dial]:
    """With luck none; else as many dials soon after the first as it takes to break the limit."""
    rng = unit.rng
    if rng.random() >= unit.phase(0.0).overdialling:
        return []
    if first.scenario == COLLECTION:
        return [first._replace(at=first.at + 900 + 900 * rng.random())]
    other = OPERATIONS if first.scenario == ACQUISITION else ACQUISITION
    third = Dial(first.at + 1_800, first.day, other, campaign(first.day, other, 0), SCRIPTS[other][0])
    return [first._replace(at=first.at + 600 + 600 * rng.random()), third]


def _follow_ups(unit: Unit, first: Dial, number: int) -> list[Dial]:
    """Dials on later days. Taken in proportion to how busy that day is, they keep every day's volume as planned."""
    case, rng, scenario = unit.case, unit.rng, first.scenario
    shares = case.collection_follow_ups if scenario == COLLECTION else case.marketing_follow_ups
    today = day_factor(case, scenario, first.day)
    dials = []
    for days, share in shares.items():
        day = local_day(unit, days)
        if rng.random() * today < share * day_factor(case, scenario, day):
            at = (busy_moment(unit.plan, day, rng) - unit.start).total_seconds()
            dials.append(first._replace(at=at, day=day, campaign_id=_next_campaign(unit, first, number)))
    return dials


def _next_campaign(unit: Unit, first: Dial, number: int) -> int:
    if unit.rng.random() >= unit.case.other_campaign:
        return first.campaign_id
    return campaign(first.day, first.scenario, (number + 1) % CAMPAIGNS)
