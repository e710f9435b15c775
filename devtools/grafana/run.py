"""Runs the queries of a panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from devtools.grafana.boards import Annotation, Panel, Target
from devtools.grafana.errors import GrafanaError
from devtools.grafana.formats import Choice
from devtools.grafana.frames import Frame, series_frames, table_frames
from devtools.grafana.interpolate import interpolate, unknown
from devtools.grafana.prometheus import Prometheus, Series
from devtools.grafana.timing import DEFAULT_SCRAPE, Interval, Span, duration, interval_of
from devtools.grafana.transform import transform

# A panel asks for as many points as it is wide; a desk's screen has about so many pixels for 24 columns.
WIDTH: Final = 1560


@dataclass(frozen=True, slots=True)
class Result:
    """One query's answer: the text that was sent, and its series (one point each where it was asked instantly)."""

    ref_id: str
    expr: str
    series: tuple[Series, ...]
    target: Target


def run_panel(
    panel: Panel,
    prometheus: Prometheus,
    choices: Mapping[str, Choice],
    span: Span,
    scrape: float = DEFAULT_SCRAPE,
    *,
    hidden_too: bool = False,
) -> list[Result]:
    """The answers of the panel's queries, in order; hidden ones are not asked.

    Raises:
        GrafanaError: a query fails, or names an unknown variable.
    """
    wanted = [each for each in panel.targets if each.expr and (hidden_too or not each.hide)]
    return [run_target(each, panel, prometheus, choices, span, scrape) for each in wanted]


def run_target(
    target: Target,
    panel: Panel,
    prometheus: Prometheus,
    choices: Mapping[str, Choice],
    span: Span,
    scrape: float = DEFAULT_SCRAPE,
) -> Result:
    """The answer of one query; one that is both instant and over a range is asked over the range."""
    interval = interval_for(target, panel, choices, span, scrape)
    expr = _sent(target.expr, choices, span, interval)
    try:
        series = prometheus.instant(expr, span.end) if not target.range else _ranged(prometheus, expr, span, interval)
    except GrafanaError as error:
        raise GrafanaError(f"panel {panel.id} {panel.title!r}, query {target.ref_id}: {error}") from error
    legend = interpolate(target.legend, choices, span, interval, "glob")
    return Result(target.ref_id, expr, tuple(series), replace(target, legend=legend))


def interval_for(
    target: Target, panel: Panel, choices: Mapping[str, Choice], span: Span, scrape: float = DEFAULT_SCRAPE
) -> Interval:
    """The step of a query, by the panel's width and the least interval of query, panel or data source."""
    points = panel.max_data_points or max(1, WIDTH * panel.grid.w // 24)
    least = interpolate(target.interval or panel.interval, choices, span, Interval(scrape))
    return interval_of(span, points, least, scrape)


def run_annotation(annotation: Annotation, prometheus: Prometheus, choices: Mapping[str, Choice], span: Span) -> Result:
    """The series of an annotation's query over the span.

    Raises:
        GrafanaError: the query fails, or names an unknown variable.
    """
    step = annotation_interval(annotation, choices, span)
    expr = _sent(annotation.expr, choices, span, step)
    try:
        series = _ranged(prometheus, expr, span, step)
    except GrafanaError as error:
        raise GrafanaError(f"annotation {annotation.name!r}: {error}") from error
    target = Target("Anno", annotation.expr, False, True, "time_series", "", "", False, {})
    return Result("Anno", expr, tuple(series), target)


def annotation_interval(annotation: Annotation, choices: Mapping[str, Choice], span: Span) -> Interval:
    """The step of an annotation's query: a point a pixel of the page, at least the annotation's own step."""
    least = interpolate(annotation.step, choices, span, Interval(60))
    return interval_of(span, WIDTH, least)


def frames_of(results: Sequence[Result], panel: Panel) -> list[Frame]:
    """What the panel draws: the frames of its answers after its transformations."""
    series = [frame for each in results if each.target.format != "table" for frame in _frames(each)]
    tables = table_frames([(each.target, each.series) for each in results if each.target.format == "table"])
    try:
        return transform([*series, *tables], panel.transformations)
    except GrafanaError as error:
        raise GrafanaError(f"panel {panel.id} {panel.title!r}: {error}") from error


def span_of(panel: Panel, span: Span) -> Span:
    """The panel's own range, where it has one (`timeFrom`, `timeShift`)."""
    raw = panel.raw
    shift = duration(raw["timeShift"]) if raw.get("timeShift") else 0.0
    start = span.end - duration(raw["timeFrom"]) if raw.get("timeFrom") else span.start
    return Span(start - shift, span.end - shift)


def _frames(result: Result) -> list[Frame]:
    return series_frames(result.target, result.series)


def _sent(expr: str, choices: Mapping[str, Choice], span: Span, interval: Interval) -> str:
    missing = unknown(expr, choices)
    if missing:
        raise GrafanaError(f"no variable {missing[0]!r}, in the query {expr}")
    return interpolate(expr, choices, span, interval)


def _ranged(prometheus: Prometheus, expr: str, span: Span, interval: Interval) -> list[Series]:
    """Start and end at whole steps, as the data source aligns them."""
    step = interval.seconds
    start, end = (at // step * step for at in (span.start, span.end))
    return prometheus.range(expr, start, end, step)
