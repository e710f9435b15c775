"""Which local days a review is of, and which it is compared with. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from exporter.calldb.period import Period, midnight
from exporter.errors import UsageError
from exporter.review.model import Cadence, Span

LONGEST_DAYS = 366
_DAY = timedelta(days=1)
_FIX = "write 2026-W46, 2026-10 or 2026-11-01..2026-11-14 (both days included)"
_WEEK = re.compile(r"(\d{4})-W(\d{2})")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_RANGE = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")


def span_of(text: str | None, cadence: Cadence, today: date) -> Span:
    """The span that was asked for, by default the last whole week or month; raises UsageError."""
    if text is None:
        return _week(today - 7 * _DAY) if cadence == "weekly" else _month(today.replace(day=1) - _DAY)
    try:
        span = _parsed(text.strip())
    except (ValueError, OverflowError):
        span = None
    # A year on both sides keeps all arithmetic within the calendar.
    if span is None or not 2 <= span.first.year <= span.last.year < 9999:
        raise UsageError(f"--period '{text[:40]}' is no week, month or range of days", _FIX)
    if not 1 <= span.days <= LONGEST_DAYS:
        raise UsageError(
            f"--period '{text[:40]}' has {span.days} days", f"give a first and a last day, at most {LONGEST_DAYS} days"
        )
    if span.first > today:
        raise UsageError(f"--period '{text[:40]}' lies in the future", "name one that has begun")
    return span


def _parsed(text: str) -> Span | None:
    if found := _WEEK.fullmatch(text):
        return _week(date.fromisocalendar(int(found[1]), int(found[2]), 1))
    if found := _MONTH.fullmatch(text):
        return _month(date(int(found[1]), int(found[2]), 1))
    if found := _RANGE.fullmatch(text):
        return Span(text, date.fromisoformat(found[1]), date.fromisoformat(found[2]))
    return None


def _week(day: date) -> Span:
    year, week, weekday = day.isocalendar()
    first = day - (weekday - 1) * _DAY
    return Span(f"{year:04}-W{week:02}", first, first + 6 * _DAY)


def _month(day: date) -> Span:
    first = day.replace(day=1)
    following = (first + 31 * _DAY).replace(day=1)
    return Span(f"{first:%Y-%m}", first, following - _DAY)


def before(span: Span) -> Span:
    """The week before a week, the month before a month, else as many days before."""
    eve = span.first - _DAY
    if _WEEK.fullmatch(span.name):
        return _week(eve)
    if _MONTH.fullmatch(span.name):
        return _month(eve)
    first = span.first - span.days * _DAY
    return Span(f"{first}..{eve}", first, eve)


def period_of(span: Span, timezone: str) -> Period:
    """A span from midnight to midnight in the business time zone, Unix seconds."""
    zone = ZoneInfo(timezone)
    return Period(midnight(span.first, zone), midnight(span.last + _DAY, zone))


def elapsed(period: Period, as_of: float) -> Period:
    """What of a period is over at an instant, to the second; at least one second."""
    return Period(period.start, max(period.start + 1, min(period.end, int(as_of))))


def day_of(at: float, timezone: str) -> date:
    """The local day of an instant (Unix seconds)."""
    return datetime.fromtimestamp(at, ZoneInfo(timezone)).date()
