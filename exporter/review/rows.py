"""The figures of each KPI from the cells of two periods. Pure: everything by `exporter.kpi`, as on the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from exporter.kpi.attribution import NOTHING, are_counts, is_attributable, parts
from exporter.kpi.breakdown import explain
from exporter.kpi.evaluate import Value, evaluate
from exporter.kpi.judge import judge, lines_for
from exporter.kpi.significance import Counts
from exporter.kpi.slices import Cells, Fold, RawCells, divisible, exposed, grouped
from exporter.review.model import Cause, Day, KpiReview, Row
from exporter.review.weekdays import p_value
from exporter.semantic.lines import slice_of
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.names import ALL

# Which labels a change is broken down by; a KPI's own label (bucket, dialect, task) is a breakdown apart.
BY = ("scenario", "generation")


@dataclass(frozen=True, slots=True)
class Side:
    """One of both periods: exposed cells of the whole and of each local day, levels, and why datasets are missing."""

    cells: Cells
    days: Mapping[date, Cells]
    levels: Mapping[str, Sequence[int]]
    failed: Mapping[str, str]


def side(
    catalogue: Catalogue,
    days: Mapping[date, RawCells],
    whole: RawCells,
    fold: Fold,
    levels: Mapping[str, Sequence[int]],
    failed: Mapping[str, str],
) -> Side:
    """A period from its raw cells."""
    exposed_days = {day: exposed(catalogue, cells, fold) for day, cells in days.items()}
    return Side(exposed(catalogue, whole, fold), exposed_days, levels, failed)


def review_kpi(catalogue: Catalogue, kpi: Kpi, now: Side, before: Side) -> KpiReview:
    """A KPI in both periods: the whole, slices with lines of their own, causes and daily course."""
    problem = next(
        (side.failed[name] for side in (now, before) for name in sorted(kpi.datasets & side.failed.keys())), ""
    )
    whole = _row(catalogue, kpi, {}, now, before)
    if problem or kpi.kind == "uplift":
        return KpiReview(kpi, whole, problem=problem)
    slices = [_row(catalogue, kpi, labels, now, before) for labels in lined(kpi)]
    causes = [cause for by in breakdowns(catalogue, kpi) if (cause := _cause(catalogue, kpi, by, now, before))]
    course, course_before = (tuple(_course(catalogue, kpi, side)) for side in (now, before))
    return KpiReview(kpi, whole, tuple(slices), tuple(causes), course, course_before)


def review_slice(catalogue: Catalogue, kpi: Kpi, labels: Mapping[str, str], now: Side, before: Side) -> Row:
    """A KPI in one slice, in both periods."""
    return _row(catalogue, kpi, labels, now, before)


def lined(kpi: Kpi) -> list[dict[str, str]]:
    """The slices that have lines of their own."""
    found = {tuple(sorted(slice_of(target).items())): slice_of(target) for target in kpi.targets if slice_of(target)}
    return list(found.values())


def breakdowns(catalogue: Catalogue, kpi: Kpi) -> list[tuple[str, ...]]:
    """The label sets that a change may be split by; none for percentiles and uplifts, which do not add up."""
    if not is_attributable(kpi):
        return []
    usual = [label for label in BY if label != "scenario" or kpi.scenario is None]
    own = [label for label in kpi.labels if label not in ("scenario", "generation", "period", "script")]
    found = (divisible(catalogue, kpi, by) for by in (usual, own))
    return [by for by in found if by]


def _row(catalogue: Catalogue, kpi: Kpi, labels: Mapping[str, str], now: Side, before: Side) -> Row:
    lines = lines_for(kpi, dict.fromkeys(kpi.labels, ALL) | dict(labels))
    value, value_before = (_value(catalogue, kpi, side, labels) for side in (now, before))
    state = judge(kpi, value, lines) if value is not None else None
    p = None
    # Only where both are so many of so many.
    if value is not None and value_before is not None and are_counts(kpi):
        p = p_value(*(_counts(catalogue, kpi, side, labels) for side in (now, before)))
    return Row(labels, value, value_before, lines, state, p)


def _value(catalogue: Catalogue, kpi: Kpi, side: Side, labels: Mapping[str, str]) -> Value | None:
    if kpi.kind == "uplift":
        return evaluate(kpi, side.levels.get) if kpi.datasets <= side.levels.keys() else None
    if not kpi.datasets <= side.cells.keys():
        return None
    return evaluate(kpi, grouped(catalogue, kpi.datasets, side.cells, (), labels).get((), {}).get)


def _counts(catalogue: Catalogue, kpi: Kpi, side: Side, labels: Mapping[str, str]) -> dict[date, Counts]:
    """Stored numerator and denominator of each day in a slice."""
    found = {}
    for day, cells in side.days.items():
        part = parts(kpi, grouped(catalogue, kpi.datasets, cells, (), labels)).get((), NOTHING)
        found[day] = Counts(part.n, part.d)
    return found


def _cause(catalogue: Catalogue, kpi: Kpi, by: tuple[str, ...], now: Side, before: Side) -> Cause | None:
    """What moved it, by those of the labels that explain it best."""
    if not all(kpi.datasets <= side.cells.keys() for side in (now, before)):
        return None
    old, new = (grouped(catalogue, kpi.datasets, side.cells, by) for side in (before, now))
    found = explain(kpi, old, new, by)
    return None if found is None else Cause(found.by, found.attribution)


def _course(catalogue: Catalogue, kpi: Kpi, side: Side) -> list[Day]:
    found = []
    for day, cells in side.days.items():
        vectors = grouped(catalogue, kpi.datasets, cells, ()).get((), {})
        value = evaluate(kpi, vectors.get) if kpi.datasets <= side.cells.keys() else None
        found.append(Day(day, None if value is None else value.value))
    return found
