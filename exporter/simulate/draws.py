"""Drawing: seeded streams, and quantile tables that make a draw one look-up.

A distribution is a tuple of equally likely values (its quantiles); `table[int(random() * len(table))]` is a draw.
Tables are cached, so the hot loops never compute a logarithm.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate
from math import comb, exp, log
from random import Random
from statistics import NormalDist

QUANTILES = 4_096
SHARES = 10_000


def stream(*key: object) -> Random:
    """A reproducible stream of its own for a key (seed, name, number)."""
    return Random(":".join(map(str, key)))  # noqa: S311 - a simulation, nothing secret


@lru_cache(maxsize=64)
def lognormal(median: float, sigma: float) -> tuple[float, ...]:
    """Quantiles of a lognormal distribution."""
    normal = NormalDist(0.0, sigma)
    return tuple(median * exp(normal.inv_cdf((i + 0.5) / QUANTILES)) for i in range(QUANTILES))


@lru_cache(maxsize=16)
def loguniform(least: float, most: float) -> tuple[float, ...]:
    """Quantiles of a distribution whose logarithm is uniform."""
    width = log(most / least)
    return tuple(least * exp(width * (i + 0.5) / QUANTILES) for i in range(QUANTILES))


@lru_cache(maxsize=16)
def score(mean: float) -> tuple[float, ...]:
    """Quantiles of an opinion score around `mean`, within 1 to 5, to one decimal."""
    normal = NormalDist(mean, 0.4)
    return tuple(min(5.0, max(1.0, round(normal.inv_cdf((i + 0.5) / QUANTILES), 2))) for i in range(QUANTILES))


@lru_cache(maxsize=128)
def _cumulative_binomial(total: int, p: float) -> tuple[float, ...]:
    return tuple(accumulate(comb(total, k) * p**k * (1 - p) ** (total - k) for k in range(total + 1)))


def binomial(rng: Random, total: int, p: float) -> int:
    """How many of `total` succeed."""
    return min(total, bisect_left(_cumulative_binomial(total, p), rng.random()))


@lru_cache(maxsize=16)
def _slots(shares: tuple[tuple[str, float], ...]) -> tuple[str, ...]:
    total = sum(share for _, share in shares)
    bounds = accumulate(share / total * SHARES for _, share in shares)
    slots: list[str] = []
    for (name, _), bound in zip(shares, bounds, strict=True):
        slots += [name] * (round(bound) - len(slots))
    return tuple(slots)


def slots(shares: Mapping[str, float]) -> tuple[str, ...]:
    """Names as often as their shares say, to a ten-thousandth."""
    return _slots(tuple(shares.items()))


def rounded(rng: Random, expected: float) -> int:
    """A whole number whose mean is `expected`."""
    return int(expected + rng.random())


@lru_cache(maxsize=20_000)
def cny(cents: int) -> Decimal:
    """An amount of money."""
    return Decimal(cents).scaleb(-2)
