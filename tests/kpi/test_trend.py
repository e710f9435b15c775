"""A line through the days before: exact where the days are, and seldom seen where there is none."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.sequential import binomial
from exporter.kpi.significance import Counts, dispersion, dispersion_of_differences, persistence
from exporter.kpi.trend import ALPHA, trend

DAYS, TRIALS = 14, 10_000_000


@given(st.integers(-100, 100), st.lists(st.integers(1, 9), min_size=DAYS, max_size=DAYS))
def test_a_line_is_found(thousandths: int, sizes: list[int]) -> None:
    """Whatever the days weigh."""
    slope = thousandths / 10_000
    days = [Counts(round((0.5 + slope * (at - 6.5) / 10) * n * TRIALS), n * TRIALS) for at, n in enumerate(sizes)]
    found = trend(days)
    assert found is not None
    assert found.slope == pytest.approx(slope / 10, abs=1e-7)
    assert found.is_one or abs(slope) < 0.002
    assert not found.is_one or slope


def test_parallel_lines_have_none() -> None:
    """Of the gap; alone each has one."""
    treated, untouched = (
        [Counts(round((base - 0.01 * at) * TRIALS), TRIALS) for at in range(DAYS)] for base in (0.5, 0.4)
    )
    together, alone = trend(treated, untouched), trend(treated)
    assert together is not None
    assert alone is not None
    assert not together.is_one
    assert alone.is_one


@pytest.mark.parametrize("days", [[], [Counts(1, 2)] * 6, [Counts(0, 9)] * DAYS, [Counts(9, 9)] * DAYS])
def test_too_little_has_none(days: list[Counts]) -> None:
    assert trend(days) is None


@pytest.mark.parametrize("unrest", [0.0, 0.02])
def test_seldom_seen_where_there_is_none(unrest: float) -> None:
    """At the level that it claims, whether days differ by chance alone or by more; 400 seeds."""
    seen = 0
    for seed in range(400):
        rng = Random(seed)
        days = [Counts(binomial(rng, 3_000, rng.gauss(0.3, unrest)), 3_000) for _ in range(DAYS)]
        found = trend(days)
        seen += found is not None and found.is_one
    assert seen <= 400 * ALPHA * 1.6


def test_days_that_last_are_worth_less() -> None:
    """The same days in another order: those that come in runs say less than those that alternate."""
    high, low = Counts(330, 1_000), Counts(270, 1_000)
    runs, turns = [high] * 7 + [low] * 7, [high, low] * 7
    assert dispersion(runs) > 2 * dispersion(turns) > 2
    other = [Counts(300, 1_000)] * DAYS
    assert dispersion_of_differences(runs, other) > 2 * dispersion_of_differences(turns, other)


def test_persistence() -> None:
    """Not below nothing, not above what a few days can say."""
    assert persistence([1.0, -1.0] * 7) == 0
    assert persistence([0.0] * 14) == 0
    assert persistence([float(at) for at in range(100)]) == pytest.approx(0.8)
