"""From cells as they were read to KPIs by any grouping. Pure.

Raw label values become exposed ones first (`exposed`): bands are members already, what a domain does not declare or a
budget does not hold is `other`, nothing is `unknown`. Then cells are put together by the labels of a grouping
(`grouped`), each fact in exactly one slice: where its dataset does not have a label, the fact's value is `all`, so a
fact of no known call, or an entry of the ledger, is a slice of its own and slices always add up to the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import add
from typing import TypeVar

from exporter.kpi.evaluate import Value, evaluate
from exporter.semantic.model import Catalogue, Kpi, Measure
from exporter.semantic.names import ALL

Key = tuple[str, ...]
# Cells of datasets, under the values of their labels.
RawCells = Mapping[str, Mapping[tuple[str | None, ...], Sequence[int]]]
Cells = Mapping[str, Mapping[Key, Sequence[int]]]
# The exposed value of a label's raw value (`Folding.value`).
Fold = Callable[[str, str | None], str]
# Per slice the vector of each dataset that has rows there.
Slices = Mapping[Key, Mapping[str, Sequence[int]]]


def exposed(catalogue: Catalogue, cells: RawCells, fold: Fold) -> dict[str, dict[Key, Sequence[int]]]:
    """The cells under exposed label values."""
    found: dict[str, dict[Key, Sequence[int]]] = {}
    for name, raw in cells.items():
        labels = catalogue.datasets[name].labels
        sums = found[name] = {}
        for values, vector in raw.items():
            _add(sums, tuple(map(fold, labels, values)), vector)
    return found


def grouped(
    catalogue: Catalogue, names: Iterable[str], cells: Cells, by: Sequence[str], where: Mapping[str, str] | None = None
) -> Slices:
    """The sums of datasets by the labels `by`, of facts whose labels are as `where` says.

    A fact without a label of `where` is in no such slice, as on the page.
    """
    slices: dict[Key, dict[str, Sequence[int]]] = {}
    for name in names:
        labels = catalogue.datasets[name].labels
        if not set(where or ()) <= set(labels):
            continue
        wanted = [(labels.index(label), value) for label, value in (where or {}).items()]
        places = [labels.index(label) if label in labels else None for label in by]
        for values, vector in cells.get(name, {}).items():
            if all(values[at] == value for at, value in wanted):
                key = tuple(ALL if at is None else values[at] for at in places)
                _add(slices.setdefault(key, {}), name, vector)
    return slices


def values(
    catalogue: Catalogue, kpi: Kpi, cells: Cells, by: Sequence[str] = (), where: Mapping[str, str] | None = None
) -> dict[Key, Value]:
    """The KPI per slice that has a value; the whole is `by=()`, under the key `()`.

    `cells` are exposed ones. Nothing when a dataset that the KPI needs was not read.
    """
    if not kpi.datasets <= cells.keys():
        return {}
    slices = grouped(catalogue, kpi.datasets, cells, by, where)
    found = ((key, evaluate(kpi, vectors.get)) for key, vectors in slices.items())
    return {key: value for key, value in found if value is not None}


def divisible(catalogue: Catalogue, kpi: Kpi, by: Sequence[str]) -> tuple[str, ...]:
    """Those labels of `by` that both the KPI's numerator and its denominator can be broken down by."""

    def has(measures: Iterable[Measure], label: str) -> bool:
        return any(label in catalogue.datasets[measure.dataset].labels for measure in measures)

    return tuple(label for label in by if has(kpi.numerator, label) and has(kpi.denominator, label))


At = TypeVar("At")


def _add(sums: dict[At, Sequence[int]], at: At, vector: Sequence[int]) -> None:
    old = sums.get(at)
    sums[at] = vector if old is None else tuple(map(add, old, vector))
