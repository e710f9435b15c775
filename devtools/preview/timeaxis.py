"""Ticks of a time axis, as Grafana places and writes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from devtools.grafana.timing import Span

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86400
STEPS: Final = (
    *(each * MINUTE for each in (1, 2, 5, 10, 15, 20, 30)),
    *(each * HOUR for each in (1, 2, 3, 4, 6, 8, 12)),
    *(each * DAY for each in (1, 2, 3, 4, 5, 7, 10, 15, 30, 60, 90, 180, 365)),
)
# Pixels that a text needs, with the gap to the next one.
NEED: Final = {"%H:%M:%S": 68, "%H:%M": 50, "%m/%d": 52, "%m/%d %H:%M": 86, "%Y-%m": 62}


def ticks(span: Span, width: int, zone: str) -> list[tuple[datetime, str]]:
    """Places and texts, in local time without zone, at most as dense as the texts need."""
    for step in STEPS:
        form = text_form(step, span.seconds)
        if width * step / span.seconds >= NEED[form]:
            return [(at, at.strftime(form)) for at in _places(span, step, ZoneInfo(zone))]
    return []


def text_form(step: float, seconds: float) -> str:
    """The text's form by the distance of the ticks and the length of the range."""
    if step <= MINUTE:
        return "%H:%M:%S"
    if seconds <= DAY:
        return "%H:%M"
    if step <= DAY:
        return "%m/%d %H:%M"
    return "%m/%d" if seconds < 365 * DAY else "%Y-%m"


def _places(span: Span, step: int, zone: ZoneInfo) -> Iterator[datetime]:
    start, end = (datetime.fromtimestamp(at, zone).replace(tzinfo=None) for at in (span.start, span.end))
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    if step >= DAY:
        midnight -= timedelta(days=midnight.toordinal() % (step // DAY))
    count = (start - midnight) // timedelta(seconds=step)
    at = midnight + count * timedelta(seconds=step)
    while at <= end:
        if at >= start:
            yield at
        at += timedelta(seconds=step)
