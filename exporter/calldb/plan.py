"""What a poll has to read: pure arithmetic on marks, touched minutes and bucket ranges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exporter.semantic.model import Window
from exporter.state.buckets import HOUR, MINUTE, Mark

FIRST_MINUTES = 5
# Ranges of one grain that a dataset is read in at one poll, each a statement.
MOST_RANGES = 60


@dataclass(frozen=True, slots=True)
class Range:
    """Buckets of one grain (seconds) with starts in [start, end)."""

    grain: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Horizon:
    """What is kept at an instant: minute buckets from `minutes`, hour buckets from `hours`, both up to `end`.

    `end` is the end of the running hour: a window of the grain hour covers that hour whole (contract §2), rows with an
    anchor in the next minutes included.
    """

    minutes: int
    hours: int
    end: int

    @classmethod
    def at(cls, as_of: float, windows: Iterable[Window]) -> Horizon:
        """The horizon that the longest window of each grain needs; minutes are kept in whole hours."""
        starts = {grain: [w.bounds(as_of)[0] for w in windows if w.grain == grain] for grain in ("minute", "hour")}
        minutes = floor(min(starts["minute"], default=int(as_of)), HOUR)
        hours = min([*starts["hour"], minutes])
        return cls(minutes, hours, floor(int(as_of), HOUR) + HOUR)

    def keeping(self, hours: int) -> Horizon:
        """The horizon of a dataset whose minutes are kept for `hours`, because its rows change that long afterwards."""
        minutes = max(self.hours, min(self.minutes, self.end - hours * HOUR))
        return Horizon(floor(minutes + HOUR - 1, HOUR), self.hours, self.end)


def floor(instant: int, grain: int) -> int:
    """The start of the bucket that holds `instant`."""
    return instant - instant % grain


def touched_ranges(minutes: Iterable[int], horizon: Horizon, gap: int = 0) -> list[Range]:
    """Minutes (bucket starts) as ranges to read again: minutes where those are kept, else their whole hours.

    Minutes up to `gap` seconds apart are read together: a few more rows cost less than one more statement.
    """
    kept = sorted({start for start in minutes if horizon.minutes <= start < horizon.end})
    old = sorted({floor(start, HOUR) for start in minutes if horizon.hours <= start < horizon.minutes})
    return [*_runs(kept, MINUTE, gap), *_runs(old, HOUR, 0)]


def _runs(starts: Sequence[int], grain: int, gap: int) -> list[Range]:
    """Neighbouring buckets joined into ranges; over ever wider gaps while there are too many (a mass update)."""
    while len(runs := _joined(starts, grain, gap)) > MOST_RANGES:
        gap = max(grain, gap * 2)
    return runs


def _joined(starts: Sequence[int], grain: int, gap: int) -> list[Range]:
    runs: list[Range] = []
    for start in starts:
        if runs and start - runs[-1].end <= gap:
            runs[-1] = Range(grain, runs[-1].start, start + grain)
        else:
            runs.append(Range(grain, start, start + grain))
    return runs


def entered_minutes(mark: Mark, horizon: Horizon) -> range:
    """Minutes of the hours that began since the mark: rows with a future anchor become due without changing."""
    return range(floor(int(mark.as_of), HOUR) + HOUR, horizon.end, MINUTE)


def first_minute(as_of: float) -> int:
    """Where reading begins for a dataset that was never read: enough for the shortest window."""
    return floor(int(as_of), MINUTE) - FIRST_MINUTES * MINUTE


@dataclass(slots=True)
class History:
    """Which transaction ids were in use when: bounds how early a still running transaction can have begun.

    A transaction running at a snapshot with oldest id `xmin` took its id after the latest earlier snapshot whose next
    id was at most `xmin`; what it writes is stamped about then or later.
    """

    longest: float
    seen: list[tuple[float, int]]

    def floor(self, as_of: float, xmin: int, next_id: int) -> float:
        """The earliest `updated_at` that a row invisible to this snapshot is expected to carry; remembers it."""
        earliest = as_of - self.longest
        known = [at for at, following in self.seen if following <= xmin]
        result = as_of if xmin == next_id else max([earliest, *known])
        self.seen = [(at, following) for at, following in self.seen if at >= earliest][-10_000:]
        self.seen.append((as_of, next_id))
        return result
