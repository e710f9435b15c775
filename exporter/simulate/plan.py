"""What is to be simulated: a frozen plan. Everything the stream holds follows from it, and from the faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from exporter.errors import UsageError
from exporter.simulate.case import Case, Phase, source_case

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LONGEST_HISTORY = 3_660
FASTEST = 20_000_000


@dataclass(frozen=True, slots=True)
class SimulationPlan:
    """A seeded stream: `days` of history before `now`, then live; `calls_per_day` on an ordinary weekday.

    `change_at`: when the phase "after" begins; None: never. `night_share`: dials in the hours outside 8–21 h as a share
    of an average hour's (marketing only, and on top of `calls_per_day`), so that a demonstration at night shows
    something. `recordings_dir`: where live recordings are written as small sparse files; None: nowhere.
    Raises UsageError for values that make no stream.
    """

    seed: int
    now: datetime
    days: int = 30
    calls_per_day: int = 12_000
    change_at: datetime | None = None
    timezone: str = "Asia/Shanghai"
    recordings_dir: Path | None = None
    night_share: float = 0.0
    case: Case = field(default_factory=source_case)

    def __post_init__(self) -> None:
        zone(self.timezone)
        _aware("now", self.now)
        if self.change_at is not None:
            _aware("change_at", self.change_at)
        _within("days", self.days, 0, LONGEST_HISTORY)
        _within("calls per day", self.calls_per_day, 1, FASTEST)
        _within("night share", self.night_share, 0, 2)
        if self.now < EPOCH + timedelta(days=2 * 366):
            raise UsageError(f"now is {self.now:%Y-%m-%d}, before 2022", "set the clock")

    @property
    def zone(self) -> ZoneInfo:
        """The business time zone."""
        return zone(self.timezone)

    @property
    def first_day(self) -> date:
        """The first local day of the history."""
        return self.now.astimezone(self.zone).date() - timedelta(days=self.days)

    @property
    def first_minute(self) -> int:
        """The first minute of the history, counted from EPOCH; one still to come when there is none."""
        if self.days == 0:
            return minute_of(self.now) + 1
        day = self.first_day
        return minute_of(datetime(day.year, day.month, day.day, tzinfo=self.zone))

    def phase(self, instant: datetime) -> Phase:
        """The phase that holds at an instant."""
        return self.case.after if self.change_at is not None and instant >= self.change_at else self.case.before


def minute_of(instant: datetime) -> int:
    """The minute that holds the instant, counted from EPOCH."""
    return (instant - EPOCH) // MINUTE


@lru_cache(maxsize=16)
def zone(name: str) -> ZoneInfo:
    """An IANA time zone. Raises UsageError for an unknown name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"unknown time zone {name!r}", "use an IANA name, Asia/Shanghai for example") from None


def _aware(name: str, instant: datetime) -> None:
    if instant.utcoffset() is None:
        raise UsageError(f"{name} has no time zone", "give an offset, 2026-03-01T00:00:00+08:00 for example")


def _within(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise UsageError(f"{name} is {value:g}", f"choose {least:g} to {most:g}")
