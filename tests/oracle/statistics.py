"""The three formulas that are more than a division. Exact fractions go in, floats come out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import sqrt

Z95 = 1.959963984540054

# Upper bounds of the latency buckets in microseconds (inclusive); what is slower counts as the last of them.
LATENCY_BOUNDS = tuple(
    round(seconds * 1_000_000) for seconds in (0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 6, 10)
)
QUANTILES = {"p50": Fraction(50, 100), "p95": Fraction(95, 100), "p99": Fraction(99, 100)}


def wilson(numerator: Decimal, denominator: Decimal) -> tuple[float, float]:
    """Wilson's 95 % score interval; needs 0 <= numerator <= denominator and denominator > 0."""
    n = float(denominator)
    p = float(numerator / denominator)
    centre = (p + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 / (1 + Z95**2 / n) * sqrt(p * (1 - p) / n + Z95**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def quantile(latencies: Mapping[int, int], q: Fraction) -> float:
    """The q-quantile, in seconds, of latencies (microseconds -> count), linear within the fixed buckets."""
    rank = q * sum(latencies.values())
    below = 0
    for lower, upper in pairwise((0, *LATENCY_BOUNDS)):
        inside = sum(count for latency, count in latencies.items() if in_bucket(latency, lower, upper))
        if inside and below + inside >= rank:
            return float((lower + (upper - lower) * Fraction(rank - below, inside)) / 1_000_000)
        below += inside
    return LATENCY_BOUNDS[-1] / 1_000_000


def in_bucket(latency: int, lower: int, upper: int) -> bool:
    """Whether the latency lies in the bucket ]lower, upper]; the first holds 0 too."""
    return lower < latency <= upper or (lower == 0 and latency == 0)


def mean(latencies: Mapping[int, int]) -> float:
    """The exact mean, in seconds, of latencies (microseconds -> count)."""
    total = sum(latency * count for latency, count in latencies.items())
    return float(Fraction(total, sum(latencies.values()) * 1_000_000))
