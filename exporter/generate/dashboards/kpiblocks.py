"""Panels about one known KPI: its value now, its course, its slices side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from grafana_foundation_sdk.models import common

from exporter.generate.dashboards import fields, looks, promql
from exporter.generate.dashboards.block import Block, Query
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.links import chosen, of_kpi, to_kpi
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.names import ALL, SLICE_LABELS

_HIGH = 0.9
_SEVERITIES: tuple[tuple[str, str], ...] = (
    ("goal", fields.GOAL),
    ("warning", fields.ORANGE),
    ("critical", fields.RED),
)


def describe(context: Context, kpi: Kpi) -> str:
    """What a panel says about its KPI: formula, lines, remedy."""
    parts = [f"**{context.say('公式', 'Formula')}** {context.pick(kpi.definition)}"]
    shown = line_words(context, kpi)
    if shown:
        parts.append(f"**{context.say('线', 'Lines')}** {shown}")
    if kpi.remedy.zh:
        parts.append(f"**{context.say('措施', 'Remedy')}** {context.pick(kpi.remedy)}")
    return "\n\n".join(parts)


def line_words(context: Context, kpi: Kpi) -> str:
    """The lines of the whole: `≤ 25%, > 30%`."""
    words = []
    for severity, names in LINE_WORDS.items():
        of = {t.severity: t.value for t in kpi.targets if not any(v != ALL for v in t.slice.values())}
        if severity in of:
            beyond = severity == "critical"
            sign = _sign(kpi, beyond) if beyond else _aim_sign(kpi, of[severity])
            words.append(f"{context.say(*names)} {sign} {_amount(kpi, of[severity])}")
    return context.say("；", "; ").join(words)


def aim(kpi: Kpi) -> str:
    """What is to be reached over the whole: `≤25%`; nothing where there is no such line."""
    of = {t.severity: t.value for t in kpi.targets if not any(v != ALL for v in t.slice.values())}
    wanted = of.get("goal", of.get("warning"))
    return "" if wanted is None else f"{_aim_sign(kpi, wanted)}{_amount(kpi, wanted)}"


LINE_WORDS: Mapping[str, tuple[str, str]] = {
    "goal": ("期望", "goal"),
    "warning": ("目标", "target"),
    "critical": ("告警", "alarm"),
}


def _sign(kpi: Kpi, beyond: bool) -> str:
    if beyond:
        return ">" if kpi.direction == "lower" else "<"
    return "≤" if kpi.direction == "lower" else "≥"


def _aim_sign(kpi: Kpi, value: float) -> str:
    """Nothing is below none of all, or above all of all."""
    return "=" if kpi.unit == "ratio" and value in (0, 1) else _sign(kpi, False)


def _amount(kpi: Kpi, value: float) -> str:
    if kpi.unit == "ratio":
        return f"{value * 100:g}%"
    return f"{value:g}{ {'cny': ' CNY', 'seconds': ' s'}.get(kpi.unit, '') }"


def varies_by(catalogue: Catalogue, kpi: Kpi, label: str) -> bool:
    """Whether its slices by a label can differ: every part of it has that label."""
    if kpi.kind == "uplift" or label not in kpi.labels:
        return False
    parts = (kpi.numerator, kpi.denominator)
    return all(any(label in catalogue.datasets[m.dataset].labels for m in part) for part in parts)


def has_samples(kpi: Kpi) -> bool:
    return kpi.kind != "uplift"


def samples_word(context: Context, kpi: Kpi) -> str:
    """What the denominator is called: money is no sample."""
    return context.say("应还", "due") if kpi.slug in context.of_money else context.say("样本", "samples")


def tile(
    context: Context,
    kpi: Kpi,
    matchers: Mapping[str, str],
    variables: Iterable[str],
    width: int,
    *,
    judged: bool = False,
) -> Block:
    """Its value and how many it was computed of; a click leads to the drill-down. `judged`: the exporter's verdict."""
    defaults = fields.defaults(
        context,
        unit=fields.UNITS[kpi.unit],
        decimals=fields.decimals(kpi),
        thresholds=fields.lines(kpi),
        links=[to_kpi(context, kpi, *variables)],
    )
    queries = [Query("A", promql.gauge(kpi, "value", matchers), context.say("值", "value"), "instant")]
    overrides = []
    if has_samples(kpi):
        legend = samples_word(context, kpi)
        queries.append(Query("B", promql.gauge(kpi, "samples", matchers), legend, "instant"))
        overrides.append(fields.of_query("B", color=fields.fixed("text"), **fields.samples(kpi)))
    if judged and kpi.targets:
        expr = f"max({promql.selector(promql.STATE, {'kpi': kpi.slug})})"
        queries.append(Query("C", expr, context.say("状态", "state"), "instant"))
        blank = fields.steps((None, fields.GREY))
        overrides.append(
            fields.of_query("C", unit="none", decimals=0, mappings=[fields.states(context)], thresholds=blank)
        )
    note = (
        ""
        if judged
        else context.say(
            "颜色按整体的线；切片自己的线见走势。",
            "Coloured by the lines of the whole; the course has those of the slice.",
        )
    )
    return Block(
        f"{kpi.slug}/tile",
        f"{context.pick(kpi.title)} {aim(kpi)}".strip(),
        "\n\n".join(filter(None, (describe(context, kpi), note))),
        width,
        4,
        tuple(queries),
        looks.value(defaults, overrides, names=True),
        of_kpi(context, kpi),
    )


