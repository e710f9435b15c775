"""Did a proportion change? Two-proportion tests, and p-values adjusted for their number. Pure, no tables needed."""

from __future__ import annotations

import math
from collections.abc import Sequence

# Below this many expected in any field the normal approximation is not to be trusted (Cochran, Biometrics 10, 1954).
LEAST_EXPECTED = 5
# Terms this much smaller than the largest cannot change a p-value.
_NEGLIGIBLE = 1e-20
# Probabilities that differ by rounding only are equal.
_EQUAL = 1 + 1e-9


def two_proportions(n0: int, d0: int, n1: int, d1: int) -> float:
    """The two-sided p-value of n0 of d0 against n1 of d1: pooled z-test, on small counts Fisher's exact test."""
    successes, trials = n0 + n1, d0 + d1
    failures = trials - successes
    if not successes or not failures:
        return 1.0
    if min(successes, failures) * min(d0, d1) < LEAST_EXPECTED * trials:
        return fisher(n0, d0, n1, d1)
    z = (n1 * d0 - n0 * d1) * math.sqrt(trials / (successes * failures * d0 * d1))
    return math.erfc(abs(z) / math.sqrt(2))


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
