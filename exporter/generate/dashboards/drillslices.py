"""A KPI of choice split by one label after the other, over time."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.generate.dashboards import fields, looks, promql
from exporter.generate.dashboards.block import Block, Query
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.links import data_link, to_board
from exporter.semantic.names import ALL, SLICE_LABELS

# With how a label is combined: scripts only with scenarios.
_SPLITS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("scenario", ()),
    ("generation", ("script",)),
    ("period", ("script",)),
    ("script", ("generation", "period")),
)


def splits(context: Context) -> Iterable[Block]:
    """By scenario, generation, period and script, and by what only some KPIs have."""
    for label, widened in _SPLITS:
        yield _split(context, label, widened)
    own = promql.own_labels(context.catalogue)
    if own:
        yield _own(context, own)


def _split(context: Context, label: str, widened: Iterable[str]) -> Block:
    at = promql.chosen(context.catalogue, **dict.fromkeys(widened, ALL), **{label: f"!={ALL}"})
    expr = promql.times(f"max by ({label}) ({promql.anyone(at)})", promql.factor())
    link = data_link(context.say("选它", "Choose it"), _here(context, label))
    none = context.say("该窗口或组合没有此拆解", "not split so in this window or combination")
    defaults = fields.defaults(context, color=fields.palette(), links=[link], none=none)
    overrides = fields.display_names(context.members(label)) if label != "script" else []
    title = context.title(label)
    words = context.say(
        f"其他变量不变，按{title}比较。点曲线选定它。",
        f"By {title.lower()}, the other variables as chosen. Click a line to choose it.",
    )
    return Block(
        f"by-{label}",
        context.say(f"按{title}", f"By {title.lower()}"),
        words,
        12,
        8,
        (Query("A", expr, f"{{{{{label}}}}}"),),
        looks.graph(defaults, overrides, calcs=["lastNotNull", "mean"], legend="right"),
    )


def _here(context: Context, label: str) -> str:
    """This board with another value of one variable."""
    names = ("kpi", "window", *SLICE_LABELS, *promql.own_labels(context.catalogue))
    kept = [f"${{{name}:queryparam}}" for name in names if name != label]
    return to_board(context, "drilldown", [*kept, f"var-{label}=${{__field.labels.{label}}}"])


def _own(context: Context, labels: list[str]) -> Block:
    """What only some KPIs are split by: dialect, bucket, task."""
    queries, overrides = [], []
    for ref, label in zip("ABCDEFGH", labels, strict=False):
        at = promql.chosen(context.catalogue, **{label: f"!~{ALL}{promql.OR_NONE}"})
        expr = promql.times(f"max by ({label}) ({promql.anyone(at)})", promql.factor())
        queries.append(Query(ref, expr, f"{{{{{label}}}}}", "instant"))
        overrides += fields.display_names(context.members(label))
    titles = context.say("、", ", ").join(context.title(label) for label in labels)
    defaults = fields.defaults(
        context,
        decimals=2,
        minimum=0,
        thresholds=fields.steps((None, fields.BLUE)),
        none=context.say("该指标没有这些标签", "the KPI has none of these labels"),
    )
    words = context.say(
        "只有部分指标有的标签：ASR 看方言，回款看逾期阶段，办理看业务类型。",
        "Labels of some KPIs: speech recognition by dialect, recovery by bucket, completion by task.",
    )
    return Block(
        "by-own",
        context.say(f"按{titles}", f"By {titles.lower()}"),
        words,
        24,
        5,
        tuple(queries),
        looks.bars(defaults, overrides),
    )
