"""How values look: units, decimals, colours by line, names of labels, what single columns have of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from grafana_foundation_sdk.models import common, dashboard

from exporter.generate.dashboards.context import Context
from exporter.semantic.lines import lines_for
from exporter.semantic.model import Kpi
from exporter.semantic.names import ALL
from exporter.semantic.spec import Text

UNITS: Mapping[str, str] = {"ratio": "percentunit", "cny": "currency:¥", "seconds": "s", "score": "none"}
GREEN, YELLOW, ORANGE, RED, BLUE, GREY = "green", "yellow", "orange", "red", "blue", "#8e8e8e"
# A threshold's colour begins at its value; what lies on a line of a "<=" is good still.
JUST_ABOVE = 1e-9
# Closer to 0 or 1 than this, a tenth of a percent point matters.
_FINE = 0.02

GOAL = "light-blue"
SEVERITIES: Mapping[str, Text] = {
    "critical": Text(zh="严重", en="critical"),
    "warning": Text(zh="警告", en="warning"),
    "info": Text(zh="提示", en="info"),
    "goal": Text(zh="期望", en="goal"),
}
SEVERITY_COLOURS: Mapping[str, str] = {"critical": RED, "warning": ORANGE, "info": BLUE, "goal": GOAL}
# Counts are shown to the last one, with thousands apart.
COUNT = "locale"

Override = dashboard.DashboardFieldConfigSourceOverrides


def decimals(kpi: Kpi) -> int:
    """As many as its lines need."""
    if kpi.unit == "cny":
        return 0
    if kpi.unit != "ratio":
        return 2
    return 2 if any(min(abs(t.value), abs(1 - t.value)) < _FINE for t in kpi.targets) else 1


def lines(kpi: Kpi, at: Mapping[str, str] | None = None) -> dashboard.ThresholdsConfig:
    """Green; light blue short of the goal, orange beyond the target, red beyond the alarm line; blue without any.

    By the lines of the whole, or of the slice `at`.
    """
    of = lines_for(kpi, dict.fromkeys(kpi.labels, ALL) | dict(at or {}))
    found = [(of.goal, GOAL), (of.warning, ORANGE), (of.critical, RED)]
    known = [(value, colour) for value, colour in found if value is not None]
    if not known:
        return steps((None, BLUE))
    if kpi.direction == "lower":
        return steps((None, GREEN), *_no_twins([(value + JUST_ABOVE, colour) for value, colour in known]))
    # From below: each colour ends where the next better one begins.
    worst_first = list(reversed(_no_twins(known)))
    colours = [*(colour for _, colour in worst_first[1:]), GREEN]
    return steps(
        (None, worst_first[0][1]), *((value, colour) for (value, _), colour in zip(worst_first, colours, strict=True))
    )


def _no_twins(found: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Of two colours that begin at the same value the worse one, which comes last."""
    return [(value, colour) for n, (value, colour) in enumerate(found) if all(value != v for v, _ in found[n + 1 :])]


def steps(*found: tuple[float | None, str]) -> dashboard.ThresholdsConfig:
    """Colours from each value on; None: from the beginning."""
    return dashboard.ThresholdsConfig(
        dashboard.ThresholdsMode.ABSOLUTE, [dashboard.Threshold(value, colour) for value, colour in found]
    )


def by_thresholds() -> dashboard.FieldColor:
    return dashboard.FieldColor(dashboard.FieldColorModeId.THRESHOLDS)


def fixed(colour: str) -> dashboard.FieldColor:
    return dashboard.FieldColor(dashboard.FieldColorModeId.FIXED, colour)


def palette() -> dashboard.FieldColor:
    return dashboard.FieldColor(dashboard.FieldColorModeId.PALETTE_CLASSIC)


def defaults(
    context: Context,
    *,
    unit: str = "none",
    decimals: int | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    thresholds: dashboard.ThresholdsConfig | None = None,
    color: dashboard.FieldColor | None = None,
    mappings: Iterable[dashboard.ValueMap] = (),
    links: Iterable[dashboard.DashboardLink] = (),
    custom: object = None,
    none: str = "",
) -> dashboard.FieldConfig:
    """What all values of a panel have in common."""
    return dashboard.FieldConfig(
        unit=unit,
        decimals=decimals,
        min_val=minimum,
        max_val=maximum,
        thresholds=thresholds or steps((None, GREEN)),
        color=color or by_thresholds(),
        mappings=list(mappings),
        links=list(links),
        custom=custom,
        no_value=none or context.none,
    )


