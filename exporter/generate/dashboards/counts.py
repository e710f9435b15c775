"""The overview's first row: how many KPIs are red, how many alerts fire, how old the data are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from grafana_foundation_sdk.models import dashboard

from exporter.generate.dashboards import alarms, fields, looks, promql
from exporter.generate.dashboards.alerts import by_alert
from exporter.generate.dashboards.block import Block, Query
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.ids import panel_id
from exporter.generate.dashboards.links import data_link, to_board

_BOARD = "overview"
_LATE = "WatermarkBehind"


@dataclass(frozen=True, slots=True)
class _Number:
    """A number, and where a click on it leads: a board, or a panel of this one by its key."""

    key: str
    title: str
    words: str
    expr: str
    board: str = _BOARD
    panel: str = ""


def counts(context: Context) -> Iterable[Block]:
    """Eight numbers."""
    for level, colour in ((4, fields.RED), (3, fields.ORANGE), (2, fields.YELLOW)):
        yield _counted(context, _of_state(context, level), colour)
    yield _counted(context, _firing(context), fields.RED)
    none = context.say("无数据", "not known")
    late = alarms.colours(context, _LATE) or fields.steps((None, fields.BLUE))
    yield _block(context, _age(context), fields.defaults(context, unit="s", decimals=0, thresholds=late, none=none))
    for number in _volumes(context):
        blue = fields.steps((None, fields.BLUE))
        yield _block(context, number, fields.defaults(context, unit=fields.COUNT, decimals=0, thresholds=blue))
    words = {"1": (context.say("正常", "up"), fields.GREEN), "0": (context.say("断开", "down"), fields.RED)}
    down = fields.steps((None, fields.RED), (1, fields.GREEN))
    defaults = fields.defaults(context, mappings=[fields.mapping(words)], thresholds=down, none=none)
    yield _block(context, _database(context), defaults)


def _counted(context: Context, number: _Number, colour: str) -> Block:
    """In a colour from one on."""
    thresholds = fields.steps((None, fields.GREEN), (1, colour))
    return _block(context, number, fields.defaults(context, decimals=0, thresholds=thresholds), filled=True)


def _of_state(context: Context, level: int) -> _Number:
    """How many KPIs the exporter judges so."""
    say = context.say
    key, title, words = {
        4: (
            "critical",
            say("越过告警线", "Beyond alarm line"),
            say("越过告警线且样本足够。", "Beyond the alarm line, on samples enough."),
        ),
        3: (
            "missed",
            say("未达目标", "Target missed"),
            say("未达目标且样本足够。", "Target missed, on samples enough."),
        ),
        2: (
            "watch",
            say("待观察", "To watch"),
            say("越线，但样本还不足以断定，不告警。", "Beyond a line, but on too few to be sure; no alert."),
        ),
    }[level]
    expr = f"count(max by (kpi) ({promql.STATE}) == {level}) or vector(0)"
    return _Number(key, title, words, expr, panel="every-kpi")


def _firing(context: Context) -> _Number:
    title, words = context.say("正在触发", "Alerts firing"), context.say("不含心跳。", "Without the heartbeat.")
    return _Number("alerts", title, words, f"count({by_alert(context)}) or vector(0)", panel="firing")


def _age(context: Context) -> _Number:
    words = context.say(
        "指标对应的时刻距现在多久（最旧的副本）。",
        "How long ago the instant lies that the gauges are right for, of the oldest replica.",
    )
    words = "\n\n".join(filter(None, (words, alarms.words(context, _LATE, "s"))))
    expr = "time() - min(outcall_as_of_timestamp_seconds)"
    return _Number("age", context.say("数据距今", "Age of the data"), words, expr, "exporter")


def _database(context: Context) -> _Number:
    words = context.say(
        "每个副本都连得上才算正常；断开两个轮询周期后指标撤下，不会冻结。",
        "Up where every replica reaches it; two polls after it is lost the KPIs are withdrawn, never frozen.",
    )
    return _Number("database", context.say("通话库", "Call database"), words, "min(outcall_up)", "exporter")


def _volumes(context: Context) -> Iterable[_Number]:
    say = context.say
    dials = promql.measure("dials", {"window": "1h"})
    yield _Number(
        "dials",
        say("近 1 小时外呼", "Dials, last hour"),
        say("按结束时刻计。", "By the end of the call."),
        dials,
        "business",
    )
    running = promql.measure("calls_in_flight", {})
    yield _Number(
        "in_flight",
        say("通话中", "In flight"),
        say("尚未结束的通话。", "Calls that have not ended."),
        running,
        "business",
    )


def _block(context: Context, number: _Number, defaults: dashboard.FieldConfig, *, filled: bool = False) -> Block:
    alone = [f"viewPanel=panel-{panel_id(_BOARD, number.panel)}"] if number.panel else []
    defaults.links = [data_link(context.say("细看", "Details"), to_board(context, number.board, alone))]
    query = Query("A", number.expr, number.title, "instant")
    look = looks.value(defaults, filled=filled)
    return Block(f"count/{number.key}", number.title, number.words, 3, 3, (query,), look)
