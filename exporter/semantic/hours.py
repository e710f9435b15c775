"""Business hours: when the platform is expected to dial, by the clock and the calendar of the business time zone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

WEEKDAYS = re.compile(r"[1-7]{1,7}", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|(24):(00)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """Spans of minutes of the local day in which is dialled, ISO weekdays (1 is Monday), and days that are exceptions.

    A span that ends before it starts goes over midnight; the hours after it belong to the day on which it began.
    """

    spans: tuple[Span, ...] = ((480, 1200),)
    weekdays: frozenset[int] = frozenset(range(1, 8))
    closed: frozenset[date] = frozenset()
    extra: frozenset[date] = frozenset()

    def open_at(self, instant: float, zone: tzinfo) -> bool:
        """Whether `instant` (Unix seconds) lies within, by the local clock."""
        local = datetime.fromtimestamp(instant, zone)
        minute, today = local.hour * 60 + local.minute, local.date()
        return any(self._within(span, minute, today) for span in self.spans)

    def _within(self, span: Span, minute: int, today: date) -> bool:
        start, until = span
        if start < until:
            return start <= minute < until and self._is_open_on(today)
        if minute < until:
            return self._is_open_on(today - timedelta(days=1))
        return minute >= start and self._is_open_on(today)

    def _is_open_on(self, day: date) -> bool:
        return day in self.extra or (day.isoweekday() in self.weekdays and day not in self.closed)


def minutes(clock: str) -> int | None:
    """`08:30` -> 510; None for what is no time of day."""
    found = _CLOCK.fullmatch(clock)
    if found is None:
        return None
    hours, rest, last, zero = found.groups()
    return int(hours or last) * 60 + int(rest or zero)


def span(text: str) -> Span | None:
    """`08:00-12:00` -> (480, 720); None for what is no span of time."""
    start, _, until = text.partition("-")
    first, last = minutes(start), minutes(until)
    return None if first is None or last is None or first % 1440 == last else (first, last)


def day(text: str) -> date | None:
    """`2026-10-01`; None for what is no date."""
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def business_hours(parameters: Mapping[str, int | float | str]) -> BusinessHours:
    """Of parameters that `rules` has checked; each that is missing has its default."""
    said = {name: str(value).split() for name, value in parameters.items()}
    usual = BusinessHours()
    spans = tuple(found for text in said.get("business_hours", ()) if (found := span(text)) is not None)
    weekdays = frozenset(int(digit) for text in said.get("business_weekdays", ()) for digit in text)
    closed, extra = (_days(said.get(name, ())) for name in ("closed_dates", "extra_open_dates"))
    return BusinessHours(spans or usual.spans, weekdays or usual.weekdays, closed, extra)


def _days(words: Iterable[str]) -> frozenset[date]:
    return frozenset(found for word in words if (found := day(word)) is not None)
