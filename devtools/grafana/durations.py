"""Times of some length: "1.23 s", "15 mins", "1 hour, 4 minutes", "01:02:03"."""

from __future__ import annotations

from typing import Final

from devtools.grafana.numbers import Text, clean, to_fixed

# From this many seconds on the length is written in that unit; a year is a mean one.
STEPS: Final = (
    (31536000.0, 3.15569e7, "year"),
    (604800.0, 604800.0, "week"),
    (86400.0, 86400.0, "day"),
    (3600.0, 3600.0, "hour"),
    (60.0, 60.0, "min"),
    (1.0, 1.0, "s"),
    (1e-3, 1e-3, "ms"),
    (1e-6, 1e-6, "µs"),
    (0.0, 1e-9, "ns"),
)
PARTS: Final = (
    ("year", 31536000), ("month", 2592000), ("week", 604800), ("day", 86400), ("hour", 3600), ("minute", 60),
    ("second", 1), ("millisecond", 0.001),
)  # fmt: skip


def seconds_text(value: float, decimals: int | None, least: str = "") -> Text:
    """Seconds in the largest fitting unit; `least` is the smallest one that is taken."""
    if not value:
        return Text("0", suffix=f" {least or 's'}")
    for floor, divisor, name in STEPS:
        if abs(value) >= floor or name == least:
            number = to_fixed(value / divisor, decimals)
            return Text(number, suffix=f" {name}{_plural(number, name)}")
    return Text("0", suffix=" s")  # NaN


def _plural(number: str, name: str) -> str:
    return "s" if len(name) > 2 and clean(number) != "1" else ""


def spelled(seconds: float, decimals: int | None) -> str:
    """Seconds in words: the largest unit and, with `decimals`, as many smaller ones."""
    if not seconds:
        return "0 seconds"
    if seconds < 0:
        return f"{spelled(-seconds, decimals)} ago"
    rest, words = round(seconds * 1000), list[str]()
    for name, length in PARTS:
        unit = round(length * 1000)
        if len(words) <= (decimals or 0) and (words or rest >= unit):
            count, rest = divmod(rest, unit)
            words.append(f"{count} {name}{'' if count == 1 else 's'}")
    return ", ".join(words)


def hours_minutes_seconds(seconds: float) -> str:
    """Seconds as 01:02:03."""
    if seconds < 0:
        return f"{hours_minutes_seconds(-seconds)} ago"
    whole = int(seconds)
    return f"{whole // 3600:02d}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def clock(milliseconds: float, decimals: int | None) -> str:
    """Milliseconds as 02h:03m:04s:005ms, from the largest unit down, `decimals` of them behind the first."""
    whole = int(milliseconds)
    parts = [
        f"{whole // 3600000:02d}h", f"{whole % 3600000 // 60000:02d}m", f"{whole % 60000 // 1000:02d}s",
        f"{whole % 1000:03d}ms",
    ]  # fmt: skip
    first = next((index for index, unit in enumerate((3600000, 60000, 1000)) if whole >= unit), 3)
    last = len(parts) if decimals is None else first + decimals + 1
    return ":".join(parts[first:last])
