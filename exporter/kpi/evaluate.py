"""A KPI's value at one combination of labels, from the sums of its measures. Nothing over nothing is None."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from exporter.kpi.value import percentile, quotient, wilson
from exporter.semantic.model import Kpi, Measure
from exporter.semantic.names import QUANTILES

# The vector of a dataset at the combination in question, or None where it has no rows there.
Lookup = Callable[[str], Sequence[int] | None]


@dataclass(frozen=True, slots=True)
class Value:
    """What is shown: the value in the KPI's unit, its Wilson bounds (ratios), the samples, percentiles (quantiles)."""

    value: float
    samples: float | None = None
    bounds: tuple[float, float] | None = None
    quantiles: Mapping[str, float] | None = None


def total(measures: Sequence[Measure], lookup: Lookup) -> tuple[int, int]:
    """The sum of measures as (integer, scale)."""
    scale = max(measure.scale for measure in measures)
    result = 0
    for measure in measures:
        vector = lookup(measure.dataset)
        if vector is not None:
            factor: int = 10 ** (scale - measure.scale)
            result += vector[measure.offset] * factor
    return result, scale


def evaluate(kpi: Kpi, lookup: Lookup) -> Value | None:
    """The KPI's value, or None when there is none: no denominator, or a numerator of which nothing is known."""
    if kpi.kind == "uplift":
        return _uplift(kpi, lookup)
    denominator, d_scale = total(kpi.denominator, lookup)
    if denominator == 0:
        return None
    numerator, n_scale = total(kpi.numerator, lookup)
    if not numerator and kpi.unknown and total(kpi.unknown, lookup)[0]:
        return None
    value = quotient(numerator, denominator, n_scale - d_scale)
    samples = quotient(denominator, 1, d_scale)
    if kpi.kind == "ratio":
        return Value(value, samples, wilson(quotient(numerator, 1, n_scale), samples))
    if kpi.histogram is None:
        return Value(value, samples)
    vector = lookup(kpi.histogram.dataset) or ()
    counts = vector[kpi.histogram.offset : kpi.histogram.offset + len(kpi.histogram.columns)]
    quantiles = {stat: percentile(counts, kpi.histogram.bounds, q) for stat, q in QUANTILES.items()}
    return Value(quantiles["p95"], samples, None, {**quantiles, "mean": value})


def _uplift(kpi: Kpi, lookup: Lookup) -> Value | None:
    """Mean after / mean before - 1; None when an arm is empty or the mean before is 0."""
    (after, after_scale), (after_count, _) = (total((measure,), lookup) for measure in kpi.after)
    (before, before_scale), (before_count, _) = (total((measure,), lookup) for measure in kpi.before)
    if not after_count or not before_count or not before:
        return None
    mean_after = quotient(after, after_count, after_scale)
    return Value(mean_after / quotient(before, before_count, before_scale) - 1)
