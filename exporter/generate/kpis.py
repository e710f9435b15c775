"""The reference of the KPIs (docs/kpis.md) and the table of them in the README, from the catalogue."""

from __future__ import annotations

from exporter.generate.files import head
from exporter.generate.markdown import block, code, codes, page, table
from exporter.generate.wording import CADENCES, SEVERITIES, both, dimension, line, where
from exporter.semantic.model import Catalogue, Kpi, Measure
from exporter.semantic.names import KPI_DIMENSIONS, QUANTILES, bound_metric, kpi_metric, measure_metric, samples_metric

INTRO = """
# 指标参考 KPI reference

每个指标的公式、指标名、标签、窗口、目标与口径。“无样本”即不输出：从不为 0，也从不为 NaN。
Formula, metric names, labels, windows, targets and SQL of each KPI. Nothing over nothing is absent: never 0, never NaN.

比率旁有样本数与 Wilson 95% 上下界；仅当样本数足够、比率越线且有利一侧的界也越过目标时才告警（零容忍指标除外）。
Beside a ratio stand its samples and Wilson 95 % bounds; an alert needs enough samples, the ratio beyond its line and
the bound on the good side beyond the target (zero-tolerance KPIs excepted). All metrics: [metrics.md](metrics.md).
"""


def kpi_reference(catalogue: Catalogue) -> str:
    """docs/kpis.md."""
    parts = [INTRO, _contents(catalogue)]
    for name in _dimensions(catalogue):
        parts.append(f"## {both(dimension(name))}")
        parts += [_kpi(catalogue, kpi) for kpi in catalogue.kpis.values() if kpi.dimension == name]
    return head("docs", "exporter/catalogue") + "\n" + page(*parts)


def kpi_table(catalogue: Catalogue, link: str) -> str:
    """All KPIs in one table; `link` is the reference's place as seen from the document."""
    rows = []
    for name in _dimensions(catalogue):
        for kpi in (kpi for kpi in catalogue.kpis.values() if kpi.dimension == name):
            title = f"[{kpi.title.zh}]({link}#{kpi.slug}) {kpi.title.en}"
            rows.append((dimension(name).zh, title, code(kpi_metric(kpi.slug, kpi.unit)), *_lines(catalogue, kpi)))
    return table(("维度", "指标 KPI", "Metric", "目标 Target", "告警线 Alarm line"), rows)


def _dimensions(catalogue: Catalogue) -> list[str]:
    """Those in use: the usual order, then what operators have added."""
    used = dict.fromkeys(kpi.dimension for kpi in catalogue.kpis.values())
    return [name for name in dict.fromkeys((*KPI_DIMENSIONS, *used)) if name in used]


def _contents(catalogue: Catalogue) -> str:
    lines = []
    for name in _dimensions(catalogue):
        links = [f"[{k.title.zh}](#{k.slug})" for k in catalogue.kpis.values() if k.dimension == name]
        lines.append(f"- **{both(dimension(name))}**: {' · '.join(links)}")
    return "\n".join(lines)


def _lines(catalogue: Catalogue, kpi: Kpi) -> tuple[str, str]:
    """Targets and alarm lines, each with its slice where it has one."""
    texts: dict[bool, list[str]] = {False: [], True: []}
    for target in kpi.targets:
        place = f" {where(catalogue, target).zh}" if target.slice else ""
        texts[target.severity == "critical"].append(line(kpi, target).removeprefix("⚠ ") + place)
    return "<br>".join(texts[False]) or "–", "<br>".join(texts[True]) or "–"


def _kpi(catalogue: Catalogue, kpi: Kpi) -> str:
    return page(
        f'<a id="{kpi.slug}"></a>\n\n### {kpi.title.zh} · {kpi.title.en}',
        f"{kpi.definition.zh}\\\n{kpi.definition.en}",
        table(("", code(kpi.slug)), _facts(catalogue, kpi)),
        _targets(catalogue, kpi),
        _measures(catalogue, kpi),
    )


