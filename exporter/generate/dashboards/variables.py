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
    query = f"label_values({selector}, {of})"
    known = dashboard.VariableOption(True, default, default) if default else dashboard.VariableOption()
    if every:
        known = dashboard.VariableOption(True, "All", "$__all")
    return dashboard.VariableModel(
        type_val=dashboard.VariableType.QUERY,
        name=name,
        label=label,
        datasource=DATASOURCE,
        definition=query,
        query={"qryType": _LABEL_VALUES, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        current=known,
        include_all=every,
        all_value=".+" if every else None,
        refresh=dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED,
        sort=dashboard.VariableSort.ALPHABETICAL_DESC if descending else dashboard.VariableSort.ALPHABETICAL_ASC,
    )


def kpi(context: Context, default: str, matchers: str = "") -> dashboard.VariableModel:
    """Any KPI, by its title; as the exporter has them now, so that an operator's own are there too."""
    title = f"title_{context.language}"
    query = f"query_result(max by (kpi, {title}) (outcall_kpi_info{{{matchers}}}))"
    text = context.pick(context.catalogue.kpis[default].title)
    return dashboard.VariableModel(
        type_val=dashboard.VariableType.QUERY,
        name="kpi",
        label=context.say("指标", "KPI"),
        datasource=DATASOURCE,
        definition=query,
        query={"qryType": _QUERY_RESULT, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        current=dashboard.VariableOption(True, text, default),
        refresh=dashboard.VariableRefresh.ON_DASHBOARD_LOAD,
        sort=dashboard.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC,
        regex=f'/kpi="(?<value>[^"]+)",{title}="(?<text>[^"]+)"/',
    )


def window(context: Context, default: str, names: Iterable[str] = ()) -> dashboard.VariableModel:
    """A rolling window."""
    wanted = list(names) or [item.name for item in context.catalogue.windows]
    return choice("window", context.say("窗口", "Window"), {name: name for name in wanted}, default)


def scenario(context: Context) -> dashboard.VariableModel:
    """One scenario; not all of them, for scripts of different scenarios are not compared."""
    declared = context.catalogue.dimensions["scenario"].values
    options = {value: context.pick(text) for value, text in declared.items()}
    return choice("scenario", context.title("scenario"), options, next(iter(options)))


def member(context: Context, label: str) -> dashboard.VariableModel:
    """A value of a label with declared values, `all` first."""
    return choice(label, context.title(label), context.members(label), ALL)
