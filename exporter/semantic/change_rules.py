"""What the changes file means beside the catalogue: every KPI, label and value exists, slices do not overlap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from exporter.errors import ConfigError
from exporter.semantic.change_spec import ChangeSpec, ChangesSpec
from exporter.semantic.kpi_rules import listed
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.yamlfile import Document, KeyPath

Slice = Mapping[str, Sequence[str]]


def problems(spec: ChangesSpec, document: Document, catalogue: Catalogue) -> Iterator[ConfigError]:
    """Every rule that is broken, with its place."""
    seen: set[str] = set()
    for number, change in enumerate(spec.changes):
        path = ("changes", number)
        if change.id in seen:
            yield document.error((*path, "id"), f"change '{change.id}' stands twice", "give each an id of its own")
        seen.add(change.id)
        yield from _slice_problems(change.scope, (*path, "scope"), document, catalogue)
        yield from _slice_problems(change.compare or {}, (*path, "compare"), document, catalogue)
        yield from _overlap(change, path, document)
        for slug in change.kpis:
            yield from _kpi_problems(change, slug, (*path, "kpis", slug), document, catalogue)


def _slice_problems(wanted: Slice, path: KeyPath, document: Document, catalogue: Catalogue) -> Iterator[ConfigError]:
    for label, values in wanted.items():
        dimension = catalogue.dimensions.get(label)
        if dimension is None:
            fix = f"use one of {listed(catalogue.dimensions)}"
            yield document.error((*path, label), f"unknown label '{label}'", fix)
            continue
        for value in values:
            if dimension.budget is None and value not in dimension.values:
                problem, fix = f"label '{label}' has no value '{value}'", f"use one of {listed(dimension.values)}"
                yield document.error((*path, label), problem, fix)


def _overlap(change: ChangeSpec, path: KeyPath, document: Document) -> Iterator[ConfigError]:
    if change.compare is None:
        return
    shared = change.scope.keys() & change.compare.keys()
    if all(set(change.scope[label]) & set(change.compare[label]) for label in shared):
        problem = f"change '{change.id}': its scope and what it is compared with overlap"
        fix = "give a label of the scope other values under `compare`"
        yield document.error((*path, "compare"), problem, fix)


def _kpi_problems(
    change: ChangeSpec, slug: str, path: KeyPath, document: Document, catalogue: Catalogue
) -> Iterator[ConfigError]:
    kpi = catalogue.kpis.get(slug)
    if kpi is None:
        yield document.error(path, f"unknown KPI '{slug}'", f"use one of {listed(countable(catalogue))}")
    elif not is_countable(kpi):
        problem = f"KPI '{slug}' is no share of things that are counted, and cannot be verified"
        yield document.error(path, problem, f"use one of {listed(countable(catalogue))}")
    else:
        yield from _divisible(change, kpi, path, document, catalogue)


def _divisible(
    change: ChangeSpec, kpi: Kpi, path: KeyPath, document: Document, catalogue: Catalogue
) -> Iterator[ConfigError]:
    """A slice that the KPI does not have would be empty for ever."""
    scenarios = change.scope.get("scenario")
    if kpi.scenario is not None and scenarios is not None and kpi.scenario not in scenarios:
        fix = f"add {kpi.scenario} to the scope's scenario, or remove the KPI"
        yield document.error(path, f"KPI '{kpi.slug}' is of scenario {kpi.scenario}, which the scope leaves out", fix)
    for wanted in (change.scope, change.compare or {}):
        labels = set(wanted) & set(catalogue.dimensions)
        for part, measures in (("numerator", kpi.numerator), ("denominator", kpi.denominator)):
            known = [set(catalogue.datasets[measure.dataset].labels) for measure in measures]
            if not any(labels <= having for having in known):
                missing = labels.difference(*known) or labels
                problem = f"the {part} of KPI '{kpi.slug}' is not broken down by {' and '.join(sorted(missing))}"
                yield document.error(path, problem, "leave the label out of the slice, or remove the KPI")
                return


def is_countable(kpi: Kpi) -> bool:
    """Whether a KPI is a proportion that a test of proportions understands: counts over counts."""
    counted = not any(measure.scale for measure in (*kpi.numerator, *kpi.denominator))
    return kpi.kind == "ratio" and bool(kpi.windows) and counted


def countable(catalogue: Catalogue) -> list[str]:
    """The KPIs that can be verified."""
    return [kpi.slug for kpi in catalogue.kpis.values() if is_countable(kpi)]
