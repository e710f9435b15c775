"""What stands behind the lines of a graph: thresholds and annotations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from devtools.grafana.colours import colour
from devtools.preview.axis import Axis
from devtools.preview.scene import Column, View
from devtools.preview.traces import local

Json = dict[str, Any]


def marks(view: View, axes: Sequence[Axis], column: Column) -> list[Json]:
    """Shapes of plotly."""
    return [*_thresholds(view, axes[0], column), *_annotations(view)]


def _thresholds(view: View, axis: Axis, column: Column) -> list[Json]:
    style = str((column.custom.get("thresholdsStyle") or {}).get("mode") or "off")
    steps = (column.config.get("thresholds") or {}).get("steps") or ()
    shapes: list[Json] = []
    if "line" in style or style == "dashed":
        dash = "dash" if "dashed" in style else "solid"
        lines = [step for step in steps if step.get("value") is not None]
        shapes += [_line(step, dash, view) for step in lines]
    if "area" in style:
        bounds = [*(step.get("value") for step in steps), None]
        areas = zip(steps, pairwise(bounds), strict=True)
        shapes += [_area(step, low, high, axis, view) for step, (low, high) in areas]
    return shapes


def _line(step: Json, dash: str, view: View) -> Json:
    line = {"color": colour(step["color"], view.scene.theme), "width": 1.5, "dash": dash}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": step["value"], "y1": step["value"], "line": line}


def _area(step: Json, low: float | None, high: float | None, axis: Axis, view: View) -> Json:
    bottom, top = (axis.low if low is None else low), (axis.high if high is None else high)
    ground = {"fillcolor": colour(step["color"], view.scene.theme), "opacity": 0.12, "line": {"width": 0}}
    edges = {"y0": max(bottom, axis.low), "y1": min(top, axis.high)}
    return {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "layer": "below", **edges, **ground}


def _annotations(view: View) -> list[Json]:
    shapes: list[Json] = []
    for event in view.scene.events:
        css = colour(event.colour, view.scene.theme)
        start, end = (
            local(max(view.scene.span.start, min(view.scene.span.end, at)) * 1000, view.scene)
            for at in (event.start, event.end)
        )
        across = {"yref": "paper", "y0": 0, "y1": 1}
        for at in dict.fromkeys((start, end)):
            line = {"color": css, "width": 1, "dash": "dash"}
            shapes.append({"type": "line", "x0": at, "x1": at, **across, "line": line})
        if end > start:
            ground = {"fillcolor": css, "opacity": 0.1, "line": {"width": 0}, "layer": "below"}
            shapes.append({"type": "rect", "x0": start, "x1": end, **across, **ground})
    return shapes
