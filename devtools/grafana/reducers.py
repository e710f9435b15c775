"""Grafana's calculations over a column: last, mean, max and the like."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from devtools.grafana.errors import GrafanaError
from devtools.grafana.frames import Value


def reduce_values(name: str, values: Sequence[Value]) -> Value:
    """The calculation of that id.

    Raises:
        GrafanaError: no such calculation is known here.
    """
    try:
        _, calculate = REDUCERS[name]
    except KeyError:
        raise GrafanaError(f"the calculation {name!r} is not known here") from None
    return calculate(values)


def title(name: str) -> str:
    """What Grafana calls the calculation in a legend or a column."""
    return REDUCERS[name][0] if name in REDUCERS else name


def present(values: Sequence[Value]) -> list[Value]:
    """Values that are neither null nor NaN."""
    return [each for each in values if each is not None and not (isinstance(each, float) and math.isnan(each))]


def numbers(values: Sequence[Value]) -> list[float]:
    """The numbers among the values."""
    return [float(each) for each in present(values) if isinstance(each, float | int)]


def _last(values: Sequence[Value]) -> Value:
    return values[-1] if values else None


def _last_present(values: Sequence[Value]) -> Value:
    return _last(present(values))


def _first(values: Sequence[Value]) -> Value:
    return values[0] if values else None


def _first_present(values: Sequence[Value]) -> Value:
    return _first(present(values))


def _mean(values: Sequence[Value]) -> Value:
    found = numbers(values)
    return sum(found) / len(found) if found else None


def _max(values: Sequence[Value]) -> Value:
    return max(numbers(values), default=None)


def _min(values: Sequence[Value]) -> Value:
    return min(numbers(values), default=None)


def _sum(values: Sequence[Value]) -> Value:
    return sum(numbers(values))


def _count(values: Sequence[Value]) -> Value:
    return float(len(values))


def _difference(values: Sequence[Value]) -> Value:
    found = numbers(values)
    return found[-1] - found[0] if found else None


def _range(values: Sequence[Value]) -> Value:
    found = numbers(values)
    return max(found) - min(found) if found else None


REDUCERS: Final[Mapping[str, tuple[str, Callable[[Sequence[Value]], Value]]]] = {
    "lastNotNull": ("Last *", _last_present),
    "last": ("Last", _last),
    "firstNotNull": ("First *", _first_present),
    "first": ("First", _first),
    "mean": ("Mean", _mean),
    "max": ("Max", _max),
    "min": ("Min", _min),
    "sum": ("Total", _sum),
    "count": ("Count", _count),
    "diff": ("Difference", _difference),
    "range": ("Range", _range),
}
