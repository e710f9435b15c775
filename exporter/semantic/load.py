"""From catalogue files to the resolved `Catalogue`: read, validate, check references, expand SQL.

Every problem of every file is found in one go (`ConfigErrors`), each with file, line and fix.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.errors import ConfigError, ConfigErrors, Place
from exporter.semantic import rules
from exporter.semantic.alerts import effective
from exporter.semantic.files import Merged, merge, validate
from exporter.semantic.hours import business_hours
from exporter.semantic.model import (
    Anchor,
    Catalogue,
    Dataset,
    GroupingSet,
    Kpi,
    Level,
    Measure,
    Slice,
    Touch,
    Window,
)
from exporter.semantic.names import SLICE_LABELS
from exporter.semantic.spec import (
    BandOf,
    CatalogueSpec,
    FactSpec,
    KpiSpec,
    LevelSpec,
    MeasureSpec,
    RejectSpec,
    SliceSpec,
    Text,
)
from exporter.semantic.sqltext import SqlText, SqlTextError, as_lookups, literal, relation_sql

DEFAULT_TIMEZONE = "Asia/Shanghai"


def load_catalogue(own_files: Sequence[Path] = (), *, timezone: str = DEFAULT_TIMEZONE) -> Catalogue:
    """The shipped catalogue with the operator's files over it; raises ConfigError or ConfigErrors."""
    check_timezone(timezone)
    merged = merge(own_files)
    spec = validate(merged)
    rules.check(spec, merged)
    return _Resolver(spec, merged, timezone).catalogue()


def check_timezone(name: str) -> None:
    """Raise ConfigError unless `name` is an IANA zone."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigError(
            Place("timezone"), f"'{name}' is not a known time zone", "use an IANA name such as Asia/Shanghai"
        ) from None


@dataclass(frozen=True, slots=True)
class _Reject:
    """A reject reason, expanded; `measures` empty means all of the fact's."""

    reason: str
    sql: str
    measures: tuple[str, ...]


