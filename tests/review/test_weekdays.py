"""Whether a proportion changed by more than days differ anyway: the level on quiet weeks, and what is found."""

from __future__ import annotations

import math
from datetime import date, timedelta
from random import Random

import pytest

from exporter.kpi.proportions import two_proportions
from exporter.kpi.significance import Counts, total
from exporter.review.weekdays import p_value, pairs, student

MONDAY = date(2026, 3, 2)
# Points of a weekday above the others, in units of `weekend`.
PATTERN = (-1.0, -0.5, 0.0, 0.0, 0.5, 2.0, 2.0)


def weeks(
    rng: Random, trials: int, spread: float, *, weekend: float = 0.0, shift: float = 0.0
) -> tuple[dict[date, Counts], dict[date, Counts]]:
    """Two weeks, the second one `shift` higher; days differ by a standard deviation of `spread`."""
    days = {}
    for at in range(14):
        rate = 0.3 + weekend * PATTERN[at % 7] + rng.gauss(0, spread) + (shift if at >= 7 else 0.0)
        days[MONDAY + timedelta(days=at)] = Counts(
            round(rng.gauss(trials * rate, math.sqrt(trials * rate * (1 - rate)))), trials
        )
    second = MONDAY + timedelta(days=7)
    return {d: c for d, c in days.items() if d >= second}, {d: c for d, c in days.items() if d < second}


@pytest.mark.parametrize(("trials", "weekend"), [(100_000, 0.0), (7_000_000, 0.0), (7_000_000, 0.01)])
def test_quiet_weeks_are_quiet(trials: int, weekend: float) -> None:
    """Days that differ by 0.3 points: one week in a hundred is flagged, not one in four or two in three."""
    rng, flagged, naive = Random(trials), 0, 0
    for _ in range(500):
        now, before = weeks(rng, trials, 0.003, weekend=weekend)
        p = p_value(now, before)
        assert p is not None
        flagged += p < 0.01
        sides = total(before.values()), total(now.values())
        naive += two_proportions(*(number for side in sides for number in (side.successes, side.trials))) < 0.01
    # Three standard errors above 1 %.
    assert flagged <= 5 + 3 * math.sqrt(5)
    assert naive > 75


def test_a_change_of_a_point_is_found_in_spite_of_weekends() -> None:
    """The same weekdays are compared: three points more at the weekend hide nothing."""
    rng = Random(4)
    found = sum((p_value(*weeks(rng, 100_000, 0.003, weekend=0.01, shift=0.01)) or 0.0) < 0.01 for _ in range(100))
    assert found >= 75


def test_days_that_differ_by_chance_alone_change_nothing() -> None:
    """Then it is the two-proportion test, Fisher's on small counts."""
    now, before = (
        {MONDAY + timedelta(days=at): Counts(n, 100) for at in days} for n, days in ((2, range(7, 14)), (1, range(7)))
    )
    assert p_value(now, before) == two_proportions(7, 700, 14, 700)


def test_an_incident_of_one_day_is_no_change_of_the_week() -> None:
    """None failed the week before, thousands on one day: the other six were as before."""
    before = {MONDAY + timedelta(days=at): Counts(0, 100_000) for at in range(7)}
    now = {MONDAY + timedelta(days=at): Counts(5_000 if at == 9 else 0, 100_000) for at in range(7, 14)}
    assert two_proportions(0, 700_000, 5_000, 700_000) < 1e-9
    p = p_value(now, before)
    assert p is not None
    assert p > 0.1


def test_pairs_are_of_the_same_weekday() -> None:
    """Of a month and the one before it, 28; of days without trials, none."""
    october = {date(2026, 10, 1) + timedelta(days=at): Counts(at, 100) for at in range(31)}
    september = {date(2026, 9, 1) + timedelta(days=at): Counts(at, 100 if at else 0) for at in range(30)}
    found = pairs(october, september)
    assert len(found) == 28
    assert all((one.successes + 30 - other.successes) % 7 == 0 for one, other in found)
    assert pairs({}, september) == []


@pytest.mark.parametrize("days", [1, 3])
def test_too_few_days_are_not_tested(days: int) -> None:
    """Nobody knows how much they differ."""
    now = {MONDAY + timedelta(days=7 + at): Counts(500, 1000) for at in range(days)}
    before = {MONDAY + timedelta(days=at): Counts(100, 1000) for at in range(days)}
    assert p_value(now, before) is None


@pytest.mark.parametrize(
    ("quantile", "freedom", "tail"),
    [
        (12.7062, 1, 0.05),
        (4.3027, 2, 0.05),
        (3.1824, 3, 0.05),
        (2.5706, 5, 0.05),
        (3.7074, 6, 0.01),
        (2.7564, 29, 0.01),
    ],
)
def test_students_tail(quantile: float, freedom: int, tail: float) -> None:
    """As tables have it."""
    assert student(quantile, freedom) == pytest.approx(tail, rel=1e-4)
    assert student(-quantile, freedom) == student(quantile, freedom)
    assert student(0.0, freedom) == 1.0
