"""The variables that boards offer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from grafana_foundation_sdk.models import dashboard

from exporter.generate.dashboards.build import DATASOURCE
from exporter.generate.dashboards.context import Context
from exporter.semantic.names import ALL

# label_values; the numbers are those of Grafana's query editor.
_LABEL_VALUES, _QUERY_RESULT = 1, 3


def datasource(context: Context) -> dashboard.VariableModel:
    """Which Prometheus."""
    return dashboard.VariableModel(
        type_val=dashboard.VariableType.DATASOURCE,
        name="datasource",
        label=context.say("数据源", "Data source"),
        query="prometheus",
        current=dashboard.VariableOption(),
        refresh=dashboard.VariableRefresh.ON_DASHBOARD_LOAD,
        regex="",
    )


def choice(name: str, label: str, options: Mapping[str, str], default: str) -> dashboard.VariableModel:
    """One of declared values; `options`: value and text."""
    found = [dashboard.VariableOption(value == default, text, value) for value, text in options.items()]
    return dashboard.VariableModel(
        type_val=dashboard.VariableType.CUSTOM,
        name=name,
        label=label,
        query=", ".join(f"{_escaped(text)} : {_escaped(value)}" for value, text in options.items()),
        options=found,
        current=next(option for option in found if option.value == default),
    )


def _escaped(text: str) -> str:
    return text.replace(",", "\\,")


def slice_of(name: str, label: str, selector: str) -> dashboard.VariableModel:
    """A value of a label whose values are not declared, `all` first, whatever else there is."""
    found = values_of(name, label, selector, name)
    found.current = dashboard.VariableOption(True, "All", "$__all")
    found.include_all, found.all_value, found.regex = True, ALL, f"/^(?!{ALL}$).+/"
    return found


def values_of(
    name: str, label: str, selector: str, of: str, default: str = "", *, descending: bool = False, every: bool = False
) -> dashboard.VariableModel:
    """The values that a label has now. `every`: all of them may be chosen at once, as a regular expression."""
    known = dashboard.VariableOption(True, default, default) if default else dashboard.VariableOption()
    if every:
        known = dashboard.VariableOption(True, "All", "$__all")
    found = _asked(name, label, _LABEL_VALUES, f"label_values({selector}, {of})")
    found.current, found.include_all, found.all_value = known, every, ".+" if every else None
    found.refresh = dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED
    found.sort = dashboard.VariableSort.ALPHABETICAL_DESC if descending else dashboard.VariableSort.ALPHABETICAL_ASC
    return found


def _asked(name: str, label: str, kind: int, query: str) -> dashboard.VariableModel:
    """A variable whose values Prometheus knows."""
    return dashboard.VariableModel(
        type_val=dashboard.VariableType.QUERY,
        name=name,
        label=label,
        datasource=DATASOURCE,
        definition=query,
        query={"qryType": kind, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
    )


def kpi(context: Context, default: str, matchers: str = "") -> dashboard.VariableModel:
    """Any KPI, by its title; as the exporter has them now, so that an operator's own are there too."""
    title = f"title_{context.language}"
    query = f"query_result(max by (kpi, {title}) (outcall_kpi_info{{{matchers}}}))"
    found = _rows("kpi", context.say("指标", "KPI"), query, f'/kpi="(?<value>[^"]+)",{title}="(?<text>[^"]+)"/')
    found.current = dashboard.VariableOption(True, context.pick(context.catalogue.kpis[default].title), default)
    return found


def window(context: Context, default: str, names: Iterable[str] = ()) -> dashboard.VariableModel:
    """A rolling window."""
    wanted = list(names) or [item.name for item in context.catalogue.windows]
    return choice("window", context.say("窗口", "Window"), {name: name for name in wanted}, default)


def scenario(context: Context, of: str) -> dashboard.VariableModel:
    """A scenario of the series `of`; not all of them, for what belongs to different scenarios is not compared."""
    title = f"scenario_{context.language}"
    query = f"query_result(max by (scenario, {title}) (outcall:scenario:title) and on (scenario) {of})"
    found = _rows(
        "scenario", context.title("scenario"), query, f'/scenario="(?<value>[^"]+)",{title}="(?<text>[^"]+)"/'
    )
    found.current, found.refresh = dashboard.VariableOption(), dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED
    return found


def _rows(name: str, label: str, query: str, regex: str) -> dashboard.VariableModel:
    """Values and texts taken from the rows of a query's answer."""
    found = _asked(name, label, _QUERY_RESULT, query)
    found.refresh = dashboard.VariableRefresh.ON_DASHBOARD_LOAD
    found.sort, found.regex = dashboard.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC, regex
    return found


def member(context: Context, label: str) -> dashboard.VariableModel:
    """A value of a label with declared values, `all` first."""
    return choice(label, context.title(label), context.members(label), ALL)