class _Resolver:
    """Expands one validated specification; SQL errors are collected with their places."""

    def __init__(self, spec: CatalogueSpec, merged: Merged, timezone: str) -> None:
        self.spec, self.merged, self.timezone = spec, merged, timezone
        self.errors: list[ConfigError] = []
        values = {name: literal(value) for name, value in spec.parameters.items()}
        values |= {"timezone": literal(timezone), "now": "statement_timestamp()"}
        self.sql = SqlText(self._relations(), spec.terms, values)

    def catalogue(self) -> Catalogue:
        datasets = self._datasets()
        levels = {name: self._level(name, level) for name, level in self.spec.levels.items()}
        measures = {m.name: m for dataset in datasets.values() for m in dataset.measures}
        measures |= {m.name: m for level in levels.values() for m in level.measures}
        windows = tuple(Window(name, w.seconds, w.grain, w.alert) for name, w in self.spec.windows.items())
        if self.errors:
            raise ConfigErrors(self.errors)
        kpis = {slug: self._kpi(slug, kpi, measures, windows) for slug, kpi in self.spec.kpis.items() if kpi.enabled}
        groups = tuple(GroupingSet(tuple(g.by), frozenset(g.windows)) for g in self.spec.grouping_sets)
        return Catalogue(
            self.timezone,
            self.spec.sources,
            self.spec.dimensions,
            windows,
            groups,
            datasets,
            levels,
            measures,
            kpis,
            {name: alert for name, alert in self.spec.alerts.items() if alert.enabled},
            business_hours(self.spec.parameters),
        )

    def _relations(self) -> Mapping[str, str]:
        relations = {}
        for name, source in self.spec.sources.items():
            try:
                relations[name] = relation_sql(name, source)
            except SqlTextError as error:
                relations[name] = name  # known, though wrongly mapped: what refers to it is not wrong too
                self.errors.append(
                    self.merged.error(("sources", name), f"source '{name}': {error}", "correct the mapping")
                )
        return relations

    def _expand(self, sql: str, path: tuple[str | int, ...]) -> str:
        try:
            return self.sql.expand(sql)
        except SqlTextError as error:
            fix = "use a term, a parameter, timezone, now or relation:SOURCE"
            self.errors.append(self.merged.error(path, str(error), fix))
            return "NULL"

    def _datasets(self) -> dict[str, Dataset]:
        """One dataset per fact, and one per KPI that brings measures of its own, so that others are not read again."""
        result = {}
        for name, fact in self.spec.facts.items():
            if fact.measures:
                result[name] = self._dataset(name, name, fact, fact.measures, ("facts", name))
        for slug, kpi in self.spec.kpis.items():
            for fact_name in sorted({str(measure.fact) for measure in kpi.measures.values()}):
                block = {name: m for name, m in kpi.measures.items() if m.fact == fact_name}
                dataset = f"{fact_name}.{slug}"
                result[dataset] = self._dataset(dataset, fact_name, self.spec.facts[fact_name], block, ("kpis", slug))
        return result

    def _dataset(
        self, name: str, fact_name: str, fact: FactSpec, measures: Mapping[str, MeasureSpec], owner: tuple[str, ...]
    ) -> Dataset:
        path = ("facts", fact_name)
        rejects = self._rejects(fact.rejects, (*path, "rejects"))
        touches = tuple(
            Touch(source, self._expand(as_lookups(sql, self.spec.sources), (*path, "changed_by", source)))
            for source, sql in fact.changed_by.items()
        )
        slices = self._slices(fact.slices, (*path, "slices")) + self._slices(fact.labels, (*path, "labels"))
        return Dataset(
            name=name,
            source=fact.source,
            needs=tuple(dict.fromkeys((fact.source, *fact.needs, *fact.changed_by))),
            anchor=self._anchor(fact, (*path, "anchor")),
            slices=slices,
            join=self._expand(fact.join or "", (*path, "join")),
            where=self._expand(fact.where or "true", (*path, "where")),
            touches=touches,
            measures=self._measures(name, measures, rejects, (*owner, "measures")),
            rejects=tuple((reject.reason, reject.sql) for reject in rejects),
            late_hours=fact.late_hours,
        )

    def _level(self, name: str, level: LevelSpec) -> Level:
        path = ("levels", name)
        rejects = self._rejects(level.rejects, (*path, "rejects"))
        return Level(
            name=name,
            source=level.source,
            when=level.when,
            slices=self._slices(level.slices, (*path, "slices")),
            where=self._expand(level.where or "true", (*path, "where")),
            measures=self._measures(name, level.measures, rejects, (*path, "measures")),
            rejects=tuple((reject.reason, reject.sql) for reject in rejects),
        )

    def _rejects(self, specs: Mapping[str, str | RejectSpec], path: tuple[str, ...]) -> tuple[_Reject, ...]:
        return tuple(
            _Reject(
                reason,
                self._expand(spec if isinstance(spec, str) else spec.when, (*path, reason)),
                () if isinstance(spec, str) else tuple(spec.measures),
            )
            for reason, spec in specs.items()
        )

    def _anchor(self, fact: FactSpec, path: tuple[str, ...]) -> Anchor:
        if isinstance(fact.anchor, str):
            return Anchor(f"{fact.source}.{fact.anchor}", fact.anchor)
        months = self._expand(str(fact.anchor.after_months), (*path, "after_months"))
        if not re.fullmatch(r"\d{1,3}", months, re.ASCII):
            self.errors.append(
                self.merged.error((*path, "after_months"), "is not a whole number of months", "give e.g. 6")
            )
            months = "0"
        return Anchor(self._expand(fact.anchor.sql, (*path, "sql")), fact.anchor.column, int(months))

    def _slices(self, slices: str | SliceSpec, path: tuple[str, ...]) -> tuple[Slice, ...]:
        spec: SliceSpec = self.spec.slices["call"] if isinstance(slices, str) else slices
        ordered = sorted(spec, key=lambda label: SLICE_LABELS.index(label) if label in SLICE_LABELS else 99)
        return tuple(self._slice(label, spec[label], (*path, label)) for label in ordered)

    def _slice(self, label: str, value: str | BandOf, path: tuple[str, ...]) -> Slice:
        if isinstance(value, str):
            return Slice(label, self._expand(value, path))
        bands = self.spec.dimensions[label].bands
        quantity = self._expand(value.band_of, path)
        if bands is None:
            self.errors.append(
                self.merged.error(path, f"label '{label}' has no bands", "declare them under dimensions")
            )
            return Slice(label, "NULL")
        members = (bands.below, *bands.start.values())
        if bands.kind == "time_of_day":
            bounds = ", ".join(literal(start) for start in bands.start)
            banded = f"({quantity} AT TIME ZONE {literal(self.timezone)})::time, ARRAY[{bounds}]::time[]"
            known = f"{quantity} BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 00:00+00'"  # else a zone may overflow
        else:
            bounds = ", ".join(str(int(start)) for start in bands.start)
            banded = f"extract(year FROM {quantity})::int, ARRAY[{bounds}]::int[]"
            known = f"isfinite({quantity})"
        return Slice(label, f"CASE WHEN {known} THEN width_bucket({banded}) END", members)

    def _measures(
        self, dataset: str, specs: Mapping[str, MeasureSpec], rejects: Sequence[_Reject], path: tuple[str, ...]
    ) -> tuple[Measure, ...]:
        result: list[Measure] = []
        offset = 0
        for name, spec in specs.items():
            accepted = "".join(f" AND ({r.sql}) IS NOT TRUE" for r in rejects if not r.measures or name in r.measures)
            columns = self._columns(spec, accepted, (*path, name))
            result.append(
                Measure(name, dataset, offset, columns, spec.scale, spec.help, spec.scenario, tuple(spec.bounds))
            )
            offset += len(columns)
        return tuple(result)

    def _columns(self, spec: MeasureSpec, accepted: str, path: tuple[str, ...]) -> tuple[str, ...]:
        where = f"({self._expand(spec.where, (*path, 'where'))})" if spec.where else "true"
        if spec.count is not None:
            condition = f"({self._expand(spec.count, (*path, 'count'))})"
            return (f"count(*) FILTER (WHERE {condition} AND {where}{accepted})",)
        if spec.sum is not None:
            total = f"sum(({self._expand(spec.sum, (*path, 'sum'))})::numeric) FILTER (WHERE {where}{accepted})"
            factor = f" * 1e{spec.scale}" if spec.scale else ""
            return (f"coalesce(({total}{factor})::bigint, 0)",)
        value = f"({self._expand(str(spec.histogram), (*path, 'histogram'))})"
        edges = [f"{value} <= {spec.bounds[0]}"]
        edges += [
            f"{value} > {low} AND {value} <= {high}" for low, high in zip(spec.bounds, spec.bounds[1:], strict=False)
        ]
        edges.append(f"{value} > {spec.bounds[-1]}")
        return tuple(f"count(*) FILTER (WHERE {edge} AND {where}{accepted})" for edge in edges)

    def _kpi(self, slug: str, spec: KpiSpec, measures: Mapping[str, Measure], windows: Sequence[Window]) -> Kpi:
        def find(names: Sequence[str]) -> tuple[Measure, ...]:
            return tuple(measures[name] for name in names)

        return Kpi(
            slug=slug,
            title=spec.title,
            definition=spec.definition,
            dimension=spec.dimension,
            kind=spec.kind,
            unit=spec.unit,
            direction=spec.direction,
            cadence=spec.cadence,
            scenario=spec.scenario,
            numerator=find(spec.numerator),
            denominator=find(spec.denominator),
            unknown=find(spec.unknown),
            before=find(spec.before),
            after=find(spec.after),
            histogram=measures[spec.histogram] if spec.histogram else None,
            labels=(*SLICE_LABELS, *spec.labels),
            windows=()
            if spec.kind == "uplift"
            else tuple(w for w in windows if spec.windows is None or w.name in spec.windows),
            zero_tolerance=spec.zero_tolerance,
            min_samples=spec.min_samples,
            headline_window=spec.headline_window,
            companion_of=spec.companion_of,
            targets=tuple(spec.targets),
            alert=effective(self.spec, spec),
            remedy=spec.remedy or Text(zh="", en=""),
        )
