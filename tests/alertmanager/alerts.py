"""Alerts as the rules would raise them: the labels that routes and inhibition look at."""

from __future__ import annotations

from exporter.semantic.names import ALL

WHOLE = {"scenario": ALL, "generation": ALL, "period": ALL, "script": ALL}


def of_kpi(name: str, kpi: str, dimension: str, severity: str, **labels: str) -> dict[str, str]:
    """An alert of a KPI; the level follows from the slice: `level`, `window` and slice labels may be given."""
    own = {label: value for label, value in labels.items() if value != ALL and label not in ("level", "window")}
    level = "whole" if not own else "scenario" if set(own) == {"scenario"} else "slice"
    known = {"alertname": name, "kpi": kpi, "dimension": dimension, "severity": severity, "window": "24h"}
    return {**known, "level": level, **WHOLE, **labels}


def hangup(severity: str, **labels: str) -> dict[str, str]:
    return of_kpi("OutcallEarlyHangupHigh", "early_hangup", "experience", severity, **labels)


def csat(severity: str, **labels: str) -> dict[str, str]:
    return of_kpi("OutcallCsatLow", "csat", "experience", severity, **labels)


def failure(severity: str, **labels: str) -> dict[str, str]:
    return of_kpi("OutcallSystemFailureHigh", "system_failure", "technical", severity, **labels)


def violation(severity: str, **labels: str) -> dict[str, str]:
    return of_kpi("OutcallViolationHigh", "violation", "compliance", severity, **labels)


def compliant(severity: str, **labels: str) -> dict[str, str]:
    return of_kpi("OutcallCompliantSpeechLow", "compliant_speech", "compliance", severity, **labels)


def other(name: str, kpi: str, severity: str, **labels: str) -> dict[str, str]:
    """An alert of a machine or a program: no level, no slice."""
    return {"alertname": name, "kpi": kpi, "dimension": "technical", "severity": severity, **labels}
