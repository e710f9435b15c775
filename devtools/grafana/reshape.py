"""Transformations that make one frame of several, or another shape of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from devtools.grafana.columns import Options
from devtools.grafana.errors import GrafanaError
from devtools.grafana.frames import TIME, Field, Frame, Value, display_name
from devtools.grafana.rows import find, sort_key

Row = dict[str, Value]

EMPTY: Final[Mapping[str, Value]] = {"empty": "", "null": None, "true": True, "false": False}


def merge(frames: Sequence[Frame], options: Options) -> list[Frame]:
    """One table; rows that agree in every column that both have become one."""
    del options
    if len(frames) <= 1:
        return list(frames)
    filled = [frame for frame in frames if frame.fields]
    if not filled:
        return [frames[0]]
    columns = {each.name: each for frame in reversed(filled) for each in frame.fields}
    names = list(dict.fromkeys(each.name for frame in filled for each in frame.fields))
    keys = [name for name in names if all(any(each.name == name for each in frame.fields) for frame in filled)]
    if not keys:
        return list(frames)
    rows = _merged_rows(filled, keys)
    ref_id = "-".join(["merge", *dict.fromkeys(frame.ref_id for frame in filled)])
    return [Frame(tuple(_column(columns[name], rows) for name in names), ref_id)]


def _column(source: Field, rows: Sequence[Row]) -> Field:
    values = tuple(row.get(source.name) for row in rows)
    return replace(source, values=values, labels={}, title="")


def _merged_rows(frames: Sequence[Frame], keys: Sequence[str]) -> list[Row]:
    groups: dict[tuple[Value, ...], list[Row]] = {}
    order: list[Row] = []
    for frame in frames:
        for values in frame.rows():
            row = {column.name: value for column, value in zip(frame.fields, values, strict=True)}
            group = groups.setdefault(tuple(row[name] for name in keys), [])
            fitting = [each for each in group if _mergeable(each, row)]
            for each in fitting:
                each.update(row)
            if not fitting:
                group.append(row)
                order.append(row)
    return order


def _mergeable(existing: Row, row: Row) -> bool:
    return all(existing.get(name) is None or existing[name] == value for name, value in row.items())


def to_matrix(frames: Sequence[Frame], options: Options) -> list[Frame]:
    """A grid of one frame: columns of one column's values, rows of another's, cells of a third."""
    column_name = options.get("columnField") or TIME
    row_name = options.get("rowField") or TIME
    if len(frames) != 1:
        return list(frames)  # Grafana leaves several frames as they are
    frame = frames[0]
    found = [find(frame, (), name) for name in (column_name, row_name, options.get("valueField") or "Value")]
    columns, rows, values = found
    if columns is None or rows is None or values is None:
        return list(frames)
    cells = dict(zip(zip(columns.values, rows.values, strict=True), values.values, strict=True))
    across, down = list(dict.fromkeys(columns.values)), list(dict.fromkeys(rows.values))
    empty = EMPTY[options.get("emptyValue") or "empty"]
    fields = [Field(f"{row_name}\\{column_name}", "string", tuple(map(_text, down)))]
    for name in across:
        cell = tuple(empty if cells.get((name, row)) is None else cells[name, row] for row in down)
        fields.append(Field(_text(name), values.type, cell, title=values.title, source_name=values.source_name))
    return [Frame(tuple(fields))]


def _text(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def join(frames: Sequence[Frame], options: Options) -> list[Frame]:
    """One frame: columns side by side where the join column agrees; `mode` outer (unique keys) or inner."""
    mode = options.get("mode") or "outer"
    if mode not in {"outer", "inner"}:
        raise GrafanaError(f"joinByField in mode {mode!r} is not known here")
    keyed = [(frame, key) for frame in frames if (key := _join_key(frame, frames, options.get("byField") or ""))]
    if len(frames) <= 1 or not keyed:
        return list(frames[:1])
    tables = [_by_key(frame, key) for frame, key in keyed]
    order = _join_order(tables, inner=mode == "inner")
    fields = [replace(keyed[0][1], values=tuple(order))]
    for (frame, key), rows in zip(keyed, tables, strict=True):
        for index, column in enumerate(frame.fields):
            if column is not key:
                cells = tuple(rows[each][index] if each in rows else None for each in order)
                fields.append(replace(column, values=cells))
    return [Frame(tuple(fields), "-".join(["joinByField", *dict.fromkeys(frame.ref_id for frame, _ in keyed)]))]


def _join_key(frame: Frame, frames: Sequence[Frame], name: str) -> Field | None:
    if name:
        return next((each for each in frame.fields if display_name(each, frame, frames) == name), None)
    return next((each for each in frame.fields if each.type == "time"), None)


def _by_key(frame: Frame, key: Field) -> dict[Value, tuple[Value, ...]]:
    return dict(zip(key.values, frame.rows(), strict=True))


def _join_order(tables: Sequence[Mapping[Value, object]], *, inner: bool) -> list[Value]:
    every = list(dict.fromkeys(value for table in tables for value in table))
    if inner:
        every = [value for value in every if all(value in table for table in tables)]
    # Texts keep the order in which they came; times and numbers are sorted.
    return every if any(isinstance(each, str) for each in every) else sorted(every, key=sort_key)


def labels_to_fields(frames: Sequence[Frame], options: Options) -> list[Frame]:
    """Labels become columns, and the frames one table; `valueLabel` names the value's column."""
    if options.get("mode") == "rows":
        raise GrafanaError("labelsToFields in mode rows is not known here")
    keep = set(options.get("keepLabels") or ())
    spread = [_spread(frame, options.get("valueLabel") or "", keep) for frame in frames]
    return merge(spread, {})


def _spread(frame: Frame, value_label: str, keep: set[str]) -> Frame:
    fields: list[Field] = []
    for column in frame.fields:
        if not column.labels:
            fields.append(column)
            continue
        wanted = {name: value for name, value in column.labels.items() if not keep or name in keep}
        name = column.labels.get(value_label, column.name)
        for label, value in wanted.items():
            if label != value_label:
                fields.append(Field(label, "string", (value,) * frame.length))
        fields.append(replace(column, name=name, labels={}, source_name="", title=""))
    return Frame(tuple(fields), frame.ref_id)
