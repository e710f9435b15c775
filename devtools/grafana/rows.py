"""Transformations that order, drop and fold rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from devtools.grafana.columns import Options, expression
from devtools.grafana.errors import GrafanaError
from devtools.grafana.frames import Field, Frame, Value, display_name, picked
from devtools.grafana.reducers import reduce_values, title


def sort_by(frames: Sequence[Frame], options: Options) -> list[Frame]:
    """Rows in the order of one column; Grafana takes only the first of `sort`."""
    wanted = (options.get("sort") or [None])[0]
    return [_sorted(frame, frames, wanted) if wanted else frame for frame in frames]


def _sorted(frame: Frame, frames: Sequence[Frame], wanted: Options) -> Frame:
    column = find(frame, frames, wanted["field"])
    if column is None:
        return frame
    values, downwards = column.values, bool(wanted.get("desc"))
    order = sorted(range(frame.length), key=lambda row: sort_key(values[row]), reverse=downwards)
    return picked(frame, order)


def sort_key(value: Value) -> tuple[int, float, str]:
    """Numbers by size (nothing counts as 0), texts by letter with empty ones last."""
    if isinstance(value, str):
        return (1 if value else 2, 0.0, value.casefold())
    return (0, float(value or 0), "")


def find(frame: Frame, frames: Sequence[Frame], name: str) -> Field | None:
    """The column of that shown name."""
    return next((each for each in frame.fields if display_name(each, frame, frames) == name), None)


def filter_by_value(frames: Sequence[Frame], options: Options) -> list[Frame]:
    """Keeps (type include) or drops (exclude) the rows where any or all of the filters match."""
    joined = all if options.get("match") == "all" else any
    include = options.get("type") != "exclude"
    done = []
    for frame in frames:
        tests = _tests(frame, frames, options.get("filters") or ())
        kept = [row for row in range(frame.length) if joined(each(row) for each in tests) == include]
        done.append(picked(frame, kept) if tests else frame)
    return done


def _tests(frame: Frame, frames: Sequence[Frame], filters: Sequence[Options]) -> list[Callable[[int], bool]]:
    tests = []
    for each in filters:
        column = find(frame, frames, each["fieldName"])
        if column is not None:
            tests.append(_row_test(column, each["config"]))
    return tests


def _row_test(column: Field, config: Options) -> Callable[[int], bool]:
    if config["id"] not in VALUE_TESTS:
        raise GrafanaError(f"filterByValue: the condition {config['id']!r} is not known here")
    test, options = VALUE_TESTS[config["id"]], config.get("options") or {}
    return lambda row: test(column.values[row], options)


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return float("nan")


def _equal(value: Value, options: Options) -> bool:
    wanted = options.get("value")
    return str(value) == str(wanted) or _number(value) == _number(wanted)


def _between(value: Value, options: Options) -> bool:
    return _number(options["from"]) < _number(value) < _number(options["to"])


VALUE_TESTS: Final[Mapping[str, Callable[[Value, Options], bool]]] = {
    "isNull": lambda value, _: value is None,
    "isNotNull": lambda value, _: value is not None,
    "equal": _equal,
    "notEqual": lambda value, options: not _equal(value, options),
    "greater": lambda value, options: _number(value) > _number(options["value"]),
    "greaterOrEqual": lambda value, options: _number(value) >= _number(options["value"]),
    "lower": lambda value, options: _number(value) < _number(options["value"]),
    "lowerOrEqual": lambda value, options: _number(value) <= _number(options["value"]),
    "between": _between,
    "regex": lambda value, options: expression(options["value"]).search(str(value)) is not None,
    "substring": lambda value, options: str(options["value"]).lower() in str(value).lower(),
}


def reduce(frames: Sequence[Frame], options: Options) -> list[Frame]:
    """Every column folded: into rows (seriesToRows) or in its place (reduceFields)."""
    reducers: list[str] = list(options.get("reducers") or ())
    if not reducers:
        return list(frames)
    if options.get("mode") == "reduceFields":
        timed = bool(options.get("includeTimeField"))
        return [folded for frame in frames if (folded := _in_place(frame, reducers, timed)).fields]
    return _to_rows(frames, reducers, labels_too=bool(options.get("labelsToFields")))


def _in_place(frame: Frame, reducers: Sequence[str], timed: bool) -> Frame:
    fields = []
    for each in frame.fields:
        for reducer in reducers if timed or each.type != "time" else ():
            labels = {**each.labels, "reducer": title(reducer)} if len(reducers) > 1 else each.labels
            fields.append(replace(each, values=(reduce_values(reducer, each.values),), labels=labels))
    return replace(frame, fields=tuple(fields))


def _to_rows(frames: Sequence[Frame], reducers: Sequence[str], *, labels_too: bool) -> list[Frame]:
    named = [(frame, each) for frame in frames for each in frame.fields if each.type != "time"]
    keys = list(dict.fromkeys(key for _, each in named for key in each.labels)) if labels_too else []
    names = tuple(each.name if labels_too else display_name(each, frame, frames) for frame, each in named)
    fields = [Field("Field", "string", names)]
    fields += [Field(key, "string", tuple(each.labels.get(key) for _, each in named)) for key in keys]
    for reducer in reducers:
        values = tuple(reduce_values(reducer, each.values) for _, each in named)
        fields.append(Field(title(reducer), _type(values), values))
    return [Frame(tuple(fields), frames[0].ref_id if frames else "")]


def _type(values: Sequence[Any]) -> str:
    return "string" if any(isinstance(each, str) for each in values) else "number"
