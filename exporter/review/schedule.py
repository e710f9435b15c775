"""Which reviews are due at an instant, and which of them are missing. Pure.

A review is due at an instant of the timetable, for the last whole week or month before that local day. Of those that
were due lately all are wanted that are not there, but none from before the oldest that is: an outage leaves no gap, and
a new folder begins with the newest one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from exporter.review.model import Cadence, Span
from exporter.review.periods import period_of, span_of
from exporter.semantic.timetable import Timetable, following, instants

# How many of the last that were due are looked for.
LOOK_BACK: Final[Mapping[Cadence, int]] = {"weekly": 8, "monthly": 3}
# Their stems are in the order of time; what was written by hand of other days is in no such order.
_REGULAR: Final[Mapping[Cadence, str]] = {
    "weekly": r"review-weekly-\d{4}-W\d{2}",
    "monthly": r"review-monthly-\d{4}-\d{2}",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """When the reviews of each cadence are due, in a time zone; a cadence that is absent is never due."""

    timezone: str
    tables: Mapping[Cadence, Timetable]


@dataclass(frozen=True, slots=True)
class Due:
    """A review that was due `at` (Unix seconds)."""

    cadence: Cadence
    span: Span
    at: float

    @property
    def stem(self) -> str:
        """The name of its files, without language and ending."""
        return stem_of(self.cadence, self.span)


def stem_of(cadence: Cadence, span: Span) -> str:
    """The name of a review's files, without language and ending."""
    return f"review-{cadence}-{span.name}"


def lately(plan: Plan, now: float) -> list[Due]:
    """What was due lately until `now` (Unix seconds), each cadence's newest first."""
    zone = ZoneInfo(plan.timezone)
    found = [
        Due(cadence, span_of(None, cadence, day), at)
        for cadence, table in plan.tables.items()
        for day, at in instants(table, zone, now, LOOK_BACK[cadence])
    ]
    # Where a clock leaps over midnight, a time just after it may strike before the period is over.
    return [due for due in found if is_over(due.span, plan.timezone, now)]


def missing(plan: Plan, now: float, written: Collection[str]) -> list[Due]:
    """What is to be written at `now`, the oldest first; `written`: the stems of those that are there."""
    found: list[Due] = []
    for cadence in plan.tables:
        recent = [due for due in lately(plan, now) if due.cadence == cadence]
        oldest = min((stem for stem in written if re.fullmatch(_REGULAR[cadence], stem)), default=None)
        wanted = recent[:1] if oldest is None else [due for due in recent if due.stem > oldest]
        found += [due for due in wanted if due.stem not in written]
    return sorted(found, key=lambda due: due.at)


def next_due(plan: Plan, now: float) -> float | None:
    """When the next one is due after `now`, None for never; Unix seconds."""
    zone = ZoneInfo(plan.timezone)
    return min((following(table, zone, now) for table in plan.tables.values()), default=None)


def is_over(span: Span, timezone: str, as_of: float) -> bool:
    """Whether a review read `as_of` (Unix seconds) holds the whole span."""
    return as_of >= period_of(span, timezone).end