def _facts(catalogue: Catalogue, kpi: Kpi) -> list[tuple[str, str]]:
    rows = [
        ("指标 Metrics", "<br>".join(map(code, metrics(kpi)))),
        ("公式 Formula", code(formula(kpi))),
        ("标签 Labels", codes(labels(kpi))),
        ("窗口 Windows", codes(window.name for window in kpi.windows)),
        ("周期 Cadence", both(CADENCES[kpi.cadence])),
    ]
    if kpi.unknown:
        names = codes(measure.name for measure in kpi.unknown)
        rows.append(("未知 Not known", f"{names}：有之且分子为 0 则不输出 with any of them 0 is absent"))
    if kpi.scenario is not None:
        rows.append(("场景 Scenario", both(catalogue.dimensions["scenario"].values[kpi.scenario])))
    if kpi.companion_of is not None:
        beside = catalogue.kpis[kpi.companion_of]
        rows.append(("并列于 Stands beside", f"[{both(beside.title)}](#{beside.slug})"))
    if kpi.zero_tolerance:
        rows.append(("零容忍 Zero tolerance", "一次违规即违规 one breach is a breach"))
    elif kpi.targets:
        rows.append(("告警最少样本 Samples for an alert", str(kpi.min_samples)))
    return [*rows, ("改进措施 Remedy", both(kpi.remedy))] if kpi.remedy.zh else rows


def metrics(kpi: Kpi) -> list[str]:
    """The families of a KPI: value, bounds, samples."""
    names = [kpi_metric(kpi.slug, kpi.unit)]
    if kpi.kind == "ratio":
        names += [bound_metric(kpi.slug, kpi.unit, side) for side in ("lower", "upper")]
    return names if kpi.kind == "uplift" else [*names, samples_metric(kpi.slug)]


def labels(kpi: Kpi) -> list[str]:
    """The labels of the value's family, in the order of writing."""
    return [*(["window"] if kpi.windows else []), *kpi.labels, *(["stat"] if kpi.kind == "quantile" else [])]


def formula(kpi: Kpi) -> str:
    """The arithmetic over measures."""

    def total(measures: tuple[Measure, ...]) -> str:
        text = " + ".join(measure.name for measure in measures)
        return f"({text})" if len(measures) > 1 else text

    if kpi.kind == "uplift":
        after, before = (f"{value.name} / {count.name}" for value, count in (kpi.after, kpi.before))
        return f"({after}) / ({before}) - 1"
    quotient = f"{total(kpi.numerator)} / {total(kpi.denominator)}"
    if kpi.histogram is None:
        return quotient
    return f"{', '.join(QUANTILES)}: {kpi.histogram.name}; mean: {quotient}"


def _targets(catalogue: Catalogue, kpi: Kpi) -> str:
    rows = [
        (line(kpi, target), both(where(catalogue, target)), both(SEVERITIES[target.severity])) for target in kpi.targets
    ]
    return table(("线 Line", "切片 Slice", "含义 Meaning"), rows) if rows else "无目标线。 No target."


def _measures(catalogue: Catalogue, kpi: Kpi) -> str:
    """Each measure with the condition that is counted, as the call database is asked."""
    parts = ["**口径 What is counted**"]
    for name in dict.fromkeys(measure.dataset for measure in kpi.measures):
        used = [measure for measure in dict.fromkeys(kpi.measures) if measure.dataset == name]
        parts += [f"{_place(catalogue, name)}", block("\n".join(_sql(catalogue, name, used)), "sql")]
    return page(*parts)


def _place(catalogue: Catalogue, name: str) -> str:
    if name in catalogue.levels:
        return f"`{name}`: `{catalogue.levels[name].source}`，无窗口 without a window"
    dataset = catalogue.datasets[name]
    months = f" + {dataset.anchor.after_months} months" if dataset.anchor.after_months else ""
    anchor = f"`{dataset.source}.{dataset.anchor.column}{months}`"
    return f"`{name}`: {codes(dataset.needs)}，计入窗口的时刻 placed in time by {anchor}"


def simple(sql: str) -> str:
    """An aggregate without the conditions that are always true."""
    without = sql.replace(" AND true", "")
    for always in ("true", "(true)"):
        without = without.replace(f"WHERE {always} AND ", "WHERE ").replace(f" FILTER (WHERE {always})", "")
    return without


def _sql(catalogue: Catalogue, name: str, measures: list[Measure]) -> list[str]:
    of = catalogue.levels[name] if name in catalogue.levels else catalogue.datasets[name]
    lines = []
    for measure in measures:
        metric = measure.name if measure.bounds else measure_metric(measure.name)
        lines.append(f"-- {metric}: {measure.help}")
        if measure.bounds:
            lines.append(f"-- buckets: {', '.join(f'{bound:g}' for bound in measure.bounds)}, open")
        else:
            lines += map(simple, measure.columns)
    return lines if of.where == "true" else [*lines, "-- of the rows", f"WHERE {of.where}"]
