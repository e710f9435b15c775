"""One panel: its frame, title and inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from devtools.grafana.interpolate import interpolate
from devtools.grafana.timing import Interval
from devtools.preview import bargauge, markdown, stat, statetimeline, table, timeseries
from devtools.preview.markup import tag, text
from devtools.preview.scene import View


def _text_panel(view: View) -> str:
    scene = view.scene
    content = interpolate(view.panel.options.get("content") or "", scene.choices, scene.span, Interval(60), "text")
    mode = view.panel.options.get("mode") or "markdown"
    inner = markdown.render(content) if mode == "markdown" else tag("pre", text(content))
    return tag("div", inner, "markdown")


DRAWN: Final[Mapping[str, Callable[[View], str]]] = {
    "stat": stat.draw,
    "table": table.draw,
    "timeseries": timeseries.draw,
    "bargauge": bargauge.draw,
    "state-timeline": statetimeline.draw,
    "text": _text_panel,
}


def draw(view: View) -> str:
    """The panel as HTML, on its place of the grid."""
    panel, grid = view.panel, view.panel.grid
    place = {"grid-column": f"{grid.x + 1} / span {grid.w}", "grid-row": f"{grid.y + 1} / span {grid.h}"}
    if panel.type == "row":
        fold = "›" if panel.raw.get("collapsed") else "⌄"
        inner = tag("span", fold, "fold") + text(view.scene.text(panel.title))
        return tag("section", inner, "row", place | {"--h": str(grid.h)}, data_panel=panel.title)
    css = f"panel {panel.type} {'transparent' if panel.raw.get('transparent') else ''}"
    body = tag("div", inside(view), "body")
    return tag("section", _header(view) + body, css, place | {"--h": str(grid.h)}, data_panel=panel_name(view))


def panel_name(view: View) -> str:
    """What a report calls the panel."""
    return f"{view.panel.id} {view.scene.text(view.panel.title) or view.panel.type}"


def inside(view: View) -> str:
    """The panel's content, or the error in its place."""
    if view.error:
        return tag("div", text(view.error), "error")
    if view.panel.type not in DRAWN:
        return tag("div", text(f"no preview of the type {view.panel.type!r}"), "error")
    return DRAWN[view.panel.type](view)


def _header(view: View) -> str:
    panel = view.panel
    if not panel.title:
        return ""
    title = tag("h2", text(view.scene.text(panel.title)))
    about = tag("span", "i", "about", title=view.scene.text(panel.description)) if panel.description else ""
    links = tag("span", "↗", "links", title=", ".join(str(each.get("title")) for each in panel.links))
    return tag("header", title + about + (links if panel.links else ""))
