"""Did a proportion change? Two-proportion tests, and p-values adjusted for their number. Pure, no tables needed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist
from typing import TypeAlias

# Below this many expected in any field the normal approximation is not to be trusted (Cochran, Biometrics 10, 1954).
LEAST_EXPECTED = 5
# Terms this much smaller than the largest cannot change a p-value.
_NEGLIGIBLE = 1e-20
# Probabilities that differ by rounding only are equal.
_EQUAL = 1 + 1e-9
# Successes and trials before, and after.
Sides: TypeAlias = tuple[int, int, int, int]


def two_proportions(n0: int, d0: int, n1: int, d1: int) -> float:
    """The two-sided p-value of n0 of d0 against n1 of d1: pooled z-test, on small counts Fisher's exact test."""
    successes, trials = n0 + n1, d0 + d1
    failures = trials - successes
    if not successes or not failures:
        return 1.0
    if min(successes, failures) * min(d0, d1) < LEAST_EXPECTED * trials:
        return fisher(n0, d0, n1, d1)
    z = (n1 * d0 - n0 * d1) * math.sqrt(trials / (successes * failures * d0 * d1))
    return two_sided(z)


def fisher(n0: int, d0: int, n1: int, d1: int) -> float:
    """Fisher's exact test, two-sided: the share of all tables with these margins that are no likelier than this one."""
    successes = n0 + n1
    low, high = max(0, successes - d1), min(d0, successes)

    def step(k: int) -> float:
        """How much likelier k + 1 successes of d0 are than k."""
        return (d0 - k) * (successes - k) / ((k + 1) * (d1 - successes + k + 1))

    mode = min(high, max(low, (d0 + 1) * (successes + 1) // (d0 + d1 + 2)))
    weights = {mode: 1.0}
    for k in range(mode, high):
        if (weight := weights[k] * step(k)) < _NEGLIGIBLE:
            break
        weights[k + 1] = weight
    for k in range(mode, low, -1):
        if (weight := weights[k] / step(k - 1)) < _NEGLIGIBLE:
            break
        weights[k - 1] = weight
    limit = weights.get(n0, 0.0) * _EQUAL
    return min(1.0, math.fsum(w for w in weights.values() if w <= limit) / math.fsum(weights.values()))


def adjusted(ps: Sequence[float | None]) -> list[float | None]:
    """p-values adjusted by Benjamini and Hochberg (JRSS B 57, 1995, 289-300): the false discovery rate at each.

    Those that are None are not tests and do not count.
    """
    order = sorted((p, at) for at, p in enumerate(ps) if p is not None)
    result: list[float | None] = [None] * len(ps)
    least = 1.0
    for rank in range(len(order), 0, -1):
        p, at = order[rank - 1]
        least = min(least, p * len(order) / rank)
        result[at] = least
    return result


def beyond_share(part: Sides, whole: Sides) -> float | None:
    """By how many standard errors a part moved the whole's proportion beyond its share of the trials; None: untold.

    `part` and `whole`: (n0, d0, n1, d1), the part's within the whole's. With M the mean of the whole's proportions and
    w the mean of the part's shares, the excess is the change, from before to after, of a mean over all trials: of
    x - M - w x in the part, of -w x elsewhere, x being 1 for a success. So it has the variance of a mean, which is
    pooled. 0 is expected where nothing changed, and where everything changed alike.
    """
    (n0, d0, n1, d1), (m0, t0, m1, t1) = part, whole
    if not _are_sides(part) or not _are_sides(whole) or not t0 or not t1:
        return None
    mean, weight = (m0 / t0 + m1 / t1) / 2, (d0 / t0 + d1 / t1) / 2
    success, failure, elsewhere = 1 - mean - weight, -mean, -weight
    n, d, m, trials = n0 + n1, d0 + d1, m0 + m1, t0 + t1
    square = (n * success**2 + (d - n) * failure**2 + (m - n) * elsewhere**2) / trials
    average = (n * success + (d - n) * failure + (m - n) * elsewhere) / trials
    variance = (square - average**2) * (1 / t0 + 1 / t1)
    if variance <= _NEGLIGIBLE or d == trials:
        return None
    z = ((n1 - mean * d1) / t1 - weight * m1 / t1 - (n0 - mean * d0) / t0 + weight * m0 / t0) / math.sqrt(variance)
    if min(n, d - n) >= 2 * LEAST_EXPECTED:
        return z
    # So few that the normal approximation is not to be trusted: no further than the exact test of the part goes.
    limit = -NormalDist().inv_cdf(max(fisher(n0, d0, n1, d1) / 2, _NEGLIGIBLE))
    return math.copysign(min(abs(z), abs(limit)), z)


def standardised(parts: Iterable[Sides], whole: Sides) -> float | None:
    """The difference with the shares held (the sum of all rate effects) in standard errors; None: untold."""
    _, t0, _, t1 = whole
    effect = variance = 0.0
    for n0, d0, n1, d1 in parts:
        if d0 and d1:
            weight, p = (d0 / t0 + d1 / t1) / 2, (n0 + n1) / (d0 + d1)
            effect += weight * (n1 / d1 - n0 / d0)
            variance += weight**2 * p * (1 - p) * (1 / d0 + 1 / d1)
    return effect / math.sqrt(variance) if variance > _NEGLIGIBLE else None


def two_sided(z: float) -> float:
    """The p-value of so many standard errors."""
    return math.erfc(abs(z) / math.sqrt(2))


def _are_sides(sides: Sides) -> bool:
    n0, d0, n1, d1 = sides
    return 0 <= n0 <= d0 and 0 <= n1 <= d1
