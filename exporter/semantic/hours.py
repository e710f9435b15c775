"""Business hours: when the platform is expected to dial, by the clock of the business time zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|(24):(00)", re.ASCII)
WEEKDAYS = re.compile(r"[1-7]{1,7}", re.ASCII)


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """Minutes of the local day from which and until which is dialled, and on which ISO weekdays (1 is Monday).

    `until` before `start` goes over midnight; the hours after it belong to the weekday on which they began.
    """

    start: int = 480
    until: int = 1200
    weekdays: frozenset[int] = frozenset(range(1, 8))

    def open_at(self, instant: float, zone: tzinfo) -> bool:
        """Whether `instant` (Unix seconds) lies within, by the local clock."""
        local = datetime.fromtimestamp(instant, zone)
        minute, weekday = local.hour * 60 + local.minute, local.isoweekday()
        if self.start < self.until:
            return self.start <= minute < self.until and weekday in self.weekdays
        if minute < self.until:
            return (weekday + 5) % 7 + 1 in self.weekdays
        return minute >= self.start and weekday in self.weekdays


def minutes(clock: str) -> int | None:
    """`08:30` -> 510; None for what is no time of day."""
    found = CLOCK.fullmatch(clock)
    if found is None:
        return None
    hours, rest, last, zero = found.groups()
    return int(hours or last) * 60 + int(rest or zero)


def business_hours(parameters: Mapping[str, int | float | str]) -> BusinessHours:
    """Of parameters that `rules` has checked; each that is missing has its default."""
    usual = BusinessHours()
    start, until = minutes(str(parameters.get("business_from", ""))), minutes(str(parameters.get("business_until", "")))
    days = frozenset(int(day) for day in str(parameters.get("business_weekdays", "1234567")))
    return BusinessHours(usual.start if start is None else start, usual.until if until is None else until, days)
