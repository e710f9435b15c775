"""What a call brings: credit applications, completed tasks, collection cases and their repayments."""

from __future__ import annotations

from datetime import timedelta

from exporter.simulate.calendar import hour_start
from exporter.simulate.calls import Call
from exporter.simulate.case import Phase
from exporter.simulate.draws import cny, loguniform, slots
from exporter.simulate.people import SCRIPTS, Customer
from exporter.simulate.unit import Unit, local_day

TASKS = ("limit_change", "repayment_plan_change", "card_activation", "contact_update")
DAY = 86_400.0
WITHIN_DAY, WITHIN_WEEK = 0.60, 0.97
TWICE = 0.01
TASK_NEEDED = 0.8
IN_FULL = 0.9


def write_application(unit: Unit, call: Call) -> None:
    """The application that may follow the first effective contact with a customer in a campaign, and its grant."""
    random, case = unit.rng.random, unit.case
    rate = call.phase.rates[call.customer.generation].conversion
    newer = call.dial.script == SCRIPTS["acquisition"][1]
    if random() >= rate * (1 + case.wording_effect * (1 if newer else -1)):
        return
    applied = call.ended + application_delay(unit)
    granted = random() < case.grant
    _application(unit, call, 0, applied, granted)
    if random() < TWICE:
        _application(unit, call, 1, applied + 600 + DAY * random(), granted=False)


def application_delay(unit: Unit) -> float:
    """Seconds from the contact: 60 % within a day, 97 % within a week, the rest within three."""
    luck, random = unit.rng.random(), unit.rng.random
    if luck < WITHIN_DAY:
        delays = loguniform(120.0, DAY)
        return delays[int(random() * len(delays))]
    return DAY * (1 + 6 * random()) if luck < WITHIN_WEEK else DAY * (7 + 13 * random())


def _application(unit: Unit, call: Call, number: int, applied: float, granted: bool) -> None:
    key = (call.call_id * 2 + number, call.customer.customer_id, call.call_id, unit.at(applied))
    written = applied + 1 + 20 * unit.rng.random()
    unit.facts.first["credit_applications"].append((*key, None, unit.at(written)))
    if granted:
        delays = loguniform(300.0, 2 * DAY)
        at = unit.at(written + delays[int(unit.rng.random() * len(delays))])
        unit.facts.later["credit_applications"].append((*key, at, at))


def write_task(unit: Unit, call: Call) -> None:
    """A task that the customer needs, as the first contact brings out, and that the call mostly completes."""
    random = unit.rng.random
    if random() >= TASK_NEEDED:
        return
    customer_id = call.customer.customer_id
    task = TASKS[int(random() * len(TASKS))]
    needed, written = unit.at(call.ended), unit.at(call.written)
    # Nothing says yet that the call will complete the task.
    unit.facts.first["service_tasks"].append((call.call_id, customer_id, None, task, needed, None, written))
    through_call = random() < call.phase.completion
    if through_call or random() < 0.3:
        delays = loguniform(90.0, DAY)
        done = unit.at(call.written + delays[int(random() * len(delays))])
        source = call.call_id if through_call else None
        unit.facts.later["service_tasks"].append((call.call_id, customer_id, source, task, needed, done, done))


def write_case(unit: Unit, customer: Customer) -> None:
    """The collection case for which a customer is dialled: it entered early that day; and its repayments.

    A case bears its customer's number: in this stream a customer has one.
    """
    random = unit.rng.random
    buckets = slots(unit.case.buckets)
    bucket = buckets[int(random() * len(buckets))]
    overdue = 50_000 + int(random() * 400_000)
    midnight = hour_start(unit.plan.timezone, local_day(unit), 0)
    entered = midnight + timedelta(hours=2 + 4 * random())
    number = customer.customer_id
    row = (number, number, customer.generation, entered, bucket, cny(overdue), unit.start)
    unit.facts.first["collection_cases"].append(row)
    _repayments(unit, number, overdue, unit.phase(0.0), bucket)


def _repayments(unit: Unit, case_id: int, overdue: int, phase: Phase, bucket: str) -> None:
    """In full with 0.9 of the bucket's rate, half with 0.2 of it: the rate on average, reversals made up for."""
    rng = unit.rng
    rate = phase.recovery[bucket] / (1 - unit.case.reversal)
    luck = rng.random()
    if luck >= rate * (IN_FULL + 2 * (1 - IN_FULL)):
        return
    amount = cny(overdue if luck < rate * IN_FULL else overdue // 2)
    paid = 3_600 + 5 * DAY * rng.random()
    next_day = unit.at(paid).astimezone(unit.plan.zone).date() + timedelta(days=1)
    posted = hour_start(unit.plan.timezone, next_day, 5) + timedelta(hours=3 * rng.random())
    key = (case_id, case_id, amount, unit.at(paid), posted)
    unit.facts.first["repayments"].append((*key, None, posted))
    if rng.random() < unit.case.reversal:
        reversed_at = posted + timedelta(days=7 * rng.random(), minutes=2)
        unit.facts.later["repayments"].append((*key, reversed_at, reversed_at))
