"""Two scripts side by side: whether B is better than A, by how much, and whether that may be chance."""

from __future__ import annotations

from exporter.generate.dashboards import fields, kpiblocks, looks, promql
from exporter.generate.dashboards.annotations import events
from exporter.generate.dashboards.block import Block, Board, Query, Section
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.scripttable import difference, script, script_table, verdict, verdicts
from exporter.generate.dashboards.variables import datasource, kpi, scenario, values_of, window
from exporter.semantic.model import Kpi
from exporter.semantic.names import ALL


def scripts(context: Context) -> Board:
    """The A/B board."""
    say = context.say
    slugs = "|".join(kpi.slug for kpi in compared(context))
    of_kpi = f'outcall_{promql.KPI}_samples{{window="$window",scenario="$scenario",script!="{ALL}"}}'
    return Board(
        "scripts",
        say("外呼绩效 · 话术 A/B", "Outbound calls · script A/B"),
        say(
            "选两个话术比较：差值、95% 区间、是否显著。比较同一场景、同一窗口。",
            "Two scripts compared: the difference, its 95 % interval, whether it may be chance. "
            "Same scenario, same window.",
        ),
        [
            Section("one", "", (_side(context, "a"), _side(context, "b"), _difference(context), _course(context))),
            Section("every", say("全部比率指标", "All ratio KPIs"), (script_table(context),)),
        ],
        [
            datasource(context),
            kpi(context, _first(context), f'kpi=~"{slugs}"'),
            window(context, "7d"),
            scenario(context, f'outcall_{promql.KPI}_samples{{window="$window",scenario!="{ALL}",script!="{ALL}"}}'),
            values_of("script_a", say("话术 A", "Script A"), of_kpi, "script"),
            values_of("script_b", say("话术 B", "Script B"), of_kpi, "script", descending=True),
        ],
        events(context, kpi=promql.KPI),
        "now-7d",
    )


def _first(context: Context) -> str:
    """What the source would compare first."""
    slugs = [kpi.slug for kpi in compared(context)]
    return "early_hangup" if "early_hangup" in slugs else slugs[0]


def compared(context: Context) -> list[Kpi]:
    """Proportions of what belongs to a script."""
    return [
        kpi
        for kpi in context.catalogue.kpis.values()
        if kpi.kind == "ratio" and kpi.alert.bounds and kpiblocks.varies_by(context.catalogue, kpi, "script")
    ]


def _one(context: Context, side: str, part: str) -> str:
    return f"max({promql.anyone(script(context, side), part)})"


def _side(context: Context, side: str) -> Block:
    """A script's ratio and samples."""
    title = (
        f"{context.say('话术', 'Script')} {side.upper()}：$script_{side}"
        if context.language == "zh"
        else f"Script {side.upper()}: $script_{side}"
    )
    queries = (
        Query("A", _one(context, side, "value"), context.say("值", "value"), "instant"),
        Query("B", _one(context, side, "samples"), context.say("样本", "samples"), "instant"),
    )
    defaults = fields.defaults(context, unit="percentunit", decimals=2, thresholds=fields.steps((None, fields.BLUE)))
    override = fields.of_query("B", unit=fields.COUNT, decimals=0, color=fields.fixed("text"))
    words = context.say("所选指标在该话术上的值与样本数。", "The chosen KPI with this script, and its samples.")
    return Block(f"side-{side}", title, words, 6, 6, queries, looks.value(defaults, [override], names=True))


def _difference(context: Context) -> Block:
    say = context.say
    sides = [{part: _one(context, side, part) for part in ("value", "lower", "upper")} for side in "ab"]
    found = difference(*sides)
    queries = (
        Query("A", verdict(found, promql.sign()), say("结论", "verdict"), "instant"),
        Query("B", found["value"], say("B − A", "B − A"), "instant"),
        Query("C", found["lower"], say("95% 下界", "95 % lower"), "instant"),
        Query("D", found["upper"], say("95% 上界", "95 % upper"), "instant"),
    )
    thresholds = fields.steps((None, "text"))
    defaults = fields.defaults(context, unit="percentunit", decimals=2, thresholds=thresholds)
    colours = fields.steps((None, fields.RED), (0, fields.GREY), (1, fields.GREEN))
    override = fields.of_query("A", unit="none", decimals=0, mappings=[verdicts(context)], thresholds=colours)
    words = say(
        "B 减 A 及 Newcombe 95% 区间；区间不含 0 才算有差别。反复查看会放大偶然，正式结论见复盘。",
        "B less A with Newcombe's 95 % interval; a difference only where it leaves 0 out. "
        "Looking often finds chance: conclusions belong into the review.",
    )
    return Block(
        "difference", say("差别", "Difference"), words, 12, 6, queries, looks.value(defaults, [override], names=True)
    )


def _course(context: Context) -> Block:
    """Both over time with their bounds, and how many calls each has."""
    queries, overrides = [], []
    for side, refs, colour in (("a", "ABC", fields.BLUE), ("b", "DEF", "purple")):
        lower = f"{side.upper()} {context.say('下界', 'lower')}"
        legends = (f"{side.upper()} {{{{script}}}}", lower, f"{side.upper()} {context.say('上界', 'upper')}")
        for ref, part, legend in zip(refs, ("value", "lower", "upper"), legends, strict=True):
            expr = f"max by (script) ({promql.anyone(script(context, side), part)})"
            queries.append(Query(ref, expr, legend))
        overrides.append(fields.of_query(refs[0], color=fields.fixed(colour)))
        overrides += kpiblocks.band(lower, refs[1], refs[2], colour)
    defaults = fields.defaults(context, unit="percentunit", color=fields.palette())
    words = context.say("两个话术的走势与 95% 区间。", "Both scripts over time with their 95 % bounds.")
    return Block(
        "course", context.say("走势", "Course"), words, 24, 9, tuple(queries), looks.graph(defaults, overrides)
    )
