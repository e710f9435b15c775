"""Boards in two languages: the same structure, and which leaves may differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.generate.dashboards.boards import Board, Json, leaves

Way = tuple[str | int, ...]
# Words: of boards, panels, links, variables, mappings, legends, annotations.
WORDS = frozenset(
    ("title", "description", "label", "text", "legendFormat", "noValue", "content", "name", "titleFormat")
)
# Properties of overrides that are words or name others.
WORD_PROPERTIES = frozenset({"displayName", "custom.axisLabel", "custom.fillBelowTo", "noValue"})
LANGUAGE = re.compile(r"(?<=[a-z])_(?:zh|en)\b")
COLUMN = re.compile(r'(?<=\.fields)\["[^"]*"\]')
BOARD = re.compile(r"(/d/outcall-[a-z]+)(?:-en)?\b")


def differences(one: Board, other: Board) -> Iterator[str]:
    """Where two boards differ in more than words."""
    first, second = dict(_plain(one.raw)), dict(_plain(other.raw))
    for path in sorted({*first} ^ {*second}, key=str):
        yield f"{_said(path)}: only in {one.path if path in first else other.path}"
    for path in sorted({*first} & {*second}, key=str):
        if first[path] != second[path]:
            yield f"{_said(path)}: {first[path]!r} and {second[path]!r}; words alone may differ"


def _said(path: Way) -> str:
    return "/".join(map(str, path))


def _plain(raw: Json) -> Iterator[tuple[Way, Any]]:
    """Leaves without words and without what names the language."""
    for path, value in leaves(raw):
        place = tuple(LANGUAGE.sub("_xx", key) if isinstance(key, str) else key for key in path)
        yield place, None if _is_word(raw, path) else _unspoken(raw, path, value)


def _is_word(raw: Json, path: Way) -> bool:
    """Whether a leaf may differ altogether: words, and columns that are named by them."""
    key, above = path[-1], path[:-1]
    if key in WORDS:
        # What a variable and a KPI's series are called is no word.
        return not (key == "name" and "templating" in path)
    if "renameByName" in path or "displayName" in path:
        return True
    if key == "value" and "properties" in path:
        return _at(raw, above).get("id") in WORD_PROPERTIES
    if key == "options" and "matcher" in path:
        return _at(raw, above)["id"] in ("byName", "byRegexp")
    return False


def _unspoken(raw: Json, path: Way, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if path == ("uid",) or "tags" in path:
        return value.removesuffix("-en").removesuffix("-zh")
    if path[-1] == "query" and _at(raw, path[:-1]).get("type") == "custom":
        # Its options, whose values are compared, are made of the same list (choices_agree).
        return value.count(" : ")
    return BOARD.sub(r"\1", COLUMN.sub("[…]", LANGUAGE.sub("_xx", value)))


def _at(raw: Any, path: Way) -> Json:
    for key in path:
        raw = raw[key]
    return dict(raw) if isinstance(raw, dict) else {}
