"""What moved a KPI of choice against the window before: the effect of each slice, exact and adding up."""

from __future__ import annotations

from exporter.generate import attribution
from exporter.generate.dashboards import fields, looks, promql, tables
from exporter.generate.dashboards.block import Block, Query
from exporter.generate.dashboards.context import Context


def moved(context: Context) -> Block:
    """A row for each slice that matters, the others together; rate and mix effects apart."""
    say = context.say
    titles = {f"{label}_{context.language}": context.title(label) for label in attribution.SLICE}
    total = attribution.slices(promql.KPI, "$window")
    exprs = (
        promql.times(promql.titled(total, attribution.SLICE, context.language), promql.factor()),
        promql.times(attribution.slices(promql.KPI, "$window", "rate"), promql.factor()),
        promql.times(attribution.slices(promql.KPI, "$window", "mix"), promql.factor()),
        f"abs({total})",
    )
    columns = titles | {
        "Value #A": say("贡献", "Effect"),
        "Value #B": say("比率效应", "Rate effect"),
        "Value #C": say("结构效应", "Mix effect"),
    }
    words = say(
        "与上一个同样长的窗口相比，各切片对变化的贡献（Kitagawa 分解，合计等于总变化）："
        "比率效应是切片自己变了，结构效应是占比变了。1h 与 24h 有；24h 按整点。",
        "Against the window before, as long: what each slice did to the change (Kitagawa, adds up to all "
        "of it). Rate: the slice itself moved; mix: its share did. For 1h and 24h; 24h by whole hours.",
    )
    none = say("该窗口或指标没有归因", "no attribution for this window or KPI")
    defaults = fields.defaults(context, decimals=2, thresholds=fields.steps((None, "text")), none=none)
    hidden = ["Value #D", *attribution.SLICE]
    return Block(
        "moved",
        say("变化从哪来（比率为百分点）", "What moved it (ratios in points)"),
        words,
        24,
        8,
        tuple(Query(ref, expr, form="table") for ref, expr in zip("ABCD", exprs, strict=True)),
        looks.rows(defaults, [fields.gaps()]),
        transformations=(tables.merged(), tables.sorted_by("Value #D"), tables.organized(columns, hidden)),
    )
