"""One series as a trace of plotly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from devtools.grafana.colours import parts
from devtools.grafana.frames import Value
from devtools.preview.axis import stacked
from devtools.preview.scene import Column, Scene, View, times

Json = dict[str, Any]
Point = tuple[float, Value]

SHAPES: Final = {"smooth": "spline", "stepAfter": "hv", "stepBefore": "vh"}


def trace(view: View, column: Column, css: str, axis: int, *, number: int = 0) -> Json:
    """The trace; `number` keeps the order of stacked ones."""
    points = with_gaps(column, view.step)
    done: Json = {
        "x": [local(at, view.scene) for at, _ in points],
        "y": [value for _, value in points],
        "name": column.name,
        "yaxis": axis_name(axis),
        "hoverinfo": "skip",
    }
    if column.custom.get("drawStyle") == "bars":
        return done | _bars(column, css)
    done |= {"type": "scatter", "mode": _mode(column, points), "connectgaps": bool(column.custom.get("spanNulls"))}
    done["line"] = _line(column, css)
    if "markers" in done["mode"]:
        done["marker"] = {"color": css, "size": column.custom.get("pointSize") or 5}
    if stacked(column):
        done["stackgroup"] = f"stack{(column.custom.get('stacking') or {}).get('group') or 'A'}{axis}"
        done["zorder"] = number
    return done | _fill(column, css)


def axis_name(axis: int) -> str:
    """Plotly's name of the n-th value axis."""
    return f"y{axis + 1}" if axis else "y"


def with_gaps(column: Column, step: float) -> list[Point]:
    """The points, with nothing in between where one is missing: lines break there, as in Grafana."""
    points: list[Point] = []
    for at, value in zip(times(column.frame), column.field.values, strict=True):
        if not isinstance(at, float):
            continue
        if points and step and at - points[-1][0] > step * 1000 * 1.001:
            points.append((points[-1][0] + step * 1000, None))
        points.append((at, value))
    return points


def local(milliseconds: float, scene: Scene) -> str:
    """An instant in the dashboard's zone, as plotly reads it."""
    return datetime.fromtimestamp(milliseconds / 1000, ZoneInfo(scene.context.zone)).strftime("%Y-%m-%d %H:%M:%S")


def _mode(column: Column, points: Sequence[Point]) -> str:
    shown = column.custom.get("showPoints") or "auto"
    if column.custom.get("drawStyle") == "points":
        return "markers"
    if shown == "always" or (shown == "auto" and _lonely(points)):
        return "lines+markers"
    return "lines"


def _lonely(points: Sequence[Point]) -> bool:
    """Some point has no neighbour, so that no line would show it."""
    values = [None, *(value for _, value in points), None]
    return any(
        mid is not None and before is None and after is None
        for before, mid, after in zip(values, values[1:], values[2:], strict=False)
    )


def _line(column: Column, css: str) -> Json:
    width = column.custom.get("lineWidth")
    line: Json = {
        "color": css,
        "width": 1 if width is None else width,
        "shape": SHAPES.get(str(column.custom.get("lineInterpolation")), "linear"),
    }
    style = column.custom.get("lineStyle") or {}
    if style.get("fill") in {"dash", "dot"}:
        dash = style.get("dash") or ([10, 10] if style["fill"] == "dash" else [0, 10])
        line["dash"] = ",".join(f"{max(1, each)}px" for each in dash)
    return line


def _fill(column: Column, css: str) -> Json:
    opacity = column.custom.get("fillOpacity") or 0
    if column.custom.get("fillBelowTo"):
        return {}
    if stacked(column):
        return {"fill": "tonexty", "fillcolor": faded(css, opacity)}
    return {"fill": "tozeroy", "fillcolor": faded(css, opacity)} if opacity else {}


def _bars(column: Column, css: str) -> Json:
    opacity = column.custom.get("fillOpacity")
    line = {"color": css, "width": 1 if column.custom.get("lineWidth") is None else column.custom["lineWidth"]}
    return {"type": "bar", "marker": {"color": faded(css, opacity or 0), "line": line}}


def faded(css: str, percent: float) -> str:
    """A colour so many percent opaque."""
    red, green, blue = parts(css)
    return f"rgba({red},{green},{blue},{percent / 100:g})"
