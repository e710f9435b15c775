"""The values that stat and bar gauge show: one a series, or one a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from devtools.grafana.columns import expression
from devtools.grafana.display import Shown
from devtools.grafana.frames import Value
from devtools.preview.scene import Column, Scene, View, columns

DEFAULT_CALCULATION = "lastNotNull"


@dataclass(frozen=True, slots=True)
class Single:
    """One value with its name, and the points behind it for a sparkline."""

    name: str
    shown: Shown
    column: Column
    points: tuple[Value, ...] = ()


def singles(view: View) -> list[Single]:
    """The values of the panel, by its `reduceOptions`."""
    options = view.panel.options.get("reduceOptions") or {}
    chosen = [each for each in columns(view) if _wanted(options.get("fields") or "")(each)]
    if options.get("values"):
        limit = int(options.get("limit") or 25)
        return [one for each in chosen for one in _rows(each, view.scene, limit)]
    calculation = (options.get("calcs") or [DEFAULT_CALCULATION])[0]
    return [_reduced(each, calculation, view.scene) for each in chosen if each.frame.length]


def _wanted(pattern: str) -> Callable[[Column], bool]:
    """Without a pattern the numbers; else the columns whose name it finds."""
    if not pattern:
        return lambda column: column.field.type == "number"
    found = expression(pattern) if pattern.startswith("/") else None
    return lambda column: found.search(column.name) is not None if found else column.name == pattern


def _reduced(column: Column, calculation: str, scene: Scene) -> Single:
    value = column.calculate(calculation)
    return Single(column.name, column.show(value, scene), column, column.field.values)


def _rows(column: Column, scene: Scene, limit: int) -> list[Single]:
    rows = list(enumerate(column.field.values))[:limit]
    return [Single(_row_name(column, row), column.show(value, scene), column) for row, value in rows]


def _row_name(column: Column, row: int) -> str:
    """The texts of the row; the column's own name too where there are several numbers, or no text."""
    texts = [str(each.values[row]) for each in column.frame.fields if each.type == "string" and each.values[row]]
    others = [each for each in column.frame.fields if each.type == "number" and each is not column.field]
    if column.config.get("displayName"):
        return column.name
    return " ".join([*texts, column.name] if others or not texts else texts)


def names_shown(mode: str, found: Sequence[Single]) -> bool:
    """Whether names stand beside the values: asked for, or there are several."""
    return mode in {"value_and_name", "name"} or (mode in {"", "auto"} and len(found) > 1)
