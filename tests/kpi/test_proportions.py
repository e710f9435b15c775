"""Two-proportion tests against brute force and the textbook; adjusted p-values against the definition."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.kpi.proportions import adjusted, fisher, two_proportions

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
