"""From integers to the number that is shown: ratios, Wilson bounds, percentiles. Division comes last."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

Z95 = NormalDist().inv_cdf(0.975)


def quotient(numerator: int, denominator: int, scale_difference: int = 0) -> float:
    """numerator / denominator, correctly rounded; the numerator is scaled by 10**scale_difference more.

    ZeroDivisionError over nothing: the caller leaves such a value out.
    """
    factor: int = 10 ** abs(scale_difference)
    return numerator / (denominator * factor) if scale_difference >= 0 else numerator * factor / denominator


def wilson(successes: float, trials: float) -> tuple[float, float] | None:
    """The Wilson 95 % score interval of a proportion; None when it is none (outside 0..1, or of nothing).

    Wilson, JASA 22 (1927) 209-212.
    """
    if trials <= 0 or not 0 <= successes <= trials:
        return None
    p, z2 = successes / trials, Z95 * Z95
    centre = p + z2 / (2 * trials)
    spread = Z95 * math.sqrt(p * (1 - p) / trials + z2 / (4 * trials * trials))
    scale = 1 + z2 / trials
    lower = 0.0 if successes == 0 else max(0.0, (centre - spread) / scale)
    upper = 1.0 if successes == trials else min(1.0, (centre + spread) / scale)
    return lower, upper


def percentile(counts: Sequence[int], bounds: Sequence[float], q: float) -> float:
    """The q-quantile by linear interpolation within fixed buckets; the open bucket counts as the last bound.

    `counts[i]` is the number of values in (bounds[i-1], bounds[i]], the last one above all bounds. ZeroDivisionError
    when there are none.
    """
    total = sum(counts)
    if total == 0:
        raise ZeroDivisionError
    rank = q * total
    below = 0
    for index, bound in enumerate(bounds):
        if below + counts[index] >= rank and counts[index] > 0:
            low = bounds[index - 1] if index else 0.0
            return low + (bound - low) * (rank - below) / counts[index]
        below += counts[index]
    return bounds[-1]
