"""From hourly sums to what a verification compares: the slice a change touches and the rest, before and after. Pure.

Equally mature days. Facts have an instant of their own, and many of it lies after the call: an application comes within
a week, an answer to a survey within three days. Such facts are still of calls before the change for a while, so what is
compared begins when they have *settled* (`settle_hours`; before, every day is mature already). A fact that stands at
its call but waits for another row (an inspection, a recording) leaves out the last hours instead (`ripe_hours`).

Days are counted from the change on, 24 hours each, so that each has all hours of the day whatever time it was made at;
the hour in which it was made belongs to neither side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

from exporter.kpi.significance import Counts
from exporter.semantic.changes import Aim, Change
from exporter.semantic.model import Catalogue, Kpi, Measure
from exporter.semantic.names import UNKNOWN

HOUR, DAY = 3600, 86400
# Whole weeks, and as many days after them are held by the exporter's 30 days of hours.
DAYS_BEFORE = 14
TREATED, UNTOUCHED, NEITHER = 1, 2, 0

RawLabels = tuple[str | None, ...]
# Column of a dataset's vector -> (sum of the touched slice, sum of the untouched one).
Sums = Mapping[int, tuple[int, int]]
# Dataset -> start of the hour (Unix seconds) -> sums.
Hours = Mapping[str, Mapping[int, Sums]]


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end) in Unix seconds, whole hours."""

    start: int
    end: int

    @property
    def days(self) -> int:
        """Whole days in it."""
        return max(0, self.end - self.start) // DAY


@dataclass(frozen=True, slots=True)
class Sides:
    """The days of a span, in their order: of the slice that the change touches, and of the one that it does not."""

    treated: tuple[Counts, ...]
    untouched: tuple[Counts, ...]


def settle_hours(kpi: Kpi, aim: Aim, catalogue: Catalogue) -> int:
    """How long after a change the KPI's facts may be of calls before it."""
    if aim.settle_hours is not None:
        return aim.settle_hours
    return max(_settles(catalogue, catalogue.datasets[name].source) for name in kpi.datasets)


def ripe_hours(kpi: Kpi, catalogue: Catalogue) -> int:
    """How many of the latest hours lack rows that a fact of theirs waits for."""
    datasets = [catalogue.datasets[name] for name in kpi.datasets]
    waits = [need for dataset in datasets for need in dataset.needs if need != dataset.source]
    return max((_settles(catalogue, need) for need in waits), default=0)


def _settles(catalogue: Catalogue, source: str) -> int:
    """Whole hours after its call in which a row of a source comes."""
    return -(-catalogue.sources[source].settles_within // HOUR)


def spans(
    change: Change, aim: Aim, kpi: Kpi, catalogue: Catalogue, now: float, days: int = DAYS_BEFORE
) -> tuple[Span, Span]:
    """What is compared: `days` before the change, and each whole day from when facts have settled to the end or now."""
    first = -(-change.at // HOUR) * HOUR
    start = first + settle_hours(kpi, aim, catalogue) * HOUR
    until = now if change.until is None else min(now, change.until)
    end = (int(until) // HOUR - ripe_hours(kpi, catalogue)) * HOUR
    return before_of(change, days), Span(start, start + max(0, end - start) // DAY * DAY)


def before_of(change: Change, days: int = DAYS_BEFORE) -> Span:
    """The days before a change."""
    end = change.at // HOUR * HOUR
    return Span(end - days * DAY, end)


def side_of(change: Change, labels: Sequence[str], others: Iterable[Change] = ()) -> Callable[[RawLabels], int]:
    """Tells of a cell, by the values of its labels, on which side it is.

    Untouched is what `compare` says, else everything that is known not to be in the scope: a cell whose generation is
    unknown may be of the elderly. Facts without a label of the scope (of no known call) are on neither side. Nor is
    what may belong to `others`, which were changed meanwhile.
    """
    if not change.scope:
        return lambda _: TREATED
    within = _matcher(change.scope, labels)
    beside = [_matcher(change.compare, labels) if change.compare is not None else _outside(change.scope, labels)]
    beside += [_outside(other.scope, labels) for other in others]
    return lambda raw: TREATED if within(raw) else UNTOUCHED if all(each(raw) for each in beside) else NEITHER


def _matcher(wanted: Mapping[str, frozenset[str]], labels: Sequence[str]) -> Callable[[RawLabels], bool]:
    if not wanted.keys() <= set(labels):
        return lambda _: False
    tests = [(labels.index(label), values) for label, values in wanted.items()]
    return lambda raw: all((raw[at] or UNKNOWN) in values for at, values in tests)


def _outside(scope: Mapping[str, frozenset[str]], labels: Sequence[str]) -> Callable[[RawLabels], bool]:
    if not scope.keys() <= set(labels):
        return lambda _: False
    tests = [(labels.index(label), values | {UNKNOWN}) for label, values in scope.items()]
    return lambda raw: any((raw[at] or UNKNOWN) not in values for at, values in tests)


def columns(kpis: Iterable[Kpi], dataset: str) -> tuple[int, ...]:
    """The columns of a dataset's vector that these KPIs are made of."""
    used = (measure for kpi in kpis for measure in (*kpi.numerator, *kpi.denominator))
    return tuple(sorted({measure.offset for measure in used if measure.dataset == dataset}))


def sums_of(sides: Sequence[int], values: Mapping[int, Sequence[int]]) -> Sums:
    """The sums of columns by side; `sides` and each column have one value per cell."""
    treated, untouched = ([side == which for side in sides] for which in (TREATED, UNTOUCHED))
    return {at: (sum(compress(v, treated)), sum(compress(v, untouched))) for at, v in values.items()}


def days_of(kpi: Kpi, hours: Hours, span: Span) -> Sides:
    """The whole days of a span."""
    treated = tuple(_day(kpi, hours, span.start + day * DAY, 0) for day in range(span.days))
    return Sides(treated, tuple(_day(kpi, hours, span.start + day * DAY, 1) for day in range(span.days)))


def _day(kpi: Kpi, hours: Hours, start: int, side: int) -> Counts:
    def summed(measures: Iterable[Measure]) -> int:
        found = (
            hours.get(measure.dataset, {}).get(at, {}).get(measure.offset)
            for measure in measures
            for at in range(start, start + DAY, HOUR)
        )
        return sum(pair[side] for pair in found if pair is not None)

    return Counts(summed(kpi.numerator), summed(kpi.denominator))
