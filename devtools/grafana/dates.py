"""Instants as text."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

DATE_UNITS: Final = (
    "dateTimeAsIso", "dateTimeAsIsoNoDateIfToday", "dateTimeAsUS", "dateTimeAsUSNoDateIfToday", "dateTimeAsLocal",
    "dateTimeAsLocalNoDateIfToday", "dateTimeAsSystem", "dateTimeFromNow",
)  # fmt: skip
# moment.js: up to this many seconds it says so; {} is the count of `unit` seconds, rounded.
AGES: Final = (
    (44.5, 1, "a few seconds"), (89.5, 60, "a minute"), (2699, 60, "{} minutes"), (5399, 3600, "an hour"),
    (77399, 3600, "{} hours"), (129599, 86400, "a day"), (2246399, 86400, "{} days"), (3974399, 2629746, "a month"),
    (27648000, 2629746, "{} months"), (47304000, 31556952, "a year"),
)  # fmt: skip
MOMENT: Final = {
    "YYYY": "%Y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "ddd": "%a", "MMM": "%b", "M": "%-m",
    "D": "%-d", "H": "%-H", "Z": "%z",
}  # fmt: skip


def write_date(milliseconds: float, unit: str, zone: str, now: float) -> str:
    """Milliseconds since 1970 in one of Grafana's date units; `now` is in seconds."""
    if unit == "dateTimeFromNow":
        return from_now(milliseconds / 1000 - now)
    at = datetime.fromtimestamp(milliseconds / 1000, ZoneInfo(zone))
    if unit.startswith("time:"):
        return at.strftime(_strftime(unit.removeprefix("time:")))
    today = datetime.fromtimestamp(now, ZoneInfo(zone)).date() == at.date()
    time, day = ("%I:%M:%S %p", "%m/%d/%Y ") if "US" in unit else ("%H:%M:%S", "%Y-%m-%d ")
    return at.strftime(time if today and unit.endswith("IfToday") else day + time)


def from_now(seconds: float) -> str:
    """A distance in time in moment.js' words: "3 hours ago", "in a day"."""
    distance = abs(seconds)
    for up_to, unit, words in AGES:
        if distance < up_to:
            text = words.format(round(distance / unit))
            break
    else:
        text = f"{round(distance / 31556952)} years"
    return f"in {text}" if seconds > 0 else f"{text} ago"


def _strftime(pattern: str) -> str:
    done, rest = "", pattern
    while rest:
        token = next((each for each in sorted(MOMENT, key=len, reverse=True) if rest.startswith(each)), "")
        done += MOMENT[token] if token else rest[0].replace("%", "%%")
        rest = rest[len(token) or 1 :]
    return done
