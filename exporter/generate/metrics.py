"""The reference of all metric families (docs/metrics.md): those of the catalogue, and those that the code describes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from exporter.generate.files import head
from exporter.generate.kpis import labels, metrics
from exporter.generate.markdown import code, codes, page, table
from exporter.semantic.model import Catalogue, Kpi, Measure
from exporter.semantic.names import ALL, QUANTILES, SLICE_LABELS, kpi_metric, measure_metric, samples_metric

HEADER = ("指标 Metric", "类型 Type", "标签 Labels", "含义 Meaning")
INTRO = f"""
# 指标全集 All metrics

Prometheus 文本与 OpenMetrics，按内容协商；未知即不输出。
Prometheus text and OpenMetrics by content negotiation; what is not known is absent, never 0 and never NaN.

- 标签值 `{ALL}` 表示合计：KPI 指标已含所有组合，只需选择，无需求和。
  The label value `{ALL}` is the roll-up: KPI families hold every combination of the grouping sets; never sum them.
- 计量指标为最细单元，无 `{ALL}`，可按任意标签求和。
  Measure gauges are the finest cells without `{ALL}`, and may be summed over any label.
"""


@dataclass(frozen=True, slots=True)
class FamilyDoc:
    """A metric family as the code describes it; `name` as it stands on the page."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


def metrics_reference(catalogue: Catalogue, groups: Mapping[str, Sequence[FamilyDoc]]) -> str:
    """docs/metrics.md; `groups`: title -> families that are not the catalogue's."""
    parts = [INTRO, _windows(catalogue), "## KPI 指标 KPI gauges", _table(_kpis(catalogue.kpis.values()))]
    parts += ["## 计量指标 Measure gauges", _table(_measures(catalogue))]
    for title, families in groups.items():
        parts += [f"## {title}", _table(families)]
    return head("docs", "exporter/catalogue and the collectors") + "\n" + page(*parts)


def _windows(catalogue: Catalogue) -> str:
    rows = [(code(w.name), f"{w.seconds:,} s", w.grain) for w in catalogue.windows]
    sets = [
        f"- {' × '.join(map(code, item.by))}: {codes(w.name for w in catalogue.windows if w.name in item.windows)}"
        for item in catalogue.grouping_sets
    ]
    return page(
        table(("窗口 Window", "长度 Length", "粒度 Grain"), rows),
        "分组（含各级合计） Grouping sets, each with all its roll-ups:",
        "\n".join(sets),
    )


def _table(families: Iterable[FamilyDoc]) -> str:
    return table(HEADER, [(code(f.name), f.kind, codes(f.labels), f.help.rstrip(".")) for f in families])


def _kpis(kpis: Iterable[Kpi]) -> Iterable[FamilyDoc]:
    for kpi in kpis:
        title = f"[{kpi.title.zh} {kpi.title.en}](kpis.md#{kpi.slug})"
        own = tuple(labels(kpi))
        plain = tuple(label for label in own if label != "stat")
        for name in metrics(kpi):
            if name == kpi_metric(kpi.slug, kpi.unit):
                stats = f"; stat: {', '.join((*QUANTILES, 'mean'))}" if kpi.kind == "quantile" else ""
                yield FamilyDoc(name, "gauge", own, title + stats)
            elif name == samples_metric(kpi.slug):
                yield FamilyDoc(name, "gauge", plain, "样本数 denominator")
            else:
                side = "下界 lower" if name.endswith("_lower") else "上界 upper"
                yield FamilyDoc(name, "gauge", plain, f"Wilson 95 % {side} bound")


def _measures(catalogue: Catalogue) -> Iterable[FamilyDoc]:
    for measure in catalogue.measures.values():
        if not measure.bounds:
            yield FamilyDoc(measure_metric(measure.name), "gauge", _cell_labels(catalogue, measure), measure.help)


def _cell_labels(catalogue: Catalogue, measure: Measure) -> tuple[str, ...]:
    """A dataset's own labels come after the four that every gauge carries; a level has no window."""
    if measure.dataset in catalogue.levels:
        return SLICE_LABELS
    own = catalogue.datasets[measure.dataset].labels
    return ("window", *SLICE_LABELS, *(label for label in own if label not in SLICE_LABELS))
