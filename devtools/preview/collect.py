"""Asks Prometheus for everything that a dashboard shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from devtools.grafana.boards import Board, Panel
from devtools.grafana.errors import GrafanaError
from devtools.grafana.events import Event, events_of, within
from devtools.grafana.fields import unmatched
from devtools.grafana.prometheus import Prometheus
from devtools.grafana.run import annotation_interval, frames_of, interval_for, run_annotation, run_panel, span_of
from devtools.grafana.timing import parse_span
from devtools.grafana.units import Context
from devtools.grafana.variables import Given, resolve
from devtools.preview.rows import unfolded
from devtools.preview.scene import Scene, View

WORKERS = 4
# Where the dashboard says "browser", this one stands.
ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: width in pixels, theme, the end of time, and other values than the dashboard's own."""

    width: int
    theme: str
    now: float
    given: Given
    start: str = ""
    end: str = ""
    expand: bool = False


def collect(board: Board, prometheus: Prometheus, request: Request) -> tuple[Scene, list[View]]:
    """The scene, and every panel that is seen with its data.

    Raises:
        GrafanaError: a variable cannot be resolved. Errors of panels stand in their views.
    """
    zone = board.timezone if board.timezone not in {"", "browser"} else ZONE
    start, end = request.start or board.start, request.end or board.end
    span = parse_span(start, end, request.now, ZoneInfo(zone.replace("utc", "UTC")))
    context = Context(zone.replace("utc", "UTC"), request.now)
    known = {each.name for each in board.variables}
    given = {name: value for name, value in request.given.items() if name in known}
    scene = Scene(resolve(board, prometheus, span, given), span, request.theme, context, request.width)
    scene = replace(scene, events=tuple(_events(board, prometheus, scene)))
    panels = unfolded(board.panels) if request.expand else [each for each in board.panels if not each.folded]
    with ThreadPoolExecutor(WORKERS) as pool:
        return scene, list(pool.map(lambda panel: _view(panel, prometheus, scene), panels))


def _view(panel: Panel, prometheus: Prometheus, scene: Scene) -> View:
    span = span_of(panel, scene.span)
    try:
        results = run_panel(panel, prometheus, scene.choices, span)
        frames = tuple(frames_of(results, panel))
    except GrafanaError as error:
        return View(panel, scene, error=str(error))
    steps = [interval_for(each.target, panel, scene.choices, span).seconds for each in results]
    return View(panel, replace(scene, span=span), frames, step=max(steps, default=0.0))


def _events(board: Board, prometheus: Prometheus, scene: Scene) -> Iterable[Event]:
    for each in board.annotations:
        if each.enable:
            result = run_annotation(each, prometheus, scene.choices, scene.span)
            step = annotation_interval(each, scene.choices, scene.span).seconds
            yield from within(events_of(each, result.series, step), scene.span)


def problems(views: Sequence[View]) -> list[tuple[str, str]]:
    """Panels that show an error or nothing, and overrides that meet no column."""
    found = []
    for view in views:
        name = f"{view.panel.id} {view.scene.text(view.panel.title) or view.panel.type}"
        if view.error:
            found.append((name, f"error: {view.error}"))
        elif view.panel.targets and view.is_empty:
            found.append((name, "no data"))
        else:
            found += [(name, f"no column for {_matcher(each)}") for each in unmatched(view.panel, view.frames)]
    return found


def _matcher(matcher: Mapping[str, object]) -> str:
    return f"{matcher['id']} {matcher.get('options')!r}"
