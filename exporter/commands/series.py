"""About how many series the KPI and measure gauges will have, by the label values in the call database. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import prod

from exporter.calldb.inspect import JOINT
from exporter.semantic.model import Catalogue, Kpi, Measure, Window
from exporter.semantic.names import QUANTILES
from exporter.state.cube import masks

# A window as short as this sees one time of day, or two for a moment.
_ONE_PERIOD = 3600
# Gauges beside each other at one combination: value, lower, upper, samples; value, samples; quantiles, mean, samples.
_GAUGES = {"ratio": 4, "mean": 2, "quantile": len(QUANTILES) + 2}


@dataclass(frozen=True, slots=True)
class Domain:
    """What labels hold: how many values each, and the combinations of JOINT (empty: not known, any may occur)."""

    sizes: Mapping[str, int]
    joint: frozenset[tuple[str, ...]] = frozenset()

    def count(self, labels: Iterable[str], scenario: str | None, seconds: int) -> int:
        """Combinations of `labels` in a window of so many seconds, within one scenario or all."""
        rest = [label for label in labels if label not in JOINT]
        sizes = (1 if label == "period" and seconds <= _ONE_PERIOD else self.sizes[label] for label in rest)
        return self._joint({*labels} - {*rest}, scenario) * prod(sizes)

    def _joint(self, labels: Collection[str], scenario: str | None) -> int:
        if not self.joint:
            return prod(1 if label == "scenario" and scenario else self.sizes[label] for label in labels)
        at = [number for number, label in enumerate(JOINT) if label in labels]
        return len({tuple(row[i] for i in at) for row in self.joint if scenario in (None, row[0])})


def observed(catalogue: Catalogue, values: Mapping[str, Collection[str]], joint: Iterable[tuple[str, ...]]) -> Domain:
    """The domain by what was seen: declared values all, of open labels those seen, or the budget if none were."""
    sizes = {}
    for label, spec in catalogue.dimensions.items():
        known = set(spec.values) | (set(values.get(label, ())) if spec.budget is not None else set())
        sizes[label] = min(len(known), spec.budget or len(known)) or spec.budget or 1
    return Domain(sizes, frozenset(joint))


def expected_series(catalogue: Catalogue, domain: Domain) -> int:
    """Series of all KPI and measure gauges, uplifts (a handful) left out."""
    kpis = sum(_kpi_series(catalogue, kpi, window, domain) for kpi in catalogue.kpis.values() for window in kpi.windows)
    return kpis + sum(_measure_series(catalogue, measure, domain) for measure in catalogue.measures.values())


def _kpi_series(catalogue: Catalogue, kpi: Kpi, window: Window, domain: Domain) -> int:
    """The combinations that the grouping sets keep of the labels that the KPI's facts have."""
    present = {label for name in kpi.datasets for label in catalogue.datasets[name].labels}
    kept = masks([label for label in kpi.labels if label in present], catalogue.grouping_sets, window.name)
    return _GAUGES[kpi.kind] * sum(domain.count(labels, kpi.scenario, window.seconds) for labels in kept)


def _measure_series(catalogue: Catalogue, measure: Measure, domain: Domain) -> int:
    if measure.bounds:
        return 0
    if measure.dataset in catalogue.levels:
        return domain.count(catalogue.levels[measure.dataset].labels, measure.scenario, 0)
    labels = catalogue.datasets[measure.dataset].labels
    return sum(domain.count(labels, measure.scenario, window.seconds) for window in catalogue.windows)
