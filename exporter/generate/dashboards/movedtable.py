"""What moved a KPI of choice against the window before: the effect of each slice, exact and adding up."""

from __future__ import annotations

from exporter.generate import attribution
from exporter.generate.dashboards import fields, looks, promql, tables
from exporter.generate.dashboards.block import Block, Query
from exporter.generate.dashboards.context import Context

_NONE, _SHOWN = "0", "1"


def moved(context: Context) -> Block:
    """A row for each slice that matters, the others together; rate and mix effects apart; which one stands out."""
    say = context.say
    titles = {f"{label}_{context.language}": context.title(label) for label in attribution.SLICE}
    total = attribution.slices(promql.KPI, "$window")
    exprs = (
        promql.times(promql.titled(total, attribution.SLICE, context.language), promql.factor()),
        promql.times(attribution.slices(promql.KPI, "$window", "rate"), promql.factor()),
        promql.times(attribution.slices(promql.KPI, "$window", "mix"), promql.factor()),
        f"abs({total})",
        attribution.likely(promql.KPI, "$window"),
    )
    columns = titles | {
        "Value #A": say("贡献", "Effect"),
        "Value #B": say("比率效应", "Rate effect"),
        "Value #C": say("结构效应", "Mix effect"),
        "Value #E": say("显著：校正 p", "Stands out: adjusted p"),
    }
    words = say(
        "与上一个同样长的窗口相比，各切片对变化的贡献（Kitagawa 分解，合计等于总变化）："
        "比率效应是切片自己变了，结构效应是占比变了。按最能解释变化的标签拆（其余标签为“整体”），没有则拆到最细；"
        "只有显著的切片才有 p。1h 与 24h 有；1h 不按时段，24h 按整点。",
        "Against the window before, as long: what each slice did to the change (Kitagawa, adds up to all "
        "of it). Rate: the slice itself moved; mix: its share did. By the labels that explain the change best (others "
        "are “overall”), by all where none does; p only where one stands out. For 1h (not by period) and 24h (whole "
        "hours).",
    )
    defaults = fields.defaults(context, decimals=2, thresholds=fields.steps((None, "text")), none=_absent(context))
    hidden = ["Value #D", *attribution.SLICE]
    likely = fields.column(columns["Value #E"], decimals=3)
    return Block(
        "moved",
        say("变化从哪来（比率为百分点）", "What moved it (ratios in points)"),
        words,
        20,
        8,
        tuple(Query(ref, expr, form="table") for ref, expr in zip("ABCDE", exprs, strict=True)),
        looks.rows(defaults, [fields.gaps(), likely]),
        transformations=(tables.merged(), tables.sorted_by("Value #D"), tables.organized(columns, hidden)),
    )


def reversal(context: Context) -> Block:
    """Whether the slices moved one way and the whole the other."""
    say = context.say
    words = say(
        "辛普森反转：各切片朝一个方向变化，整体却相反，且都超出偶然：原因在结构（占比），不在各切片本身。",
        "Simpson reversal: the slices moved one way and the whole the other, both by more than chance: the mix did it, "
        "not the slices.",
    )
    known = fields.mapping(
        {_NONE: (say("无", "none"), fields.GREEN), _SHOWN: (say("有：看结构", "yes: the mix"), fields.ORANGE)}
    )
    defaults = fields.defaults(
        context, mappings=[known], thresholds=fields.steps((None, "text")), none=_absent(context)
    )
    query = Query("A", attribution.reversal(promql.KPI, "$window"), say("反转", "reversal"), "instant")
    return Block("reversal", say("辛普森反转", "Simpson reversal"), words, 4, 8, (query,), looks.value(defaults))


def _absent(context: Context) -> str:
    return context.say("该窗口或指标没有归因", "no attribution for this window or KPI")
