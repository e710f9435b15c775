"""Value mappings: texts and colours in the place of values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from devtools.grafana.columns import expression
from devtools.grafana.frames import Value

Json = Mapping[str, Any]


def mapped(mappings: Sequence[Json], value: Value) -> Json | None:
    """The first mapping's result (`text`, `color`) that fits the value."""
    for each in mappings:
        options = each.get("options") or {}
        found = _one(each.get("type", ""), options, value)
        if found is not None:
            return found
    return None


def _one(kind: str, options: Json, value: Value) -> Json | None:
    if kind == "value":
        return next((result for key, result in options.items() if _same(key, value)), None)
    if kind == "range":
        return options["result"] if _within(options, value) else None
    if kind == "regex":
        return _by_regex(options, value)
    if kind == "special":
        return options["result"] if _special(str(options.get("match")), value) else None
    return None


def _same(key: str, value: Value) -> bool:
    if value is None:
        return key == "null"
    if isinstance(value, bool):
        return key == str(value).lower()
    if isinstance(value, float):
        try:
            return float(key) == value
        except ValueError:
            return False
    return key == value


def _number(value: Value) -> float | None:
    try:
        return None if value is None or isinstance(value, bool) else float(value)
    except ValueError:
        return None


def _within(options: Json, value: Value) -> bool:
    number = _number(value)
    if number is None or math.isnan(number):
        return False
    low, high = options.get("from"), options.get("to")
    return (low is None or number >= low) and (high is None or number <= high)


def _by_regex(options: Json, value: Value) -> Json | None:
    if not isinstance(value, str):
        return None
    pattern = expression(options["pattern"])
    if not pattern.search(value):
        return None
    result = dict(options["result"])
    if result.get("text") is not None:
        result["text"] = pattern.sub(result["text"].replace("$", "\\"), value, count=1)
    return result


def _special(match: str, value: Value) -> bool:
    missing = value is None
    not_a_number = isinstance(value, float) and math.isnan(value)
    found = {
        "null": missing,
        "nan": not_a_number,
        "null+nan": missing or not_a_number,
        "true": value is True,
        "false": value is False,
        "empty": value == "",
    }
    return found.get(match, False)
