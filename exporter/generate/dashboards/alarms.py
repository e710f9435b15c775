"""What alerts that are no KPI's (catalogue/alerts.yaml) say of a number: their lines, as colours and in words.

An alert that an operator has switched off says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from grafana_foundation_sdk.models import dashboard

from exporter.generate.dashboards import fields
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.links import runbook
from exporter.semantic.spec import HealthRuleSpec

Judged = Literal["warning", "critical"]
BOTH: tuple[Judged, ...] = ("warning", "critical")


def colours(context: Context, name: str, severities: Sequence[Judged] = BOTH) -> dashboard.ThresholdsConfig | None:
    """Green, and from the alert's lines on orange and red; None without any line."""
    found = {rule.severity: rule.line for rule in _lined(context, name, severities)}
    worst = found.get("critical")
    steps = [
        (line, fields.SEVERITY_COLOURS[severity])
        for severity in BOTH
        if (line := found.get(severity)) is not None and (severity == "critical" or worst is None or line < worst)
    ]
    return fields.steps((None, fields.GREEN), *steps) if steps else None


def words(context: Context, name: str, unit: str, severities: Sequence[Judged] = BOTH) -> str:
    """`Alert OutcallCpuHigh: warning above 85 % for 10 minutes, critical above 95 % for 5 minutes.`"""
    if name not in context.catalogue.alerts:
        return ""
    rules = [_condition(context, rule, unit) for rule in reversed(_lined(context, name, severities))]
    zh, en = f"告警 Outcall{name}", f"Alert Outcall{name}"
    if rules:
        zh, en = f"{zh}：{'；'.join(rules)}", f"{en}: {', '.join(rules)}"
    return context.say(f"{zh}。", f"{en}.")


def runbooks(context: Context, name: str) -> list[dashboard.DashboardLink]:
    """The link to the alert's runbook."""
    return [runbook(context, f"Outcall{name}")] if name in context.catalogue.alerts else []


def _lined(context: Context, name: str, severities: Sequence[Judged]) -> list[HealthRuleSpec]:
    """The rules that have a line."""
    spec = context.catalogue.alerts.get(name)
    return [rule for rule in spec.rules if rule.line is not None and rule.severity in severities] if spec else []


def _condition(context: Context, rule: HealthRuleSpec, unit: str) -> str:
    line, severity = _amount(context, rule.line or 0.0, unit), context.pick(fields.SEVERITIES[rule.severity])
    zh, en = f"超过 {line}", f"above {line}"
    if rule.wait:
        wait = _lasting(context, rule.wait)
        zh, en = f"{zh} 且持续 {wait}", f"{en} for {wait}"
    return context.say(f"{zh}为{severity}", f"{severity} {en}")


def _amount(context: Context, value: float, unit: str) -> str:
    """A line in the unit of the panel."""
    if unit == "percentunit":
        return f"{value * 100:g}{context.say('%', ' %')}"
    return _lasting(context, value) if unit == "s" else f"{value:g}"


def _lasting(context: Context, seconds: float) -> str:
    for unit, zh, en in ((3600, "小时", "hour"), (60, "分钟", "minute")):
        if seconds >= unit and seconds % unit == 0:
            return context.say(f"{seconds / unit:g} {zh}", f"{seconds / unit:g} {en}{'s' if seconds > unit else ''}")
    return context.say(f"{seconds:g} 秒", f"{seconds:g} s")
