"""The oracle against cases computed by hand: customers and money."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.oracle.ledger import DAY, HOUR, MINUTE, NOW, SECOND, Ledger, value, values

AGO = NOW - 2 * MINUTE


async def test_a_customer_converts_once_per_campaign(ledger: Ledger) -> None:
    """Two contacts of one campaign count as one, at the first, ten days ago; another campaign counts anew."""
    first = await ledger.call(ended_at=AGO - 10 * DAY, generation="gen_y")
    again = await ledger.call()
    await ledger.call(campaign_id=2)
    await ledger.call(scenario="operations", customer_id=5)
    await ledger.call(customer_id=None)
    await ledger.missed(customer_id=6)
    applications = [(again, AGO), (first, AGO - HOUR), (again, None)]
    for number, (call, applied_at) in enumerate(applications):
        row = {"application_id": number, "customer_id": 1, "source_call_id": call, "applied_at": applied_at}
        await ledger.put("credit_applications", **row)
    gauges = await ledger.gauges("lead_conversion")
    assert values(gauges, "lead_conversion_samples") == {"5m": 1, "1h": 1, "24h": 1, "7d": 1, "30d": 2}
    # The first application was an hour ago, in the cell of the older call: 24 h see it over the one contact.
    assert values(gauges, "lead_conversion_ratio") == {"5m": 0, "1h": 0, "24h": 1, "7d": 1, "30d": 0.5}
    assert value(gauges, "lead_conversion_ratio", "30d", generation="gen_y") == 1
    assert value(gauges, "lead_conversion_ratio", "24h", generation="gen_y") is None


async def test_the_first_application_is_the_earliest_of_a_campaign(ledger: Ledger) -> None:
    """Not the lowest id, not one of another scenario, of nobody, or of no known call; each campaign has its own."""
    young = await ledger.call(generation="gen_z")
    old = await ledger.call(generation="elderly", cost_cny=Decimal(2))
    other_campaign = await ledger.call(generation="gen_x", campaign_id=2)
    operations = await ledger.call(scenario="operations")
    applications = [
        (1, 1, young, AGO),
        (2, 1, old, AGO - SECOND),  # the first of campaign 1
        (3, 1, other_campaign, AGO + SECOND),
        (4, 1, operations, AGO - HOUR),
        (5, None, young, AGO),
        (6, 1, 999, AGO - 2 * HOUR),
        (7, 2, young, None),
    ]
    for number, customer, call, applied_at in applications:
        row = {"customer_id": customer, "source_call_id": call, "applied_at": applied_at, "granted_at": applied_at}
        await ledger.put("credit_applications", application_id=number, **row)
    gauges = await ledger.gauges("lead_conversion", "acquisition_cost")
    assert value(gauges, "lead_conversion_ratio") == 2 / 2
    assert value(gauges, "lead_conversion_ratio", generation="gen_z") == 0
    assert value(gauges, "lead_conversion_ratio", generation="gen_x") == 1
    assert value(gauges, "acquisition_cost_samples") == 1
    assert value(gauges, "acquisition_cost_samples", generation="elderly") == 1


async def test_the_first_contact_is_the_one_that_ended_first(ledger: Ledger) -> None:
    """Whatever its id, and whenever it was dialled."""
    await ledger.call(call_id=20, generation="elderly", ended_at=AGO - SECOND)
    await ledger.call(call_id=11, generation="gen_x", dialed_at=AGO - HOUR)
    gauges = await ledger.gauges("lead_conversion")
    assert value(gauges, "lead_conversion_samples", generation="elderly") == 1
    assert value(gauges, "lead_conversion_samples", generation="gen_x") is None


async def test_simultaneous_contacts_are_ordered_by_id(ledger: Ledger) -> None:
    """Two contacts that ended at the same instant: the lower id is the first."""
    await ledger.call(call_id=12, generation="elderly")
    await ledger.call(call_id=11, generation="gen_x")
    gauges = await ledger.gauges("lead_conversion")
    assert value(gauges, "lead_conversion_samples", generation="gen_x") == 1
    assert value(gauges, "lead_conversion_samples", generation="elderly") is None


async def test_acquisition_cost_takes_the_ledger_at_the_top_only(ledger: Ledger) -> None:
    """Calls of 300 CNY and 500 from the ledger over one new customer, granted twice; collection costs nothing here."""
    call = await ledger.call(cost_cny=Decimal(100))
    await ledger.call(cost_cny=Decimal(200), generation="elderly")
    await ledger.call(cost_cny=None)
    await ledger.call(cost_cny=Decimal(999), scenario="collection")
    await ledger.put("cost_ledger", entry_id=1, booked_at=AGO, scenario="acquisition", amount_cny=Decimal(500))
    await ledger.put("cost_ledger", entry_id=2, booked_at=AGO, scenario="collection", amount_cny=Decimal(5000))
    for number, granted_at in enumerate((AGO, AGO + SECOND, None)):
        row = {"application_id": number, "customer_id": 1, "source_call_id": call, "granted_at": granted_at}
        await ledger.put("credit_applications", **row)
    gauges = await ledger.gauges("acquisition_cost")
    assert value(gauges, "acquisition_cost_cny") == 800
    assert value(gauges, "acquisition_cost_cny", scenario="acquisition") == 800
    assert value(gauges, "acquisition_cost_cny", generation="gen_z") == 100
    assert value(gauges, "acquisition_cost_cny", generation="elderly") is None
    assert value(gauges, "acquisition_cost_samples") == 1


async def test_a_grant_of_long_ago_is_not_a_new_customer(ledger: Ledger) -> None:
    """The customer's first grant was 40 days ago: the one of today counts in no window."""
    old, new = await ledger.call(ended_at=AGO - 40 * DAY), await ledger.call()
    for call, granted_at in ((old, AGO - 40 * DAY), (new, AGO)):
        row = {"customer_id": 1, "source_call_id": call, "granted_at": granted_at}
        await ledger.put("credit_applications", application_id=call, **row)
    assert await ledger.gauges("acquisition_cost") == {}


