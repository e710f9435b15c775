"""Recording rules: what alerts and panels share, over all replicas of the exporter and only where complete."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.generate.rules import promql, windows
from exporter.generate.rules.levels import Place, watched
from exporter.generate.rules.model import Group, Recording, RuleFile
from exporter.generate.rules.platform import dialling
from exporter.generate.rules.templates import TITLE, titles
from exporter.semantic.model import Catalogue, Kpi, Window
from exporter.semantic.names import ALL, bound_metric, kpi_metric, measure_metric, samples_metric

INTERVAL = 15
DIRECTIONS = ("lower", "higher")
_GOOD_SIDE = {"lower": "lower", "higher": "upper"}
_BAD_SIDE = {"lower": "upper", "higher": "lower"}


def recording_file(catalogue: Catalogue) -> RuleFile:
    """rules/recording.rules.yml: one group, since its last rules are computed of the first ones."""
    rules = [*_titles(catalogue), *dialling(catalogue)]
    for kpi in filter(windows.is_alerted, catalogue.kpis.values()):
        at = used_places(catalogue, kpi)
        rules += [rule for place in at for rule in _of_place(catalogue, kpi, place)]
        if kpi.alert.tail is not None:
            tail = catalogue.kpis[kpi.alert.tail]
            rules += [rule for place in at for rule in _value(catalogue, tail, place, kpi.alert.fast)]
    rules += [*_bad_counts(catalogue), *_strict_bounds(catalogue)]
    return RuleFile("recording", (Group("outcall-recording", INTERVAL, tuple(rules)),))


def _titles(catalogue: Catalogue) -> Iterable[Recording]:
    """What the values of labels are called, for the texts of alerts: constant series."""
    for label, record in TITLE.items():
        for value, title in titles(catalogue, label).items():
            yield Recording(record, "vector(1)", {label: value, f"{label}_zh": title.zh, f"{label}_en": title.en})


def used_places(catalogue: Catalogue, kpi: Kpi) -> list[Place]:
    """Where a KPI has lines, each once."""
    found: list[Place] = []
    for line in watched(catalogue, kpi):
        found += [place for place in line.places if place not in found]
    return found


def sources(catalogue: Catalogue, kpi: Kpi) -> set[str]:
    """Everything that has to be read before the KPI is right."""
    found: set[str] = set()
    for name in kpi.datasets:
        found |= {catalogue.levels[name].source} if name in catalogue.levels else set(catalogue.datasets[name].needs)
    return found


def _of_place(catalogue: Catalogue, kpi: Kpi, place: Place) -> Iterable[Recording]:
    yield from _value(catalogue, kpi, place, windows.recorded(kpi))
    if windows.has_bounds(kpi):
        for record, side, names in (
            (promql.BOUND, _GOOD_SIDE, windows.gated(kpi)),
            (promql.OPPOSITE, _BAD_SIDE, windows.recovering(kpi)),
        ):
            if names:
                metric = bound_metric(kpi.slug, kpi.unit, side[kpi.direction])
                yield _recording(catalogue, kpi, place, record, metric, names)


def _value(catalogue: Catalogue, kpi: Kpi, place: Place, names: Iterable[str]) -> Iterable[Recording]:
    """The value and the samples."""
    yield _recording(catalogue, kpi, place, promql.VALUE, kpi_metric(kpi.slug, kpi.unit), names)
    if kpi.alert.samples:
        yield _counted(catalogue, kpi, place, names)
    elif kpi.kind != "uplift":
        yield _recording(catalogue, kpi, place, promql.SAMPLES, samples_metric(kpi.slug), names)


def _recording(
    catalogue: Catalogue, kpi: Kpi, place: Place, record: str, metric: str, names: Iterable[str]
) -> Recording:
    """One family at one place, of the replica that sees it worst (of samples: the most)."""
    matchers = {label: place.labels.get(label, ALL) for label in kpi.labels}
    if kpi.windows:
        matchers = {"window": promql.among(names)} | matchers
    if record == promql.VALUE and kpi.kind == "quantile":
        matchers["stat"] = "p95"
    how = "max" if record == promql.SAMPLES else promql.WORSE[kpi.direction]
    by = (*(["window"] if kpi.windows else []), *kpi.labels)
    expr = promql.over_replicas(how, by, promql.selector(metric, matchers), sources(catalogue, kpi), bool(kpi.windows))
    return Recording(record, expr, _labels(kpi, place))


def _counted(catalogue: Catalogue, kpi: Kpi, place: Place, names: Iterable[str]) -> Recording:
    """Samples by measures of their own: finest cells, so they are added up; the smallest of several counts."""
    split = [label for label, value in place.labels.items() if value.startswith("!")]
    window = {"window": promql.among(names)} if kpi.windows else {}
    by = (*window, *split)
    parts = []
    for name in kpi.alert.samples:
        gauge = promql.selector(measure_metric(name), window | {k: v for k, v in place.named.items() if k not in split})
        total = f"sum by ({', '.join(('job', 'instance', *by))}) ({gauge})"
        parts.append(promql.over_replicas("max", by, total, sources(catalogue, kpi), bool(kpi.windows)))
    expr = parts[0]
    for part in parts[1:]:
        expr = f"({expr} < {part})\nor {part}"
    fixed = {label: place.labels.get(label, ALL) for label in kpi.labels if label not in split}
    return Recording(promql.SAMPLES, expr, _labels(kpi, place) | fixed)


def _labels(kpi: Kpi, place: Place) -> dict[str, str]:
    """Those of a slice too, though the series have them: no two rules are to look alike."""
    latest = {} if kpi.windows else {"window": windows.LATEST.name}
    return {"kpi": kpi.slug, "level": place.level} | latest | (place.named if place.level == "slice" else {})


def _bad_counts(catalogue: Catalogue) -> Iterable[Recording]:
    """How many lie on the bad side, of the KPIs that are judged by it."""
    parts = []
    for direction in DIRECTIONS:
        judged = [_judged(kpi, direction, window.name) for kpi in catalogue.kpis.values() for window in kpi.windows]
        breached = [kpi.slug for kpi in catalogue.kpis.values() if kpi.direction == direction and _counts_breaches(kpi)]
        slugs = list(dict.fromkeys([*(slug for found in judged for slug in found), *breached]))
        if slugs:
            value, samples = (
                promql.selector(of, {"kpi": promql.among(slugs)}) for of in (promql.VALUE, promql.SAMPLES)
            )
            parts.append(f"round({value if direction == 'lower' else f'(1 - {value})'} * {samples})")
    if parts:
        yield Recording(promql.BAD_COUNT, "\nor\n".join(parts))


def _strict_bounds(catalogue: Catalogue) -> Iterable[Recording]:
    """One for each window, of all KPIs that are judged by it."""
    for window in catalogue.windows:
        parts = []
        for (direction, z), slugs in _by_bound(catalogue, window).items():
            matchers = {"kpi": promql.among(slugs), "window": window.name}
            bad, samples = (promql.selector(of, matchers) for of in (promql.BAD_COUNT, promql.SAMPLES))
            parts.append(promql.strict_bound(bad, samples, z, direction))
        if parts:
            yield Recording(promql.STRICT, "\nor\n".join(parts), {"window": window.name})


def _by_bound(catalogue: Catalogue, window: Window) -> dict[tuple[str, float], list[str]]:
    """The KPIs whose strict bounds are wanted in a window, by direction and z."""
    found: dict[tuple[str, float], list[str]] = {}
    for direction in DIRECTIONS:
        for kpi in catalogue.kpis.values():
            z = kpi.alert.strict_z or window.alert.strict_z
            if z is not None:
                for slug in _judged(kpi, direction, window.name):
                    found.setdefault((direction, z), []).append(slug)
    return found


def _judged(kpi: Kpi, direction: str, window: str) -> list[str]:
    """The KPI whose strict bound an alert of this one needs in a window, if any."""
    if not windows.is_alerted(kpi) or kpi.direction != direction or window not in windows.strict(kpi):
        return []
    return [kpi.alert.tail or kpi.slug]


def _counts_breaches(kpi: Kpi) -> bool:
    """Late rows make the number grow, and the page tells it."""
    return windows.is_alerted(kpi) and kpi.zero_tolerance and kpi.kind == "ratio"
