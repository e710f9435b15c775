"""Opening the shipped dashboards on a Prometheus: variables resolved, every query of every panel asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from devtools.grafana import run
from devtools.grafana.boards import Board, Panel, Target, load
from devtools.grafana.formats import Choice
from devtools.grafana.prometheus import Prometheus
from devtools.grafana.run import Result
from devtools.grafana.timing import Span, parse_span
from devtools.grafana.variables import resolve
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.names import ALL

FOLDER = Path(__file__).parents[2] / "grafana" / "zh"
BOARDS = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))
OFFSET = re.compile(r"\boffset \w+")
# Host and exporter have no past on the stage: they are opened on the time since it was started.
LIVE_ONLY, LIVE_RANGE = ("exporter", "host"), "now-15m"
Given = Mapping[str, str]


@cache
def board(name: str) -> Board:
    """A shipped dashboard, in Chinese: the English ones ask the same."""
    return load(FOLDER / f"{name}.json")


@cache
def catalogue() -> Catalogue:
    """The shipped one."""
    return load_catalogue([])


def variables(name: str) -> set[str]:
    """The names of a dashboard's variables."""
    return {variable.name for variable in board(name).variables}


def choosing(kpi: Kpi) -> dict[str, str]:
    """A KPI at its headline window."""
    return {"kpi": kpi.slug} | ({"window": kpi.headline_window} if kpi.windows else {})


Key = tuple[str, tuple[tuple[str, str], ...]]


def _key(name: str, given: Given) -> Key:
    return name, tuple(sorted(given.items()))


@dataclass(frozen=True, slots=True)
class Opened:
    """A dashboard with everything chosen."""

    name: str
    given: Given
    choices: Mapping[str, Choice]
    span: Span

    @property
    def kpi(self) -> Kpi | None:
        """The KPI that is chosen, on dashboards of one KPI."""
        return catalogue().kpis[self.choices["kpi"].values[0]] if "kpi" in self.choices else None


@dataclass
class Asking:
    """A Prometheus, the instant at which dashboards are opened on it (Unix seconds), and the browser's time zone."""

    url: str
    now: float
    timezone: str
    prometheus: Prometheus = field(init=False)
    _opened: dict[Key, Opened] = field(default_factory=dict)
    _empty: dict[tuple[Key, int], frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.prometheus = Prometheus(self.url)

    def open(self, name: str, given: Given | None = None) -> Opened:
        """A dashboard with these variables given. Raises GrafanaError."""
        key = _key(name, given or {})
        if key not in self._opened:
            span = self.span(name, live=name in LIVE_ONLY)
            choices = resolve(board(name), self.prometheus, span, dict(key[1]))
            self._opened[key] = Opened(name, dict(key[1]), choices, span)
        return self._opened[key]

    def span(self, name: str, *, live: bool = False) -> Span:
        """A dashboard's range; `live`: since the stage was started."""
        start = LIVE_RANGE if live else board(name).start
        return parse_span(start, board(name).end, self.now, ZoneInfo(self.timezone))

    def panel(self, panel: Panel, opened: Opened) -> list[Result]:
        """The answers of a panel. Raises GrafanaError."""
        results = run.run_panel(panel, self.prometheus, opened.choices, run.span_of(panel, opened.span))
        empty = frozenset(result.ref_id for result in results if not result.series)
        self._empty[_key(opened.name, opened.given), panel.id] = empty
        return results

    def empty(self, panel: Panel, opened: Opened) -> frozenset[str]:
        """The queries of a panel that have no answer; asked once. Raises GrafanaError."""
        key = _key(opened.name, opened.given), panel.id
        if key not in self._empty:
            self.panel(panel, opened)
        return self._empty[key]

    def has_samples(self, panel: Panel, result: Result, opened: Opened) -> bool:
        """Whether every KPI and measure that a query names has samples in the slice and window chosen, at that time.

        Nothing over nothing is absent: a query for a slice without calls is right to be empty. What is compared with
        an earlier time needs samples then, and of slices the stage's past has few.
        """
        offset = next(iter(OFFSET.findall(result.expr)), "")
        kept = ("window", "scenario", "generation", "period", "script")
        given = {name: value for name in kept if (value := chosen(opened, name))}
        slices = ",".join(f'{name}="{value}"' for name, value in given.items())
        # Measures have no member `all`.
        cells = ",".join(f'{name}="{value}"' for name, value in given.items() if value != ALL)
        asked = [f"outcall_{slug}_samples{{{slices}}} {offset}" for slug in kpis_of(result.expr)]
        asked += [f"outcall_{name}{{{cells}}} {offset}" for name in measures_of(result.expr)]
        return all(self._ask(replace(result.target, expr=expr), panel, opened) for expr in asked)

    def _ask(self, target: Target, panel: Panel, opened: Opened) -> bool:
        return bool(run.run_target(target, panel, self.prometheus, opened.choices, opened.span).series)


def chosen(opened: Opened, name: str) -> str:
    """What a variable stands at, "" where the dashboard does not have it."""
    return opened.choices[name].values[0] if name in opened.choices else ""


def kpis_of(expr: str) -> set[str]:
    """The KPIs whose gauges a query asks for, by the metrics' names or by the label `kpi`."""
    named = set(re.findall(r"\boutcall_\(?(\w+?)\)?\(?_(?:ratio|cny|seconds|score|samples)", expr))
    return (named | set(re.findall(r'kpi="(\w+)"', expr))) & set(catalogue().kpis)


def measures_of(expr: str) -> set[str]:
    """The measures whose gauges a query asks for."""
    return set(re.findall(r"\boutcall_(\w+)", expr)) & set(catalogue().measures)
