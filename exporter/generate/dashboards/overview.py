"""The overview: every KPI against its target with the worst first, what fires now, and a tile for each KPI."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.generate.dashboards import fields, kpiblocks, looks, promql
from exporter.generate.dashboards.alerts import firing_table, timeline
from exporter.generate.dashboards.annotations import events
from exporter.generate.dashboards.block import Block, Board, Query, Section
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.kpitable import kpi_table
from exporter.generate.dashboards.links import whole
from exporter.generate.dashboards.variables import datasource
from exporter.generate.wording import dimension
from exporter.semantic.names import ALL, SLICE_LABELS

# Narrow tiles: six in a row.
TILE = 4


def overview(context: Context) -> Board:
    """The first board."""
    return Board(
        "overview",
        context.say("外呼绩效 · 总览", "Outbound calls · overview"),
        context.say(
            "全部指标对目标，最差的在最前；正在触发的报警；点任一指标下钻。",
            "Every KPI against its target, the worst first; what fires now; every KPI leads to its drill-down.",
        ),
        [
            Section(
                "now",
                "",
                (*_counts(context), kpi_table(context), (firing_table(context, 9, 12), timeline(context, 9, 10))),
            ),
            *_tiles(context),
        ],
        [datasource(context)],
        events(context, severity="critical"),
    )


def _counts(context: Context) -> Iterable[Block]:
    """How many are red, how many alerts, how old the data are."""
    state = f"max by (kpi) ({promql.STATE})"
    say = context.say
    yield _count(
        context, "critical", say("越过报警线", "Beyond alarm line"), f"count({state} == 4) or vector(0)", fields.RED
    )
    yield _count(
        context, "missed", say("未达目标", "Target missed"), f"count({state} == 3) or vector(0)", fields.ORANGE
    )
    yield _count(context, "watch", say("待观察", "To watch"), f"count({state} == 2) or vector(0)", fields.YELLOW)
    alerts = f"count(count by (alertname, kpi, scenario) ({promql.firing()})) or vector(0)"
    yield _count(context, "alerts", say("正在触发", "Alerts firing"), alerts, fields.RED)
    yield _freshness(context)
    dials = promql.measure("dials", {"window": "1h"})
    yield _plain(
        context,
        "dials",
        say("近 1 小时外呼", "Dials, last hour"),
        dials,
        say("按结束时刻计。", "By the end of the call."),
    )
    in_flight = promql.measure("calls_in_flight", {})
    yield _plain(
        context,
        "in_flight",
        say("通话中", "In flight"),
        in_flight,
        say("尚未结束的通话。", "Calls that have not ended."),
    )
    yield _database(context)


def _count(context: Context, key: str, title: str, expr: str, colour: str) -> Block:
    thresholds = fields.steps((None, fields.GREEN), (1, colour))
    defaults = fields.defaults(context, decimals=0, thresholds=thresholds)
    words = {
        "critical": context.say("红：越过报警线且样本足够。", "Red: beyond the alarm line, on samples enough."),
        "missed": context.say("橙：未达目标且样本足够。", "Orange: target missed, on samples enough."),
        "watch": context.say(
            "黄：越线，但样本还不足以断定，不报警。", "Yellow: beyond a line, but on too few to be sure; no alert."
        ),
        "alerts": context.say("不含心跳。", "Without the heartbeat."),
    }[key]
    query = Query("A", expr, title, "instant")
    return Block(f"count/{key}", title, words, 3, 3, (query,), looks.value(defaults, filled=True))


def _freshness(context: Context) -> Block:
    thresholds = fields.steps((None, fields.GREEN), (180, fields.ORANGE), (600, fields.RED))
    defaults = fields.defaults(
        context, unit="s", decimals=0, thresholds=thresholds, none=context.say("无数据", "not known")
    )
    title = context.say("数据距今", "Age of the data")
    words = context.say(
        "指标对应的时刻距现在多久；超过 3 分钟报警。",
        "How long ago the instant lies that the gauges are right for; 3 minutes alert.",
    )
    query = Query("A", "time() - max(outcall_as_of_timestamp_seconds)", title, "instant")
    return Block("count/age", title, words, 3, 3, (query,), looks.value(defaults))


def _plain(context: Context, key: str, title: str, expr: str, words: str) -> Block:
    defaults = fields.defaults(context, unit=fields.COUNT, decimals=0, thresholds=fields.steps((None, fields.BLUE)))
    return Block(
        f"count/{key}", title, words, 3, 3, (Query("A", expr, title, "range"),), looks.value(defaults, graph=True)
    )


def _database(context: Context) -> Block:
    words = fields.mapping(
        {"1": (context.say("正常", "up"), fields.GREEN), "0": (context.say("断开", "down"), fields.RED)}
    )
    defaults = fields.defaults(
        context, mappings=[words], thresholds=fields.steps((None, fields.RED), (1, fields.GREEN))
    )
    title = context.say("通话库", "Call database")
    text = context.say(
        "断开两个轮询周期后指标撤下，不会冻结。", "Two polls after it is lost the KPIs are withdrawn, never frozen."
    )
    return Block(
        "count/database", title, text, 3, 3, (Query("A", "max(outcall_up)", title, "instant"),), looks.value(defaults)
    )


def _tiles(context: Context) -> Iterable[Section]:
    """A section for each dimension, a tile for each KPI over the whole in its main window."""
    own = promql.own_labels(context.catalogue)
    for name in context.dimensions:
        blocks = []
        for kpi in context.kpis(name):
            matchers = {"window": kpi.headline_window} | dict.fromkeys(kpi.labels, ALL)
            window = [f"var-window={kpi.headline_window}"] if kpi.windows else []
            blocks.append(kpiblocks.tile(context, kpi, matchers, [*window, *whole((*SLICE_LABELS, *own))], TILE))
        yield Section(name, context.pick(dimension(name)), blocks)
