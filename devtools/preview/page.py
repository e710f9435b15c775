"""One page: a dashboard's head and its grid of panels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib import resources
from zoneinfo import ZoneInfo

from devtools.grafana.boards import Board, Json, Variable
from devtools.preview.markup import tag, text
from devtools.preview.panels import draw
from devtools.preview.scene import Scene, View

NOTE = "preview drawn from the JSON by devtools/preview, not Grafana / 由 JSON 绘制的预览，并非 Grafana"
HIDDEN, LABEL_HIDDEN = 2, 1


def page(board: Board, scene: Scene, views: Sequence[View]) -> str:
    """A page that needs nothing else: styles, scripts and data are inside it."""
    ordered = sorted(views, key=lambda view: (view.panel.grid.y, view.panel.grid.x)) if scene.narrow else views
    grid = tag("main", "".join(draw(each) for each in ordered), "grid")
    body = tag("div", NOTE, "note") + _head(board, scene) + grid
    scripts = _script(plotly()) if 'data-figure="' in grid else ""
    scripts += _script(_resource("preview.js"))
    style = tag("style", _resource("style.css"))
    viewport = '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
    head = f"<head>{viewport}{tag('title', text(board.title))}{style}</head>"
    return f"<!DOCTYPE html><html>{head}{tag('body', body + scripts, scene.theme)}</html>"


def plotly() -> str:
    """The charting library's script, from its wheel."""
    return resources.files("plotly").joinpath("package_data", "plotly.min.js").read_text(encoding="utf-8")


def _resource(name: str) -> str:
    return resources.files("devtools.preview").joinpath(name).read_text(encoding="utf-8")


def _script(source: str) -> str:
    return f"<script>{source}</script>"


def _head(board: Board, scene: Scene) -> str:
    refresh = tag("span", f"⟳ {text(board.refresh)}", "button") if board.refresh else ""
    time = tag("span", text(_span_text(board, scene)), "button")
    title = tag("h1", text(board.title)) + tag("span", time + refresh, "time")
    bar = "".join(_variable(each, scene) for each in board.variables if each.hide != HIDDEN)
    toggles = "".join(_annotation(each.name) for each in board.annotations if each.enable and not each.hide)
    links = "".join(_link(each) for each in board.links)
    controls = tag("div", bar + toggles + tag("span", links, "board-links"), "controls")
    return tag("div", title, "title") + controls


def _span_text(board: Board, scene: Scene) -> str:
    zone = ZoneInfo(scene.context.zone)
    start, end = (datetime.fromtimestamp(at, zone).strftime("%m-%d %H:%M") for at in (scene.span.start, scene.span.end))
    return f"{board.start} … {board.end} ({start} – {end}, {scene.context.zone})"


def _variable(variable: Variable, scene: Scene) -> str:
    label = tag("label", text(variable.label)) if variable.hide != LABEL_HIDDEN else ""
    return tag("span", label + tag("span", text(scene.choices[variable.name].text), "value"), "variable")


def _annotation(name: str) -> str:
    return tag("span", tag("label", text(name)) + tag("span", "●", "value on"), "variable")


def _link(link: Json) -> str:
    words = link.get("title") or ", ".join(link.get("tags") or ())
    mark = " ▾" if link.get("asDropdown") else ""
    return tag("span", text(f"↗ {words}{mark}"), "button")
