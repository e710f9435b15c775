"""Laws of the numbers: quotients are exact, Wilson's bounds solve his equation, percentiles are those of the values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.kpi.value import Z95, percentile, quotient, wilson

BOUNDS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0)
COUNTS = st.lists(st.integers(0, 9), min_size=len(BOUNDS) + 1, max_size=len(BOUNDS) + 1).filter(any)
QUANTILES = st.sampled_from((0.5, 0.95, 0.99))
TRIALS = st.integers(1, 10_000_000)


@given(st.integers(-(2**62), 2**62), st.integers(1, 2**62), st.integers(-12, 12))
def test_a_quotient_is_the_nearest_float(numerator: int, denominator: int, scale: int) -> None:
    """Rounded once, at the end: as if it had been divided on paper."""
    assert quotient(numerator, denominator, scale) == float(Fraction(numerator, denominator) / Fraction(10) ** scale)


def test_nothing_over_nothing_is_not_a_number() -> None:
    """Neither 0 nor NaN: the caller has to leave it out."""
    with pytest.raises(ZeroDivisionError):
        quotient(0, 0)


def test_z_is_that_of_95_percent() -> None:
    """The 97.5th percentile of the normal distribution, to the figures in the tables."""
    assert round(Z95, 12) == 1.959963984540


@given(TRIALS, st.floats(0, 1))
def test_wilson_bounds_solve_his_equation(trials: int, share: float) -> None:
    """|p-hat - p| = z sqrt(p (1 - p) / n) at both bounds, p-hat between them, both within 0..1."""
    successes = round(share * trials)
    bounds = wilson(successes, trials)
    assert bounds is not None
    lower, upper = bounds
    observed = successes / trials
    assert 0 <= lower <= observed <= upper <= 1
    for bound in (lower, upper):
        expected = Z95 * math.sqrt(bound * (1 - bound) / trials)
        assert math.isclose(abs(observed - bound), expected, rel_tol=1e-6, abs_tol=1e-9)


@given(TRIALS.filter(lambda trials: trials > 1), st.floats(0, 1))
def test_wilson_bounds_grow_with_successes(trials: int, share: float) -> None:
    """One success more lifts both."""
    successes = min(int(share * trials), trials - 1)
    fewer, more = wilson(successes, trials), wilson(successes + 1, trials)
    assert fewer is not None
    assert more is not None
    assert (fewer[0] < more[0], fewer[1] < more[1]) == (True, True)


@given(TRIALS, st.floats(0, 1))
def test_wilson_bounds_close_in_with_samples(trials: int, share: float) -> None:
    """Ten times the calls at the same ratio: a narrower interval. Seen from the other side it is mirrored."""
    successes = round(share * trials)
    few, many, turned = (
        wilson(successes, trials),
        wilson(10 * successes, 10 * trials),
        wilson(trials - successes, trials),
    )
    assert few is not None
    assert many is not None
    assert turned is not None
    assert many[1] - many[0] < few[1] - few[0]
    assert math.isclose(turned[0], 1 - few[1], abs_tol=1e-9)
    assert math.isclose(turned[1], 1 - few[0], abs_tol=1e-9)


@pytest.mark.parametrize(
    ("successes", "trials", "lower", "upper"),
    [(0, 10, 0.0, 0.277533), (10, 10, 0.722467, 1.0), (15, 50, 0.191036, 0.437504), (1, 1, 0.206549, 1.0)],
)
def test_wilson_by_example(successes: int, trials: int, lower: float, upper: float) -> None:
    """Worked by hand; the ends of the scale are exact."""
    bounds = wilson(successes, trials)
    assert bounds is not None
    assert [round(bound, 6) for bound in bounds] == [lower, upper]


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (1, 0), (5, -5), (-1, 10), (11, 10), (0.5, 0.0)])
def test_what_is_no_proportion_has_no_bounds(successes: float, trials: float) -> None:
    """More repaid than was overdue is a ratio, not a share."""
    assert wilson(successes, trials) is None


def spread_out(counts: Sequence[int]) -> list[float]:
    """100 values for each that was counted, evenly within its bucket; the open bucket counts as the last bound."""
    values: list[float] = []
    for count, (low, high) in zip(counts, pairwise((0.0, *BOUNDS)), strict=False):
        values += [low + (high - low) * part / (100 * count) for part in range(1, 100 * count + 1)]
    return values + [BOUNDS[-1]] * (100 * counts[-1])


@given(COUNTS, QUANTILES)
def test_a_percentile_is_that_of_the_values(counts: list[int], q: float) -> None:
    """The value at rank q n when each bucket's values lie evenly in it; with 100 for one every rank is a whole one."""
    values = spread_out(counts)
    rank = Fraction(str(q)) * len(values)
    assert rank.denominator == 1
    assert math.isclose(percentile(counts, BOUNDS, q), values[int(rank) - 1], rel_tol=1e-9)


def histogram_quantile(q: float, counts: Sequence[int]) -> float:
    """PromQL's function of that name, from its documentation: cumulative buckets, the open one counts as the last."""
    cumulative = [sum(counts[: i + 1]) for i in range(len(counts))]
    rank = q * cumulative[-1]
    at = next(i for i, total in enumerate(cumulative) if total >= rank)
    if at == len(BOUNDS):
        return BOUNDS[-1]
    start, below = (BOUNDS[at - 1], cumulative[at - 1]) if at else (0.0, 0)
    return start + (BOUNDS[at] - start) * ((rank - below) / counts[at])


@given(COUNTS, QUANTILES)
def test_a_percentile_is_prometheus_own(counts: list[int], q: float) -> None:
    """So a dashboard over the exported buckets would show the same."""
    assert math.isclose(percentile(counts, BOUNDS, q), histogram_quantile(q, counts), rel_tol=1e-12)


def test_percentiles_are_ordered() -> None:
    """p50 <= p95 <= p99, and a rank on the edge of a bucket is its bound, not the next bucket's."""
    counts = [19, 0, 1] + [0] * (len(BOUNDS) - 2)
    assert percentile(counts, BOUNDS, 0.95) == BOUNDS[0]
    assert percentile(counts, BOUNDS, 0.50) < percentile(counts, BOUNDS, 0.95) < percentile(counts, BOUNDS, 0.99)


def test_a_percentile_of_nothing_is_not_a_number() -> None:
    with pytest.raises(ZeroDivisionError):
        percentile([0] * (len(BOUNDS) + 1), BOUNDS, 0.95)
