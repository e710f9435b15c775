"""What the `alert` stanzas mean together with the rest of the catalogue; see `rules`.

A stanza of the package is not held against an operator who changed the KPI: what no longer fits is left out (`alerts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from exporter.errors import ConfigError
from exporter.semantic.alerts import own_windows
from exporter.semantic.files import Merged
from exporter.semantic.hours import WEEKDAYS, day, span
from exporter.semantic.kpi_rules import Rule, all_measures
from exporter.semantic.names import ALL, alert_name
from exporter.semantic.spec import CatalogueSpec, KpiSpec
from exporter.semantic.yamlfile import KeyPath

_ENDINGS = {"lower": "High", "higher": "Low"}
# Alerts on silence, of `expected_within`.
_SILENCE = frozenset({"OutcallNoNewCalls", "OutcallSourceSilent"})


def _windows(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    """Every window that a stanza names is one of the KPI's; fast ones have a strict bound to be judged by."""
    for slug, kpi, path in _stanzas(spec, merged):
        own = own_windows(spec, kpi)
        named = [("window", kpi.alert.window), ("late", kpi.alert.late), *(("fast", name) for name in kpi.alert.fast)]
        named += [("burn", name) for burn in kpi.alert.burn for name in (burn.long, burn.short)]
        for key, name in named:
            if name is not None and name not in own:
                fix = f"use one of {', '.join(own)}" if own else "remove it"
                yield merged.error((*path, key), f"KPI '{slug}' has no window '{name}'", fix)
            elif name is not None and key == "fast" and kpi.alert.strict_z is spec.windows[name].alert.strict_z is None:
                fix = "set `strict_z: 3`, give the window an `alert: {strict_z: 3}`, or name it as `window`"
                yield merged.error((*path, key), f"window '{name}' has no strict bound", fix)
        for index, burn in enumerate(kpi.alert.burn):
            if {burn.long, burn.short} <= own.keys() and own[burn.long] <= own[burn.short]:
                problem = f"'{burn.long}' is not longer than '{burn.short}'"
                yield merged.error((*path, "burn", index), problem, "swap them")


