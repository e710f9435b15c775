"""The text of `explain`. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.calldb.query import aggregate_sql, level_sql
from exporter.commands.table import table
from exporter.generate.dashboards.ids import panel_id, uid
from exporter.generate.rules.kpis import alerts
from exporter.generate.rules.levels import has_scenarios
from exporter.generate.rules.model import Options, duration
from exporter.generate.rules.windows import is_alerted
from exporter.semantic.model import Catalogue, Kpi, Measure
from exporter.semantic.names import (
    ALL,
    QUANTILES,
    bound_metric,
    kpi_metric,
    measure_metric,
    runbook_url,
    samples_metric,
)
from exporter.semantic.sqltext import relation_sql
from exporter.state.cube import masks

_SIGN = {"higher": ">=", "lower": "<="}
_MEANING = {
    "goal": "goal, shown only",
    "warning": "target; missed = alert of severity warning",
    "critical": "alarm line; crossed = alert of severity critical",
}


def explanation(catalogue: Catalogue, kpi: Kpi) -> str:
    """Everything about one KPI."""
    sections = [
        _head(kpi),
        _section("formula", _formula(kpi)),
        _section("measures", _measures(kpi)),
        _section("sources", _sources(catalogue, kpi)),
        _section("metrics", _metrics(kpi)),
        _section("slices", _slices(catalogue, kpi)),
        _section("targets and alarm lines", _targets(kpi)),
        _section("alerts", _alerts(catalogue, kpi)),
        _section("panels", _panels(kpi)),
        *(_sql(catalogue, name) for name in sorted(kpi.datasets)),
    ]
    return "\n\n".join(section for section in sections if section)


def _head(kpi: Kpi) -> str:
    lines = [f"{kpi.slug}  {kpi.title.zh}  {kpi.title.en}", f"  {kpi.definition.zh}", f"  {kpi.definition.en}", ""]
    facts = [
        f"dimension {kpi.dimension}, reviewed {kpi.cadence.replace('_', ' ')}",
        f"unit {kpi.unit}, {kpi.direction} is better",
        f"scenario {kpi.scenario}" if kpi.scenario else "all scenarios",
    ]
    if kpi.companion_of:
        facts.append(f"stands beside {kpi.companion_of}")
    lines.append("; ".join(facts))
    if kpi.remedy.zh or kpi.remedy.en:
        lines.append(f"remedy: {kpi.remedy.zh}  {kpi.remedy.en}".rstrip())
    return "\n".join(lines)


def _section(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"{title}:", *(f"  {line}" for line in lines)]) if lines else ""


def _formula(kpi: Kpi) -> list[str]:
    def total(measures: Sequence[Measure]) -> str:
        text = " + ".join(measure.name for measure in measures)
        return f"({text})" if len(measures) > 1 else text

    if kpi.kind == "uplift":
        (after, after_count), (before, before_count) = kpi.after, kpi.before
        return [f"({after.name} / {after_count.name}) / ({before.name} / {before_count.name}) - 1"]
    quotient = f"{total(kpi.numerator)} / {total(kpi.denominator)}"
    if kpi.histogram is None:
        rule = "nothing over nothing is absent"
        return [quotient, f"{rule}, and so is 0 while there are {total(kpi.unknown)}" if kpi.unknown else rule]
    bounds = ", ".join(f"{bound:g}" for bound in kpi.histogram.bounds)
    quantiles = ", ".join(QUANTILES)
    return [f"{quantiles}: by linear interpolation in {kpi.histogram.name} ({bounds}, open)", f"mean: {quotient}"]


def _measures(kpi: Kpi) -> list[str]:
    lines = []
    for measure in dict.fromkeys(kpi.measures):
        lines.append(f"{measure.name}: {measure.help} (from {measure.dataset})")
        lines += [f"    {column}" for column in measure.columns]
    return lines


def _sources(catalogue: Catalogue, kpi: Kpi) -> list[str]:
    lines = []
    for name in sorted(kpi.datasets):
        if name in catalogue.levels:
            level = catalogue.levels[name]
            lines.append(f"{name}: {level.source}, read whole {_when(level.when)}")
            continue
        dataset = catalogue.datasets[name]
        anchor = f"{dataset.anchor.sql}" + (", later by months" if dataset.anchor.after_months else "")
        lines.append(f"{name}: {', '.join(dataset.needs)}; placed in time by {anchor}")
        lines += [f"    read again when {touch.source} changes" for touch in dataset.touches]
    used = {source for name in kpi.datasets for source in _needs(catalogue, name)}
    mapped = [(n, relation_sql(n, catalogue.sources[n])) for n in catalogue.sources if n in used]
    return [*lines, *(f"{name} = {relation}" for name, relation in mapped if relation != name)]


def _when(when: str) -> str:
    return "at every poll" if when == "poll" else "when it changed"


def _needs(catalogue: Catalogue, name: str) -> tuple[str, ...]:
    return (catalogue.levels[name].source,) if name in catalogue.levels else catalogue.datasets[name].needs


def _metrics(kpi: Kpi) -> list[str]:
    labels = "{" + ", ".join((*(["window"] if kpi.windows else []), *kpi.labels)) + "}"
    value = kpi_metric(kpi.slug, kpi.unit)
    stat = labels[:-1] + f', stat="{"|".join((*QUANTILES, "mean"))}"}}' if kpi.kind == "quantile" else labels
    lines = [f"{value}{stat}"]
    if kpi.kind == "ratio":
        lines += [f"{bound_metric(kpi.slug, kpi.unit, side)}{labels}  (Wilson 95 %)" for side in ("lower", "upper")]
    if kpi.kind != "uplift":
        lines.append(f"{samples_metric(kpi.slug)}{labels}  (the denominator)")
    lines += [
        f"{measure_metric(measure.name)}  (finest cell)"
        for measure in dict.fromkeys(kpi.measures)
        if not measure.bounds
    ]
    windows = ", ".join(window.name for window in kpi.windows)
    return [*lines, f"windows: {windows}" if windows else "no window: as of the latest snapshot"]


def _slices(catalogue: Catalogue, kpi: Kpi) -> list[str]:
    """The labels that are not always `all`, by window."""
    if not kpi.windows:
        return []
    present = {label for name in kpi.datasets for label in catalogue.datasets[name].labels}
    shown = [label for label in kpi.labels if label in present]
    by_sets: dict[str, list[str]] = {}
    for window in kpi.windows:
        kept = masks(shown, catalogue.grouping_sets, window.name)
        largest = [item for item in kept if not any(item < other for other in kept)]
        text = "; ".join(" x ".join(label for label in shown if label in item) or ALL for item in largest)
        by_sets.setdefault(text, []).append(window.name)
    lines = [f"{', '.join(windows)}: {text}, each rolled up to `{ALL}`" for text, windows in by_sets.items()]
    always = [label for label in kpi.labels if label not in present]
    return [*lines, f"always `{ALL}`: {', '.join(always)}"] if always else lines


def _targets(kpi: Kpi) -> list[str]:
    rows = [
        (
            f"{_SIGN[kpi.direction]} {target.value:g}",
            ", ".join(f"{label} {value}" for label, value in target.slice.items()) or "the whole",
            _MEANING[target.severity],
        )
        for target in kpi.targets
    ]
    if not rows:
        return []
    gate = (
        "one breach is a breach"
        if kpi.zero_tolerance
        else f"alerts wait for {kpi.min_samples} samples and for the bound on the good side to lie beyond the target"
    )
    return [*table(("line", "slice", "meaning"), rows).splitlines(), gate]


def _alerts(catalogue: Catalogue, kpi: Kpi) -> list[str]:
    """What watches it, and where it is written what to do."""
    if not is_alerted(kpi):
        return []
    rows = []
    for rule in alerts(catalogue, kpi, Options()):
        named = ", ".join(f"{label} {value}" for label, value in rule.labels.items() if label in kpi.labels)
        everywhere = "the whole, each scenario" if has_scenarios(catalogue, kpi) else "the whole"
        rows.append(
            (rule.alert, rule.labels["severity"], rule.labels["window"], named or everywhere, duration(rule.wait))
        )
    names = dict.fromkeys(row[0] for row in rows)
    table_lines = table(("alert", "severity", "window", "slice", "after"), rows).splitlines()
    return [*table_lines, *(f"what to do: {runbook_url(name)}" for name in names)]


def _panels(kpi: Kpi) -> list[str]:
    """Where Grafana shows it: board, file, panel ids."""
    rows = []
    for board, parts in (("overview", ("tile",)), (kpi.dimension, ("tile", "course")), ("drilldown", ())):
        ids = ", ".join(f"{part} {panel_id(board, f'{kpi.slug}/{part}')}" for part in parts)
        rows.append((uid(board, "zh"), f"grafana/zh/{board}.json", ids or f"var-kpi={kpi.slug}"))
    lines = table(("dashboard", "file", "panels"), rows).splitlines()
    return [*lines, f"in English: {uid('overview', 'en')} and so on, grafana/en, the same panel ids"]


def _sql(catalogue: Catalogue, name: str) -> str:
    if name in catalogue.levels:
        level = catalogue.levels[name]
        return f"SQL of {name}:\n{readable(level_sql(level, catalogue.sources[level.source]))};"
    dataset = catalogue.datasets[name]
    sql = aggregate_sql(dataset, catalogue.sources[dataset.source], "minute")
    return f"SQL of {name}, minutes in [$1, $2):\n{readable(sql)};"


def readable(sql: str) -> str:
    """The statement with every column of its SELECT lists on a line of its own."""
    lines = []
    for line in sql.splitlines():
        parts = _top_level(line) if line.startswith("SELECT ") else [line]
        lines.append(",\n  ".join(parts))
    return "\n".join(lines)


def _top_level(line: str) -> list[str]:
    """The line cut at the commas outside parentheses."""
    parts, depth = [""], 0
    for letter in line:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]