async def test_recovery_less_reversals_by_bucket_at_entry(ledger: Ledger) -> None:
    """Of 1,000 CNY overdue in M1 250 come back; 400 more are reversed; M2 entered before the week, but pays now."""
    await ledger.put("collection_cases", case_id=1, generation="gen_x", entered_at=AGO, bucket="M1", overdue_cny=1000)
    await ledger.put("collection_cases", case_id=2, entered_at=AGO - 8 * DAY, bucket="M2", overdue_cny=3000)
    payments = [(1, 250, None), (1, 400, AGO), (2, 600, None), (3, 77, None)]
    for number, (case, amount, reversed_at) in enumerate(payments):
        row = {"case_id": case, "amount_cny": amount, "paid_at": AGO, "reversed_at": reversed_at}
        await ledger.put("repayments", repayment_id=number, **row)
    gauges = await ledger.gauges("recovery")
    assert value(gauges, "recovery_ratio", bucket="M1", scenario="collection", generation="gen_x") == 0.25
    assert value(gauges, "recovery_ratio", "7d", bucket="M2") is None  # paid, but nothing fell due
    assert value(gauges, "recovery_ratio", "30d", bucket="M2", generation="unknown") == 0.2
    assert value(gauges, "recovery_ratio", "30d", bucket="all") == 850 / 4000
    assert value(gauges, "recovery_samples", "30d", bucket="all") == 4000
    assert value(gauges, "recovery_ratio", "1h", bucket="all") == 0.85


async def test_an_unknown_amount_is_not_zero(ledger: Ledger) -> None:
    """Money that is NULL belongs to no cell: neither as a debt, nor as a payment, nor as a cost."""
    call = await ledger.call(cost_cny=None)
    await ledger.put("cost_ledger", entry_id=1, booked_at=AGO, scenario="acquisition", amount_cny=None)
    row = {"customer_id": 1, "source_call_id": call, "granted_at": AGO}
    await ledger.put("credit_applications", application_id=1, **row)
    await ledger.put("collection_cases", case_id=1, entered_at=AGO, bucket="M1", overdue_cny=None)
    await ledger.put("collection_cases", case_id=2, entered_at=AGO, bucket=None, overdue_cny=100)
    await ledger.put("repayments", repayment_id=1, case_id=1, paid_at=AGO, amount_cny=None)
    await ledger.put("repayments", repayment_id=2, case_id=2, paid_at=AGO, amount_cny=50)
    gauges = await ledger.gauges("recovery", "acquisition_cost")
    assert value(gauges, "recovery_ratio", bucket="M1") is None
    assert value(gauges, "recovery_ratio", bucket="unknown") == value(gauges, "recovery_ratio", bucket="all") == 0.5
    assert value(gauges, "acquisition_cost_cny") is None


