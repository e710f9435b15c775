"""The overview's first row: how many KPIs are red, how many alerts fire, how old the data are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from grafana_foundation_sdk.models import dashboard

from exporter.generate.dashboards import fields, looks, promql
from exporter.generate.dashboards.alerts import by_alert
from exporter.generate.dashboards.block import Block, Query
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.ids import panel_id
from exporter.generate.dashboards.links import data_link, to_board
from exporter.semantic.spec import Text

_BOARD = "overview"


@dataclass(frozen=True, slots=True)
class _Number:
    """A number, and where a click on it leads: a board, or a panel of this one by its key."""

    key: str
    title: Text
    words: Text
    expr: str
    board: str = _BOARD
    panel: str = ""


def counts(context: Context) -> Iterable[Block]:
    """Eight numbers."""
    for number, colour in _judged(context):
        thresholds = fields.steps((None, fields.GREEN), (1, colour))
        yield _block(context, number, fields.defaults(context, decimals=0, thresholds=thresholds), filled=True)
    late = fields.steps((None, fields.GREEN), (180, fields.ORANGE), (600, fields.RED))
    none = context.say("无数据", "not known")
    yield _block(context, _AGE, fields.defaults(context, unit="s", decimals=0, thresholds=late, none=none))
    for number in _volumes():
        blue = fields.steps((None, fields.BLUE))
        yield _block(context, number, fields.defaults(context, unit=fields.COUNT, decimals=0, thresholds=blue))
    words = {"1": (context.say("正常", "up"), fields.GREEN), "0": (context.say("断开", "down"), fields.RED)}
    down = fields.steps((None, fields.RED), (1, fields.GREEN))
    yield _block(
        context, _DATABASE, fields.defaults(context, mappings=[fields.mapping(words)], thresholds=down, none=none)
    )


def _judged(context: Context) -> Iterable[tuple[_Number, str]]:
    state = f"max by (kpi) ({promql.STATE})"
    kinds = (
        (
            "critical",
            4,
            fields.RED,
            Text(zh="越过告警线", en="Beyond alarm line"),
            Text(zh="越过告警线且样本足够。", en="Beyond the alarm line, on samples enough."),
        ),
        (
            "missed",
            3,
            fields.ORANGE,
            Text(zh="未达目标", en="Target missed"),
            Text(zh="未达目标且样本足够。", en="Target missed, on samples enough."),
        ),
        (
            "watch",
            2,
            fields.YELLOW,
            Text(zh="待观察", en="To watch"),
            Text(zh="越线，但样本还不足以断定，不告警。", en="Beyond a line, but on too few to be sure; no alert."),
        ),
    )
    for key, level, colour, title, words in kinds:
        yield _Number(key, title, words, f"count({state} == {level}) or vector(0)", panel="every-kpi"), colour
    title, words = Text(zh="正在触发", en="Alerts firing"), Text(zh="不含心跳。", en="Without the heartbeat.")
    yield _Number("alerts", title, words, f"count({by_alert(context)}) or vector(0)", panel="firing"), fields.RED


_AGE = _Number(
    "age",
    Text(zh="数据距今", en="Age of the data"),
    Text(
        zh="指标对应的时刻距现在多久（最旧的副本）；超过 3 分钟告警。",
        en="How long ago the instant lies that the gauges are right for, of the oldest replica; 3 minutes alert.",
    ),
    "time() - min(outcall_as_of_timestamp_seconds)",
    "exporter",
)
_DATABASE = _Number(
    "database",
    Text(zh="通话库", en="Call database"),
    Text(
        zh="每个副本都连得上才算正常；断开两个轮询周期后指标撤下，不会冻结。",
        en="Up where every replica reaches it; two polls after it is lost the KPIs are withdrawn, never frozen.",
    ),
    "min(outcall_up)",
    "exporter",
)


def _volumes() -> Iterable[_Number]:
    dials = promql.measure("dials", {"window": "1h"})
    title, words = (
        Text(zh="近 1 小时外呼", en="Dials, last hour"),
        Text(zh="按结束时刻计。", en="By the end of the call."),
    )
    yield _Number("dials", title, words, dials, "business")
    running = promql.measure("calls_in_flight", {})
    title, words = Text(zh="通话中", en="In flight"), Text(zh="尚未结束的通话。", en="Calls that have not ended.")
    yield _Number("in_flight", title, words, running, "business")


def _block(context: Context, number: _Number, defaults: dashboard.FieldConfig, *, filled: bool = False) -> Block:
    alone = [f"viewPanel=panel-{panel_id(_BOARD, number.panel)}"] if number.panel else []
    defaults.links = [data_link(context.say("细看", "Details"), to_board(context, number.board, alone))]
    title = context.pick(number.title)
    query = Query("A", number.expr, title, "instant")
    look = looks.value(defaults, filled=filled)
    return Block(f"count/{number.key}", title, context.pick(number.words), 3, 3, (query,), look)
