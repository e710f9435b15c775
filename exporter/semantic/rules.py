"""What catalogue files mean together: every reference exists, every label has a domain. All problems at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from exporter.errors import ConfigError, ConfigErrors
from exporter.semantic.files import Merged
from exporter.semantic.model import GRAIN_SECONDS
from exporter.semantic.names import KPI_DIMENSIONS, SLICE_LABELS
from exporter.semantic.spec import CatalogueSpec, FactSpec, KpiSpec, LevelSpec, MeasureSpec, SliceSpec

Rule = Callable[[CatalogueSpec, Merged], Iterator[ConfigError]]


def check(spec: CatalogueSpec, merged: Merged) -> None:
    """Raise ConfigErrors when any rule is broken."""
    errors = [error for rule in RULES for error in rule(spec, merged)]
    if errors:
        raise ConfigErrors(errors)


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
                path, f"measure '{name}' names no known fact", f"set `fact:` to one of {_list(spec.facts)}"
            )
        if path[0] != "kpis" and measure.fact is not None:
            yield merged.error((*path, "fact"), "`fact` belongs only to a measure inside a KPI", "remove it")


def _source_references(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    for name, source in spec.sources.items():
        for column in (*source.key, source.event):
            if column not in source.columns:
                yield merged.error(
                    ("sources", name), f"source '{name}' has no column '{column}'", "add it to `columns`"
                )
        if source.columns.get("updated_at") != "timestamptz":
            fix = "add `updated_at: timestamptz` to `columns`: by it the exporter finds what changed"
            yield merged.error(("sources", name), f"source '{name}' has no instant 'updated_at'", fix)
        if source.relation is not None and source.select is not None:
            yield merged.error(("sources", name), f"source '{name}' has both relation and select", "keep one of them")
    for section, owners in (("facts", spec.facts), ("levels", spec.levels)):
        for name, body in owners.items():
            for source_name in _used_sources(body):
                if source_name not in spec.sources:
                    yield merged.error(
                        (section, name), f"unknown source '{source_name}'", f"use one of {_list(spec.sources)}"
                    )


def _used_sources(body: FactSpec | LevelSpec) -> tuple[str, ...]:
    return (body.source, *body.needs, *body.changed_by) if isinstance(body, FactSpec) else (body.source,)


def _anchors(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    for name, fact in spec.facts.items():
        source = spec.sources.get(fact.source)
        column = fact.anchor if isinstance(fact.anchor, str) else fact.anchor.column
        if source is not None and source.columns.get(column) != "timestamptz":
            fix = "name a timestamptz column of the source"
            yield merged.error(
                ("facts", name, "anchor"), f"fact '{name}': '{column}' is not an instant of '{fact.source}'", fix
            )


def _labels_known(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    def unknown(labels: SliceSpec, path: tuple[str, ...]) -> Iterator[ConfigError]:
        for label in labels:
            if label not in spec.dimensions:
                yield merged.error(
                    (*path, label),
                    f"unknown label '{label}'",
                    f"declare it under dimensions, or use one of {_list(spec.dimensions)}",
                )

    for name, fact in spec.facts.items():
        yield from unknown({} if isinstance(fact.slices, str) else fact.slices, ("facts", name, "slices"))
        yield from unknown(fact.labels, ("facts", name, "labels"))
    for name, level in spec.levels.items():
        yield from unknown(level.slices, ("levels", name, "slices"))
    for label, dimension in spec.dimensions.items():
        if not dimension.values and dimension.budget is None:
            yield merged.error(
                ("dimensions", label), f"label '{label}' has neither values nor a budget", "declare one of them"
            )


def _windows_sound(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    for name, window in spec.windows.items():
        path = ("windows", name)
        if window.seconds % GRAIN_SECONDS[window.grain]:
            yield merged.error(path, f"window '{name}' is not a whole number of {window.grain}s", "correct `seconds`")
        if window.grain == "minute" and window.seconds > 86400:
            yield merged.error(path, f"window '{name}' is too long for the grain minute", "set `grain: hour`")


def _windows_known(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    used = [(("kpis", slug, "windows"), kpi.windows or []) for slug, kpi in spec.kpis.items()]
    groups = list(enumerate(spec.grouping_sets))
    for path, names in [*used, *((("grouping_sets", str(i), "windows"), g.windows) for i, g in groups)]:
        for name in set(names) - set(spec.windows):
            yield merged.error(path, f"unknown window '{name}'", f"use {_list(spec.windows)}")
    for index, group in groups:
        for label in set(group.by) - set(SLICE_LABELS):
            fix = f"use {', '.join(SLICE_LABELS)}"
            yield merged.error(("grouping_sets", index, "by"), f"'{label}' cannot be grouped by", fix)


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
        for part in ("numerator", "denominator", "before", "after"):
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
                    path, f"label '{label}' has no value '{value}'", f"use one of {_list(domain.values)}"
                )


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


RULES: tuple[Rule, ...] = (
    _unique_measures,
    _source_references,
    _anchors,
    _labels_known,
    _windows_sound,
    _windows_known,
    _kpi_references,
)
