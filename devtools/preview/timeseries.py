"""The time series panel: a figure for plotly, and Grafana's legend."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from devtools.grafana.colours import colour
from devtools.grafana.display import value_colour
from devtools.preview import legend
from devtools.preview.axis import Axis, axes_of, axis_key, stacked
from devtools.preview.bands import bands
from devtools.preview.marks import marks
from devtools.preview.markup import empty, tag
from devtools.preview.scene import Column, Scene, View, series
from devtools.preview.timeaxis import ticks
from devtools.preview.traces import trace

Json = dict[str, Any]
LEGEND_LINE = 26


def draw(view: View) -> str:
    """The inside of the panel."""
    found = [each for each in series(view) if each.field.type == "number" and each.frame.length]
    if not found:
        return empty(view.empty_text)
    found = [each for each in found if not (each.custom.get("hideFrom") or {}).get("viz")]
    colours = [series_colour(each, view.scene) for each in found]
    figure = figure_of(view, found, colours)
    shown = legend.draw(view, found, colours)
    place = (view.panel.options.get("legend") or {}).get("placement") or "bottom"
    graph = tag("div", "", "graph", data_figure=json.dumps(figure, ensure_ascii=False))
    return tag("div", graph + shown, f"chart legend-{place}")


def series_colour(column: Column, scene: Scene) -> str:
    """The colour of a series: its own, its palette's, or that of its last value."""
    value = column.calculate("lastNotNull")
    number = value if isinstance(value, float) else None
    share = column.ends.share(number) if number is not None else 0.0
    return value_colour(column.config, number, share, theme=scene.theme, index=column.index)


def figure_of(view: View, found: Sequence[Column], colours: Sequence[str]) -> Json:
    """Traces and layout; times are local texts, because plotly knows no time zones."""
    lines = _threshold_values(found[0]) if _style(found[0]) != "off" else []
    axes = axes_of(found, view.scene, _graph_height(view), lines)
    places = {each.key: index for index, each in enumerate(axes)}
    traces = []
    for index, (column, css) in enumerate(zip(found, colours, strict=True)):
        axis = places[axis_key(column)]
        lower = _lower(column, found)
        if lower is not None:
            traces += bands(view, column, lower, css, axis)
        traces.append(trace(view, column, css, axis, number=index))
    return {"data": traces, "layout": _layout(view, axes, found)}


def _lower(column: Column, found: Sequence[Column]) -> Column | None:
    name = column.custom.get("fillBelowTo")
    return next((each for each in found if name and each.name == name), None)


def _graph_height(view: View) -> int:
    options = view.panel.options.get("legend") or {}
    below = options.get("showLegend", True) and options.get("placement", "bottom") == "bottom"
    return max(60, view.height - 30 - (LEGEND_LINE if below else 0))


def _style(column: Column) -> str:
    return str((column.custom.get("thresholdsStyle") or {}).get("mode") or "off")


def _threshold_values(column: Column) -> list[float]:
    steps = (column.config.get("thresholds") or {}).get("steps") or ()
    return [float(step["value"]) for step in steps if step.get("value") is not None]


def _layout(view: View, axes: Sequence[Axis], found: Sequence[Column]) -> Json:
    scene = view.scene
    text = colour("text", scene.theme)
    line = "rgba(240,250,255,0.09)" if scene.theme == "dark" else "rgba(0,10,23,0.09)"
    layout: Json = {
        "showlegend": False,
        "margin": {"l": 4, "r": 4, "t": 6, "b": 4},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 12, "color": text},
        "barmode": "relative" if any(stacked(each) for each in found) else "overlay",
        "xaxis": _time_axis(view, line),
        "shapes": marks(view, axes, found[0]),
    }
    for index, axis in enumerate(axes):
        layout[f"yaxis{index + 1 if index else ''}"] = _value_axis(axis, index, line)
    return layout


def _value_axis(axis: Axis, index: int, line: str) -> Json:
    settings: Json = {
        "range": [axis.low, axis.high],
        "tickvals": [place for place, _ in axis.ticks],
        "ticktext": [text for _, text in axis.ticks],
        "gridcolor": line,
        "showgrid": axis.grid and index == 0,
        "zeroline": False,
        "automargin": True,
        "visible": not axis.hidden,
        "side": "right" if axis.right else "left",
    }
    if axis.label:
        settings["title"] = {"text": axis.label, "font": {"size": 12}, "standoff": 6}
    return settings | ({"overlaying": "y"} if index else {})


def _time_axis(view: View, line: str) -> Json:
    scene = view.scene
    beside = (view.panel.options.get("legend") or {}).get("placement") == "right"
    found = ticks(scene.span, int(view.width * (0.65 if beside else 0.9)), scene.context.zone)
    return {
        "type": "date",
        "range": [moment(scene.span.start * 1000, scene), moment(scene.span.end * 1000, scene)],
        "gridcolor": line,
        "tickvals": [str(at) for at, _ in found],
        "ticktext": [words for _, words in found],
        "tickangle": 0,
        "automargin": True,
        "zeroline": False,
    }


def moment(milliseconds: float, scene: Scene) -> str:
    """An instant as plotly wants it, in the dashboard's zone."""
    at = datetime.fromtimestamp(milliseconds / 1000, ZoneInfo(scene.context.zone))
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")
