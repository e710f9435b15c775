"""Panels about alerts: what fires, since when, and its course."""

from __future__ import annotations

from exporter.generate.dashboards import fields, looks, promql, tables
from exporter.generate.dashboards.block import Block, Query
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.links import data_link, document, to_board
from exporter.semantic.names import ALL, RUNBOOKS

_SLICE = ("scenario", "generation")


def _labels(context: Context) -> tuple[str, ...]:
    return ("alertname", "severity", "kpi", "window", *_SLICE, *promql.own_labels(context.catalogue))


def by_alert(context: Context, **of: str) -> str:
    """What fires, one series for each alert and place, whichever replicas see it."""
    return f"max by ({', '.join(_labels(context))}) ({promql.firing(**of)})"


def firing_table(context: Context, width: int, height: int) -> Block:
    """What fires now, critical first, with its age, its runbook and its drill-down at its slice."""
    say = context.say
    rank = "\nor ".join(
        f"{by_alert(context, severity=name)} * {level}"
        for level, name in ((3, "critical"), (2, "warning"), (1, "info"))
    )
    by = ", ".join(_labels(context))
    since = f"time() - min by ({by}) (ALERTS_FOR_STATE)\nand on ({by}) ({promql.firing()})"
    columns = {
        "severity": say("级别", "Severity"),
        "alertname": say("告警", "Alert"),
        **{label: context.title(label) for label in _SLICE},
        "window": say("窗口", "Window"),
        "Value #B": say("已持续", "For"),
        "own": say("细分", "Further"),
        "kpi": "slug",
        **{f"at_{label}": f"at_{label}" for label in _placed(context)},
    }
    hidden = ["Value #A", *promql.own_labels(context.catalogue)]
    return Block(
        "firing",
        say("正在触发", "Firing now"),
        say(
            "点告警名：处置手册或下钻到它的切片。",
            "An alert's name leads to its runbook, and to the drill-down at its slice.",
        ),
        width,
        height,
        (Query("A", _with_place(context, rank), form="table"), Query("B", _with_place(context, since), form="table")),
        looks.rows(
            fields.defaults(context, thresholds=fields.steps((None, "text")), none=say("无告警", "nothing fires")),
            _columns(context, columns),
        ),
        transformations=(tables.merged(), tables.sorted_by("Value #A"), tables.organized(columns, hidden)),
    )


def _placed(context: Context) -> tuple[str, ...]:
    return ("window", *_SLICE, *promql.own_labels(context.catalogue))


def _with_place(context: Context, expr: str) -> str:
    """Its place once more for links: columns are shown in words, and what an alert does not name is all."""
    for label in _placed(context):
        usual = "24h" if label == "window" else ALL
        unnamed = f'label_replace({expr}, "at_{label}", "{usual}", "{label}", "")'
        expr = f'label_replace({unnamed}, "at_{label}", "$1", "{label}", "(.+)")'
    # What only some KPIs are split by, in one column.
    expr = f'label_replace({expr}, "own", "–", "alertname", ".*")'
    for label in promql.own_labels(context.catalogue):
        expr = f'label_replace({expr}, "own", "$1", "{label}", "(.+)")'
    return expr


def _columns(context: Context, columns: dict[str, str]) -> list[fields.Override]:
    variables = ["var-kpi=${__data.fields.slug}", *(f"var-{at}=${{__data.fields.at_{at}}}" for at in _placed(context))]
    drill = data_link(context.say("下钻（指标）", "Drill down (KPI)"), to_board(context, "drilldown", variables))
    boards = [
        data_link(context.say("导出器与转发", "Exporter and relay"), to_board(context, "exporter", [])),
        data_link(context.say("主机与录音", "Host and recordings"), to_board(context, "host", [])),
    ]
    runbook = document(context.say("处置手册", "Runbook"), f"{RUNBOOKS}/${{__value.raw}}.md")
    found = [
        fields.gaps(),
        fields.column(columns["severity"], **fields.state(fields.severities(context), 60)),
        fields.column(columns["alertname"], links=[runbook, drill, *boards], custom__width=214),
        fields.column(columns["Value #B"], unit="s", decimals=0, custom__width=74),
        fields.column(columns["window"], custom__width=50),
    ]
    for label in _SLICE:
        names = fields.named(context.members(label))
        found.append(fields.column(columns[label], mappings=[names], custom__width=66))
    own = {
        value: text for label in promql.own_labels(context.catalogue) for value, text in context.members(label).items()
    }
    found.append(fields.column(columns["own"], mappings=[fields.named(own)], custom__width=110))
    hidden = (columns["kpi"], *(f"at_{label}" for label in _placed(context)))
    return [*found, *(fields.column(name, **fields.hidden()) for name in hidden)]


def timeline(context: Context, width: int, height: int, kpi: str = "") -> Block:
    """Which alerts fired when."""
    expr = f"max by (alertname) ({promql.firing(kpi=kpi, severity='critical')}) * 2"
    expr += f"\nor max by (alertname) ({promql.firing(kpi=kpi, severity='warning')})"
    defaults = fields.defaults(
        context,
        mappings=[fields.ranks(context)],
        color=fields.palette(),
        none=context.say("该时段无告警", "no alerts in this span"),
    )
    return Block(
        "alert-timeline",
        context.say("告警时间线", "Alerts over time"),
        context.say("每行一个告警：红为严重，橙为警告。", "A row for each alert: red critical, orange warning."),
        width,
        height,
        (Query("A", expr, "{{alertname}}"),),
        looks.timeline(defaults),
    )
