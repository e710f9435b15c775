"""Query results as the tables of columns ("frames") that Grafana's panels and transformations work on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from devtools.grafana.boards import Target
from devtools.grafana.interpolate import legend
from devtools.grafana.prometheus import Series

Value = float | str | bool | None

TIME: Final = "Time"
VALUE: Final = "Value"


@dataclass(frozen=True, slots=True)
class Field:
    """One column. `type` is time (milliseconds), number, string or boolean.

    `source_name` is the name that the data source gives (the legend), `title` the one that a transformation gave.
    """

    name: str
    type: str
    values: tuple[Value, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    source_name: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """Columns of one length."""

    fields: tuple[Field, ...]
    ref_id: str = ""
    name: str = ""

    @property
    def length(self) -> int:
        return len(self.fields[0].values) if self.fields else 0

    def rows(self) -> Iterable[tuple[Value, ...]]:
        return zip(*(each.values for each in self.fields), strict=True)


def picked(frame: Frame, rows: Sequence[int]) -> Frame:
    """The frame with these rows, in this order."""
    fields = tuple(replace(each, values=tuple(each.values[row] for row in rows)) for each in frame.fields)
    return replace(frame, fields=fields)


def display_name(column: Field, frame: Frame, frames: Sequence[Frame] = ()) -> str:
    """The name under which a column is shown, and by which transformations and overrides find it."""
    if column.title or column.source_name:
        return column.title or column.source_name
    if column.type == "time" and not column.labels:
        return column.name or TIME
    parts = _name_parts(column, frame, frames or (frame,))
    name = " ".join(parts) or column.name or VALUE
    return _unique(column, frame) if name == column.name else name


def _name_parts(column: Field, frame: Frame, frames: Sequence[Frame]) -> list[str]:
    parts = [frame.name] if frame.name and len({each.name for each in frames}) > 1 else []
    named_by_frame = bool(parts)
    parts += [column.name] if column.name and column.name != VALUE else []
    labels = _label_text(column, frames)
    parts += [labels] if labels else []
    if not named_by_frame and not labels and column.name == VALUE:
        parts.append(frame.name or VALUE)
    return parts


def _label_text(column: Field, frames: Sequence[Frame]) -> str:
    names = {name for frame in frames for each in frame.fields for name in each.labels}
    if len(names) == 1:
        return column.labels.get(next(iter(names)), "")
    inner = ", ".join(f'{name}="{value}"' for name, value in column.labels.items() if name != "__name__")
    return f"{{{inner}}}" if inner else ""


def _unique(column: Field, frame: Frame) -> str:
    """Equal names within a frame are counted: "scenario 1", "scenario 2"."""
    same = [each for each in frame.fields if each.name == column.name]
    if len(same) < 2:
        return column.name
    return f"{column.name} {next(index for index, each in enumerate(same, 1) if each is column)}"


def series_frames(target: Target, series: Sequence[Series]) -> list[Frame]:
    """One frame a series, named by the legend; one without columns where there is no series."""
    if not series:
        return [Frame((), target.ref_id)]
    return [_series_frame(target, each) for each in series]


def _series_frame(target: Target, series: Series) -> Frame:
    name = series_name(target, series.labels)
    times = Field(TIME, "time", tuple(at * 1000 for at, _ in series.points))
    values = Field(VALUE, "number", tuple(value for _, value in series.points), series.labels, source_name=name)
    return Frame((times, values), target.ref_id, name)


def series_name(target: Target, labels: Mapping[str, str]) -> str:
    """The legend of a series: by format, else all its labels, else the query."""
    if target.legend and target.legend != "__auto":
        return legend(target.legend, labels)
    shown = ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items()) if name != "__name__")
    name = labels.get("__name__", "")
    if target.legend == "__auto" and len(labels) == 1:
        return next(iter(labels.values()))
    return f"{name}{{{shown}}}" if shown else name or target.expr


def table_frames(results: Sequence[tuple[Target, Sequence[Series]]]) -> list[Frame]:
    """One table a query: time, labels in order, value; "Value #A" as soon as two queries are tables."""
    if len(results) == 1 and not results[0][1]:
        return [Frame((), results[0][0].ref_id)]
    many = len(results) > 1
    return [_table(target, series, f"{VALUE} #{target.ref_id}" if many else VALUE) for target, series in results]


def _table(target: Target, series: Sequence[Series], value_name: str) -> Frame:
    names = list(dict.fromkeys(name for each in series for name in sorted(each.labels)))
    rows = [(at * 1000, each.labels, value) for each in series for at, value in each.points]
    rows.sort(key=lambda row: row[0])
    times = Field(TIME, "time", tuple(at for at, _, _ in rows))
    labels = [Field(name, "string", tuple(row[1].get(name, "") for row in rows)) for name in names]
    values = Field(value_name, "number", tuple(value for _, _, value in rows))
    return Frame((times, *labels, values), target.ref_id)
