"""Tables of the exporter's own board: each source, and which windows are covered."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.generate.dashboards import fields, looks, tables
from exporter.generate.dashboards.block import Block, Query
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.machine import at


def sources(context: Context) -> Iterable[Block]:
    """Both."""
    yield _sources(context)
    yield _complete(context)


def _sources(context: Context) -> Block:
    """One row for each source."""
    say = context.say
    columns = {
        "source": say("来源", "Source"),
        "Value #A": say("可读", "Readable"),
        "Value #B": say("已读到", "Read up to"),
        "Value #C": say("最新事件", "Newest event"),
        "Value #D": say("历史进度", "History read"),
        "Value #E": say("近 1 小时行数", "Rows, last hour"),
        "Value #F": say("近 24 小时拒绝", "Rejected, 24 h"),
        "Value #G": say("近 24 小时对账修正", "Reconciled, 24 h"),
    }
    readable = fields.mapping({"1": (say("是", "yes"), fields.GREEN), "0": (say("否", "no"), fields.RED)})
    overrides = [
        fields.gaps(),
        fields.column(columns["source"], custom__width=180),
        fields.column(columns["Value #A"], **fields.state(readable, 80)),
        fields.column(columns["Value #B"], unit="s", decimals=0),
        fields.column(columns["Value #C"], unit="s", decimals=0),
        fields.column(columns["Value #D"], unit="percentunit", decimals=0),
        *(fields.column(columns[f"Value #{ref}"], custom__width=104) for ref in "BCDEF"),
        fields.column(columns["Value #G"], custom__width=140),
    ]
    words = say("“已读到”“最新事件”为距今多久。", "“Read up to” and “newest event” say how long ago.")
    return Block(
        "sources",
        say("各来源", "Sources"),
        words,
        16,
        19,
        _queries(),
        looks.rows(
            fields.defaults(
                context,
                unit="short",
                decimals=0,
                thresholds=fields.steps((None, "text")),
                none=say("导出器没有数据", "nothing from the exporter"),
            ),
            overrides,
        ),
        transformations=(tables.merged(), tables.sorted_by("source", descending=False), tables.organized(columns)),
    )


def _queries() -> tuple[Query, ...]:
    def by_source(expr: str) -> str:
        return f"max by (source) ({expr})"

    exprs = (
        f"min by (source) ({at('outcall_source_up')})",
        f"time() - {by_source(at('outcall_watermark_timestamp_seconds'))}",
        f"time() - {by_source(at('outcall_newest_event_timestamp_seconds'))}",
        by_source(at("outcall_backfill_progress_ratio")),
        by_source(f"sum by (source, instance) (increase({at('outcall_rows_read_total')}[1h]))"),
        by_source(f"sum by (source, instance) (increase({at('outcall_rejected_rows_total')}[24h]))"),
        by_source(f"sum by (source, instance) (increase({at('outcall_reconcile_corrections_total')}[24h]))"),
    )
    return tuple(Query(ref, expr, form="table") for ref, expr in zip("ABCDEFG", exprs, strict=True))


def _complete(context: Context) -> Block:
    """Which windows are covered."""
    expr = f"min by (window) ({at('outcall_window_complete')})"
    words = fields.mapping(
        {
            "1": (context.say("完整", "complete"), fields.GREEN),
            "0": (context.say("未读全", "incomplete"), fields.ORANGE),
        }
    )
    defaults = fields.defaults(
        context,
        mappings=[words],
        thresholds=fields.steps((None, fields.ORANGE), (1, fields.GREEN)),
        color=fields.palette(),
    )
    text = context.say(
        "窗口读全之前不显示指标，告警静默。", "Until a window is covered its gauges are absent and its alerts silent."
    )
    return Block(
        "complete",
        context.say("窗口完整性", "Windows covered"),
        text,
        8,
        19,
        (Query("A", expr, "{{window}}"),),
        looks.timeline(defaults),
    )
