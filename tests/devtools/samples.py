"""Short ways to write frames and dashboards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from devtools.grafana.boards import Board, parse
from devtools.grafana.frames import Field, Frame, Value

Json = dict[str, Any]


def frame(columns: Mapping[str, Sequence[Any]], ref_id: str = "A") -> Frame:
    """A table: columns of floats are numbers, `Time` is a time, others are texts."""
    return Frame(tuple(Field(name, _type(name, values), tuple(values)) for name, values in columns.items()), ref_id)


def _type(name: str, values: Sequence[Value]) -> str:
    if name == "Time":
        return "time"
    return "number" if any(isinstance(each, float) for each in values) else "string"


def table(frames: Sequence[Frame]) -> dict[str, list[Value]]:
    """The only frame's columns by name."""
    (only,) = frames
    return {each.title or each.name: list(each.values) for each in only.fields}


def board(panels: Sequence[Json], variables: Sequence[Json] = (), annotations: Sequence[Json] = ()) -> Board:
    """A dashboard over the two hours of the test's Prometheus."""
    return parse(
        {
            "uid": "sample",
            "title": "样例",
            "timezone": "Asia/Shanghai",
            "time": {"from": "now-2h", "to": "now"},
            "panels": list(panels),
            "templating": {"list": list(variables)},
            "annotations": {"list": list(annotations)},
        }
    )


def panel(kind: str, title: str, grid: tuple[int, int, int, int], *targets: Json, **more: Any) -> Json:
    """A panel; `grid` is x, y, w, h."""
    place = dict(zip(("x", "y", "w", "h"), grid, strict=True))
    return {"id": more.pop("id", 1), "type": kind, "title": title, "gridPos": place, "targets": list(targets), **more}


def instant(expr: str, ref_id: str = "A", **more: Any) -> Json:
    """A query for a table."""
    return {"refId": ref_id, "expr": expr, "instant": True, "range": False, "format": "table", **more}


def ranged(expr: str, ref_id: str = "A", **more: Any) -> Json:
    """A query for a graph."""
    return {"refId": ref_id, "expr": expr, "instant": False, "range": True, "format": "time_series", **more}
