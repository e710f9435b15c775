"""From readings to metric families: what is not known is left out, never 0 and never NaN.

A family without a sample is not returned at all. Label values are made printable, because a mount point or a device
may hold bytes that are no text, and one of them would break the whole page.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

Rows = Iterable[tuple[Sequence[str], float | None]]


@dataclass(frozen=True, slots=True)
class Field:
    """How one number of a reading becomes a counter: its name, its key in the reading, what it counts, its unit."""

    metric: str
    key: str
    text: str
    factor: float = 1.0


def gauge(name: str, text: str, value: float | None) -> list[Metric]:
    """A gauge without labels, or nothing when the value is not known."""
    return gauges(name, text, (), [((), value)])


def gauges(name: str, text: str, labels: Sequence[str], rows: Rows) -> list[Metric]:
    """A gauge with one sample per row (label values, value); none when no value is known."""
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, value in _known(rows):
        family.add_metric(values, value)
    return [family] if family.samples else []


def counter(name: str, text: str, value: float | None) -> list[Metric]:
    """A counter without labels, or nothing when the value is not known; `name` ends in `_total`."""
    return counters(name, text, (), [((), value)])


def counters(name: str, text: str, labels: Sequence[str], rows: Rows) -> list[Metric]:
    """A counter with one sample per row (label values, value); none when no value is known."""
    family = CounterMetricFamily(name, text, labels=labels)
    for values, value in _known(rows):
        family.add_metric(values, value)
    return [family] if family.samples else []


def counter_table(fields: Iterable[Field], label: str, readings: Mapping[str, Mapping[str, float]]) -> list[Metric]:
    """One counter per field, with one sample for each reading that has it (`readings`: label value -> numbers)."""
    families: list[Metric] = []
    for field in fields:
        rows = [((name,), scaled(numbers.get(field.key), field.factor)) for name, numbers in readings.items()]
        families += counters(field.metric, field.text, (label,), rows)
    return families


def scaled(value: float | None, factor: float) -> float | None:
    """The value in the base unit; unknown stays unknown."""
    return None if value is None else value * factor


def printable(text: str) -> str:
    """The text as valid UTF-8: undecodable bytes, which Python carries as lone surrogates, become escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _known(rows: Rows) -> Iterable[tuple[list[str], float]]:
    for values, value in rows:
        if value is not None and math.isfinite(value):
            yield [printable(label) for label in values], value
