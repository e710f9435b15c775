"""What the alerts of a KPI of choice look at: why they fire, why they do not."""

from __future__ import annotations

from exporter.generate.dashboards import fields, looks, promql, tables
from exporter.generate.dashboards.block import Block, Query
from exporter.generate.dashboards.context import Context
from exporter.generate.rules.promql import BOUND, SAMPLES, STRICT, VALUE

_PLACE = ("level", "window", "scenario", "generation")


def why_table(context: Context) -> Block:
    """Value, samples, bound and lines of each place that is watched, and which of the conditions hold."""
    say = context.say
    columns = _columns(context)
    words = say(
        "告警要同时满足：①值越过目标线 ②有利一侧的界也越过目标（快窗口用严格界）③样本足够；再持续规定的时间。"
        "零容忍指标一次即报。",
        "An alert needs ① the value beyond the line, ② the bound on the good side beyond the target too (a strict one "
        "in fast windows), ③ enough samples; and to last. Zero tolerance needs one breach.",
    )
    none = say("该指标没有告警", "the KPI has no alerts")
    return Block(
        "why",
        say("为什么没有告警（比率为 %）", "Why it is not firing (ratios in %)"),
        words,
        24,
        10,
        _queries(context),
        looks.rows(
            fields.defaults(context, decimals=2, thresholds=fields.steps((None, "text")), none=none),
            _overrides(context, columns),
        ),
        transformations=(tables.merged(), tables.sorted_by("Value #F"), tables.organized(columns)),
    )


def _queries(context: Context) -> tuple[Query, ...]:
    by = ", ".join((*_PLACE, *promql.own_labels(context.catalogue)))
    of = f'{{kpi="{promql.KPI}"}}'
    value, samples = (f"max by ({by}) ({recorded}{of})" for recorded in (VALUE, SAMPLES))
    bound = f"max by ({by}) ({STRICT}{of} or {BOUND}{of})"

    def line(severity: str) -> str:
        return promql.times(_against(context, f"{value} * 0", severity, "+"), promql.factor())

    def beyond(expr: str) -> str:
        return f"{promql.times(_against(context, expr, 'warning', '-'), promql.sign())} > bool 0"

    exprs = (
        promql.times(value, promql.factor()),
        line("warning"),
        line("critical"),
        promql.times(bound, promql.factor()),
        samples,
        beyond(value),
        beyond(bound),
        f"{samples} >= bool {_least(context)}",
        f"count by ({by}) ({promql.firing(kpi=promql.KPI)})",
    )
    return tuple(Query(ref, expr, "", "table") for ref, expr in zip("ABCDEFGHI", exprs, strict=True))


def _against(context: Context, expr: str, severity: str, sign: str) -> str:
    """Each place with its own line, else with the usual one."""
    own, usual = promql.line_of(severity, context.catalogue)
    return f"({expr}) {sign} {own}\nor (({expr}) {sign} {usual})"


def _least(context: Context) -> str:
    """How many samples an alert needs; where KPIs differ in it, that of the chosen one."""
    found = {kpi.min_samples for kpi in context.catalogue.kpis.values() if kpi.targets}
    if len(found) == 1:
        return str(found.pop())
    chosen = f'{promql.INFO}{{kpi="{promql.KPI}"}}'
    of = [
        f"max({promql.selector(promql.INFO, {'kpi': f'=~{slugs}'})} and on (kpi) {chosen}) * {least}"
        for least in sorted(found)
        for slugs in ("|".join(k.slug for k in context.catalogue.kpis.values() if k.min_samples == least),)
    ]
    return f"on () group_left () ({' or '.join(of)})"


def _columns(context: Context) -> dict[str, str]:
    say = context.say
    return {
        "level": say("层级", "Level"),
        "window": say("窗口", "Window"),
        "scenario": context.title("scenario"),
        "generation": context.title("generation"),
        "Value #A": say("值", "Value"),
        "Value #F": say("①越过目标", "① beyond target"),
        "Value #D": say("有利侧置信界", "Bound"),
        "Value #G": say("②置信界也越线", "② bound too"),
        "Value #E": say("样本", "Samples"),
        "Value #H": say("③样本够", "③ enough"),
        "Value #I": say("触发", "Firing"),
        "Value #B": say("目标", "Target"),
        "Value #C": say("告警线", "Alarm line"),
        **{label: context.title(label) for label in promql.own_labels(context.catalogue)},
    }


def _overrides(context: Context, columns: dict[str, str]) -> list[fields.Override]:
    say = context.say
    holds = fields.mapping({"1": (say("是", "yes"), fields.ORANGE), "0": (say("否", "no"), fields.GREEN)})
    # Too few samples are a reason, not a good thing.
    enough = fields.mapping({"1": (say("是", "yes"), fields.GREY), "0": (say("否", "no"), fields.BLUE)})
    levels = fields.named(
        {"whole": say("整体", "whole"), "scenario": say("场景", "scenario"), "slice": say("切片", "slice")}
    )
    found = [fields.column(columns[f"Value #{ref}"], decimals=0, **fields.state(holds, 134)) for ref in "FG"]
    found.append(fields.column(columns["Value #H"], decimals=0, **fields.state(enough, 100)))
    found += [
        fields.gaps(),
        fields.column(columns["Value #E"], unit=fields.COUNT, decimals=0, custom__width=84),
        fields.column(columns["Value #I"], decimals=0, custom__width=70),
        fields.column(columns["level"], mappings=[levels], custom__width=80),
        fields.column(columns["window"], custom__width=80),
        *(fields.column(columns[f"Value #{ref}"], custom__width=88) for ref in "ABC"),
        fields.column(columns["Value #D"], custom__width=114),
    ]
    for label in ("scenario", "generation"):
        found.append(fields.column(columns[label], mappings=[fields.named(context.members(label))]))
    return found
