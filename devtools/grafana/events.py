"""Annotations: the instants and regions that a query's series mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from devtools.grafana.boards import Annotation
from devtools.grafana.interpolate import legend
from devtools.grafana.prometheus import Series
from devtools.grafana.timing import Span


@dataclass(frozen=True, slots=True)
class Event:
    """From `start` to `end` in seconds; both are the same for an instant."""

    start: float
    end: float
    title: str
    text: str
    colour: str


def events_of(annotation: Annotation, series: Sequence[Series], step: float) -> list[Event]:
    """The events of an annotation: points above 0, joined where they are at most a step apart."""
    by_value = bool(annotation.raw.get("useValueForTime"))
    return [event for each in series for event in _joined(annotation, each, step, by_value=by_value)]


def _joined(annotation: Annotation, series: Series, step: float, *, by_value: bool) -> list[Event]:
    if by_value:
        times = sorted({value / 1000 for _, value in series.points})
    else:
        times = [at for at, value in series.points if value > 0]
    found: list[Event] = []
    for at in times:
        if found and found[-1].end + step >= at:
            found[-1] = replace(found[-1], end=at)
        else:
            title, text = (legend(each, series.labels) for each in (annotation.title, annotation.text))
            found.append(Event(at, at, title or annotation.name, text, annotation.colour))
    return found


def within(events: Sequence[Event], span: Span) -> list[Event]:
    """The events that touch the span."""
    return [each for each in events if each.end >= span.start and each.start <= span.end]
