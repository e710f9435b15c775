"""Figures and instants as people read them. Pure; no rounding ever turns a breach into 100 % or a trace into 0 %."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Unit = Literal["ratio", "cny", "seconds", "score"]

# A no-break space keeps figure and unit on one line.
_NBSP = "\N{NO-BREAK SPACE}"

# From here on no KPI can mean what it says; the page must only not break.
_ABSURD = 1e12


def known(value: float | None) -> float | None:
    """The value, or None when there is nothing to show: missing, NaN or infinite."""
    return value if value is not None and math.isfinite(value) else None


def figure(value: float, unit: Unit, *, decimals: int = 0) -> str:
    """A finite value in its unit, as in a target: `25 %`, `¥490`, `1.32 s`, `15 min`, `4.1 分`."""
    if abs(value) >= _ABSURD:
        return f"{value:.2e}"
    match unit:
        case "ratio":
            return percent(value, decimals=decimals)
        case "cny":
            return cny(value)
        case "seconds":
            return seconds(value)
        case "score":
            return f"{_trimmed(value, 2)}{_NBSP}分"


def measured(value: float, unit: Unit) -> str:
    """The same for a measurement: a percentage keeps its first decimal, so that figures beside each other align."""
    return figure(value, unit, decimals=1)


def percent(ratio: float, *, decimals: int = 0) -> str:
    """A ratio as a percentage with at least `decimals`, and as many more as it takes to tell it from 0 % and 100 %."""
    shown = ratio * 100
    if ratio in (0.0, 1.0):
        return f"{shown:.0f}{_NBSP}%"
    places = _places(min(abs(shown), abs(100 - shown)))
    text = f"{shown:,.{places}f}"
    if float(text.replace(",", "")) in (0.0, 100.0):
        edge = 0 if abs(ratio) < 0.5 else 100
        return f"{'>' if shown > edge else '<'}{_NBSP}{edge}{_NBSP}%"
    return f"{_trim(text) if places > decimals + 1 or not decimals else text}{_NBSP}%"


def _places(distance: float) -> int:
    """Decimals of a percentage that is `distance` points away from the nearer of 0 and 100."""
    return 1 if distance >= 1 else 2 if distance >= 0.01 else 4


def cny(amount: float) -> str:
    """Yuan: thousands in full, hundreds to a tenth, a few to the fen."""
    size = abs(amount)
    decimals = 0 if size >= 1000 else 1 if size >= 10 else 2
    sign = "-" if amount < 0 else ""
    return f"{sign}¥{_trimmed(size, decimals)}"


def seconds(value: float) -> str:
    """A length of time: `850 ms`, `1.32 s`, `15 min`, `2 h 5 min`."""
    size = abs(value)
    if size >= 60:
        return ("-" if value < 0 else "") + _long(round(size))
    return f"{round(value * 1000)}{_NBSP}ms" if 0 < size < 1 else f"{_trimmed(value, 2)}{_NBSP}s"


def _long(total: int) -> str:
    hours, rest = divmod(total, 3600)
    minutes, left = divmod(rest, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{n}{_NBSP}{unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "min"), (left, "s")) if n]
    return _NBSP.join(parts[:2])


def count(number: float) -> str:
    """A number of observations, in thousands groups."""
    return f"{number:,.0f}" if number < _ABSURD else f"{number:.2e}"


def _trimmed(value: float, decimals: int) -> str:
    return _trim(f"{value:,.{decimals}f}")


def _trim(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def ago(instant: float, now: float) -> tuple[str, str]:
    """How long ago, in Chinese and English; an instant slightly ahead (clock skew) counts as now."""
    age = max(0, int(now - instant))
    for size, zh, en in ((86400, "天", "d"), (3600, "小时", "h"), (60, "分钟", "min")):
        if age >= size * (2 if size > 60 else 1):
            return f"{age // size}{_NBSP}{zh}前", f"{age // size}{_NBSP}{en} ago"
    return f"{age}{_NBSP}秒前", f"{age}{_NBSP}s ago"


def clock(instant: float, timezone: str) -> str:
    """An instant in the business time zone, `2026-11-22 13:04:05`; in UTC, and marked so, when the zone is unknown."""
    moment = datetime.fromtimestamp(instant, UTC)
    try:
        return moment.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M:%S")
    except (ZoneInfoNotFoundError, ValueError):
        return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