def _gates(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    """What a KPI is judged by: a ratio by its bounds, a percentile by its tail, one that tolerates none by itself."""
    for slug, kpi, path in _stanzas(spec, merged):
        alert = kpi.alert
        bounded = (kpi.kind == "ratio" and alert.bounds) or kpi.kind == "quantile"
        if alert.fast and not kpi.zero_tolerance and not bounded:
            problem = f"KPI '{slug}' has no bounds to be judged by"
            yield merged.error((*path, "fast"), problem, "remove `fast`")
        if alert.fast and kpi.kind == "quantile" and alert.tail is None:
            fix = "name the ratio of those beyond the alarm line as `tail`"
            yield merged.error(path, f"KPI '{slug}' has no bounds to be judged by", fix)
        if kpi.zero_tolerance and (alert.fast or alert.burn):
            fix = "name the one `window` that is watched"
            yield merged.error(path, f"KPI '{slug}' tolerates nothing: it has neither fast windows nor a budget", fix)
        if alert.late is not None and not (kpi.zero_tolerance and kpi.kind == "ratio"):
            fix = "remove it, or set `zero_tolerance: true`"
            yield merged.error((*path, "late"), f"KPI '{slug}': `late` is for ratios that tolerate no breach", fix)


def _tails(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    """The share beyond a percentile's alarm line: a ratio with the same labels, and no lines of its own."""
    for slug, kpi, stanza in _stanzas(spec, merged):
        name, path = kpi.alert.tail, (*stanza, "tail")
        if name is None:
            continue
        tail = spec.kpis.get(name)
        if kpi.kind != "quantile":
            yield merged.error(path, f"KPI '{slug}' is no percentile, and has no tail", "remove it")
        elif tail is None:
            yield merged.error(path, f"unknown KPI '{name}'", "name the ratio of those beyond the alarm line")
        elif tail.kind != "ratio" or tail.direction != kpi.direction or tail.labels != kpi.labels or tail.targets:
            fix = "name a ratio of the same direction and labels, without targets"
            yield merged.error(path, f"KPI '{name}' cannot be the tail of '{slug}'", fix)


def _budgets(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    """A burn rate needs a target for the whole, and a factor that leaves something above it."""
    for slug, kpi in spec.kpis.items():
        at: KeyPath = ("kpis", slug, "alert", "burn")
        # Where the operator says something: the stanza is the package's, the targets may be theirs.
        path = at if merged.is_own(at) else ("kpis", slug, "targets")
        for burn in kpi.alert.burn if kpi.enabled and kpi.alert.enabled else ():
            target = _whole_target(kpi)
            if kpi.kind != "ratio" or target is None or not kpi.alert.bounds:
                fix = "set `alert: {burn: []}`; a budget needs a ratio with bounds, and a target without a slice"
                yield merged.error(path, f"KPI '{slug}' has no error budget to burn", fix)
                continue
            budget = target if kpi.direction == "lower" else 1 - target
            if not 0 < burn.factor * budget < 1:
                fix = "set `alert: {burn: []}`, or a lower `factor`"
                yield merged.error(path, f"KPI '{slug}': {burn.factor:g} times the budget {budget:g} is no share", fix)


def _samples(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    """Samples are counted by measures of the kind that the KPI is made of."""
    measures = {name: (measure, path[0]) for name, measure, path in all_measures(spec)}
    for slug, kpi, path in _stanzas(spec, merged):
        sections = ("levels",) if kpi.kind == "uplift" else ("facts", "kpis")
        for name in kpi.alert.samples:
            measure, section = measures.get(name, (None, ""))
            if measure is None or measure.count is None or section not in sections:
                fix = f"name a count of {' or '.join(sections)}"
                yield merged.error((*path, "samples"), f"'{name}' counts nothing for '{slug}'", fix)


def _names(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    """One name, one runbook: no KPI's alert is called like another alert."""
    taken = {f"Outcall{name}" for name in spec.alerts} | _SILENCE
    for slug, kpi in spec.kpis.items():
        name = alert_name(slug, "Breach" if kpi.zero_tolerance else _ENDINGS[kpi.direction])
        if name in taken:
            other = ("alerts", name.removeprefix("Outcall"))
            path = other if merged.is_own(other) else ("kpis", slug)
            yield merged.error(path, f"KPI '{slug}' has the alert {name} too", "choose another name")
        taken.add(name)


def _hours(spec: CatalogueSpec, merged: Merged) -> Iterator[ConfigError]:
    """When the platform dials: spans, weekdays, and days that are exceptions."""
    yield from _words(spec, merged, "business_hours", "08:00-12:00 14:00-20:00", lambda text: span(text) is not None)
    weekdays = spec.parameters.get("business_weekdays", "12345")
    if not isinstance(weekdays, str) or not WEEKDAYS.fullmatch(weekdays):
        problem = "business_weekdays is not like 12345"
        yield merged.error(("parameters", "business_weekdays"), problem, 'write it in quotes, e.g. "12345"')
    dates = ("closed_dates", "extra_open_dates")
    for name in dates:
        yield from _words(spec, merged, name, "2026-10-01 2026-10-02", lambda text: day(text) is not None, least=0)
    closed, extra = (set(str(spec.parameters.get(name, "")).split()) for name in dates)
    for text in sorted(closed & extra):
        path = ("parameters", dates[1] if merged.is_own(("parameters", dates[1])) else dates[0])
        yield merged.error(path, f"{text} is closed and open", "remove it from closed_dates or from extra_open_dates")


def _words(
    spec: CatalogueSpec, merged: Merged, name: str, example: str, is_right: Callable[[str], bool], least: int = 1
) -> Iterator[ConfigError]:
    """Complains of a parameter that is not a text of at least so many right words."""
    value, path = spec.parameters.get(name, example), ("parameters", name)
    fix = f'write it in quotes, separated by blanks, e.g. "{example}"'
    words = value.split() if isinstance(value, str) else []
    if not isinstance(value, str) or len(words) < least:
        yield merged.error(path, f"{name} is not like {example}", fix)
    for word in words:
        if not is_right(word):
            yield merged.error(path, f"{name}: '{word}' is not like {example.split()[0]}", fix)


def _stanzas(spec: CatalogueSpec, merged: Merged) -> Iterator[tuple[str, KpiSpec, KeyPath]]:
    """KPIs with an `alert` stanza of the operator's, or untouched ones of the package, and where it stands."""
    for slug, kpi in spec.kpis.items():
        path: KeyPath = ("kpis", slug, "alert")
        untouched = not merged.is_own(("kpis", slug))
        if kpi.enabled and kpi.alert.enabled and (untouched or merged.is_own(path)):
            yield slug, kpi, path


def _whole_target(kpi: KpiSpec) -> float | None:
    whole = {t.severity: t.value for t in kpi.targets if all(value == ALL for value in t.slice.values())}
    return next((whole[severity] for severity in ("goal", "warning", "critical") if severity in whole), None)


ALERT_RULES: tuple[Rule, ...] = (_windows, _gates, _tails, _budgets, _samples, _names, _hours)
