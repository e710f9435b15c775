"""The table panel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from devtools.grafana.colours import contrast
from devtools.grafana.display import Shown
from devtools.grafana.frames import Value
from devtools.grafana.rows import sort_key
from devtools.preview.markup import empty, tag, text
from devtools.preview.scene import Column, View, frame_columns

ROW_HEIGHTS: Final = {"sm": 36, "md": 42, "lg": 48}
LEAST_WIDTH: Final = 150


def draw(view: View) -> str:
    """The inside of the panel: the first frame, as Grafana shows it."""
    filled = [frame for frame in view.frames if frame.fields]
    if not filled or not any(frame.length for frame in filled):
        return empty(view.empty_text)
    frame = filled[min(int(view.panel.options.get("frameIndex") or 0), len(filled) - 1)]
    found = [each for each in frame_columns(view, frame) if not _hidden(each)]
    order = _order(view, found, frame.length)
    widths = " ".join(_width(each) for each in found)
    head = "".join(_header(each) for each in found) if view.panel.options.get("showHeader", True) else ""
    rows = "".join(_row(view, found, row) for row in order)
    height = ROW_HEIGHTS.get(str(view.panel.options.get("cellHeight") or "sm"), 36)
    style = {"grid-template-columns": widths, "grid-auto-rows": f"minmax({height}px, auto)"}
    chooser = tag("div", f"{len(filled)} frames, the first is shown", "frames-note") if len(filled) > 1 else ""
    return tag("div", tag("div", head + rows, "table", style), "table-scroll") + chooser


def _hidden(column: Column) -> bool:
    hide = column.custom.get("hideFrom") or {}
    return bool(column.custom.get("hidden") or hide.get("viz"))


def _width(column: Column) -> str:
    width = column.custom.get("width")
    return f"{width}px" if width else f"minmax({column.custom.get('minWidth') or LEAST_WIDTH}px, 1fr)"


def _align(column: Column) -> str:
    align = column.custom.get("align") or "auto"
    if align != "auto":
        return str(align)
    return "right" if column.field.type == "number" else "left"


def _header(column: Column) -> str:
    return tag("div", text(column.name), "th", {"text-align": _align(column)}, title=column.name)


def _order(view: View, found: Sequence[Column], length: int) -> Sequence[int]:
    sort = (view.panel.options.get("sortBy") or [None])[0]
    column = next((each for each in found if sort and each.name == sort["displayName"]), None)
    if column is None:
        return range(length)
    values = column.field.values
    return sorted(range(length), key=lambda row: sort_key(values[row]), reverse=bool(sort.get("desc")))


def _row(view: View, found: Sequence[Column], row: int) -> str:
    shown = [each.show(each.field.values[row], view.scene) for each in found]
    ground = next((one.colour for each, one in zip(found, shown, strict=True) if _paints_row(each)), "")
    return "".join(_cell(each, one, row, ground) for each, one in zip(found, shown, strict=True))


def _options(column: Column) -> dict[str, object]:
    return dict(column.custom.get("cellOptions") or {})


def _paints_row(column: Column) -> bool:
    return _options(column).get("type") == "color-background" and bool(_options(column).get("applyToRow"))


def _cell(column: Column, shown: Shown, row: int, ground: str) -> str:
    kind = _options(column).get("type") or "auto"
    style = {"text-align": _align(column)}
    # Grafana paints cells without a value too, with the colour of the lowest step.
    if kind == "color-background" or ground:
        style |= {"background": ground or shown.colour, "color": contrast(ground or shown.colour)}
    elif kind == "color-text":
        style |= {"color": shown.colour}
    if kind == "gauge" and _is_number(column.field.values[row]):
        return _gauge(column, shown)
    css = "td link" if column.config.get("links") and kind not in {"color-background", "color-text"} else "td"
    wrap = " wrapped" if _options(column).get("wrapText") else ""
    return tag("div", text(shown.text), css + wrap, style, title=str(shown.text))


def _is_number(value: Value) -> bool:
    return isinstance(value, float) and not math.isnan(value)


def _gauge(column: Column, shown: Shown) -> str:
    share = max(0.0, min(1.0, shown.share))
    mode = _options(column).get("mode") or "gradient"
    ground = shown.colour if mode != "gradient" else f"linear-gradient(90deg, {shown.colour}44, {shown.colour})"
    bar = tag("div", tag("div", "", "bar-fill", {"width": f"{share:.2%}", "background": ground}), "bar-track")
    value = tag("div", text(shown.text), "bar-value", {"color": shown.colour})
    hidden = _options(column).get("valueDisplayMode") == "hidden"
    return tag("div", bar + ("" if hidden else value), "td gauge")
