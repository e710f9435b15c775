"""How many series the KPI and measure gauges can have: combinations of label values, by the catalogue. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import prod

from exporter.semantic.model import Catalogue, Kpi, Measure
from exporter.semantic.names import QUANTILES, SLICE_LABELS
from exporter.state.cube import masks

# Gauges beside each other at one combination: value, lower, upper, samples; value, samples; quantiles, mean, samples.
_GAUGES = {"ratio": 4, "mean": 2, "quantile": len(QUANTILES) + 2}


def domain_sizes(catalogue: Catalogue) -> dict[str, int]:
    """The most values that each label can have: what is declared or budgeted, and `other`."""
    return {
        label: max(len(spec.values), spec.budget or 0) + 1 for label, spec in catalogue.dimensions.items()
    }


def seen_sizes(catalogue: Catalogue, seen: Mapping[str, Collection[str]]) -> dict[str, int]:
    """What to expect of each label: declared values, and of an open label those seen in the data, if any were."""
    sizes = {}
    for label, most in domain_sizes(catalogue).items():
        spec = catalogue.dimensions[label]
        found = set(seen.get(label, ())) | set(spec.values)
        sizes[label] = len(spec.values) if spec.budget is None else min(most, len(found)) if found else most
    return sizes


def expected_series(catalogue: Catalogue, sizes: Mapping[str, int]) -> int:
    """Series of all KPI and measure gauges when each label has so many values and every combination occurs."""
    kpis = sum(_kpi_series(catalogue, kpi, sizes) for kpi in catalogue.kpis.values() if kpi.kind != "uplift")
    measures = sum(_measure_series(catalogue, measure, sizes) for measure in catalogue.measures.values())
    return kpis + measures


def _kpi_series(catalogue: Catalogue, kpi: Kpi, sizes: Mapping[str, int]) -> int:
    """Per window, the combinations that the grouping sets keep of the labels that the KPI's facts have."""
    present = {label for name in kpi.datasets for label in catalogue.datasets[name].labels}
    shown = [label for label in (*SLICE_LABELS, *kpi.labels) if label in present]
    fixed = {"scenario"} if kpi.scenario is not None else set()
    return _GAUGES[kpi.kind] * sum(
        sum(_combinations(kept, fixed, sizes) for kept in masks(shown, catalogue.grouping_sets, window.name))
        for window in kpi.windows
    )


def _measure_series(catalogue: Catalogue, measure: Measure, sizes: Mapping[str, int]) -> int:
    if measure.bounds:
        return 0
    fixed = {"scenario"} if measure.scenario is not None else set()
    if measure.dataset in catalogue.levels:
        return _combinations(catalogue.levels[measure.dataset].labels, fixed, sizes)
    labels = catalogue.datasets[measure.dataset].labels
    return len(catalogue.windows) * _combinations(labels, fixed, sizes)


def _combinations(labels: Iterable[str], fixed: Collection[str], sizes: Mapping[str, int]) -> int:
    return prod(1 if label in fixed else sizes[label] for label in labels)
