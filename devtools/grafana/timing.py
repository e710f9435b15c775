"""Time ranges and steps as Grafana computes them."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from devtools.grafana.errors import GrafanaError

UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2592000, "y": 31536000}
# A range is never asked for more points than Prometheus gives in one answer.
MAX_POINTS: Final = 11_000
DEFAULT_SCRAPE: Final = 15.0
# Grafana rounds a step in milliseconds: below the first number it takes the second.
ROUNDING: Final = (
    (10, 1), (15, 10), (35, 20), (75, 50), (150, 100), (350, 200), (750, 500), (1500, 1000), (3500, 2000),
    (7500, 5000), (12500, 10000), (17500, 15000), (25000, 20000), (45000, 30000), (90000, 60000), (210000, 120000),
    (450000, 300000), (750000, 600000), (1050000, 900000), (1500000, 1200000), (2700000, 1800000),
    (5400000, 3600000), (9000000, 7200000), (16200000, 10800000), (32400000, 21600000), (86400000, 43200000),
    (604800000, 86400000), (1814400000, 604800000), (3628800000, 2592000000),
)  # fmt: skip
LONGEST: Final = 31536000000


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `end`, in seconds since 1970."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Interval:
    """The step of a panel's queries, and the interval at which the source is scraped, in seconds."""

    seconds: float
    scrape: float = DEFAULT_SCRAPE

    @property
    def rate(self) -> float:
        """`$__rate_interval`: four scrapes at least, so that a missed one leaves no hole."""
        return max(self.seconds + self.scrape, 4 * self.scrape)


def duration(text: str) -> float:
    """Seconds of "90s", "1h30m", "250ms", ">10s"."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|[smhdwMy])", text)
    if not parts or "".join(a + b for a, b in parts) != text.strip().lstrip(">"):
        raise GrafanaError(f"{text!r} is not a duration like 30s, 5m or 1h30m")
    return sum(float(number) * (0.001 if unit == "ms" else UNITS[unit]) for number, unit in parts)


def spell(seconds: float) -> str:
    """A duration as Grafana writes `$__interval`: the largest whole unit, rounded down."""
    for unit in ("y", "d", "h", "m", "s"):
        if seconds >= UNITS[unit]:
            return f"{int(seconds // UNITS[unit])}{unit}"
    return f"{int(seconds * 1000)}ms"


def rounded(seconds: float) -> float:
    """The step that Grafana takes for a wished one."""
    wished = seconds * 1000
    return next((step for below, step in ROUNDING if wished < below), LONGEST) / 1000


def interval_of(span: Span, max_data_points: int, minimum: str = "", scrape: float = DEFAULT_SCRAPE) -> Interval:
    """The step of a query: the range over the points that fit, at least the minimum (or the scrape interval)."""
    least = duration(minimum) if minimum else scrape
    step = max(rounded(span.seconds / max(1, max_data_points)), least)
    return Interval(max(step, rounded(span.seconds / MAX_POINTS)), least)


def instant(text: str, now: float, zone: ZoneInfo, *, upper: bool) -> float:
    """An end of a dashboard's range: "now-7d", "now/d", "now-1w/w", or ISO 8601; `upper` rounds to the unit's end."""
    if not text.startswith("now"):
        return datetime.fromisoformat(text).timestamp()
    at = datetime.fromtimestamp(now, zone)
    rest = text[3:]
    for sign, number, unit in re.findall(r"([-+/])(\d*)([smhdwMy])", rest):
        at = _rounded_date(at, unit, upper=upper) if sign == "/" else _moved(at, int(f"{sign}{number or 1}"), unit)
    if re.sub(r"[-+/]\d*[smhdwMy]", "", rest):
        raise GrafanaError(f"{text!r} is not a time like now-24h or now-1w/w")
    return at.timestamp()


def parse_span(start: str, end: str, now: float, zone: ZoneInfo) -> Span:
    """The range of a dashboard at the instant `now`."""
    span = Span(instant(start, now, zone, upper=False), instant(end, now, zone, upper=True))
    if span.seconds <= 0:
        raise GrafanaError(f"the range from {start!r} to {end!r} is empty")
    return span


def _moved(at: datetime, number: int, unit: str) -> datetime:
    if unit in "My":
        months = at.month - 1 + number * (12 if unit == "y" else 1)
        year, month = at.year + months // 12, months % 12 + 1
        return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))
    if unit in "dw":
        return at + timedelta(days=number * (7 if unit == "w" else 1))  # of the calendar
    moved = at.timestamp() + number * UNITS[unit]
    return datetime.fromtimestamp(moved, at.tzinfo)


def _rounded_date(at: datetime, unit: str, *, upper: bool) -> datetime:
    floor = at.replace(second=0, microsecond=0) if unit != "s" else at.replace(microsecond=0)
    floor = floor.replace(minute=0) if unit in "hdwMy" else floor
    floor = floor.replace(hour=0) if unit in "dwMy" else floor
    if unit == "w":
        floor -= timedelta(days=floor.weekday())
    floor = floor.replace(day=1) if unit in "My" else floor
    floor = floor.replace(month=1) if unit == "y" else floor
    return _moved(floor, 1, unit) - timedelta(milliseconds=1) if upper else floor
