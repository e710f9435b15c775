"""How the reference says things, Chinese first: units, directions, cadences, severities, targets."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.names import ALL
from exporter.semantic.spec import Severity, TargetSpec, Text

DIMENSIONS = {
    "business": Text(zh="业务", en="Business"),
    "experience": Text(zh="客户体验", en="Customer experience"),
    "technical": Text(zh="技术", en="Technical"),
    "compliance": Text(zh="合规", en="Compliance"),
}
CADENCES = {
    "weekly": Text(zh="每周复盘", en="weekly review"),
    "monthly": Text(zh="每月复盘", en="monthly review"),
    "real_time": Text(zh="实时", en="real time"),
}
SEVERITIES: Mapping[Severity, Text] = {
    "goal": Text(zh="目标（只展示）", en="goal, shown only"),
    "warning": Text(zh="目标线", en="target; missed: warning"),
    "critical": Text(zh="告警线", en="alarm line; crossed: critical"),
}
SHORT: Mapping[Severity, str] = {"goal": "◎", "warning": "", "critical": "⚠"}
SIGN = {"higher": "≥", "lower": "≤"}
# Nothing is better, for a share.
BEST = {"higher": 1.0, "lower": 0.0}
# Which side is an alarm: the other one than the target's.
ALARM_SIGN = {"higher": "<", "lower": ">"}


def both(text: Text) -> str:
    """Chinese and English, one after the other."""
    return f"{text.zh} {text.en}"


def dimension(name: str) -> Text:
    """A dimension of the catalogue's own, or one that operators have added."""
    return DIMENSIONS.get(name, Text(zh=name, en=name))


def number(value: float, unit: str) -> str:
    """A value in its unit, for people."""
    if unit == "ratio":
        return f"{round(value * 100, 6):g}%"
    return f"{value:g}" + {"cny": " CNY", "seconds": " s", "score": ""}[unit]


def line(kpi: Kpi, target: TargetSpec) -> str:
    """A target as a condition: `≥ 60%` is good, `⚠ < 60%` is an alarm."""
    sign = ALARM_SIGN if target.severity == "critical" else SIGN
    if kpi.unit == "ratio" and sign is SIGN and target.value == BEST[kpi.direction]:
        return f"= {number(target.value, kpi.unit)}"
    return f"{SHORT[target.severity]} {sign[kpi.direction]} {number(target.value, kpi.unit)}".strip()


def where(catalogue: Catalogue, target: TargetSpec) -> Text:
    """The slice of a target, in words."""
    names = [_value(catalogue, label, value) for label, value in target.slice.items() if value != ALL]
    if not names:
        return Text(zh="整体", en="overall")
    return Text(zh="、".join(name.zh for name in names), en=", ".join(name.en for name in names))


def _value(catalogue: Catalogue, label: str, value: str) -> Text:
    spec = catalogue.dimensions.get(label)
    return (spec.values.get(value) if spec else None) or Text(zh=value, en=value)
