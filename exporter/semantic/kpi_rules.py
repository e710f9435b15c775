"""What KPIs and measures mean together with the rest of the catalogue; see `rules`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from exporter.errors import ConfigError
from exporter.semantic.files import Merged
from exporter.semantic.names import (
    KPI_DIMENSIONS,
    SLICE_LABELS,
    bound_metric,
    is_reserved,
    kpi_metric,
    measure_metric,
    samples_metric,
)
from exporter.semantic.spec import CatalogueSpec, KpiSpec, MeasureSpec

Rule = Callable[[CatalogueSpec, Merged], Iterator[ConfigError]]
_PARTS = ("numerator", "denominator", "unknown", "before", "after")


def all_measures(spec: CatalogueSpec) -> Iterator[tuple[str, MeasureSpec, tuple[str, ...]]]:
    """Every measure with its name and the path where it stands."""
    for section, owners in (("facts", spec.facts), ("levels", spec.levels), ("kpis", spec.kpis)):
        for owner, body in owners.items():
            for name, measure in body.measures.items():
                yield name, measure, (section, owner, "measures", name)


def _unique_measures(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    seen: set[str] = set()
    for name, measure, path in all_measures(spec):
        if name in seen:
            yield merged.error(path, f"measure '{name}' is defined twice", "give one of them another name")
        seen.add(name)
        if path[0] == "kpis" and (measure.fact is None or measure.fact not in spec.facts):
            yield merged.error(
                path, f"measure '{name}' names no known fact", f"set `fact:` to one of {listed(spec.facts)}"
            )
        if path[0] != "kpis" and measure.fact is not None:
            yield merged.error((*path, "fact"), "`fact` belongs only to a measure inside a KPI", "remove it")


def _kpi_references(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    measures = {name: measure for name, measure, _ in all_measures(spec)}
    for slug, kpi in spec.kpis.items():
        if kpi.dimension not in KPI_DIMENSIONS:
            yield merged.error(
                ("kpis", slug), f"KPI '{slug}': unknown dimension '{kpi.dimension}'", f"use {', '.join(KPI_DIMENSIONS)}"
            )
        if kpi.companion_of is not None and kpi.companion_of not in spec.kpis:
            yield merged.error(
                ("kpis", slug, "companion_of"), f"unknown KPI '{kpi.companion_of}'", "name the KPI it stands beside"
            )
        for part in _PARTS:
            for name in getattr(kpi, part):
                if name not in measures:
                    yield merged.error(
                        ("kpis", slug, part),
                        f"KPI '{slug}': unknown measure '{name}'",
                        "correct the name, or define it under `measures`",
                    )
        if kpi.histogram is not None and (kpi.histogram not in measures or measures[kpi.histogram].histogram is None):
            yield merged.error(
                ("kpis", slug, "histogram"), f"'{kpi.histogram}' is not a histogram", "name a histogram measure"
            )
        yield from _targets(slug, kpi, spec, merged)


def _targets(slug: str, kpi: KpiSpec, spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    seen: set[tuple[object, ...]] = set()
    for index, target in enumerate(kpi.targets):
        path = ("kpis", slug, "targets", index)
        key = (target.severity, *sorted(target.slice.items()))
        if key in seen:
            yield merged.error(path, f"KPI '{slug}' has two {target.severity} lines for one slice", "remove one")
        seen.add(key)
        for label, value in target.slice.items():
            if label not in (*SLICE_LABELS, *kpi.labels):
                yield merged.error(
                    path, f"KPI '{slug}' has no label '{label}'", f"use {', '.join((*SLICE_LABELS, *kpi.labels))}"
                )
            elif (domain := spec.dimensions.get(label)) and domain.budget is None and value not in domain.values:
                yield merged.error(
                    path, f"label '{label}' has no value '{value}'", f"use one of {listed(domain.values)}"
                )


def _kpi_measures(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    """A KPI with windows divides measures of facts, an uplift those of levels; neither divides a histogram."""
    measures = {name: (measure, path[0]) for name, measure, path in all_measures(spec)}
    for slug, kpi in spec.kpis.items():
        sections = ("levels",) if kpi.kind == "uplift" else ("facts", "kpis")
        for part in _PARTS:
            for name in getattr(kpi, part):
                measure, section = measures.get(name, (None, ""))
                if measure is None:
                    continue
                path = ("kpis", slug, part)
                if measure.histogram is not None:
                    yield merged.error(path, f"KPI '{slug}': '{name}' is a histogram", "name a count or a sum")
                elif section not in sections:
                    fix = f"name measures of {' or '.join(sections)}"
                    yield merged.error(path, f"KPI '{slug}': '{name}' belongs to {section}", fix)


def _kpi_labels(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    scenarios = spec.dimensions["scenario"].values if "scenario" in spec.dimensions else {}
    owners: list[tuple[tuple[str, ...], str | None]] = [
        (("kpis", slug), kpi.scenario) for slug, kpi in spec.kpis.items()
    ]
    owners += [(path, measure.scenario) for _, measure, path in all_measures(spec)]
    for path, scenario in owners:
        if scenario is not None and scenario not in scenarios:
            yield merged.error((*path, "scenario"), f"unknown scenario '{scenario}'", f"use one of {listed(scenarios)}")
    for slug, kpi in spec.kpis.items():
        for label in kpi.labels:
            if label not in spec.dimensions:
                yield merged.error(
                    ("kpis", slug, "labels"), f"unknown label '{label}'", f"use one of {listed(spec.dimensions)}"
                )
            elif label in SLICE_LABELS:
                yield merged.error(("kpis", slug, "labels"), f"every KPI has the label '{label}'", "remove it")


def _families(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    """Every metric name once, and none of the exporter's own: two families of one name spoil the whole page."""
    seen: set[str] = set()
    for slug, kpi in spec.kpis.items():
        names = {kpi_metric(slug, kpi.unit), samples_metric(slug)}
        names |= {bound_metric(slug, kpi.unit, side) for side in ("lower", "upper")}
        yield from _new_families(("kpis", slug), slug, names, seen, merged)
    measures = {name: path for name, _, path in all_measures(spec)}
    for name, path in measures.items():
        yield from _new_families(path, name, {measure_metric(name)}, seen, merged)


def _new_families(
    path: tuple[str, ...], name: str, names: set[str], seen: set[str], merged: Merged
) -> Iterator[ConfigError]:
    if is_reserved(name):
        yield merged.error(path, f"the name '{name}' begins like the exporter's own metrics", "choose another name")
    for family in sorted(names & seen):
        yield merged.error(path, f"'{name}' makes the metric {family}, which exists", "choose another name")
    seen |= names


def listed(names: Iterable[str]) -> str:
    """Names for a fix."""
    return ", ".join(sorted(names))


KPI_RULES: tuple[Rule, ...] = (_unique_measures, _kpi_references, _kpi_measures, _kpi_labels, _families)
