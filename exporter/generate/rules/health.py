"""Alerts that are not a KPI's: those of alerts.yaml, and what they have in common with those on silence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

from exporter.generate.rules import promql
from exporter.generate.rules.model import Alert, Options
from exporter.semantic.model import Catalogue
from exporter.semantic.names import dashboard_url, runbook_url
from exporter.semantic.spec import HealthRuleSpec, HealthSpec, Text

About = Literal["exporter", "platform", "host", "relay"]
_TOKEN = re.compile(r"<(line|percent|job|minute_windows|hour_windows)>")
_DASHBOARDS: Mapping[str, str] = {
    "exporter": "outcall-exporter",
    "platform": "outcall-overview",
    "host": "outcall-host",
    "relay": "outcall-exporter",
}


def health_alerts(catalogue: Catalogue, options: Options, about: About, interval: int) -> Iterable[Alert]:
    """The alerts of the catalogue on one subject, of those that are evaluated at this interval (seconds)."""
    for name, spec in catalogue.alerts.items():
        if spec.about == about and spec.interval == interval:
            yield from (_alert(catalogue, options, name, spec, rule) for rule in spec.rules)


def intervals(catalogue: Catalogue, about: About) -> list[int]:
    """At which intervals the alerts on a subject are evaluated."""
    return sorted({spec.interval for spec in catalogue.alerts.values() if spec.about == about})


def texts(name: str, spec: HealthSpec, options: Options) -> dict[str, str]:
    """The annotations of contract §5, and the short ones."""
    both = {
        "summary": spec.summary,
        "description": spec.description,
        "where": Text(zh=spec.where, en=spec.where),
        "value": Text(zh=spec.value, en=spec.value),
    }
    found = {key: text.en for key, text in both.items()} | {f"{key}_zh": text.zh for key, text in both.items()}
    dashboard = dashboard_url(options.grafana, _DASHBOARDS[spec.about])
    return found | {"runbook_url": runbook_url(f"Outcall{name}"), "dashboard_url": dashboard}


def labels(spec: HealthSpec, severity: str) -> dict[str, str]:
    """What such an alert is routed by."""
    return {"severity": severity, "kpi": spec.about, "dimension": spec.dimension}


def _alert(catalogue: Catalogue, options: Options, name: str, spec: HealthSpec, rule: HealthRuleSpec) -> Alert:
    known = _tokens(catalogue, options, rule)

    def filled(text: str) -> str:
        return _TOKEN.sub(lambda found: known[found[1]], text)

    annotations = {key: filled(text) for key, text in texts(name, spec, options).items()}
    return Alert(
        f"Outcall{name}",
        filled(rule.expr),
        rule.wait,
        spec.keep_firing_for,
        labels(spec, rule.severity),
        annotations,
    )


def _tokens(catalogue: Catalogue, options: Options, rule: HealthRuleSpec) -> dict[str, str]:
    line = 0.0 if rule.line is None else rule.line
    grains = {
        f"{grain}_windows": promql.regex(window.name for window in catalogue.windows if window.grain == grain)
        for grain in ("minute", "hour")
    }
    return {"line": promql.number(line), "percent": f"{promql.number(line * 100)}%", "job": options.job} | grains
