"""The drill-down: one KPI of choice, its slices by how far they are off, its splits, its hours, and its alerts."""

from __future__ import annotations

from exporter.generate.dashboards import drillslices, fields, kpiblocks, looks, promql
from exporter.generate.dashboards.alerts import timeline
from exporter.generate.dashboards.annotations import events
from exporter.generate.dashboards.block import Block, Board, Query, Section
from exporter.generate.dashboards.changetable import change_table
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.hourtable import hour_table
from exporter.generate.dashboards.movedtable import moved, reversal
from exporter.generate.dashboards.slicetable import slice_table
from exporter.generate.dashboards.variables import datasource, kpi, member, slice_of, window
from exporter.generate.dashboards.whytable import why_table
from exporter.semantic.names import UNIT_SUFFIX

_SEVERITIES = (("D", "goal", fields.GOAL), ("E", "warning", fields.ORANGE), ("F", "critical", fields.RED))


def drilldown(context: Context) -> Board:
    """Variables choose the KPI and the slice; everything is about these."""
    first = "early_hangup" if "early_hangup" in context.catalogue.kpis else next(iter(context.catalogue.kpis))
    own = promql.own_labels(context.catalogue)
    of_kpi = f'{{{promql.named(promql.KPI)},window=~"$window|",scenario="$scenario"}}'
    labels = [slice_of(label, context.title(label), of_kpi) for label in ("script", *own)]
    return Board(
        "drilldown",
        context.say("外呼绩效 · 下钻", "Outbound calls · drill-down"),
        context.say(
            "选定一个指标：偏离目标最远的切片在最前；按场景、代际、时段、话术拆解；为什么没有告警；变更的效果。",
            "One KPI of choice: the slices farthest off first; by scenario, generation, period, script; "
            "why no alert fires; what changes did.",
        ),
        [
            Section("now", "", ((_value(context), _samples(context)), _course(context))),
            Section(
                "slices",
                context.say("切片：谁造成的", "Slices: where it comes from"),
                (slice_table(context), moved(context), reversal(context), *drillslices.splits(context)),
            ),
            Section("hours", context.say("小时与星期", "Hours and weekdays"), (hour_table(context),)),
            Section(
                "alerts",
                context.say("告警：为什么响、为什么不响", "Alerts: why they fire, why they do not"),
                (why_table(context), timeline(context, 24, 6, promql.KPI)),
            ),
            Section("changes", context.say("变更与效果", "Changes and their effect"), (change_table(context),)),
        ],
        [
            datasource(context),
            kpi(context, first),
            window(context, "24h"),
            *(member(context, label) for label in ("scenario", "generation", "period")),
            *labels,
        ],
        events(context, kpi=promql.KPI),
    )


def _value(context: Context) -> Block:
    """In the KPI's unit: a query for each unit, of which one answers."""
    at = promql.chosen(context.catalogue)
    queries, overrides = [], []
    for ref, (unit, suffix) in zip("ABCD", UNIT_SUFFIX.items(), strict=True):
        stat = {"stat": f"=~p95{promql.OR_NONE}"}
        expr = f"max({promql.selector(f'outcall_{promql.KPI}{suffix}', at | stat)})"
        queries.append(Query(ref, expr, context.say("值", "value"), "instant"))
        overrides.append(fields.of_query(ref, unit=fields.UNITS[unit]))
    defaults = fields.defaults(context, decimals=2, thresholds=fields.steps((None, fields.BLUE)))
    words = context.say(
        "所选切片的现值。该组合没有统计时显示“无通话”。",
        "The chosen slice now; “no calls” where there is nothing to count.",
    )
    return Block("value", context.say("现值", "Now"), words, 4, 5, tuple(queries), looks.value(defaults, overrides))


def _samples(context: Context) -> Block:
    """How many it rests on, and its lines."""
    at = promql.chosen(context.catalogue)
    query = Query("A", f"max({promql.anyone(at, 'samples')})", context.say("样本", "samples"), "instant")
    defaults = fields.defaults(context, unit=fields.COUNT, decimals=0, thresholds=fields.steps((None, "text")))
    least = context.least(context.catalogue.kpis.values())
    words = context.say(f"分母：少于 {least} 不告警。", f"The denominator: below {least} nothing alerts.")
    return Block("samples", context.say("样本", "Samples"), words, 4, 5, (query,), looks.value(defaults))


def _course(context: Context) -> Block:
    """Value, bounds, lines and samples, as they are read."""
    catalogue, say = context.catalogue, context.say
    at = promql.chosen(catalogue)
    lower = say("95% 下界", "95 % lower")
    queries = [Query("A", f"max({promql.anyone(at)}) * {promql.factor()}", say("值", "value"))]
    for ref, part, legend in (("B", "lower", lower), ("C", "upper", say("95% 上界", "95 % upper"))):
        queries.append(Query(ref, f"max({promql.anyone(at, part)}) * {promql.factor()}", legend))
    overrides = [fields.of_query("A", color=fields.fixed(fields.BLUE)), *kpiblocks.band(lower)]
    slices = {label: f"${label}" for label in ("generation", *promql.own_labels(catalogue))}
    for ref, severity, colour in _SEVERITIES:
        line = promql.target(promql.KPI, severity, slices, catalogue)
        legend = say(*kpiblocks.LINE_WORDS[severity])
        queries.append(Query(ref, f"({line}) * {promql.factor()}", legend))
        overrides.append(fields.of_query(ref, **kpiblocks.dashed(colour)))
    queries.append(Query("G", f"max({promql.anyone(at, 'samples')})", say("样本", "samples")))
    overrides.append(fields.of_query("G", **kpiblocks.behind(say("样本", "samples"))))
    defaults = fields.defaults(context, color=fields.palette())
    words = say(
        "所选切片的走势、95% 区间、目标与告警线、样本。比率以百分数显示。",
        "The chosen slice: course, 95 % bounds, target, alarm line, samples. Ratios in percent.",
    )
    title = say("走势（比率为 %）", "Course (ratios in %)")
    return Block("course", title, words, 20, 10, tuple(queries), looks.graph(defaults, overrides))
