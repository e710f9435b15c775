"""What is drawn, and with what: the time, the variables, the theme, and the columns of a panel."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from devtools.grafana.boards import Panel
from devtools.grafana.display import Scale, Shown, scale_of, show
from devtools.grafana.events import Event
from devtools.grafana.fields import Config, config_of
from devtools.grafana.formats import Choice
from devtools.grafana.frames import Field, Frame, Value, display_name
from devtools.grafana.interpolate import interpolate
from devtools.grafana.reducers import reduce_values
from devtools.grafana.timing import Interval, Span
from devtools.grafana.units import Context

# A unit of the grid's height and the gap below it, in pixels; the panel's frame, header and padding.
UNIT, GAP = 30, 8
HEADER, PADDING = 32, 8


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that all panels of a page share; `width` is the page's in pixels."""

    choices: Mapping[str, Choice]
    span: Span
    theme: str
    context: Context
    width: int
    events: tuple[Event, ...] = ()

    def text(self, template: str) -> str:
        """A title or a text with its variables."""
        return interpolate(template, self.choices, self.span, Interval(60), "text")

    @property
    def narrow(self) -> bool:
        return self.width < 768


@dataclass(frozen=True, slots=True)
class View:
    """One panel with its data, or the error in its place."""

    panel: Panel
    scene: Scene
    frames: tuple[Frame, ...] = ()
    error: str = ""
    step: float = 0.0

    @property
    def width(self) -> int:
        """Of the panel's inside, in pixels."""
        scene = self.scene
        share = 1.0 if scene.narrow else self.panel.grid.w / 24
        return int((scene.width - 32) * share) - GAP - 2 * PADDING

    @property
    def height(self) -> int:
        """Of the panel's inside below its title, in pixels."""
        grid = self.panel.grid
        header = HEADER if self.panel.title else 0
        return grid.h * UNIT + (grid.h - 1) * GAP - header - 2 * PADDING

    @property
    def empty_text(self) -> str:
        """What stands where there is nothing."""
        return str(self.panel.defaults.get("noValue") or "No data")

    @property
    def is_empty(self) -> bool:
        """No frame has a row."""
        return not any(frame.length for frame in self.frames)


@dataclass(frozen=True, slots=True)
class Column:
    """A column with its configuration; `index` counts the series of the panel, for palettes."""

    field: Field
    frame: Frame
    config: Config
    name: str
    index: int
    ends: Scale

    @property
    def custom(self) -> Config:
        return self.config.get("custom") or {}

    def show(self, value: Value, scene: Scene) -> Shown:
        return show(
            value, self.field, self.config, self.ends, theme=scene.theme, context=scene.context, index=self.index
        )

    def calculate(self, name: str) -> Value:
        return reduce_values(name, self.field.values)


def columns(view: View) -> list[Column]:
    """The columns of all frames, with overrides applied and names as shown."""
    return [column for frame in view.frames for column in frame_columns(view, frame)]


def frame_columns(view: View, frame: Frame) -> list[Column]:
    """The columns of one frame."""
    every = [each for one in view.frames for each in one.fields]
    found = []
    for column in frame.fields:
        config = config_of(view.panel, column, frame, view.frames)
        ends = scale_of(config, every)
        found.append(Column(column, frame, config, _name(view, column, frame, config), _index(view, column), ends))
    return found


def series(view: View) -> Iterator[Column]:
    """The columns that hold values over time."""
    return (each for each in columns(view) if each.field.type != "time")


def _index(view: View, column: Field) -> int:
    valued = [each for frame in view.frames for each in frame.fields if each.type == "number"]
    return next((index for index, each in enumerate(valued) if each is column), 0)


def _name(view: View, column: Field, frame: Frame, config: Config) -> str:
    plain = display_name(column, frame, view.frames)
    wanted = config.get("displayName")
    if not wanted:
        return plain
    values = {"__field.name": column.name, "__series.name": frame.name, "__field.displayName": plain}
    values |= {f"__field.labels.{name}": value for name, value in column.labels.items()}
    text = re.sub(r"\$\{(__[\w.]+)\}", lambda found: values.get(found[1], found[0]), str(wanted))
    return view.scene.text(text)


def times(frame: Frame) -> Sequence[Value]:
    """The instants of a frame in milliseconds; nothing where it has none."""
    return next((each.values for each in frame.fields if each.type == "time"), ())
