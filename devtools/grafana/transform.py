"""Applies a panel's transformations, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from devtools.grafana.columns import Options, calculate, filter_by_name, organize, rename_by_regex
from devtools.grafana.errors import GrafanaError
from devtools.grafana.frames import Frame
from devtools.grafana.reshape import join, labels_to_fields, merge, to_matrix
from devtools.grafana.rows import filter_by_value, reduce, sort_by

Transformation = Callable[[Sequence[Frame], Options], list[Frame]]

KNOWN: Final[Mapping[str, Transformation]] = {
    "calculateField": calculate,
    "filterByValue": filter_by_value,
    "filterFieldsByName": filter_by_name,
    "groupingToMatrix": to_matrix,
    "joinByField": join,
    "labelsToFields": labels_to_fields,
    "merge": merge,
    "organize": organize,
    "reduce": reduce,
    "renameByRegex": rename_by_regex,
    "sortBy": sort_by,
}


def transform(frames: Sequence[Frame], transformations: Sequence[Options]) -> list[Frame]:
    """The frames after all transformations.

    Raises:
        GrafanaError: a transformation, or a form of it, is not known here.
    """
    done = list(frames)
    for each in transformations:
        if each.get("disabled"):
            continue
        if each["id"] not in KNOWN:
            raise GrafanaError(f"the transformation {each['id']!r} is not known here")
        done = _applied(done, each)
    return done


def _applied(frames: list[Frame], each: Options) -> list[Frame]:
    wanted = (each.get("filter") or {}).get("options")
    if wanted is None:
        return KNOWN[each["id"]](frames, each.get("options") or {})
    chosen = [frame for frame in frames if frame.ref_id == wanted]
    return [frame for frame in frames if frame.ref_id != wanted] + KNOWN[each["id"]](chosen, each.get("options") or {})
