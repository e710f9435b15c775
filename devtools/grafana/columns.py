"""Transformations that choose, order and name columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from devtools.grafana.errors import GrafanaError
from devtools.grafana.frames import Field, Frame, display_name

Options = Mapping[str, Any]


def expression(text: str) -> re.Pattern[str]:
    """A JavaScript expression, with or without slashes.

    Raises:
        GrafanaError: it is none.
    """
    written = re.fullmatch(r"/(.*)/([gimsuy]*)", text, re.DOTALL)
    body, flags = (written[1], written[2]) if written else (text, "")
    try:
        return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", body), re.IGNORECASE if "i" in flags else 0)
    except re.error as error:
        raise GrafanaError(f"the expression {text!r}: {error}") from error


def organize(frames: Sequence[Frame], options: Options) -> list[Frame]:
    """Orders, drops and renames columns by the names that they had before."""
    return [_organized(frame, frames, options) for frame in frames]


def _organized(frame: Frame, frames: Sequence[Frame], options: Options) -> Frame:
    order = options.get("indexByName") or {}
    dropped = options.get("excludeByName") or {}
    kept = {name for name, on in (options.get("includeByName") or {}).items() if on}
    titles = options.get("renameByName") or {}
    named = [(display_name(each, frame, frames), each) for each in frame.fields]
    named.sort(key=lambda pair: order.get(pair[0], float("inf")) if order else 0)
    fields = [
        replace(each, title=titles[name]) if titles.get(name) else each
        for name, each in named
        if not dropped.get(name) and (not kept or name in kept)
    ]
    return replace(frame, fields=tuple(fields))


def rename_by_regex(frames: Sequence[Frame], options: Options) -> list[Frame]:
    """Writes names anew: `regex` and `renamePattern` with $1."""
    pattern = expression(options["regex"])
    everywhere = re.fullmatch(r"/.*/\w*g\w*", options["regex"]) is not None
    template = re.sub(r"\$(\d)", r"\\g<\1>", options["renamePattern"].replace("\\", r"\\"))

    def renamed(column: Field, frame: Frame) -> Field:
        name = display_name(column, frame, frames)
        return replace(column, title=pattern.sub(template, name, count=0 if everywhere else 1))

    return [replace(frame, fields=tuple(renamed(each, frame) for each in frame.fields)) for frame in frames]


def filter_by_name(frames: Sequence[Frame], options: Options) -> list[Frame]:
    """Keeps the columns that `include` names and `exclude` does not."""
    if options.get("byVariable"):
        raise GrafanaError("filterFieldsByName by a variable is not known here")
    include, exclude = _names(options.get("include")), _names(options.get("exclude"))

    def kept(name: str) -> bool:
        return (include is None or include(name)) and not (exclude is not None and exclude(name))

    chosen = [
        replace(frame, fields=tuple(each for each in frame.fields if kept(display_name(each, frame, frames))))
        for frame in frames
    ]
    return [frame for frame in chosen if frame.fields]


def _names(options: Options | None) -> Callable[[str], bool] | None:
    names, pattern = set((options or {}).get("names") or ()), (options or {}).get("pattern")
    if not names and not pattern:
        return None
    found = expression(pattern) if pattern else None
    return lambda name: name in names or (found is not None and found.search(name) is not None)


def calculate(frames: Sequence[Frame], options: Options) -> list[Frame]:
    """A column of two: `mode` binary only."""
    if options.get("mode") != "binary":
        raise GrafanaError(f"calculateField in mode {options.get('mode')!r} is not known here")
    return [_calculated(frame, frames, options) for frame in frames]


def _calculated(frame: Frame, frames: Sequence[Frame], options: Options) -> Frame:
    binary = options["binary"]
    operator = binary.get("operator", "+")
    if operator not in OPERATORS:
        raise GrafanaError(f"calculateField: the operator {operator!r} is not known here")
    left, right = (_operand(frame, frames, binary[side]) for side in ("left", "right"))
    if left is None or right is None:
        return frame
    values = tuple(_binary(operator, a, b) for a, b in zip(left, right, strict=True))
    name = options.get("alias") or f"{_side(binary['left'])} {operator} {_side(binary['right'])}"
    column = Field(name, "number", values)
    if options.get("replaceFields"):
        return replace(frame, fields=(*[each for each in frame.fields if each.type == "time"], column))
    return replace(frame, fields=(*frame.fields, column))


def _side(side: str | Options) -> str:
    if isinstance(side, str):
        return side
    return str(side["fixed"] if "fixed" in side else side["matcher"]["options"])


def _operand(frame: Frame, frames: Sequence[Frame], side: str | Options) -> tuple[float | None, ...] | None:
    text = _side(side)
    for column in frame.fields:
        if display_name(column, frame, frames) == text:
            return tuple(each if isinstance(each, float) else None for each in column.values)
    try:
        return (float(text),) * frame.length
    except ValueError:
        return None


def _binary(operator: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    return OPERATORS[operator](left, right)


def _divided(left: float, right: float) -> float:
    if right:
        return left / right
    return float("nan") if not left else float("inf") * left


OPERATORS: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divided,
}
