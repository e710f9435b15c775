"""The area between two series (`fillBelowTo`): one closed shape for each stretch in which both have values."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from devtools.grafana.frames import Value
from devtools.preview.scene import Column, View, times
from devtools.preview.traces import axis_name, faded, local

Json = dict[str, Any]
# Time in milliseconds, upper and lower edge.
Edges = tuple[float, float, float]

# Percent of opacity where the series says nothing.
DEFAULT: Final = 10


def bands(view: View, upper: Column, lower: Column, css: str, axis: int) -> list[Json]:
    """Traces of plotly, without lines."""
    opacity = upper.custom.get("fillOpacity") or DEFAULT
    shape = str(upper.custom.get("lineInterpolation") or "linear")
    ground = {"fill": "toself", "fillcolor": faded(css, opacity), "line": {"width": 0}, "hoverinfo": "skip"}
    return [
        {"type": "scatter", "mode": "lines", "yaxis": axis_name(axis), **ground, **_outline(view, stretch, shape)}
        for stretch in stretches(edges(upper, lower), view.step)
    ]


def edges(upper: Column, lower: Column) -> list[Edges]:
    """The instants at which both series have a value."""
    below = dict(zip(times(lower.frame), lower.field.values, strict=True))
    above = zip(times(upper.frame), upper.field.values, strict=True)
    return [
        (at, high, low)
        for at, high in above
        if isinstance(at, float) and isinstance(high, float) and isinstance(low := below.get(at), float)
    ]


def stretches(found: Sequence[Edges], step: float) -> list[list[Edges]]:
    """Cut wherever a point is missing."""
    done = [[found[0]]] if found else []
    for before, after in pairwise(found):
        if step and after[0] - before[0] > step * 1000 * 1.001:
            done.append([])
        done[-1].append(after)
    return [each for each in done if len(each) > 1]


def _outline(view: View, stretch: Sequence[Edges], shape: str) -> Json:
    above = _stepped([(at, high) for at, high, _ in stretch], shape)
    below = _stepped([(at, low) for at, _, low in stretch], shape)
    points = [*above, *reversed(below)]
    return {"x": [local(at, view.scene) for at, _ in points], "y": [value for _, value in points]}


def _stepped(points: Sequence[tuple[float, float]], shape: str) -> list[tuple[float, Value]]:
    done: list[tuple[float, Value]] = list(points[:1])
    for before, after in pairwise(points):
        if shape == "stepAfter":
            done.append((after[0], before[1]))
        elif shape == "stepBefore":
            done.append((before[0], after[1]))
        done.append(after)
    return done
