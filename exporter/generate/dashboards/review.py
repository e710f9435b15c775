"""This period against the last: by the week for business and experience, by the month for the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exporter.generate.dashboards import fields, kpiblocks, looks, promql
from exporter.generate.dashboards.annotations import events
from exporter.generate.dashboards.block import Block, Board, Query, Section
from exporter.generate.dashboards.changetable import change_table, verifiable
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.links import chosen, of_kpi, to_kpi
from exporter.generate.dashboards.reviewtables import SLICES, counted, moved_table, review_table
from exporter.generate.dashboards.variables import datasource, member
from exporter.semantic.model import Kpi
from exporter.semantic.names import ALL


@dataclass(frozen=True, slots=True)
class Period:
    """Which KPIs are reviewed over which window."""

    name: str
    window: str
    span: str
    dimensions: tuple[str, ...]
    title: tuple[str, str]


PERIODS = (
    Period("weekly", "7d", "now-28d", ("business", "experience"), ("周复盘", "weekly review")),
    Period("monthly", "30d", "now-30d", ("technical", "compliance"), ("月复盘", "monthly review")),
)


def reviewed(context: Context, period: Period) -> list[Kpi]:
    """The KPIs of a review: those of its dimensions that have its window, and no `real time` ones elsewhere."""
    usual = {name for other in PERIODS for name in other.dimensions}
    last = period is PERIODS[-1]
    return [
        kpi
        for kpi in context.catalogue.kpis.values()
        if any(window.name == period.window for window in kpi.windows)
        and (kpi.dimension in period.dimensions or (last and kpi.dimension not in usual))
    ]


def review(context: Context, period: Period) -> Board:
    """The board of a period."""
    kpis = reviewed(context, period)
    title = context.say(*period.title)
    words = context.say(
        f"最近 {period.window} 对上一个 {period.window}。Prometheus 的保留期须不短于两个周期。",
        f"The last {period.window} against the {period.window} before. Prometheus has to keep two periods.",
    )
    return Board(
        period.name,
        context.say(f"外呼绩效 · {title}", f"Outbound calls · {title}"),
        words,
        [
            Section("all", "", tuple(_tables(context, period, kpis))),
            *_changes(context, period, kpis),
            Section(
                "courses",
                context.say("走势：本期与上期", "Courses: this period and the last"),
                [_course(context, period, kpi) for kpi in kpis],
            ),
        ],
        [datasource(context), *(member(context, label) for label in SLICES)],
        events(context, calm=True),
        period.span,
        "5m",
    )


def _tables(context: Context, period: Period, kpis: Sequence[Kpi]) -> Iterator[Block]:
    """All KPIs, and the slices of those whose changes can be compared."""
    yield review_table(context, period.window, kpis)
    if of := counted(context, kpis):
        yield moved_table(context, period.window, of)


def _changes(context: Context, period: Period, kpis: Sequence[Kpi]) -> Iterator[Section]:
    """What was done about them, and whether it worked."""
    if slugs := "|".join(kpi.slug for kpi in verifiable(kpis)):
        kept = [f"var-window={period.window}", *(f"${{{label}:queryparam}}" for label in SLICES)]
        title = context.say("变更与效果", "Changes and their effect")
        yield Section("changes", title, (change_table(context, slugs, kept),))


def _course(context: Context, period: Period, kpi: Kpi) -> Block:
    """A KPI over the review's window, and the same one period earlier."""
    at = {"window": period.window} | {label: f"${label}" if label in SLICES else ALL for label in kpi.labels}
    now = promql.gauge(kpi, "value", at)
    then = promql.gauge(kpi, "value", at, ago=period.window)
    line = promql.target(kpi.slug, "warning", {"generation": "$generation"}, context.catalogue)
    queries = [
        Query("A", now, context.say("本期", "this period")),
        Query("B", then, context.say("上期", "last period")),
    ]
    overrides = [
        fields.of_query("A", color=fields.fixed(fields.BLUE)),
        fields.of_query("B", **kpiblocks.dashed(fields.GREY)),
    ]
    if kpiblocks.has_line(kpi, "warning"):
        queries.append(Query("C", line, context.say("目标", "target")))
        overrides.append(fields.of_query("C", **kpiblocks.dashed(fields.ORANGE)))
    defaults = fields.defaults(
        context,
        unit=fields.UNITS[kpi.unit],
        color=fields.palette(),
        links=[to_kpi(context, kpi, f"var-window={period.window}", *chosen(at))],
    )
    return Block(
        f"{kpi.slug}/course",
        context.pick(kpi.title),
        kpiblocks.describe(context, kpi),
        8,
        7,
        tuple(queries),
        looks.graph(defaults, overrides),
        of_kpi(context, kpi),
    )
