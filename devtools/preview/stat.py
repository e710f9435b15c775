"""The stat panel: big values."""

from __future__ import annotations

from collections.abc import Sequence

from devtools.grafana.colours import contrast
from devtools.grafana.frames import Value
from devtools.grafana.numbers import Text
from devtools.grafana.reducers import numbers
from devtools.preview.markup import empty, tag, text
from devtools.preview.scene import View
from devtools.preview.values import Single, names_shown, singles


def draw(view: View) -> str:
    """The inside of the panel."""
    found = singles(view)
    if not found:
        return empty(view.empty_text)
    options = view.panel.options
    across = _across(view, options.get("orientation") or "auto", len(found))
    tiles = "".join(_tile(view, each, found, across) for each in found)
    return tag("div", tiles, f"stats {'across' if across else 'down'}")


def _across(view: View, orientation: str, count: int) -> bool:
    """Grafana's "vertical" puts values beside each other; auto takes the longer side."""
    if orientation == "auto":
        return count > 1 and view.width > view.height
    return orientation == "vertical"


def _tile(view: View, single: Single, every: Sequence[Single], across: bool) -> str:
    options = view.panel.options
    mode, colour = options.get("colorMode") or "value", single.shown.colour
    style = {}
    if mode in {"background", "background_solid"}:
        style = {"background": colour, "color": contrast(colour)}
    elif mode == "value":
        style = {"color": colour}
    shown_as = options.get("textMode") or "auto"
    name = tag("div", text(single.name), "stat-name") if names_shown(shown_as, every) else ""
    value = tag("div", big(single.shown.text), "stat-value fit") if shown_as not in {"name", "none"} else ""
    graph = _sparkline(single, view) if options.get("graphMode", "area") == "area" else ""
    wide = bool(name) and bool(options.get("wideLayout", True)) and not across and view.height / len(every) < 80
    centre = options.get("justifyMode") == "center" or (len(every) == 1 and not name)
    css = f"tile {'wide' if wide else ''} {'centre' if centre else ''} {mode}"
    return tag("div", graph + tag("div", name + value, "stat-text"), css, style)


def big(value: Text) -> str:
    """A value with its unit in a smaller size."""
    prefix = tag("span", text(value.prefix), "unit") if value.prefix else ""
    suffix = tag("span", text(value.suffix), "unit") if value.suffix else ""
    return prefix + text(value.number) + suffix


def _sparkline(single: Single, view: View) -> str:
    found = numbers(single.points)
    if len(found) < 2:
        return ""
    line = path(single.points, min(found), max(found))
    colour = "currentColor" if "background" in str(view.panel.options.get("colorMode")) else single.shown.colour
    stroke = f'<path d="{line}" fill="none" stroke="{colour}" stroke-width="1.5" vector-effect="non-scaling-stroke"/>'
    area = f'<path d="{line} L 100 100 L 0 100 Z" fill="{colour}" fill-opacity="0.15"/>'
    return f'<svg class="spark" viewBox="0 0 100 100" preserveAspectRatio="none">{area}{stroke}</svg>'


def path(values: Sequence[Value], low: float, high: float) -> str:
    """The line through the values in a square of 100; it starts at the left edge and ends at the right one."""
    found = numbers(values)
    height = (high - low) or 1.0
    width = max(1, len(found) - 1)
    points = [f"{100 * index / width:.2f} {95 - 90 * (each - low) / height:.2f}" for index, each in enumerate(found)]
    return "M " + " L ".join(points)
