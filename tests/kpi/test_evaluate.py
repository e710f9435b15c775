"""From sums of measures to a KPI's value: units and scales, and nothing where there is nothing to divide by."""

from __future__ import annotations

import math

import pytest

from exporter.kpi.evaluate import evaluate, total
from exporter.kpi.value import wilson
from tests.kpi.kpis import catalogue, kpi, lookup

SLUGS = sorted(catalogue().kpis)


@pytest.mark.parametrize("slug", SLUGS)
def test_nothing_over_nothing_is_absent(slug: str) -> None:
    """No rows, or rows whose denominator is 0: no value, whatever the numerator says."""
    assert evaluate(kpi(slug), lookup(slug)) is None
    numerators = {measure.name for measure in (*kpi(slug).numerator, *kpi(slug).after)}
    denominators = {measure.name for measure in (*kpi(slug).denominator, *kpi(slug).before)}
    assert evaluate(kpi(slug), lookup(slug, **dict.fromkeys(numerators - denominators, 7))) is None


def test_a_ratio_has_samples_and_bounds() -> None:
    """Numerator over denominator, beside it the denominator and Wilson's bounds."""
    value = evaluate(kpi("early_hangup"), lookup("early_hangup", early_hangups=32, answered_calls=100))
    assert value is not None
    assert (value.value, value.samples, value.quantiles) == (0.32, 100.0, None)
    assert value.bounds == wilson(32, 100)


def test_none_of_some_is_zero() -> None:
    """A numerator without rows is 0 where there is a denominator, also when it lives in another dataset."""
    for slug, measures in (("early_hangup", {"answered_calls": 9}), ("complaint", {"answered_calls": 9})):
        value = evaluate(kpi(slug), lookup(slug, **measures))
        assert value is not None
        assert value.value == 0.0


def test_money_is_scaled_back() -> None:
    """Millionths of a yuan over customers are yuan; the ledger adds to the calls."""
    measures = {"acquisition_call_cost_cny": 1_000_000_500, "ledger_cost_cny": 2_000_000_000, "granted_customers": 6}
    value = evaluate(kpi("acquisition_cost"), lookup("acquisition_cost", **measures))
    assert value is not None
    assert (value.value, value.samples, value.bounds) == (3000.0005 / 6, 6.0, None)


def test_a_cost_of_zero_has_to_be_known() -> None:
    """No cost among unknown ones is unknown, in the calls as in the ledger; without unknown ones it is 0."""
    for name in ("acquisition_dials_without_cost", "ledger_entries_without_amount"):
        unknown = {name: 1, "granted_customers": 2}
        assert evaluate(kpi("acquisition_cost"), lookup("acquisition_cost", **unknown)) is None
        some = evaluate(kpi("acquisition_cost"), lookup("acquisition_cost", acquisition_call_cost_cny=4, **unknown))
        assert some is not None
        assert some.value == 2e-6
    nothing = evaluate(kpi("acquisition_cost"), lookup("acquisition_cost", granted_customers=2))
    assert nothing is not None
    assert nothing.value == 0


def test_money_over_money_is_a_plain_ratio() -> None:
    """Samples are the overdue yuan; more repaid than overdue has a value and no bounds."""
    value = evaluate(kpi("recovery"), lookup("recovery", repaid_cny=45_000_000, overdue_cny=100_000_000))
    assert value is not None
    assert (value.value, value.samples) == (0.45, 100.0)
    assert value.bounds == wilson(45, 100)
    value = evaluate(kpi("recovery"), lookup("recovery", repaid_cny=3, overdue_cny=2))
    assert value is not None
    assert (value.value, value.bounds) == (1.5, None)


def test_scores_are_scaled_back() -> None:
    """Stored with twelve decimals, shown as points."""
    measures = {"mos_points": 11_700_000_000_000, "mos_ratings": 3}
    value = evaluate(kpi("tts_mos"), lookup("tts_mos", **measures))
    assert value is not None
    assert (value.value, value.samples) == (3.9, 3.0)


def test_a_quantile_has_percentiles_and_the_exact_mean() -> None:
    """p95 is the value; ten answers, nine within 1..1.25 s and one beyond all buckets."""
    counts = tuple(9 if at == 4 else 1 if at == 13 else 0 for at in range(14))
    measures = {"turn_latency_seconds": 25_500_000, "turns": 10}
    value = evaluate(kpi("response_latency"), lookup("response_latency", latency_histogram=counts, **measures))
    assert value is not None
    assert value.quantiles is not None
    assert value.value == value.quantiles["p95"] == value.quantiles["p99"] == 10.0
    assert math.isclose(value.quantiles["p50"], 1 + 0.25 * 5 / 9)
    assert (value.quantiles["mean"], value.samples, value.bounds) == (2.55, 10.0, None)


def test_a_denominator_may_be_a_sum() -> None:
    """Recordings judged are those kept and those deleted early."""
    measures = {"recordings_kept": 9, "recordings_deleted_early": 1}
    value = evaluate(kpi("recording_retention"), lookup("recording_retention", **measures))
    assert value is not None
    assert (value.value, value.samples) == (0.9, 10.0)
    measures |= {"recordings_kept_without_call": 8, "recordings_deleted_early_without_call": 2}
    value = evaluate(kpi("recording_retention"), lookup("recording_retention", **measures))
    assert value is not None
    assert (value.value, value.samples) == (17 / 20, 20.0)


def test_an_uplift_compares_means() -> None:
    """230 over 2 customers against 200 over 2: 15 % more; money is scaled back, counts are not."""
    measures = {
        "ltv_value_after_cny": 230_000_000,
        "ltv_customers_after": 2,
        "ltv_value_before_cny": 200_000_000,
        "ltv_customers_before": 2,
    }
    value = evaluate(kpi("ltv_uplift"), lookup("ltv_uplift", **measures))
    assert value is not None
    assert math.isclose(value.value, 0.15)
    assert (value.samples, value.bounds) == (None, None)


@pytest.mark.parametrize("missing", ["ltv_value_before_cny", "ltv_customers_before", "ltv_customers_after"])
def test_an_uplift_needs_both_arms(missing: str) -> None:
    """No customer in an arm, or a mean of 0 before: there is nothing to compare with."""
    names = ("ltv_value_after_cny", "ltv_customers_after", "ltv_value_before_cny", "ltv_customers_before")
    assert evaluate(kpi("ltv_uplift"), lookup("ltv_uplift", **{name: 5 for name in names if name != missing})) is None


def test_a_total_keeps_the_finest_scale() -> None:
    """Integers all the way: a count and a sum of millionths add up in millionths."""
    measures = (catalogue().measures["dials"], catalogue().measures["acquisition_call_cost_cny"])
    vector = [0] * 20
    vector[measures[0].offset], vector[measures[1].offset] = 2, 500_000
    assert total(measures, lambda _: vector) == (2_500_000, 6)
    assert total(measures, lambda _: None) == (0, 6)
