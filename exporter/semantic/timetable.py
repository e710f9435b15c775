"""When reviews are due: `mon 08:00` every week, `1 08:00` every month, in the business time zone. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Every month has these days.
MOST_DAY = 28
# What turns one off. The environment knows no empty value, so there is a word for it.
NEVER = ("", "never")

_CLOCK = r"([01]\d|2[0-3]):([0-5]\d)"
_WEEKLY = re.compile(rf"({'|'.join(WEEKDAYS)}) {_CLOCK}")
_MONTHLY = re.compile(rf"(\d{{1,2}}) {_CLOCK}")


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every week on `weekday` (0: Monday) at a local time."""

    weekday: int
    at: time

    def matches(self, day: date) -> bool:
        return day.weekday() == self.weekday


@dataclass(frozen=True, slots=True)
class Monthly:
    """Every month on `day` (1 to 28) at a local time."""

    day: int
    at: time

    def matches(self, day: date) -> bool:
        return day.day == self.day


Timetable = Weekly | Monthly


def parse_weekly(text: str) -> Weekly | None:
    """`mon 08:00`; None for what turns it off. Raises ValueError with what is wrong."""
    if text.strip().lower() in NEVER:
        return None
    found = _WEEKLY.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError("is no weekday and time of the form 'mon 08:00' ('never': none)")
    return Weekly(WEEKDAYS.index(found[1]), time(int(found[2]), int(found[3])))


def parse_monthly(text: str) -> Monthly | None:
    """`1 08:00`; None for what turns it off. Raises ValueError with what is wrong."""
    if text.strip().lower() in NEVER:
        return None
    found = _MONTHLY.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError("is no day of the month and time of the form '1 08:00' ('never': none)")
    day = int(found[1])
    if not 1 <= day <= MOST_DAY:
        raise ValueError(f"the day of the month is not 1 to {MOST_DAY}: not every month has it")
    return Monthly(day, time(int(found[2]), int(found[3])))


def instants(table: Timetable, zone: ZoneInfo, now: float, number: int) -> list[tuple[date, float]]:
    """The last `number` days on which it struck until `now`, newest first, each with its instant (Unix seconds).

    A time that the clock leaps over strikes an hour later, one that comes twice strikes once, the first time.
    """
    found: list[tuple[date, float]] = []
    day = _day(now, zone) + timedelta(days=1)
    while len(found) < number:
        if table.matches(day) and (at := instant(table, zone, day)) <= now:
            found.append((day, at))
        day -= timedelta(days=1)
    return found


def following(table: Timetable, zone: ZoneInfo, now: float) -> float:
    """When it strikes next, after `now`; Unix seconds."""
    day = _day(now, zone) - timedelta(days=1)
    while not (table.matches(day) and instant(table, zone, day) > now):
        day += timedelta(days=1)
    return instant(table, zone, day)


def instant(table: Timetable, zone: ZoneInfo, day: date) -> float:
    """When it strikes on a day that matches; Unix seconds."""
    return datetime.combine(day, table.at, zone).timestamp()


def _day(at: float, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at, zone).date()
