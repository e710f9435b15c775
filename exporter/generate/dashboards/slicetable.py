"""The slices of a KPI of choice, those that are surely off first."""

from __future__ import annotations

from exporter.generate.dashboards import fields, looks, promql, tables
from exporter.generate.dashboards.block import Block, Query
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.links import data_link, to_board
from exporter.semantic.names import ALL

# Eight columns of each: a panel has at most 200 series.
WORST = 25
_LABELS = ("scenario", "generation", "period")


def slice_table(context: Context) -> Block:
    """Cells of scenario x generation x period with value, bounds, samples, target and distance, the worst first."""
    words = context.say(
        "偏离目标为正即未达标；“至少偏离”用 95% 区间有利的一侧算，为正（红）才算有把握，"
        f"按它排序，前 {WORST}；没有区间的指标按偏离目标排。点切片名只看它。",
        "Off target above 0 misses it. “Off at least” takes the 95 % bound on the good side: above 0 (red) it is sure. "
        f"Sorted by that (KPIs without bounds: by off target), the first {WORST}. Click a slice to look at it alone.",
    )
    columns = _columns(context)
    none = context.say("无通话或该指标不分切片", "no calls, or a KPI without slices")
    defaults = fields.defaults(context, decimals=2, thresholds=fields.steps((None, "text")), none=none)
    return Block(
        "slices",
        context.say("切片，按偏离目标排序（比率为 %）", "Slices, farthest off first (ratios in %)"),
        words,
        24,
        12,
        _queries(context),
        looks.rows(defaults, _overrides(context, columns)),
        transformations=(tables.merged(), tables.sorted_by("Value #H"), tables.organized(columns, ["Value #H"])),
    )


def _queries(context: Context) -> tuple[Query, ...]:
    """Value, distance of the bound, distance, target, samples, both bounds; all of the worst."""
    value, factors = _cells(context, "value"), (promql.factor(), promql.sign())
    own, usual = promql.line_of("warning", context.catalogue)
    line = f"({value}) * 0 + {own}\nor (({value}) * 0 + {usual})"
    off, sure = (
        promql.times(f"({of}) - {own}\nor (({of}) - {usual})", *factors) for of in (value, _good_side(context))
    )
    worst = f"topk({WORST}, {promql.only_chosen(f'{sure} or {off} or ({value}) * 0', _LABELS)})"
    exprs = (
        promql.times(promql.titled(value, _LABELS, context.language), promql.factor()),
        sure,
        off,
        promql.times(line, promql.factor()),
        _cells(context, "samples"),
        promql.times(_cells(context, "lower"), promql.factor()),
        promql.times(_cells(context, "upper"), promql.factor()),
        worst,
    )
    return tuple(
        Query(ref, expr if expr is worst else f"({expr})\nand on ({', '.join(_LABELS)}) {worst}", "", "table")
        for ref, expr in zip("ABCDEFGH", exprs, strict=True)
    )


def _cells(context: Context, part: str) -> str:
    """The finest cells that the window has: without periods where it is a long one."""
    by = ", ".join(_LABELS)
    fine = promql.chosen(context.catalogue, **dict.fromkeys(_LABELS, f"!={ALL}"), script=ALL)
    both = [f"max by ({by}) ({promql.anyone(at, part)})" for at in (fine, fine | {"period": ALL})]
    return f"{both[0]}\nor ({both[1]} unless on () {both[0]})"


def _good_side(context: Context) -> str:
    """The 95 % bound that lies on the good side: the lower one where lower is better."""
    kept = [
        f"(({_cells(context, side)}) and on () {promql.info(none_of=context.of_money, direction=direction)})"
        for side, direction in (("lower", "lower"), ("upper", "higher"))
    ]
    return " or ".join(kept)


def _columns(context: Context) -> dict[str, str]:
    say = context.say
    return {
        **{f"{label}_{context.language}": context.title(label) for label in _LABELS},
        "Value #A": say("值", "Value"),
        "Value #D": say("目标", "Target"),
        "Value #C": say("偏离目标", "Off target"),
        "Value #B": say("至少偏离", "Off at least"),
        "Value #E": say("样本", "Samples"),
        "Value #F": say("95% 下界", "95 % lower"),
        "Value #G": say("95% 上界", "95 % upper"),
        **{label: label for label in _LABELS},
    }


def _overrides(context: Context, columns: dict[str, str]) -> list[fields.Override]:
    own = promql.own_labels(context.catalogue)
    kept = [f"var-script={ALL}", *(f"${{{name}:queryparam}}" for name in ("kpi", "window", *own))]
    chosen = [f"var-{label}=${{__data.fields.{label}}}" for label in _LABELS]
    link = data_link(context.say("选定此切片", "Choose this slice"), to_board(context, "drilldown", [*kept, *chosen]))
    return [
        fields.column(
            columns["Value #B"],
            thresholds=fields.steps((None, fields.GREEN), (fields.JUST_ABOVE, fields.RED)),
            color=fields.by_thresholds(),
            custom__cellOptions=fields.background(),
        ),
        fields.column(columns["Value #E"], unit=fields.COUNT, decimals=0),
        *(fields.column(columns[f"{label}_{context.language}"], links=[link]) for label in _LABELS),
        *(fields.column(label, **fields.hidden()) for label in _LABELS),
        fields.gaps(),
    ]
