"""The state timeline: a strip a series, one piece as long as its state lasts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from devtools.grafana.colours import contrast
from devtools.grafana.display import Shown
from devtools.grafana.frames import Value
from devtools.preview.markup import empty, tag, text
from devtools.preview.scene import Column, View, series
from devtools.preview.traces import with_gaps

TICKS = 6


@dataclass(frozen=True, slots=True)
class Piece:
    """A state from start to end, in milliseconds."""

    start: float
    end: float
    value: Value


def draw(view: View) -> str:
    """The inside of the panel."""
    found = [each for each in series(view) if each.frame.length]
    if not found:
        return empty(view.empty_text)
    rows = {"grid-template-rows": f"repeat({len(found)}, minmax(4px, 1fr)) 20px"}
    strips = "".join(_strip(view, each) for each in found)
    return tag("div", tag("div", strips + _axis(view), "strips", rows) + _legend(view, found), "timeline")


def pieces(column: Column, view: View) -> list[Piece]:
    """The states of a series; equal neighbours are one, a missing value ends a state."""
    merged: list[Piece] = []
    merge = view.panel.options.get("mergeValues", True)
    for start, end, value in _steps(column, view):
        last = merged[-1] if merged else None
        if last and merge and last.value == value and last.end == start:
            merged[-1] = Piece(last.start, end, value)
        elif value is not None:
            merged.append(Piece(start, end, value))
    return merged


def _steps(column: Column, view: View) -> Iterator[tuple[float, float, Value]]:
    points = with_gaps(column, view.step)
    until = view.scene.span.end * 1000
    for index, (at, value) in enumerate(points):
        yield at, points[index + 1][0] if index + 1 < len(points) else until, value


def _strip(view: View, column: Column) -> str:
    span = view.scene.span
    bars = ""
    for piece in pieces(column, view):
        shown = column.show(piece.value, view.scene)
        left = max(0.0, piece.start / 1000 - span.start) / span.seconds
        width = min(1.0, (piece.end / 1000 - span.start) / span.seconds) - left
        style = {"left": f"{left:.3%}", "width": f"{max(0.0, width):.3%}", "background": shown.colour}
        bars += tag("div", _label(view, shown, width), "piece", style | {"color": contrast(shown.colour)})
    name = tag("div", text(column.name), "strip-name", title=column.name)
    return name + tag("div", bars, "strip-track")


def _label(view: View, shown: Shown, width: float) -> str:
    wanted = view.panel.options.get("showValue") or "auto"
    words = str(shown.text)
    fits = width * view.width * 0.85 > 8 * len(words) + 8
    return text(words) if wanted == "always" or (wanted == "auto" and fits) else ""


def _axis(view: View) -> str:
    span, zone = view.scene.span, ZoneInfo(view.scene.context.zone)
    form = "%H:%M" if span.seconds <= 2 * 86400 else "%m/%d"
    places = [span.start + span.seconds * (index + 0.5) / TICKS for index in range(TICKS)]
    ticks = "".join(tag("span", datetime.fromtimestamp(at, zone).strftime(form)) for at in places)
    return tag("div", ticks, "strip-axis")


def _legend(view: View, found: list[Column]) -> str:
    options = view.panel.options.get("legend") or {}
    if not options.get("showLegend", True):
        return ""
    states = {}
    for column in found:
        for value in column.field.values:
            shown = column.show(value, view.scene)
            if value is not None:
                states[str(shown.text)] = shown.colour
    entries = "".join(
        tag("span", tag("span", "", "swatch", {"background": css}) + text(words), "entry")
        for words, css in list(states.items())[:20]
    )
    return tag("div", entries, "legend list")
