"""How busy a minute is: hours of the day, weekends, month-end, in the business time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random

from exporter.simulate.case import Case, dials_per_customer
from exporter.simulate.plan import SimulationPlan, zone

COLLECTION = "collection"
SATURDAY = 5


def day_factor(case: Case, scenario: str, day: date) -> float:
    """Dials of a day as a multiple of an ordinary weekday's."""
    weekend = case.weekend if day.weekday() >= SATURDAY else 1.0
    month_end = case.month_end if scenario == COLLECTION and is_month_end(case, day) else 1.0
    return weekend * month_end


def is_month_end(case: Case, day: date) -> bool:
    """Whether the day belongs to the month-end collection peak."""
    return day.day >= case.month_end_from


def hour_share(plan: SimulationPlan, scenario: str, hour: int) -> float:
    """The share of a day's dials that falls into a local hour; the night's share comes on top."""
    case = plan.case
    place = hour - case.first_hour
    if 0 <= place < len(case.hourly):
        return case.hourly[place] / sum(case.hourly)
    return 0.0 if scenario == COLLECTION else plan.night_share / len(case.hourly)


def new_customers(plan: SimulationPlan, scenario: str, local: datetime) -> float:
    """Customers first dialled per minute, so that with the follow-ups of earlier days the volume comes out."""
    case = plan.case
    dials = plan.calls_per_day * case.scenarios[scenario] * day_factor(case, scenario, local.date())
    age = (local.date() - plan.first_day).days
    return dials * hour_share(plan, scenario, local.hour) / 60 / dials_by_age(case, scenario, age)


def dials_by_age(case: Case, scenario: str, age: int) -> float:
    """Dials per new customer in a stream that began `age` days ago: its early days have no follow-ups yet."""
    if scenario == COLLECTION:
        return 1 + sum(share for days, share in case.collection_follow_ups.items() if days <= age)
    late = sum(share for days, share in case.marketing_follow_ups.items() if days > age)
    return dials_per_customer(case) - late


def busy_moment(plan: SimulationPlan, day: date, rng: Random) -> datetime:
    """A moment of a local day, drawn by the hourly weights."""
    hours = _busy_hours(plan.case.first_hour, plan.case.hourly)
    hour = hours[int(rng.random() * len(hours))]
    return hour_start(plan.timezone, day, hour) + timedelta(seconds=rng.random() * 3600)


@lru_cache(maxsize=4)
def _busy_hours(first: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(first + place for place, weight in enumerate(weights) for _ in range(weight))


@lru_cache(maxsize=4_096)
def hour_start(timezone: str, day: date, hour: int) -> datetime:
    """A local full hour as an instant, in UTC."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=zone(timezone)).astimezone(UTC)


def add_months(instant: datetime, months: int) -> datetime:
    """The same day and time `months` later; the month's last day where it has no such day, as PostgreSQL counts."""
    year, month = divmod(instant.year * 12 + instant.month - 1 + months, 12)
    last = (date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return instant.replace(year=year, month=month + 1, day=min(instant.day, last))