def override(matcher: str, of: str, **properties: object) -> Override:
    """What some values have of their own; a double underscore in a name stands for a dot (`custom__width`)."""
    found = [dashboard.DynamicConfigValue(key.replace("__", "."), value) for key, value in properties.items()]
    return Override(matcher=dashboard.MatcherConfig(matcher, of), properties=found)


def column(name: str, **properties: object) -> Override:
    """Of the column of that name."""
    return override("byName", name, **properties)


def of_query(ref: str, **properties: object) -> Override:
    """Of the series of a query."""
    return override("byFrameRefID", ref, **properties)


def mapping(found: Mapping[str, tuple[str, str]]) -> dashboard.ValueMap:
    """Values as text and colour."""
    return dashboard.ValueMap(
        {
            value: dashboard.ValueMappingResult(text=text, color=colour or None, index=n)
            for n, (value, (text, colour)) in enumerate(found.items())
        }
    )


def named(members: Mapping[str, str]) -> dashboard.ValueMap:
    """Labels' values as what they are called."""
    return mapping({value: (title, "") for value, title in members.items()})


def display_names(members: Mapping[str, str], kpi: Kpi | None = None, label: str = "") -> list[Override]:
    """Series that bear a label's value shown under its name; of a KPI with the colours of that slice's lines."""
    found = []
    for value, title in members.items():
        own = {} if kpi is None else {"thresholds": lines(kpi, {label: value})}
        found.append(column(value, displayName=title, **own))
    return found[1:]


def states(context: Context) -> dashboard.ValueMap:
    """`outcall_kpi_state` in words; -1 and -2 stand for no target and no value."""
    return mapping(
        {
            "4": (context.say("越过告警线", "alarm"), RED),
            "3": (context.say("未达目标", "missed"), ORANGE),
            "2": (context.say("待观察", "watch"), YELLOW),
            "1": (context.say("低于期望", "below goal"), GOAL),
            "0": (context.say("达标", "on target"), GREEN),
            "-1": (context.say("无目标", "no target"), GREY),
            "-2": (context.say("无通话", "no calls"), GREY),
        }
    )


def ranks(context: Context) -> dashboard.ValueMap:
    """The highest severity that fires, as a number."""
    ranked = (("2", "critical"), ("1", "warning"))
    return mapping({rank: (context.pick(SEVERITIES[name]), SEVERITY_COLOURS[name]) for rank, name in ranked})


def severities(context: Context) -> dashboard.ValueMap:
    """Severities in words and colours."""
    return mapping({name: (context.pick(words), SEVERITY_COLOURS[name]) for name, words in SEVERITIES.items()})


def samples(kpi: Kpi) -> dict[str, object]:
    """What a KPI was computed of: how many, or how much money."""
    money = kpi.kind != "uplift" and all(measure.name.endswith("_cny") for measure in kpi.denominator)
    return {"unit": UNITS["cny"] if money else COUNT, "decimals": 0}


def hidden() -> dict[str, object]:
    """A column that links need and nobody reads; old and new versions of Grafana say it differently."""
    return {"custom__hidden": True, "custom__hideFrom": {"viz": True, "legend": True, "tooltip": True}}


def state(words: dashboard.ValueMap, width: int) -> dict[str, object]:
    """A column of states: words on their colour, and no colour where there is none."""
    blank = steps((None, "transparent"))
    return {"mappings": [words], "thresholds": blank, "custom__cellOptions": background(), "custom__width": width}


def gaps() -> Override:
    """Single cells without a value; the words for a table without rows are too long for them."""
    return override("byRegexp", "/.*/", noValue="–")


def background() -> common.TableColoredBackgroundCellOptions:
    """A cell in the colour of its value."""
    return common.TableColoredBackgroundCellOptions(mode=common.TableCellBackgroundDisplayMode.BASIC)
