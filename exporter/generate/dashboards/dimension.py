"""A board for each dimension: every KPI of it with its value, course and slices, for a window and slice of choice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from exporter.generate.dashboards import fields, kpiblocks, looks, promql
from exporter.generate.dashboards.annotations import events
from exporter.generate.dashboards.block import Block, Board, Query, Section
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.variables import datasource, member, window
from exporter.generate.wording import dimension
from exporter.semantic.model import Kpi
from exporter.semantic.names import ALL, QUANTILES, SLICE_LABELS

_SLICES = ("scenario", "generation")
_KEPT = (
    "${window:queryparam}",
    "${scenario:queryparam}",
    "${generation:queryparam}",
    "var-period=all",
    "var-script=all",
)
_FUNNEL = ("dials", "answered_calls", "effective_contacts", "contacted_customers", "applicants", "granted_customers")
HEIGHT = 8


def dimension_board(context: Context, name: str) -> Board:
    """`business`, `experience`, `technical`, `compliance`, or an operator's own."""
    title = context.pick(dimension(name))
    sections = [_section(context, kpi) for kpi in context.kpis(name)]
    extra = list(_EXTRAS.get(name, lambda _: ())(context))
    if extra:
        sections.insert(0, Section("extra", "", extra))
    return Board(
        name,
        context.say(f"外呼绩效 · {title}", f"Outbound calls · {title}"),
        context.say("本维度每个指标的现值、走势与切片。", "Each KPI of the dimension: value, course, slices."),
        sections,
        [datasource(context), window(context, "24h"), *(member(context, label) for label in _SLICES)],
        events(context, dimension=name),
    )


def chosen(kpi: Kpi) -> dict[str, str]:
    """Matchers of the slice that the variables say."""
    return {"window": "$window"} | {label: f"${label}" if label in _SLICES else ALL for label in kpi.labels}


def _section(context: Context, kpi: Kpi) -> Section:
    matchers = chosen(kpi)
    if kpi.kind == "uplift":
        matchers = dict.fromkeys(kpi.labels, ALL)
    splits = [kpiblocks.split(context, kpi, label, matchers, 7, HEIGHT) for label in _split_labels(context, kpi)[:1]]
    course = kpiblocks.course(context, kpi, matchers, 12 if splits else 19, HEIGHT, _KEPT)
    tile = replace(kpiblocks.tile(context, kpi, matchers, _KEPT, 5), height=HEIGHT)
    return Section(kpi.slug, context.pick(kpi.title), (tile, course, *splits))


def _split_labels(context: Context, kpi: Kpi) -> list[str]:
    """By what a KPI is split first: a label of its own, else the generation, else the scenario."""
    own = kpi.labels[len(SLICE_LABELS) :]
    return [label for label in (*own, "generation", "scenario") if kpiblocks.varies_by(context.catalogue, kpi, label)]


def _funnel(context: Context) -> Iterable[Block]:
    """From the dial to the credit."""
    catalogue = context.catalogue
    names = [name for name in _FUNNEL if name in catalogue.measures]
    at = {"window": "$window"}
    titles = {
        "dials": context.say("外呼", "Dials"),
        "answered_calls": context.say("接通", "Answered"),
        "effective_contacts": context.say("有效触达", "Effective contacts"),
        "contacted_customers": context.say("触达客户（获客）", "Customers contacted (acquisition)"),
        "applicants": context.say("申请授信", "Applied for credit"),
        "granted_customers": context.say("新增授信", "Granted credit"),
    }
    queries = tuple(
        Query(chr(ord("A") + n), promql.measure(name, at), titles[name], "instant") for n, name in enumerate(names)
    )
    defaults = fields.defaults(
        context, unit=fields.COUNT, decimals=0, thresholds=fields.steps((None, fields.BLUE)), minimum=0
    )
    words = context.say(
        "从外呼到授信：各步的数量，整体。", "From the dial to the credit: how many at each step, over the whole."
    )
    yield Block("funnel", context.say("漏斗", "Funnel"), words, 24, 6, queries, looks.bars(defaults))