async def test_amounts_beyond_reason_are_not_known(ledger: Ledger) -> None:
    """Neither a cost of 0, nor repaid 0, where the only amount is nonsense; with another beside it, it is left out."""
    nonsense = (Decimal("NaN"), Decimal(10) ** 12)
    for number, amount in enumerate(nonsense):
        call = await ledger.call(customer_id=number, cost_cny=amount, script=f"S{number}")
        row = {"customer_id": number, "source_call_id": call, "granted_at": AGO}
        await ledger.put("credit_applications", application_id=call, **row)
        await ledger.put("cost_ledger", entry_id=number, booked_at=AGO, scenario="acquisition", amount_cny=amount)
        await ledger.put("repayments", repayment_id=number, case_id=1, paid_at=AGO, amount_cny=amount)
    for case, bucket, overdue in ((1, "M1", 100), (2, "M2", 100), (3, "M3", Decimal("NaN")), (4, "M3", -1)):
        await ledger.put("collection_cases", case_id=case, entered_at=AGO, bucket=bucket, overdue_cny=overdue)
    gauges = await ledger.gauges("acquisition_cost", "recovery")
    costs = {at for name, at in gauges if name == "outcall_acquisition_cost_cny"}
    assert costs == set()
    found = {bucket: value(gauges, "recovery_ratio", bucket=bucket) for bucket in ("M1", "M2", "M3", "all")}
    assert found == {"M1": None, "M2": 0, "M3": None, "all": None}
    await ledger.put("repayments", repayment_id=9, case_id=1, paid_at=AGO, amount_cny=50)
    gauges = await ledger.gauges("recovery")
    assert (value(gauges, "recovery_ratio", bucket="M1"), value(gauges, "recovery_ratio", bucket="all")) == (0.5, 0.25)


async def test_a_cost_of_zero_is_said_where_every_cost_is_known(ledger: Ledger) -> None:
    """Nothing spent, or spent for nothing, is 0; of one unknown cost, and of free calls beside it, nobody knows."""
    costs = {"gen_z": None, "gen_y": Decimal(0), "gen_x": None, "elderly": Decimal(6)}
    for generation, cost in costs.items():
        ended_at = AGO - 2 * DAY if generation == "gen_x" else AGO
        call = await ledger.call(customer_id=None, generation=generation, cost_cny=cost, ended_at=ended_at)
        row = {"customer_id": call, "source_call_id": call, "granted_at": AGO}
        await ledger.put("credit_applications", application_id=call, **row)
    gauges = await ledger.gauges("acquisition_cost")
    found = {generation: value(gauges, "acquisition_cost_cny", generation=generation) for generation in costs}
    assert found == {"gen_z": None, "gen_y": 0, "gen_x": 0, "elderly": 6}
    assert value(gauges, "acquisition_cost_samples", generation="gen_z") is None
    assert value(gauges, "acquisition_cost_cny") == 6 / 4  # what is not known is left out of what is
    assert value(gauges, "acquisition_cost_cny", "7d", generation="gen_x") is None


async def test_an_unknown_ledger_entry_is_of_no_slice(ledger: Ledger) -> None:
    """It leaves the whole unknown, where nothing else was spent; the generations know of no ledger."""
    await ledger.put("cost_ledger", entry_id=1, booked_at=AGO, scenario="acquisition", amount_cny=None)
    await ledger.put("cost_ledger", entry_id=2, booked_at=AGO, scenario="collection", amount_cny=None)
    call = await ledger.call(ended_at=AGO - 2 * DAY, cost_cny=Decimal(7))
    row = {"customer_id": 1, "source_call_id": call, "granted_at": AGO}
    await ledger.put("credit_applications", application_id=1, **row)
    gauges = await ledger.gauges("acquisition_cost")
    assert (
        value(gauges, "acquisition_cost_cny") is value(gauges, "acquisition_cost_cny", scenario="acquisition") is None
    )
    assert value(gauges, "acquisition_cost_cny", generation="gen_z") == 0
    assert value(gauges, "acquisition_cost_cny", "7d") == 7


