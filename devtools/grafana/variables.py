"""What the variables of a dashboard stand at when it is opened."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from devtools.grafana.boards import Board, Variable
from devtools.grafana.errors import GrafanaError
from devtools.grafana.formats import ALL, Choice
from devtools.grafana.interpolate import interpolate
from devtools.grafana.options import Option, chosen, custom
from devtools.grafana.prometheus import Prometheus, Series
from devtools.grafana.timing import Interval, Span

LABEL_VALUES: Final = re.compile(
    r"\s*label_values\(\s*(?:(?P<selector>.+?)\s*,\s*)?(?P<label>[a-zA-Z_]\w*)\s*\)\s*", re.S
)
QUERY_RESULT: Final = re.compile(r"\s*query_result\((?P<expr>.+)\)\s*", re.S)
LABEL_NAMES: Final = re.compile(r"\s*label_names\(\s*(?P<selector>.*?)\s*\)\s*", re.S)
METRICS: Final = re.compile(r"\s*metrics\((?P<pattern>.+)\)\s*", re.S)
# A variable's query knows no panel; Grafana takes the interval of the data source.
INTERVAL: Final = Interval(15.0)

Given = Mapping[str, str | Sequence[str]]


def resolve(board: Board, prometheus: Prometheus, span: Span, given: Given | None = None) -> Mapping[str, Choice]:
    """Every variable's choice, in the dashboard's order, so that later ones see earlier ones.

    `given` are values as an address gives them (`$__all` is all); others stand at `current` where it is among the
    options, else at "All" where the variable has it, else at the first.

    Raises:
        GrafanaError: a query fails, a given value is no option, a kind of variable is not known.
    """
    given = given or {}
    unknown = set(given) - {each.name for each in board.variables}
    if unknown:
        raise GrafanaError(f"{board.uid} has no variable {', '.join(sorted(unknown))}")
    choices: dict[str, Choice] = {}
    for variable in board.variables:
        try:
            options = options_of(variable, prometheus, span, choices)
            choices[variable.name] = choose(variable, options, given.get(variable.name))
        except GrafanaError as error:
            raise GrafanaError(f"{board.uid}, variable {variable.name}: {error}") from error
    return choices


def options_of(variable: Variable, prometheus: Prometheus, span: Span, choices: Mapping[str, Choice]) -> list[Option]:
    """Pairs of text and value that a variable offers."""
    if variable.type == "query":
        query = interpolate(variable.query, choices, span, INTERVAL)
        regex = interpolate(variable.regex, choices, span, INTERVAL, "regex")
        return chosen(_answers(query, prometheus, span), regex, variable.sort)
    if variable.type == "custom":
        return custom(interpolate(variable.query, choices, span, INTERVAL, "text"))
    if variable.type in {"constant", "textbox"}:
        return [(variable.query, variable.query)]
    if variable.type == "datasource":
        # One Prometheus is behind everything here; its name is what a fresh Grafana calls it.
        current = str(variable.current.get("value") or variable.query)
        return [(str(variable.current.get("text") or current), current)]
    raise GrafanaError(f"the type {variable.type!r} is not known here")


def choose(variable: Variable, options: Sequence[Option], given: str | Sequence[str] | None) -> Choice:
    """The choice among the options."""
    values = _wanted(variable, options, given)
    texts = {value: text for text, value in options}
    everything = values == [ALL]
    if everything:
        values = [value for _, value in options] or [""]
    return Choice(
        name=variable.name,
        texts=tuple(texts.get(each, each) for each in values),
        values=tuple(values),
        listed=variable.multi or variable.include_all,
        all=everything,
        all_value=variable.all_value,
        options=tuple(options),
    )


def _wanted(variable: Variable, options: Sequence[Option], given: str | Sequence[str] | None) -> list[str]:
    offered = {value for _, value in options} | ({ALL} if variable.include_all else set())
    if given is not None:
        asked = [given] if isinstance(given, str) else list(given)
        missing = [each for each in asked if each not in offered and variable.type != "textbox"]
        if missing:
            raise GrafanaError(f"no option {missing[0]!r} among {', '.join(sorted(offered)) or 'none'}")
        return asked
    current = variable.current.get("value")
    listed = current if isinstance(current, list) else [current]
    valid = [str(each) for each in listed if each in offered]
    if valid:
        return [ALL] if ALL in valid else valid
    if variable.include_all:
        return [ALL]
    return [options[0][1]] if options else [""]


def _answers(query: str, prometheus: Prometheus, span: Span) -> list[str]:
    if found := LABEL_NAMES.fullmatch(query):
        every = prometheus.series(found["selector"] or '{__name__!=""}', span.start, span.end)
        return sorted({name for labels in every for name in labels})
    if found := LABEL_VALUES.fullmatch(query):
        return prometheus.label_values(found["selector"] or "", found["label"], span.start, span.end)
    if found := QUERY_RESULT.fullmatch(query):
        return [_row(each) for each in prometheus.instant(found["expr"], span.end)]
    if found := METRICS.fullmatch(query):
        names = prometheus.label_values("", "__name__", span.start, span.end)
        return [name for name in names if re.search(found["pattern"], name)]
    raise GrafanaError(f"the query {query!r} is none of label_values, label_names, query_result, metrics")


def _row(series: Series) -> str:
    """A series as Grafana writes it for the variable's regular expression: `name{a="b"} value milliseconds`."""
    labels = ",".join(f'{name}="{value}"' for name, value in series.labels.items() if name != "__name__")
    at, value = series.points[-1]
    return f"{series.labels.get('__name__', '')}{{{labels}}} {value:g} {round(at * 1000)}"
