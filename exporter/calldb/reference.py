"""What a period is compared with. Pure. Local days: the same hour of another day, across daylight saving too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from exporter.calldb.period import Period
from exporter.errors import UsageError
from exporter.semantic.spec import Text

Against = Literal["previous", "same-hours", "day-before", "week-before"]
AGAINST: tuple[Against, ...] = get_args(Against)
WORDS: Mapping[Against, Text] = {
    "previous": Text(zh="前一窗口", en="the window before"),
    "same-hours": Text(zh="前 7 天同时段", en="the same hours of the 7 days before"),
    "day-before": Text(zh="前一天同时段", en="the same hours of the day before"),
    "week-before": Text(zh="上周同时段", en="the same hours a week before"),
}
_DAYS: Mapping[Against, tuple[int, ...]] = {
    "same-hours": tuple(range(7, 0, -1)),
    "day-before": (1,),
    "week-before": (7,),
}


def references(window: Period, against: Against, timezone: str) -> tuple[Period, ...]:
    """The periods that are the reference together, oldest first; raises UsageError where they would overlap."""
    if against == "previous":
        return (window.moved(-window.seconds),)
    zone = ZoneInfo(timezone)
    found = tuple(Period(*(_days_before(at, days, zone) for at in (window.start, window.end)))
                  for days in _DAYS[against])  # fmt: skip
    if any(one.end > other.start for one, other in pairwise((*found, window))):
        longest = min(_DAYS[against])
        fix = f"compare at most {longest * 24} h, or use --against previous"
        raise UsageError(f"the window is too long for --against {against}: it would meet its own reference", fix)
    return found


def _days_before(at: int, days: int, zone: ZoneInfo) -> int:
    """The same local time so many days before, Unix seconds."""
    local = datetime.fromtimestamp(at, zone)
    return int((local - timedelta(days=days)).timestamp())