async def test_tasks_by_generation_and_kind(ledger: Ledger) -> None:
    """Born on the last day of 1994 is gen_y; what was completed otherwise than through a call does not count."""
    await ledger.put("customers", customer_id=1, birth_date=date(1994, 12, 31))
    await ledger.put("customers", customer_id=2, birth_date=date(1964, 12, 31))
    tasks = [(1, 50, AGO), (1, None, AGO), (1, 50, None), (2, 50, AGO), (3, 50, AGO)]
    for number, (customer, call, completed_at) in enumerate(tasks):
        row = {"customer_id": customer, "source_call_id": call, "task": "limit_change", "completed_at": completed_at}
        await ledger.put("service_tasks", task_id=number, needed_at=AGO, **row)
    gauges = await ledger.gauges("task_completion")
    assert value(gauges, "task_completion_ratio", task="limit_change", scenario="operations") == 3 / 5
    assert value(gauges, "task_completion_ratio", task="all", generation="gen_y") == pytest.approx(1 / 3)
    assert value(gauges, "task_completion_ratio", task="all", generation="elderly") == 1
    assert value(gauges, "task_completion_ratio", task="all", generation="unknown") == 1


async def test_generations_begin_on_new_years_day(ledger: Ledger) -> None:
    """First and last birthday of each band; born after 2009, or unknown when, is `unknown`."""
    bands: dict[str, list[date | None]] = {
        "elderly": [date(1940, 5, 5), date(1964, 12, 31)],
        "gen_x": [date(1965, 1, 1), date(1979, 12, 31)],
        "gen_y": [date(1980, 1, 1), date(1994, 12, 31)],
        "gen_z": [date(1995, 1, 1), date(2005, 3, 3), date(2009, 12, 31)],
        "unknown": [date(2010, 1, 1), None],
    }
    for birth_date in [birthday for birthdays in bands.values() for birthday in birthdays]:
        number = ledger.new_id()
        await ledger.put("customers", customer_id=number, birth_date=birth_date)
        await ledger.put("service_tasks", task_id=number, customer_id=number, task="limit_change", needed_at=AGO)
    gauges = await ledger.gauges("task_completion")
    found = {band: value(gauges, "task_completion_samples", generation=band, task="all") for band in bands}
    assert found == {band: len(birthdays) for band, birthdays in bands.items()}


async def test_uplift_compares_the_latest_snapshots(ledger: Ledger) -> None:
    """Means of the latest date of each arm: 150 against 120, half against a quarter; an older date does not count."""
    rows = [
        (1, date(2025, 5, 1), "before", 9999, True, 9999),
        (1, date(2025, 6, 1), "before", 100, True, 1000),
        (2, date(2025, 6, 1), "before", 140, False, 2000),
        (3, date(2025, 6, 1), "before", None, False, None),
        (4, date(2025, 6, 1), "before", None, False, None),
        (1, date(2025, 6, 2), "after", 150, True, 1800),
        (2, date(2025, 6, 2), "after", None, False, None),
        (3, date(2025, 6, 2), "after", Decimal("NaN"), None, 1800),
        (4, date(2025, 6, 2), "after", 150, None, Decimal(10) ** 12),
    ]
    for customer, as_of, arm, amount, reborrowed, limit in rows:
        row = {"value_cny": amount, "reborrowed": reborrowed, "credit_limit_cny": limit}
        await ledger.put("ltv_snapshots", customer_id=customer, as_of=as_of, arm=arm, **row)
    gauges = await ledger.gauges("uplift")
    assert value(gauges, "ltv_uplift_ratio", None) == pytest.approx(0.25)
    assert value(gauges, "reborrow_uplift_ratio", None, scenario="operations") == pytest.approx(1.0)
    assert value(gauges, "credit_limit_uplift_ratio", None) == pytest.approx(0.2)
