"""Tests of proportions at a fixed horizon: textbook figures, exact enumeration, and laws."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.kpi.significance import (
    Arms,
    Counts,
    Effect,
    difference,
    difference_in_differences,
    dispersion,
    dispersion_of_differences,
    planned_variance,
    quantile,
    required_samples,
    score_interval,
    standard_error,
    variance,
)
from exporter.kpi.value import wilson


@st.composite
def counts(draw: st.DrawFn, most: int = 5_000) -> Counts:
    trials = draw(st.integers(1, most))
    return Counts(draw(st.integers(0, trials)), trials)


arms = st.builds(Arms, counts(), counts())


def bounds(found: Effect) -> tuple[float, float, float]:
    return found.estimate, found.lower, found.upper


# Newcombe (1998), table II, method 10: all eight contrasts of the paper.
@pytest.mark.parametrize(
    ("first", "second", "lower", "upper"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_newcombes_own_examples(first: tuple[int, int], second: tuple[int, int], lower: float, upper: float) -> None:
    found = difference(Arms(Counts(*second), Counts(*first)))
    assert [found.lower, found.upper] == pytest.approx([lower, upper], abs=5e-5)


@pytest.mark.parametrize(
    ("before", "after", "power", "wanted"),
    # As R's power.prop.test; its manual has 76.7 for the first.
    [(0.5, 0.75, 0.9, 77), (0.15, 0.30, 0.8, 121), (0.5, 0.6, 0.8, 388), (0.1, 0.2, 0.8, 199)],
)
def test_required_samples_of_the_textbooks(before: float, after: float, power: float, wanted: int) -> None:
    assert required_samples(before, after, power=power) == wanted


def test_z_by_hand() -> None:
    """60 of 100 against 45 of 100: z = 0.15 / sqrt(0.525 x 0.475 x 0.02) = 2.124."""
    found = difference(Arms(Counts(45, 100), Counts(60, 100)))
    assert found.p_value == pytest.approx(math.erfc(0.15 / math.sqrt(0.525 * 0.475 * 0.02) / math.sqrt(2)))
    assert found.p_value == pytest.approx(0.0337, abs=5e-5)


@pytest.mark.parametrize(("n", "p", "limit"), [(8, 0.2, 0.05), (15, 0.3, 0.062), (30, 0.5, 0.062), (40, 0.1, 0.05)])
def test_errs_as_often_as_it_says(n: int, p: float, limit: float) -> None:
    """Every outcome of two arms of n, each with its exact probability: how often 5 % is found where nothing changed.

    Fisher's test keeps the level; the z test, taken where five of each are expected, is over it by a point at most.
    """
    chance = [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    wrong = (
        chance[a] * chance[b]
        for a, b in product(range(n + 1), repeat=2)
        if difference(Arms(Counts(a, n), Counts(b, n))).p_value <= 0.05
    )
    assert math.fsum(wrong) <= limit


@pytest.mark.parametrize(("n", "p", "q"), [(12, 0.1, 0.1), (20, 0.3, 0.5), (30, 0.02, 0.3), (40, 0.45, 0.25)])
def test_interval_covers(n: int, p: float, q: float) -> None:
    """Every outcome with its exact probability: how often the 95 % interval holds the true difference."""
    first, second = ([math.comb(n, k) * r**k * (1 - r) ** (n - k) for k in range(n + 1)] for r in (p, q))
    covered = 0.0
    for a, b in product(range(n + 1), repeat=2):
        found = difference(Arms(Counts(a, n), Counts(b, n)))
        if found.lower - 1e-12 <= q - p <= found.upper + 1e-12:
            covered += first[a] * second[b]
    assert covered >= 0.93


@given(arms, st.floats(1, 20))
def test_interval_holds_the_estimate(both: Arms, spread: float) -> None:
    """And lies within -1 and 1; the p-value within 0 and 1."""
    found = difference(both, dispersion=spread) if both.before.trials > 20 < both.after.trials else difference(both)
    assert -1 - 1e-9 <= found.lower <= found.estimate <= found.upper <= 1 + 1e-9
    assert 0 <= found.p_value <= 1


@given(arms)
def test_swapping_arms_turns_the_sign(both: Arms) -> None:
    one, other = difference(both), difference(both.swapped)
    assert (other.estimate, other.lower, other.upper) == pytest.approx(
        (-one.estimate, -one.upper, -one.lower), abs=1e-12
    )
    assert other.p_value == pytest.approx(one.p_value, rel=1e-6)


@given(arms, st.integers(2, 50))
def test_more_of_the_same_is_narrower(both: Arms, times: int) -> None:
    more = Arms(*(Counts(side.successes * times, side.trials * times) for side in (both.before, both.after)))
    wide, narrow = difference(both), difference(more)
    assert narrow.upper - narrow.lower < wide.upper - wide.lower
    assert variance(more) < variance(both)


@given(arms, arms)
def test_difference_in_differences(treated: Arms, untouched: Arms) -> None:
    """Holds its estimate; the other way round it turns its sign; against something still it is the difference."""
    one, other = difference_in_differences(treated, untouched), difference_in_differences(untouched, treated)
    assert one.lower <= one.estimate <= one.upper
    assert 0 <= one.p_value <= 1
    assert (other.estimate, other.lower, other.upper) == pytest.approx(
        (-one.estimate, -one.upper, -one.lower), abs=1e-12
    )
    assert other.p_value == pytest.approx(one.p_value)
    still = Counts(5 * 10**11, 10**12)
    alone = difference_in_differences(treated, Arms(still, still))
    plain = difference(treated)
    assert (alone.estimate, alone.lower, alone.upper) == pytest.approx(
        (plain.estimate, plain.lower, plain.upper), abs=1e-4
    )


def test_standard_error_is_of_four_cells() -> None:
    """On large counts the square root of the sum of the four variances, by hand."""
    cells = [(4_533, 10_000), (2_511, 10_000), (2_110, 10_000), (1_950, 10_000)]
    by_hand = math.sqrt(sum(s / n * (1 - s / n) / n for s, n in cells))
    treated, untouched = Arms(Counts(*cells[0]), Counts(*cells[1])), Arms(Counts(*cells[2]), Counts(*cells[3]))
    assert standard_error(treated, untouched) == pytest.approx(by_hand, rel=0.02)
    assert standard_error(treated, untouched) >= by_hand


@given(counts())
def test_score_interval_is_wilsons(one: Counts) -> None:
    """At 95 % the same as beside every ratio on the page."""
    known = wilson(one.successes, one.trials)
    assert known is not None
    assert score_interval(one, quantile(0.95)) == pytest.approx(known, abs=1e-12)


@given(st.lists(counts(), max_size=30))
def test_dispersion_is_never_below_chance(days: list[Counts]) -> None:
    assert dispersion(days) >= 1
    assert dispersion_of_differences(days, days[::-1]) >= 1


def test_dispersion_by_hand() -> None:
    """Days of 1,000 at 20 and 40 %, by turns: chi-square 14 x 1000 x 0.01 / 0.21, over 13 - 2 degrees of freedom."""
    days = [Counts(200 if day % 2 else 400, 1_000) for day in range(14)]
    assert dispersion(days) == pytest.approx(14 * 1_000 * 0.1**2 / 0.21 / 11)


def test_days_that_move_both_slices_do_not_count() -> None:
    """A day that is bad for everyone is no noise of the difference."""
    treated = [Counts(200 if day % 2 else 400, 1_000) for day in range(14)]
    assert dispersion(treated) > 50
    assert dispersion_of_differences(treated, treated) == 1


def test_unequal_rates_are_needed() -> None:
    with pytest.raises(ValueError, match="equal rates"):
        required_samples(0.3, 0.3)


def test_planned_variance_is_that_of_the_required_samples() -> None:
    """Two ways to the same plan; they differ by the pooling of the variance."""
    n = required_samples(0.32, 0.288)
    assert planned_variance(0.032) == pytest.approx((0.32 * 0.68 + 0.288 * 0.712) / n, rel=0.01)