def course(
    context: Context, kpi: Kpi, matchers: Mapping[str, str], width: int, height: int, variables: Iterable[str]
) -> Block:
    """Its course with the 95 % bounds, its lines, and the samples behind it."""
    at = {label: text for label, text in matchers.items() if text.startswith("$") and label in SLICE_LABELS}
    value, lower, upper = (
        context.pick(kpi.title),
        context.say("95% 下界", "95 % lower"),
        context.say("95% 上界", "95 % upper"),
    )
    queries = [Query("A", promql.gauge(kpi, "value", matchers), value)]
    overrides = [fields.of_query("A", color=fields.fixed(fields.BLUE))]
    if kpi.kind == "ratio" and kpi.alert.bounds:
        for ref, part, legend in (("B", "lower", lower), ("C", "upper", upper)):
            queries.append(Query(ref, promql.gauge(kpi, part, matchers), legend))
        overrides += band(lower)
    for ref, (severity, colour) in zip("DEF", _SEVERITIES, strict=True):
        if has_line(kpi, severity):
            legend = context.say(*LINE_WORDS[severity])
            expr = promql.target(kpi.slug, severity, at, context.catalogue)
            queries.append(Query(ref, expr, legend))
            overrides.append(fields.of_query(ref, **dashed(colour)))
    if has_samples(kpi):
        queries.append(Query("G", promql.gauge(kpi, "samples", matchers), samples_word(context, kpi)))
        overrides.append(fields.of_query("G", **(behind(samples_word(context, kpi)) | fields.samples(kpi))))
    defaults = fields.defaults(
        context,
        unit=fields.UNITS[kpi.unit],
        custom=looks.line(soft_maximum=1 if _near_one(kpi) else None),
        color=fields.palette(),
        links=[to_kpi(context, kpi, *variables)],
    )
    return Block(
        f"{kpi.slug}/course",
        f"{context.pick(kpi.title)} · {context.say('走势', 'course')}",
        describe(context, kpi),
        width,
        height,
        tuple(queries),
        looks.graph(defaults, overrides),
        of_kpi(context, kpi),
    )


def _near_one(kpi: Kpi) -> bool:
    """Whether its axis is to end at 100 % where the data do."""
    return kpi.kind == "ratio" and kpi.direction == "higher" and any(t.value >= _HIGH for t in kpi.targets)


def has_line(kpi: Kpi, severity: str) -> bool:
    """Whether a line of that kind holds for the whole."""
    return any(t.severity == severity and all(v == ALL for v in t.slice.values()) for t in kpi.targets)


def band(lower: str, below: str = "B", above: str = "C", colour: str = fields.BLUE) -> list[fields.Override]:
    """Between the series of two queries, the one below called `lower`, a band; neither has a line of its own."""
    hidden = {"legend": True, "tooltip": False, "viz": False}
    common_part: dict[str, object] = {
        "color": fields.fixed(colour),
        "custom__lineWidth": 0,
        "custom__hideFrom": hidden,
    }
    return [
        fields.of_query(below, **common_part),
        fields.of_query(above, **common_part, custom__fillBelowTo=lower, custom__fillOpacity=15),
    ]


def dashed(colour: str) -> dict[str, object]:
    """A line that is not measured."""
    return {
        "color": fields.fixed(colour),
        "custom__lineWidth": 1,
        "custom__lineStyle": common.LineStyle("dash", [8, 6]),
    }


def behind(title: str) -> dict[str, object]:
    """Samples: bars behind the rest, on an axis of their own."""
    return {
        "unit": fields.COUNT,
        "decimals": 0,
        "color": fields.fixed(fields.GREY),
        "custom__drawStyle": "bars",
        "custom__fillOpacity": 12,
        "custom__lineWidth": 0,
        "custom__axisPlacement": "right",
        "custom__axisLabel": title,
        "custom__axisSoftMin": 0,
    }


def split(context: Context, kpi: Kpi, label: str, matchers: Mapping[str, str], width: int, height: int) -> Block:
    """Its values now for each value of a label."""
    wanted = {**matchers, label: f"!={ALL}"}
    ratio = kpi.unit == "ratio"
    defaults = fields.defaults(
        context,
        unit=fields.UNITS[kpi.unit],
        decimals=fields.decimals(kpi),
        minimum=0,
        maximum=1 if ratio and kpi.direction == "higher" else None,
        thresholds=fields.lines(kpi),
        links=[to_kpi(context, kpi, *chosen(matchers, label), f"var-{label}=${{__field.labels.{label}}}")],
    )
    return Block(
        f"{kpi.slug}/by-{label}",
        f"{context.pick(kpi.title)} · {context.say('按', 'by ')}{context.title(label)}",
        describe(context, kpi),
        width,
        height,
        (Query("A", promql.gauge(kpi, "value", wanted, [label]), f"{{{{{label}}}}}", "instant"),),
        looks.bars(defaults, fields.display_names(context.members(label), kpi, label)),
        of_kpi(context, kpi),
    )
