"""Where one gets from here: other boards with time and variables kept, runbooks, definitions, the other language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from grafana_foundation_sdk.models import dashboard

from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.ids import LANGUAGES, Language, uid
from exporter.generate.rules.kpis import alert_names
from exporter.semantic.model import Kpi
from exporter.semantic.names import ALL, runbook_url

# Kept by every link from one board to another.
_KEPT = "${datasource:queryparam}&${__url_time_range}"
_OTHER: Mapping[Language, str] = {"zh": "English", "en": "中文"}


def to_board(context: Context, name: str, variables: Iterable[str]) -> str:
    """A board's address; `variables`: pieces such as `var-kpi=csat` or `${window:queryparam}`."""
    return "&".join([f"/d/{context.uid(name)}?{_KEPT}", *variables])


def data_link(title: str, url: str) -> dashboard.DashboardLink:
    """A link from a value."""
    return dashboard.DashboardLink(title=title, type_val=dashboard.DashboardLinkType.LINK, url=url)


def to_kpi(context: Context, kpi: Kpi, *variables: str) -> dashboard.DashboardLink:
    """From a KPI's value to its drill-down."""
    return data_link(
        context.say("下钻", "Drill down"), to_board(context, "drilldown", [f"var-kpi={kpi.slug}", *variables])
    )


def chosen(matchers: Mapping[str, str], *but: str) -> list[str]:
    """Variables that the matchers take, kept as they are."""
    return [f"${{{label}:queryparam}}" for label, text in matchers.items() if text == f"${label}" and label not in but]


def of_kpi(context: Context, kpi: Kpi) -> list[dashboard.DashboardLink]:
    """A panel's links: the definition, and the runbook of each of the KPI's alerts."""
    definition = document(context.say("口径", "Definition"), f"{context.documents}/kpis.md#{kpi.slug}")
    return [definition, *(runbook(context, name) for name in alert_names(context.catalogue, kpi))]


def runbook(context: Context, alert: str) -> dashboard.DashboardLink:
    """To what is done about an alert."""
    return document(f"{context.say('处置手册', 'Runbook')} {alert}", runbook_url(alert))


def document(title: str, url: str) -> dashboard.DashboardLink:
    """To a page of the documentation, beside the board."""
    found = data_link(title, url)
    found.target_blank = True
    return found


def whole(labels: Iterable[str]) -> list[str]:
    """Variables that select the whole."""
    return [f"var-{label}={ALL}" for label in labels]


def navigation(context: Context, name: str) -> list[dashboard.DashboardLink]:
    """A board's own links: all boards, and itself in the other language."""
    boards = dashboard.DashboardLink(
        title=context.say("看板", "Dashboards"),
        type_val=dashboard.DashboardLinkType.DASHBOARDS,
        tags=[f"outcall-{context.language}"],
        as_dropdown=True,
        keep_time=True,
        include_vars=True,
    )
    other = next(language for language in LANGUAGES if language != context.language)
    twin = dashboard.DashboardLink(
        title=_OTHER[context.language],
        type_val=dashboard.DashboardLinkType.LINK,
        icon="external link",
        url=f"/d/{uid(name, other)}",
        keep_time=True,
        include_vars=True,
    )
    documents = dashboard.DashboardLink(
        title=context.say("指标口径", "KPI reference"),
        type_val=dashboard.DashboardLinkType.LINK,
        icon="doc",
        url=f"{context.documents}/kpis.md",
        target_blank=True,
    )
    return [boards, twin, documents]
