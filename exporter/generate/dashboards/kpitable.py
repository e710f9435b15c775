"""Every KPI against its lines, the worst first."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard

from exporter.generate.dashboards import fields, looks, promql, tables
from exporter.generate.dashboards.block import Block, Query
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.links import data_link, to_board, whole
from exporter.generate.wording import dimension
from exporter.semantic.model import Kpi
from exporter.semantic.names import ALL, LATEST, SLICE_LABELS


def kpi_table(context: Context) -> Block:
    """A row for each KPI: state, value, lines, samples, bounds; its name leads to the drill-down."""
    columns = _columns(context)
    words = context.say(
        "有告警的在前，再按状态：红、橙、黄。状态含有自己目标线的切片（如老年）；"
        "值取主窗口（多为 24h）与整体，比率为 %。点名称下钻。",
        "What fires first, then by state: red, orange, yellow. The state covers slices with lines of their own (the "
        "elderly, say); the value is that of the whole in the main window (mostly 24h), ratios in percent.",
    )
    defaults = fields.defaults(
        context,
        decimals=2,
        thresholds=fields.steps((None, "text")),
        none=context.say("导出器没有数据", "nothing from the exporter"),
    )
    return Block(
        "every-kpi",
        context.say("全部指标：红黄绿排序", "Every KPI, the worst first"),
        words,
        15,
        22,
        _queries(context),
        looks.rows(defaults, _overrides(context, columns)),
        transformations=(tables.merged(), tables.sorted_by("Value #G"), tables.organized(columns, ["Value #G"])),
    )


def units(context: Context) -> dashboard.ValueMap:
    """Units as they are read."""
    seconds, points = context.say("秒", "s"), context.say("分", "points")
    return fields.named({"ratio": "%", "cny": context.say("元", "CNY"), "seconds": seconds, "score": points})


def _title(context: Context) -> str:
    """The label of `outcall_kpi_info` that holds a KPI's title."""
    return f"title_{context.language}"


def _queries(context: Context) -> tuple[Query, ...]:
    labels = f"dimension, {_title(context)}"
    by = f"kpi, {labels}"

    def joined(expr: str) -> str:
        return f"({expr}) * on (kpi) group_left ({labels}) {promql.titles(labels)}"

    def read(expr: str) -> str:
        return f"max by ({by}, unit) ({promql.read(expr, labels)})"

    alerts = " or on (kpi) ".join(
        f"max by (kpi) ({promql.firing(severity=name)}) * {rank}" for name, rank in (("critical", 2), ("warning", 1))
    )
    state = _states(context)
    exprs = (
        f"{joined(state)}\n* on (kpi) group_left (window) ({_windows(context)})",
        read(_headlines(context, "value")),
        read(promql.targets(context.catalogue, "goal", "warning")),
        read(promql.targets(context.catalogue, "critical")),
        f"({alerts}) and on (kpi) {promql.INFO}",
        joined(_headlines(context, "samples")),
        # What fires stands above what only looks bad.
        f"({state}) + on (kpi) (10 * ({alerts}) or on (kpi) max by (kpi) ({promql.INFO}) * 0)",
    )
    return tuple(Query(ref, expr, form="table") for ref, expr in zip("ABCDEFG", exprs, strict=True))


def _windows(context: Context) -> str:
    """Each KPI's main window, as a label; the drill-down of one without windows may be opened in any."""
    found: dict[str, list[str]] = {}
    for kpi in context.catalogue.kpis.values():
        found.setdefault(kpi.headline_window, []).append(kpi.slug)
    return " or ".join(
        f'label_replace(max by (kpi) ({promql.INFO}{{kpi=~"{"|".join(slugs)}"}}), "window", "{window}", "kpi", ".*")'
        for window, slugs in found.items()
    )


def _states(context: Context) -> str:
    """The exporter's verdict; -1 where there is a value and no target, -2 where there is no value."""
    return (
        f"max by (kpi) ({promql.STATE})\nor on (kpi) {_headlines(context, 'value')} * 0 - 1"
        f"\nor on (kpi) max by (kpi) ({promql.INFO}) * 0 - 2"
    )


def _headlines(context: Context, part: str) -> str:
    """Values over the whole of all KPIs, each in its own window, by `kpi`."""
    own = promql.own_labels(context.catalogue)
    windows: dict[str, list[str]] = {}
    for kpi in (kpi for kpi in context.catalogue.kpis.values() if _has(kpi, part)):
        windows.setdefault(kpi.headline_window if kpi.windows else LATEST, []).append(kpi.slug)
    pieces = []
    for window, slugs in windows.items():
        at = {} if window == LATEST else {"window": window}
        at |= dict.fromkeys(SLICE_LABELS, ALL) | dict.fromkeys(own, f"=~{ALL}{promql.OR_NONE}")
        pieces.append(promql.anyone(at, part, "|".join(slugs)))
    # Where no KPI has that part, a column stays empty.
    return promql.slugged("\nor ".join(pieces), part) if pieces else f'max by (kpi) ({promql.INFO}{{kpi=""}})'


def _has(kpi: Kpi, part: str) -> bool:
    """Bounds are those of ratios; an uplift has no samples."""
    return part == "value" or (kpi.kind != "uplift" and (part == "samples" or kpi.kind == "ratio"))


def _columns(context: Context) -> dict[str, str]:
    say = context.say
    return {
        "Value #A": say("状态", "State"),
        "Value #E": say("告警", "Alert"),
        _title(context): say("指标", "KPI"),
        "Value #B": say("值", "Value"),
        "unit": say("单位", "Unit"),
        "Value #C": say("目标", "Target"),
        "Value #D": say("告警线", "Alarm line"),
        "Value #F": say("样本", "Samples"),
        "dimension": say("维度", "Dimension"),
        "kpi": "slug",
        "window": "window",
    }


def _overrides(context: Context, columns: dict[str, str]) -> list[fields.Override]:
    variables = ["var-kpi=${__data.fields.slug}", "var-window=${__data.fields.window}", *whole(SLICE_LABELS)]
    link = data_link(context.say("下钻", "Drill down"), to_board(context, "drilldown", variables))
    dimensions = fields.named({name: context.pick(dimension(name)) for name in context.dimensions})
    return [
        fields.gaps(),
        fields.column(columns["Value #A"], **fields.state(fields.states(context), 92)),
        fields.column(columns["Value #E"], **fields.state(fields.ranks(context), 70)),
        fields.column(columns[_title(context)], links=[link], custom__width=200),
        fields.column(columns["unit"], mappings=[units(context)], custom__width=60),
        fields.column(columns["Value #F"], unit=fields.COUNT, decimals=0, custom__width=90),
        fields.column(columns["dimension"], mappings=[dimensions], custom__width=96),
        *(fields.column(columns[name], custom__width=90) for name in ("Value #B", "Value #C", "Value #D")),
        *(fields.column(columns[name], **fields.hidden()) for name in ("kpi", "window")),
    ]
