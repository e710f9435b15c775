"""Windows, slices and formulas of the oracle, computed by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import sqrt

import pytest

from tests.oracle.ledger import HOUR, MINUTE, NOW, Ledger, values
from tests.oracle.statistics import QUANTILES, Z95, mean, quantile, wilson
from tests.oracle.windows import WINDOWS, Slice, cells

MICROSECOND = timedelta(microseconds=1)


def test_a_window_ends_with_the_grain_under_way() -> None:
    """18:00:30 is in the minute that ends at 18:01; 7d and 30d are cut in hours."""
    bounds = {window.name: window.bounds(NOW) for window in WINDOWS}
    end = datetime(2025, 6, 18, 10, 1, tzinfo=UTC)
    assert bounds["5m"] == (end - timedelta(minutes=5), end)
    assert bounds["24h"] == (end - timedelta(hours=24), end)
    hour_end = datetime(2025, 6, 18, 11, tzinfo=UTC)
    assert bounds["7d"] == (hour_end - timedelta(days=7), hour_end)
    assert bounds["30d"] == (hour_end - timedelta(days=30), hour_end)


def test_an_instant_on_the_grain_is_its_own_end() -> None:
    """At 10:00:00 sharp the minute and the hour that begin there are not in any window yet."""
    sharp = datetime(2025, 6, 18, 10, tzinfo=UTC)
    assert {window.bounds(sharp)[1] for window in WINDOWS} == {sharp}


async def test_the_first_instant_of_a_window_is_inside_and_its_end_is_not(ledger: Ledger) -> None:
    """Calls at both edges of the last hour, and a microsecond before each."""
    end = NOW.replace(second=0) + MINUTE
    for ended_at in (end - HOUR - MICROSECOND, end - HOUR, end - MICROSECOND, end):
        await ledger.missed(ended_at=ended_at)
    samples = values(await ledger.gauges("connect"), "connect_samples")
    assert samples == {"5m": 1, "1h": 2, "24h": 3, "7d": 4, "30d": 4}


def test_short_windows_have_every_roll_up() -> None:
    """Eight of scenario x generation x period, four of scenario x script; two are the same: (all) and (scenario)."""
    fact = Slice("collection", "gen_x", "noon", "A", "all")
    assert len(cells(fact, by_period=True)) == 10
    assert len(cells(fact, by_period=False)) == 6
    assert Slice("collection", "gen_x", "all", "A", "all") not in cells(fact, by_period=True)


def test_the_own_label_doubles_the_cells() -> None:
    """Each bucket beside `all`."""
    assert len(cells(Slice("collection", "gen_x", "all", "all", "M1"), by_period=False)) == 8


def test_a_fact_without_a_slice_is_counted_once() -> None:
    """A fact whose labels are all `all` is in one cell only."""
    assert len(cells(Slice("all", "all", "all", "all", "all"), by_period=True)) == 1


@pytest.mark.parametrize(("numerator", "denominator"), [(8, 10), (1, 3), (999, 1000), (1, 100_000)])
def test_a_wilson_bound_is_just_not_rejected(numerator: int, denominator: int) -> None:
    """Each bound b solves Wilson's equation |p - b| = z sqrt(b (1 - b) / n), one on either side of p."""
    p = numerator / denominator
    lower, upper = wilson(Decimal(numerator), Decimal(denominator))
    assert lower < p < upper
    for bound in (lower, upper):
        assert abs(p - bound) == pytest.approx(Z95 * sqrt(bound * (1 - bound) / denominator))


def test_wilson_bounds_of_nothing_and_of_everything() -> None:
    """0 of 10 and 10 of 10 stop at 0 and 1, and mirror each other: z^2 / (n + z^2)."""
    lower, upper = wilson(Decimal(0), Decimal(10))
    assert lower == pytest.approx(0, abs=1e-15)
    assert upper == pytest.approx(Z95**2 / (10 + Z95**2))
    assert wilson(Decimal(10), Decimal(10))[0] == pytest.approx(1 - upper)


def test_percentiles_are_linear_within_fixed_buckets() -> None:
    """Four of 20 in ]1, 1.25], fourteen in ]1.25, 1.5], two beyond 10 s: rank 10 is 6/14 into the second."""
    latencies = {1_100_000: 4, 1_300_000: 10, 1_500_000: 4, 12_000_000: 2}
    assert quantile(latencies, QUANTILES["p50"]) == pytest.approx(1.25 + 0.25 * 6 / 14)
    assert quantile(latencies, QUANTILES["p95"]) == 10.0
    assert mean(latencies) == pytest.approx((1.1 * 4 + 1.3 * 10 + 1.5 * 4 + 24) / 20)


def test_a_rank_at_the_end_of_a_bucket_is_its_upper_bound() -> None:
    """19 of 20 are at most 0.25 s: the 95th percentile is 0.25, not in the bucket of the last one."""
    assert quantile({0: 1, 250_000: 18, 5_000_000: 1}, QUANTILES["p95"]) == 0.25
