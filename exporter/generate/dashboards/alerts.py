"""Panels about alerts: what fires, since when, and its course."""

from __future__ import annotations

from exporter.generate.dashboards import fields, looks, promql, tables
from exporter.generate.dashboards.block import Block, Query
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.links import data_link, to_board
from exporter.semantic.names import RUNBOOKS

_BY = "alertname, severity, kpi, scenario, generation, window"


def firing_table(context: Context, width: int, height: int, kpi: str = "") -> Block:
    """What fires now, critical first, with its age, its runbook and its drill-down."""
    say = context.say
    of = {name: f"max by ({_BY}) ({promql.firing(kpi=kpi, severity=name)})" for name in ("critical", "warning", "info")}
    rank = f"{of['critical']} * 3\nor {of['warning']} * 2\nor {of['info']}"
    since = f"time() - min by ({_BY}) (ALERTS_FOR_STATE)\nand on ({_BY}) ({promql.firing(kpi=kpi)})"
    columns = {
        "severity": say("级别", "Severity"),
        "alertname": say("报警", "Alert"),
        "scenario": context.title("scenario"),
        "generation": context.title("generation"),
        "window": say("窗口", "Window"),
        "Value #B": say("已持续", "For"),
        "kpi": say("指标", "KPI"),
    }
    return Block(
        "firing",
        say("正在触发", "Firing now"),
        say("点报警名：处置手册或下钻。", "An alert's name leads to its runbook and to the drill-down."),
        width,
        height,
        (Query("A", rank, form="table"), Query("B", since, form="table")),
        looks.rows(
            fields.defaults(context, thresholds=fields.steps((None, "text")), none=say("无报警", "nothing fires")),
            _columns(context, columns),
        ),
        transformations=(tables.merged(), tables.sorted_by("Value #A"), tables.organized(columns, ["Value #A"])),
    )


def _columns(context: Context, columns: dict[str, str]) -> list[fields.Override]:
    variables = [f'var-{name}=${{__data.fields["{columns[name]}"]}}' for name in ("kpi", "window")]
    drill = data_link(context.say("下钻", "Drill down"), to_board(context, "drilldown", variables))
    runbook = data_link(context.say("处置手册", "Runbook"), f"{RUNBOOKS}/${{__value.raw}}.md")
    runbook.target_blank = True
    found = [
        fields.gaps(),
        fields.column(columns["severity"], **fields.state(fields.severities(context), 60)),
        fields.column(columns["alertname"], links=[runbook, drill], custom__width=214),
        fields.column(columns["Value #B"], unit="s", decimals=0, custom__width=74),
        fields.column(columns["window"], custom__width=50),
        fields.column(columns["kpi"], **fields.hidden()),
    ]
    for label in ("scenario", "generation"):
        names = fields.named(context.members(label))
        found.append(fields.column(columns[label], mappings=[names], custom__width=66))
    return found


def timeline(context: Context, width: int, height: int, kpi: str = "") -> Block:
    """Which alerts fired when."""
    expr = f"max by (alertname) ({promql.firing(kpi=kpi, severity='critical')}) * 2"
    expr += f"\nor max by (alertname) ({promql.firing(kpi=kpi, severity='warning')})"
    words = fields.mapping(
        {"2": (context.say("严重", "critical"), fields.RED), "1": (context.say("警告", "warning"), fields.ORANGE)}
    )
    defaults = fields.defaults(
        context,
        mappings=[words],
        thresholds=fields.steps((None, fields.ORANGE), (2, fields.RED)),
        none=context.say("该时段无报警", "no alerts in this span"),
    )
    return Block(
        "alert-timeline",
        context.say("报警时间线", "Alerts over time"),
        context.say("每行一个报警：红为严重，橙为警告。", "A row for each alert: red critical, orange warning."),
        width,
        height,
        (Query("A", expr, "{{alertname}}"),),
        looks.timeline(defaults),
    )
