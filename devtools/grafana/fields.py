"""The configuration of each column: a panel's defaults and the overrides that match."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from devtools.grafana.boards import Json, Panel
from devtools.grafana.columns import expression
from devtools.grafana.errors import GrafanaError
from devtools.grafana.frames import Field, Frame, display_name

Config = Mapping[str, Any]


def config_of(panel: Panel, column: Field, frame: Frame, frames: Sequence[Frame]) -> Config:
    """The configuration of one column.

    Raises:
        GrafanaError: a matcher that is not known here.
    """
    config: dict[str, Any] = copy.deepcopy(dict(panel.defaults))
    for override in panel.overrides:
        if matches(override["matcher"], column, frame, frames):
            for each in override.get("properties") or ():
                _put(config, each["id"].split("."), copy.deepcopy(each.get("value")))
    return config


def matches(matcher: Json, column: Field, frame: Frame, frames: Sequence[Frame]) -> bool:
    """Whether an override is meant for the column."""
    kind, options = matcher["id"], matcher.get("options") or ""
    name = display_name(column, frame, frames)
    if kind == "byName":
        return bool(options in {name, column.name})
    if kind == "byRegexp":
        return expression(str(options)).search(name) is not None
    if kind == "byFrameRefID":
        return bool(frame.ref_id == options)
    if kind == "byType":
        return bool(column.type == options)
    if kind == "byNames":
        listed = name in (matcher["options"].get("names") or ())
        return bool(listed != (matcher["options"].get("mode") == "exclude"))
    raise GrafanaError(f"the matcher {kind!r} is not known here")


def unmatched(panel: Panel, frames: Sequence[Frame]) -> list[Json]:
    """Matchers of overrides that meet no column: a name that was mistyped, or that the data does not have."""
    columns = [(column, frame) for frame in frames for column in frame.fields]
    return [
        override["matcher"]
        for override in panel.overrides
        if not any(matches(override["matcher"], column, frame, frames) for column, frame in columns)
    ]


def _put(config: dict[str, Any], path: Sequence[str], value: object) -> None:
    for part in path[:-1]:
        config = config.setdefault(part, {})
    config[path[-1]] = value
