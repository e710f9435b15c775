"""What catalogue files mean together: every reference exists, every label has a domain. All problems at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

from exporter.errors import ConfigError, ConfigErrors
from exporter.semantic.alert_rules import ALERT_RULES
from exporter.semantic.files import Merged
from exporter.semantic.kpi_rules import KPI_RULES, Rule, listed
from exporter.semantic.model import GRAIN_SECONDS
from exporter.semantic.names import SLICE_LABELS
from exporter.semantic.spec import CatalogueSpec, FactSpec, LevelSpec, SliceSpec
from exporter.semantic.yamlfile import KeyPath


def check(spec: CatalogueSpec, merged: Merged) -> None:
    """Raise ConfigErrors when any rule is broken."""
    errors = [error for rule in RULES for error in rule(spec, merged)]
    if errors:
        raise ConfigErrors(errors)


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
                        (section, name), f"unknown source '{source_name}'", f"use one of {listed(spec.sources)}"
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
                    f"declare it under dimensions, or use one of {listed(spec.dimensions)}",
                )

    for owner, slices in spec.slices.items():
        yield from unknown(slices, ("slices", owner))
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


def _bands(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    formats = {"time_of_day": (r"([01]\d|2[0-3]):[0-5]\d", "08:00"), "birth_year": (r"[12]\d{3}", "1980")}
    for label, dimension in spec.dimensions.items():
        bands = dimension.bands
        if bands is None:
            continue
        path = ("dimensions", label, "bands")
        pattern, example = formats[bands.kind]
        for start, value in ((None, bands.below), *bands.start.items()):
            if start is not None and not re.fullmatch(pattern, start, re.ASCII):
                yield merged.error((*path, "from", start), f"'{start}' is no {bands.kind} like {example}", "correct it")
            if dimension.budget is None and value not in dimension.values:
                problem, fix = f"label '{label}' has no value '{value}'", f"use one of {listed(dimension.values)}"
                yield merged.error((*path, "from", start) if start else (*path, "below"), problem, fix)
        if list(bands.start) != sorted(bands.start):
            yield merged.error((*path, "from"), f"the bands of '{label}' are not in order", "let them ascend")


def _windows_sound(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    for name, window in spec.windows.items():
        path = ("windows", name)
        if window.seconds % GRAIN_SECONDS[window.grain]:
            yield merged.error(path, f"window '{name}' is not a whole number of {window.grain}s", "correct `seconds`")
        if window.grain == "minute" and window.seconds > 86400:
            yield merged.error(path, f"window '{name}' is too long for the grain minute", "set `grain: hour`")


def _windows_known(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    used: list[tuple[KeyPath, list[str]]] = [
        (("kpis", slug, "windows"), kpi.windows or []) for slug, kpi in spec.kpis.items()
    ]
    groups = list(enumerate(spec.grouping_sets))
    used += [(("grouping_sets", index, "windows"), group.windows) for index, group in groups]
    for path, names in used:
        for name in sorted(set(names) - set(spec.windows)):
            yield merged.error(path, f"unknown window '{name}'", f"use {listed(spec.windows)}")
    for index, group in groups:
        for label in sorted(set(group.by) - set(SLICE_LABELS)):
            fix = f"use {', '.join(SLICE_LABELS)}"
            yield merged.error(("grouping_sets", index, "by"), f"'{label}' cannot be grouped by", fix)


RULES: tuple[Rule, ...] = (
    _source_references,
    _anchors,
    _labels_known,
    _bands,
    _windows_sound,
    _windows_known,
    *KPI_RULES,
    *ALERT_RULES,
)
