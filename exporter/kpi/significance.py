"""Did a change move a proportion, by how much, and what sample tells? Pure; fixed horizon: looked at once.

Looking every day needs `exporter.kpi.sequential`. Rates and differences are shares (0.03 is three points), intervals
are two-sided. Days differ more than chance alone makes single calls differ (weekdays, campaigns, moods): `dispersion`
measures by how much, and every variance here is that many times the binomial one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

from exporter.kpi.proportions import two_proportions

CONFIDENCE = 0.95
POWER = 0.8
# A few days that happen to follow each other are not worth a single one.
MOST_PERSISTENT = 0.8
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Counts:
    """So many successes of so many trials."""

    successes: int
    trials: int

    @property
    def rate(self) -> float:
        """Successes per trial; ZeroDivisionError of nothing."""
        return self.successes / self.trials

    @property
    def is_proportion(self) -> bool:
        """Whether there are trials and no more successes than those."""
        return self.trials > 0 and 0 <= self.successes <= self.trials

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.successes + other.successes, self.trials + other.trials)

    def thinned(self, dispersion: float) -> Counts:
        """The independent observations that these are worth, in whole numbers."""
        return Counts(round(self.successes / dispersion), round(self.trials / dispersion))


@dataclass(frozen=True, slots=True)
class Arms:
    """The same slice before and after a change."""

    before: Counts
    after: Counts

    @property
    def difference(self) -> float:
        """After less before; ZeroDivisionError when one is empty."""
        return self.after.rate - self.before.rate

    @property
    def swapped(self) -> Arms:
        return Arms(self.after, self.before)


@dataclass(frozen=True, slots=True)
class Effect:
    """An estimated effect with its interval and two-sided p-value."""

    estimate: float
    lower: float
    upper: float
    p_value: float


def quantile(confidence: float) -> float:
    """The normal quantile of a two-sided confidence: 1.96 for 0.95."""
    return _NORMAL.inv_cdf((1 + confidence) / 2)


def total(counts: Iterable[Counts]) -> Counts:
    """The sum."""
    found = Counts(0, 0)
    for one in counts:
        found += one
    return found


def score_interval(counts: Counts, z: float, dispersion: float = 1.0) -> tuple[float, float]:
    """The Wilson score interval of a proportion (JASA 22, 1927, 209-212), of `trials / dispersion` observations."""
    p, n, z2 = counts.rate, counts.trials / dispersion, z * z
    centre, scale = p + z2 / (2 * n), 1 + z2 / n
    spread = z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return min(p, max(0.0, (centre - spread) / scale)), max(p, min(1.0, (centre + spread) / scale))


def difference(arms: Arms, *, confidence: float = CONFIDENCE, dispersion: float = 1.0) -> Effect:
    """After less before: pooled z test (Fisher's exact test on small counts), Newcombe's hybrid score interval.

    Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10: it keeps its level where a rate is near 0 or 1.
    """
    before, after = arms.before.thinned(dispersion), arms.after.thinned(dispersion)
    p_value = two_proportions(before.successes, before.trials, after.successes, after.trials)
    lower, upper = newcombe(arms, quantile(confidence), dispersion)
    return Effect(arms.difference, lower, upper, p_value)


def newcombe(arms: Arms, z: float, dispersion: float = 1.0) -> tuple[float, float]:
    """Bounds of the difference from the Wilson bounds of its sides."""
    low0, high0 = score_interval(arms.before, z, dispersion)
    low1, high1 = score_interval(arms.after, z, dispersion)
    p0, p1, d = arms.before.rate, arms.after.rate, arms.difference
    return d - math.hypot(p1 - low1, high0 - p0), d + math.hypot(high1 - p1, p0 - low0)


def variance(arms: Arms, dispersion: float = 1.0) -> float:
    """The variance of a difference: the larger of the pooled one (no effect) and the unpooled one, never 0.

    One success and one failure are added to each side (Agresti and Caffo, The American Statistician 54, 2000).
    """
    before, after = (Counts(side.successes + 1, side.trials + 2) for side in (arms.before, arms.after))
    p = (before + after).rate
    pooled = p * (1 - p) * (1 / before.trials + 1 / after.trials)
    unpooled = sum(side.rate * (1 - side.rate) / side.trials for side in (before, after))
    return dispersion * max(pooled, unpooled)


def difference_in_differences(
    treated: Arms, untouched: Arms, *, confidence: float = CONFIDENCE, dispersion: float = 1.0
) -> Effect:
    """The treated slice's difference less the untouched one's: what both had in common is not the change's effect.

    Interval: Newcombe's of both differences put together by the method of variance estimates recovery (Zou and Donner,
    Statistics in Medicine 27, 2008, 1693-1702). The p-value is Wald's on `variance`.
    """
    z = quantile(confidence)
    (low1, high1), (low0, high0) = (newcombe(arms, z, dispersion) for arms in (treated, untouched))
    d1, d0 = treated.difference, untouched.difference
    estimate = d1 - d0
    error = standard_error(treated, untouched, dispersion)
    return Effect(
        estimate,
        estimate - math.hypot(d1 - low1, high0 - d0),
        estimate + math.hypot(high1 - d1, d0 - low0),
        math.erfc(abs(estimate) / error / math.sqrt(2)),
    )


def standard_error(treated: Arms, untouched: Arms | None = None, dispersion: float = 1.0) -> float:
    """Of a difference, or with `untouched` of a difference in differences."""
    other = variance(untouched, dispersion) if untouched is not None else 0.0
    return math.sqrt(variance(treated, dispersion) + other)


def required_samples(
    before: float, after: float, *, power: float = POWER, confidence: float = CONFIDENCE, dispersion: float = 1.0
) -> int:
    """Trials in each arm, for a fixed-horizon two-proportion test to find this difference with that power.

    Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions (2003), 4.14, without continuity correction.
    ValueError when the rates are equal.
    """
    if before == after:
        raise ValueError("no sample tells equal rates apart")
    mean = (before + after) / 2
    under_none = quantile(confidence) * math.sqrt(2 * mean * (1 - mean))
    under_effect = _NORMAL.inv_cdf(power) * math.sqrt(before * (1 - before) + after * (1 - after))
    return math.ceil(dispersion * ((under_none + under_effect) / (after - before)) ** 2)


def required_against(treated: Counts, untouched: Counts, effect: float, *, dispersion: float = 1.0) -> int:
    """Trials in each arm of the treated slice, for a difference in differences to find `effect` with the usual power.

    `treated` and `untouched`: those before; the untouched arms are larger or smaller by as much as these are.
    """
    share = untouched.trials / treated.trials
    v1, v0 = (side.rate * (1 - side.rate) for side in (treated, untouched))
    return math.ceil(dispersion * 2 * (v1 + v0 / share) / planned_variance(effect))


def planned_variance(effect: float, *, power: float = POWER, confidence: float = CONFIDENCE) -> float:
    """The variance of the estimate at which a fixed-horizon test finds `effect` with that power."""
    return (effect / (quantile(confidence) + _NORMAL.inv_cdf(power))) ** 2


def dispersion(days: Sequence[Counts]) -> float:
    """How many times the binomial variance the days' rates vary; at least 1, 1 where too few days tell.

    Pearson's chi-square over its degrees of freedom (McCullagh and Nelder, Generalized Linear Models, 1989, 4.5); see
    `_estimated` for what is put on top. `days` in their order.
    """
    whole = total(days)
    if not 0 < whole.successes < whole.trials:
        return 1.0
    p = whole.rate
    known = (day for day in days if day.trials)
    return _estimated([(day.successes - day.trials * p) / math.sqrt(day.trials * p * (1 - p)) for day in known])


def _estimated(residuals: Sequence[float]) -> float:
    """Dispersion from standardised residuals; a variance known from few days only is worth that of Student's t.

    What a day has beyond chance may last for days, and then days are worth less than they are many.
    """
    freedom = len(residuals) - 1
    if freedom <= 2:
        return 1.0
    beyond = max(0.0, sum(e * e for e in residuals) / (freedom - 2) - 1)
    return 1 + beyond * (1 + (r := persistence(residuals))) / (1 - r)


def persistence(residuals: Sequence[float]) -> float:
    """The correlation of a day with the next, not below 0; the variance of a mean grows by (1 + r) / (1 - r).

    Of days as a first-order autoregression. Few days underestimate it: r of 0.5 is found as 0.35 in fourteen.
    """
    mean = sum(residuals) / len(residuals)
    around = [e - mean for e in residuals]
    squares = sum(e * e for e in around)
    return min(MOST_PERSISTENT, max(0.0, sum(e * f for e, f in pairwise(around)) / squares)) if squares else 0.0


def dispersion_of_differences(treated: Sequence[Counts], untouched: Sequence[Counts]) -> float:
    """The same for what the treated slice's rate is above the untouched one's: days that move both do not count."""
    both = [(one, other) for one, other in zip(treated, untouched, strict=True) if one.trials and other.trials]
    sides = total(one for one, _ in both), total(other for _, other in both)
    if not all(0 < side.successes < side.trials for side in sides):
        return 1.0
    v1, v0 = (side.rate * (1 - side.rate) for side in sides)
    weighted = [(one.rate - other.rate, 1 / (v1 / one.trials + v0 / other.trials)) for one, other in both]
    mean = sum(gap * weight for gap, weight in weighted) / sum(weight for _, weight in weighted)
    return _estimated([math.sqrt(weight) * (gap - mean) for gap, weight in weighted])