def _rule_codes(context: Context) -> Iterable[Block]:
    """Which rules are broken, and how many recordings went too early."""
    if "violations" in context.catalogue.measures:
        expr = f"topk(20, {promql.measure('violations', {'window': '$window'}, ['rule_code'])})"
        defaults = fields.defaults(
            context,
            unit="short",
            decimals=0,
            minimum=0,
            thresholds=fields.steps((None, fields.ORANGE)),
            none=context.say("无违规", "no violations"),
        )
        words = context.say(
            "触发各规则的已质检通话数，前 20。", "Inspected calls that break each rule, the 20 most frequent."
        )
        query = Query("A", expr, "{{rule_code}}", "instant")
        yield Block("rule-codes", context.say("违规规则", "Rules broken"), words, 14, 8, (query,), looks.bars(defaults))
    counts = {
        "blocked_redials": context.say("黑名单重复外呼", "Do-not-call redials"),
        "recordings_deleted_early": context.say("提前删除的录音", "Recordings deleted early"),
        "recordings_deleted_early_without_call": context.say("提前删除的录音（无通话）", "Deleted early, of no call"),
    }
    found = {name: title for name, title in counts.items() if name in context.catalogue.measures}
    queries = tuple(
        Query(chr(ord("A") + n), f"{promql.measure(name, {'window': '$window'})} or vector(0)", title, "instant")
        for n, (name, title) in enumerate(found.items())
    )
    defaults = fields.defaults(context, decimals=0, thresholds=fields.steps((None, fields.GREEN), (1, fields.RED)))
    words = context.say("零容忍：一次即违规。", "Zero tolerance: one is a breach.")
    title = context.say("零容忍计数", "Zero tolerance, counted")
    yield Block("breaches", title, words, 10, 8, queries, looks.value(defaults, names=True))


def _latency(context: Context) -> Iterable[Block]:
    """All percentiles of the response time."""
    kpi = next((kpi for kpi in context.catalogue.kpis.values() if kpi.kind == "quantile"), None)
    if kpi is None:
        return
    matchers = chosen(kpi) | {"stat": f"=~{'|'.join((*QUANTILES, 'mean'))}"}
    expr = promql.gauge_any_stat(kpi, matchers)
    queries, overrides = [Query("A", expr, "{{stat}}")], []
    for ref, severity, colour in (("B", "warning", fields.ORANGE), ("C", "critical", fields.RED)):
        if kpiblocks.has_line(kpi, severity):
            line = promql.target(kpi.slug, severity, {}, context.catalogue)
            queries.append(Query(ref, line, f"p95 {context.say(*kpiblocks.LINE_WORDS[severity])}"))
            overrides.append(fields.of_query(ref, **kpiblocks.dashed(colour)))
    defaults = fields.defaults(context, unit="s", color=fields.palette())
    words = context.say(
        "百分位由固定分桶线性插值，均值精确；目标与告警线针对 p95。",
        "Percentiles by linear interpolation in fixed buckets, the mean is exact; the lines are those of p95.",
    )
    title = f"{context.pick(kpi.title)} · p50 / p95 / p99"
    look = looks.graph(defaults, overrides, calcs=["lastNotNull", "max"], legend="right")
    yield Block("latency-percentiles", title, words, 24, 7, tuple(queries), look)


def _complaints(context: Context) -> Iterable[Block]:
    """Complaints beside recovery and compliant speech, in collection: pressure shows in one of the three."""
    kpis = [
        context.catalogue.kpis[slug]
        for slug in ("complaint", "recovery", "compliant_speech")
        if slug in context.catalogue.kpis
    ]
    if len(kpis) < 3 or "collection" not in context.members("scenario"):
        return
    for kpi in kpis:
        matchers = {"window": kpi.headline_window} | dict.fromkeys(kpi.labels, ALL) | {"scenario": "collection"}
        block = kpiblocks.tile(
            context,
            kpi,
            matchers,
            [f"var-window={kpi.headline_window}", "var-scenario=collection", "var-generation=all"],
            8,
        )
        place = context.members("scenario")["collection"]
        yield replace(block, key=f"collection/{kpi.slug}", title=f"{place} · {context.pick(kpi.title)}")


_EXTRAS = {"business": _funnel, "compliance": _rule_codes, "technical": _latency, "experience": _complaints}
