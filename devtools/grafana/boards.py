"""A dashboard's JSON (classic schema), read into plain data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devtools.grafana.errors import GrafanaError

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Grid:
    """Where a panel stands: 24 columns wide, a row is 30 px and a gap of 8 px."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True)
class Target:
    """One query of a panel or of an annotation."""

    ref_id: str
    expr: str
    instant: bool
    range: bool
    format: str
    legend: str
    interval: str
    hide: bool
    raw: Json


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel; `row` is the title of the row that it stands in, `folded` where that row is closed at first."""

    id: int
    title: str
    type: str
    grid: Grid
    description: str
    targets: tuple[Target, ...]
    transformations: tuple[Json, ...]
    defaults: Json
    overrides: tuple[Json, ...]
    options: Json
    links: tuple[Json, ...]
    max_data_points: int | None
    interval: str
    row: str
    folded: bool
    raw: Json


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable; `query` is the text that its kind needs."""

    name: str
    type: str
    label: str
    query: str
    regex: str
    sort: int
    multi: bool
    include_all: bool
    all_value: str
    current: Json
    hide: int
    raw: Json


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotation that asks Prometheus."""

    name: str
    expr: str
    title: str
    text: str
    tags: tuple[str, ...]
    step: str
    colour: str
    enable: bool
    hide: bool
    raw: Json


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard; `panels` holds the rows' panels behind their rows."""

    uid: str
    title: str
    tags: tuple[str, ...]
    start: str
    end: str
    refresh: str
    timezone: str
    panels: tuple[Panel, ...]
    variables: tuple[Variable, ...]
    annotations: tuple[Annotation, ...]
    links: tuple[Json, ...]
    raw: Json


def load(path: Path | str) -> Board:
    """The dashboard of a file.

    Raises:
        GrafanaError: it is not a dashboard.
    """
    try:
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise GrafanaError(f"{path}: {error}") from error
    if not isinstance(raw, dict) or "panels" not in raw:
        raise GrafanaError(f"{path}: no `panels`, not a dashboard of the classic schema")
    return parse(raw)


def parse(raw: Json) -> Board:
    """The dashboard of its JSON."""
    time = raw.get("time") or {}
    return Board(
        uid=raw.get("uid") or "",
        title=raw.get("title") or "",
        tags=tuple(raw.get("tags") or ()),
        start=time.get("from") or "now-6h",
        end=time.get("to") or "now",
        refresh=str(raw.get("refresh") or ""),
        timezone=raw.get("timezone") or "browser",
        panels=tuple(_panels(raw["panels"])),
        variables=tuple(_variable(each) for each in (raw.get("templating") or {}).get("list") or ()),
        annotations=tuple(_annotations((raw.get("annotations") or {}).get("list") or ())),
        links=tuple(raw.get("links") or ()),
        raw=raw,
    )


def _panels(panels: Sequence[Json]) -> Iterator[Panel]:
    row, folded = "", False
    for raw in panels:
        if raw.get("type") == "row":
            row, folded = raw.get("title") or "", bool(raw.get("collapsed"))
            yield _panel(raw, row, folded=False)
            for inner in raw.get("panels") or ():
                yield _panel(inner, row, folded=folded)
        else:
            yield _panel(raw, row, folded=False)


def _panel(raw: Json, row: str, *, folded: bool) -> Panel:
    config = raw.get("fieldConfig") or {}
    return Panel(
        id=int(raw.get("id") or 0),
        title=raw.get("title") or "",
        type=raw.get("type") or "",
        grid=_grid(raw.get("gridPos") or {}),
        description=raw.get("description") or "",
        targets=tuple(_target(each, index) for index, each in enumerate(raw.get("targets") or ())),
        transformations=tuple(raw.get("transformations") or ()),
        defaults=config.get("defaults") or {},
        overrides=tuple(config.get("overrides") or ()),
        options=raw.get("options") or {},
        links=tuple(raw.get("links") or ()),
        max_data_points=raw.get("maxDataPoints"),
        interval=raw.get("interval") or "",
        row=row,
        folded=folded,
        raw=raw,
    )


def _grid(raw: Json) -> Grid:
    return Grid(int(raw.get("x", 0)), int(raw.get("y", 0)), int(raw.get("w", 24)), int(raw.get("h", 1)))


def _target(raw: Json, index: int) -> Target:
    instant = bool(raw.get("instant"))
    return Target(
        ref_id=raw.get("refId") or chr(ord("A") + index),
        expr=raw.get("expr") or "",
        instant=instant,
        range=bool(raw.get("range", not instant)),
        format=raw.get("format") or "time_series",
        legend=raw.get("legendFormat") or "",
        interval=raw.get("interval") or "",
        hide=bool(raw.get("hide")),
        raw=raw,
    )


def _variable(raw: Json) -> Variable:
    query = raw.get("query", "")
    return Variable(
        name=raw.get("name") or "",
        type=raw.get("type") or "",
        label=raw.get("label") or raw.get("name") or "",
        query=str(query.get("query") or "") if isinstance(query, dict) else str(query or ""),
        regex=raw.get("regex") or "",
        sort=int(raw.get("sort") or 0),
        multi=bool(raw.get("multi")),
        include_all=bool(raw.get("includeAll")),
        all_value=raw.get("allValue") or "",
        current=raw.get("current") or {},
        hide=int(raw.get("hide") or 0),
        raw=raw,
    )


def _annotations(found: Sequence[Json]) -> Iterator[Annotation]:
    for raw in found:
        target = raw.get("target") or {}
        expr = target.get("expr") or raw.get("expr") or ""
        if not expr:
            continue  # Grafana's own annotations and alerts
        yield Annotation(
            name=raw.get("name") or "",
            expr=expr,
            title=raw.get("titleFormat") or target.get("titleFormat") or "",
            text=raw.get("textFormat") or target.get("textFormat") or "",
            tags=tuple(each for each in (raw.get("tagKeys") or target.get("tagKeys") or "").split(",") if each),
            step=raw.get("step") or target.get("step") or "60s",
            colour=raw.get("iconColor") or "rgba(0, 211, 255, 1)",
            enable=bool(raw.get("enable", True)),
            hide=bool(raw.get("hide")),
            raw=raw,
        )
