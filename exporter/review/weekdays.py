"""Did a proportion change from one period to the next by more than days differ anyway? Pure.

Of millions of calls a test that knows chance in single calls alone finds every difference significant: days differ for
reasons of their own. By how much, the days of both periods tell, the same weekdays set against each other, for Sundays
differ from Mondays in every week. Both sides are then worth so many times fewer calls (`significance.dispersion`), and
a variance known from few days has the tails of Student's t.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, timedelta
from statistics import NormalDist

from exporter.kpi.proportions import two_proportions
from exporter.kpi.significance import Counts, dispersion, dispersion_of_differences, total

# Days of one local day each.
Days = Mapping[date, Counts]
# Pairs of days that a spread can be estimated from.
LEAST_PAIRS = 4
_NORMAL = NormalDist()


def p_value(now: Days, before: Days) -> float | None:
    """Two-sided; None where there are too few pairs of days to know how much days differ."""
    both = pairs(now, before)
    wholes = total(before.values()), total(now.values())
    if len(both) < LEAST_PAIRS or not all(whole.is_proportion for whole in wholes):
        return None
    spread = _spread([one for one, _ in both], [other for _, other in both])
    old, new = (whole.thinned(spread) for whole in wholes)
    p = two_proportions(old.successes, old.trials, new.successes, new.trials)
    return with_tails(p, len(both) - 1) if spread > 1 else p


def pairs(now: Days, before: Days) -> list[tuple[Counts, Counts]]:
    """The days of both periods in pairs of the same weekday, in their order, at the distance that gives the most."""
    if not now or not before:
        return []
    reach = (max(now) - min(before)).days
    distances = [timedelta(days=days) for days in range(7, reach + 1, 7)]
    found = ([(now[day], before[day - by]) for day in sorted(now) if _have(now, day, before, by)] for by in distances)
    return max(found, key=len, default=[])


def _have(now: Days, day: date, before: Days, by: timedelta) -> bool:
    """Whether something was tried on that day, and so many days earlier."""
    return day - by in before and now[day].trials > 0 and before[day - by].trials > 0


def _spread(now: list[Counts], before: list[Counts]) -> float:
    """How many times the binomial variance the change of a day varies; of one side where the other is all or none."""
    varying = [side for side in (now, before) if 0 < (whole := total(side)).successes < whole.trials]
    return dispersion_of_differences(now, before) if len(varying) > 1 else max(map(dispersion, varying), default=1.0)


def with_tails(p: float, freedom: int) -> float:
    """What a p-value of the normal distribution is where the variance was estimated from so many degrees of freedom.

    `freedom` above 2: the spread is already that of Student's t, freedom / (freedom - 2) times the variance.
    """
    z = -_NORMAL.inv_cdf(min(0.5, max(p / 2, 1e-300)))
    return student(z * math.sqrt(freedom / (freedom - 2)), freedom)


def student(t: float, freedom: int) -> float:
    """The two-sided tail of Student's t (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle = math.atan(abs(t) / math.sqrt(freedom))
    is_odd = freedom % 2
    term = math.cos(angle) if is_odd else 1.0
    inside = term if freedom > 1 else 0.0
    for at in range(2 + is_odd, freedom - 1, 2):
        term *= (at - 1) / at * math.cos(angle) ** 2
        inside += term
    within = 2 / math.pi * (angle + math.sin(angle) * inside) if is_odd else math.sin(angle) * inside
    return min(1.0, max(0.0, 1 - within))
