"""Two-proportion tests against brute force and the textbook; adjusted p-values against the definition."""

from __future__ import annotations

from math import comb
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.kpi.proportions import adjusted, beyond_share, fisher, standardised, two_proportions, two_sided

COUNTS = st.integers(1, 30).flatmap(lambda d: st.tuples(st.integers(0, d), st.just(d)))


@given(COUNTS, COUNTS)
def test_fisher_by_enumeration(a: tuple[int, int], b: tuple[int, int]) -> None:
    """The probabilities of all tables with these margins, by binomial coefficients."""
    (n0, d0), (n1, d1) = a, b
    weights = {k: comb(d0, k) * comb(d1, n0 + n1 - k) for k in range(n0 + n1 + 1) if n0 + n1 - k >= 0}
    expected = sum(weight for weight in weights.values() if weight <= weights[n0]) / comb(d0 + d1, n0 + n1)
    assert fisher(n0, d0, n1, d1) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("table", "p"),
    [
        ((3, 4, 1, 4), 0.4857),  # Fisher's lady tasting tea, two-sided
        ((8, 10, 1, 6), 0.0350),
        ((150, 500, 120, 520), 0.0122),
        ((0, 1000, 0, 2000), 1.0),
        ((1000, 1000, 2000, 2000), 1.0),
        ((2, 10**9, 40, 10**9), 4.5e-9),
    ],
)
def test_known_values(table: tuple[int, int, int, int], p: float) -> None:
    """Small counts exactly, large ones by the normal approximation; both ways round."""
    n0, d0, n1, d1 = table
    assert two_proportions(n0, d0, n1, d1) == pytest.approx(p, rel=0.02)
    assert two_proportions(n1, d1, n0, d0) == pytest.approx(p, rel=0.02)


@given(st.lists(st.none() | st.floats(0, 1), max_size=12))
def test_adjusted(ps: list[float | None]) -> None:
    """Benjamini and Hochberg: rejecting q <= a is rejecting the k smallest with p(k) <= k a / m, for every a."""
    qs = adjusted(ps)
    tested = sorted(p for p in ps if p is not None)
    assert [q is None for q in qs] == [p is None for p in ps]
    for level in (0.01, 0.05, 0.2, 1.0):
        largest = max((k for k, p in enumerate(tested, 1) if p <= k * level / len(tested) * (1 + 1e-12)), default=0)
        assert sum(q is not None and q <= level * (1 + 1e-9) for q in qs) == largest


def drawn(rng: Random, trials: int, share: float, rates: tuple[float, float]) -> tuple[int, int, int]:
    """Of so many trials: successes and trials of a part of that share, and successes of all."""
    part = [rng.random() < share for _ in range(trials)]
    hits = [rng.random() < rates[inside] for inside in part]
    return sum(map(int.__mul__, map(int, part), map(int, hits))), sum(part), sum(hits)


def excesses(before: tuple[float, float], after: tuple[float, float], share: float = 0.4) -> list[float]:
    """z of a part (rates: elsewhere, in the part) over 400 seeds."""
    found = []
    for seed in range(400):
        rng = Random(seed)
        (n0, d0, m0), (n1, d1, m1) = (drawn(rng, 600, share, rates) for rates in (before, after))
        z = beyond_share((n0, d0, n1, d1), (m0, 600, m1, 600))
        found.append(0.0 if z is None else z)
    return found


def test_no_more_than_its_share() -> None:
    """Where nothing changed, or everything alike, z is standard normal: 5 % of 400 are 20, give or take 5 sigma."""
    for after in ((0.3, 0.3), (0.5, 0.5)):
        zs = excesses((0.3, 0.3), after)
        assert 20 - 18 <= sum(two_sided(z) < 0.05 for z in zs) <= 20 + 22
        assert abs(sum(zs) / len(zs)) < 0.2


def test_more_than_its_share() -> None:
    """A part that moved alone is found, with the sign of its move; as is one that grew and is unlike the others."""
    assert sum(z > 1.96 for z in excesses((0.3, 0.3), (0.3, 0.45))) > 250
    assert sum(z < -1.96 for z in excesses((0.3, 0.3), (0.3, 0.15))) > 250
    grown = beyond_share((180, 200, 360, 400), (260, 1000, 420, 1000))
    assert grown is not None
    assert grown > 5


def test_what_is_no_part_is_not_judged() -> None:
    """The whole itself, nothing, and what is no proportion."""
    whole = (10, 100, 20, 100)
    assert beyond_share(whole, whole) is None
    assert beyond_share((0, 0, 0, 0), whole) is None
    assert beyond_share((7, 5, 1, 5), whole) is None


def test_few_are_judged_exactly() -> None:
    """On small counts no further from 0 than Fisher's test of the part itself."""
    z = beyond_share((0, 5, 3, 5), (300, 1000, 303, 1000))
    assert z is not None
    assert two_sided(z) >= fisher(0, 5, 3, 5) - 1e-9


def test_standardised() -> None:
    """Two strata as large as each other, as the textbook: the mean difference over its error; nothing over nothing."""
    z = standardised([(20, 100, 30, 100), (50, 100, 60, 100)], (70, 200, 90, 200))
    assert z == pytest.approx(0.1 / (((0.25 * 0.75 + 0.55 * 0.45) * 0.02 * 0.25) ** 0.5))
    assert standardised([(0, 0, 3, 10)], (0, 10, 3, 10)) is None
