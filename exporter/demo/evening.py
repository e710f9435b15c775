"""A business time zone in which it is evening now: the elderly hang up in the evening only, and nobody waits for it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

HOUR = 18


def evening_zone(now: datetime, preferred: str, hour: int = HOUR) -> str:
    """`preferred` if it is between `hour` and the next full hour there, else a zone of whole hours where it is.

    `now` is aware. In the tz database `Etc/GMT-8` is eight hours *east* of Greenwich.
    """
    if now.astimezone(ZoneInfo(preferred)).hour == hour:
        return preferred
    east = (hour - now.astimezone(ZoneInfo("UTC")).hour + 11) % 24 - 11
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"
