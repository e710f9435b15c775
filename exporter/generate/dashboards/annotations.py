"""What happened, drawn over every graph: alerts, recorded changes, new script versions, incidents."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard

from exporter.generate.dashboards.block import Query
from exporter.generate.dashboards.build import DATASOURCE, target
from exporter.generate.dashboards.changetable import BEGUN
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.promql import firing, measure

# A script that is seen and was not known an hour before, once it is known what was.
NEW_SCRIPT = (
    'count by (scenario, script) (outcall_dials{window="1h"})\n'
    'unless on (scenario, script) count by (scenario, script) (outcall_dials{window="30d"} offset 1h)\n'
    'and on () count(outcall_dials{window="30d"} offset 1h)'
)
# Grafana takes longer steps over longer spans: a beginning is what was not there a step before.
_BEGINNING = "$__interval"


def events(context: Context, *, calm: bool = False, **alerts: str) -> list[dashboard.AnnotationQuery]:
    """All of them. `alerts`: labels of those that concern the board; `calm`: alerts and incidents when asked for."""
    by = "alertname, severity, kpi, scenario, generation"
    severities = [alerts["severity"]] if "severity" in alerts else ["critical", "warning"]
    now, before = (
        " or ".join(firing(ago, **({"severity": severity} | alerts)) for severity in severities)
        for ago in ("", _BEGINNING)
    )
    expr = f"max by ({by}) ({now})\nunless max by ({by}) ({before})"
    # Recorded changes say when they took effect.
    recorded = f"max by (change, kind, title_{context.language}) ({BEGUN}) * 1000"
    title = context.say("告警", "Alerts")
    found = [
        _annotation(title, "red", expr, "{{alertname}}", "{{severity}} {{kpi}} {{scenario}} {{generation}}", not calm)
    ]
    title = context.say("变更", "Changes")
    found.append(_annotation(title, "green", recorded, f"{{{{title_{context.language}}}}}", "{{kind}} {{change}}"))
    found[-1].use_value_for_time = True
    if "dials" in context.catalogue.measures:
        title = context.say("新话术", "New script")
        found.append(_annotation(title, "blue", NEW_SCRIPT, f"{title} {{{{script}}}}", "{{scenario}}"))
    if "open_incidents" in context.catalogue.measures:
        title = context.say("事故未解决", "Open incidents")
        found.append(_annotation(title, "orange", f"{measure('open_incidents', {})} > 0", title, "", not calm))
    return found


def _annotation(
    name: str, colour: str, expr: str, title: str, text: str, drawn: bool = True
) -> dashboard.AnnotationQuery:
    return dashboard.AnnotationQuery(
        name=name,
        datasource=DATASOURCE,
        enable=drawn,
        icon_color=colour,
        expr=expr,
        target=target(Query("Anno", expr), interval="1m"),
        title_format=title,
        text_format=text,
        tag_keys="severity",
        step="60s",
        use_value_for_time=False,
    )
