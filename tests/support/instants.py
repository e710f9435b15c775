"""Instants where counting goes wrong: window edges, month and day boundaries, the bounds of the periods of a day."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)

# Widths from which an instant before now is drawn, short ones often: most of a short window would else be empty.
REACHES = (5 * MINUTE, 5 * MINUTE, 5 * MINUTE, HOUR, HOUR, 24 * HOUR, 24 * HOUR, 7 * DAY, 30 * DAY, 75 * DAY)
WINDOWS = ((5 * MINUTE, MINUTE), (HOUR, MINUTE), (24 * HOUR, MINUTE), (7 * DAY, HOUR), (30 * DAY, HOUR))
NUDGES = (-MINUTE, -SECOND, -MICROSECOND, timedelta(0), MICROSECOND, timedelta(seconds=59), MINUTE)
LOCAL_BOUNDS = (time(0), time(8), time(12), time(14), time(18), time(21), time(22))


class Instants:
    """A seeded source of instants (UTC) around `now`; days and months are those of `zone`."""

    def __init__(self, rng: Random, now: datetime, zone: str) -> None:
        self._rng = rng
        self._zone = ZoneInfo(zone)
        self.now = now

    def any(self) -> datetime:
        """Somewhere in the last 75 days, mostly the last minutes; sometimes a few seconds ahead of now."""
        draw = self._rng.random()
        if draw < 0.70:
            return self.recent()
        if draw < 0.82:
            return self.window_edge()
        if draw < 0.92:
            return self.local_bound()
        if draw < 0.98:
            return self.month_bound()
        return self.now + self.within(90 * SECOND)

    def recent(self) -> datetime:
        """Before now, within one of the windows or just beyond the longest."""
        return self.now - self.within(self._rng.choice(REACHES))

    def old(self) -> datetime:
        """Days to months ago: a fact that arrives late."""
        return self.now - HOUR - self.within(self._rng.choice((DAY, 7 * DAY, 29 * DAY, 60 * DAY)))

    def window_edge(self) -> datetime:
        """On, or a moment beside, the edge where a window begins or ends."""
        width, grain = self._rng.choice(WINDOWS)
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        end = epoch - (epoch - self.now) // grain * grain
        return self._rng.choice((end, end - width)) + self._rng.choice(NUDGES)

    def local_bound(self) -> datetime:
        """At the start of a period of the local day, of today or of a few days ago, or a moment beside."""
        day = (self.now.astimezone(self._zone) - self._rng.choice((0, 0, 1, 2, 6, 20)) * DAY).date()
        bound = datetime.combine(day, self._rng.choice(LOCAL_BOUNDS), self._zone)
        return min(bound.astimezone(UTC), self.now) + self._rng.choice(NUDGES)

    def month_bound(self) -> datetime:
        """At the start of this local month or of the one before, or a moment beside."""
        first = self.now.astimezone(self._zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        if self._rng.random() < 0.5:
            first = (first - DAY).replace(day=1)
        return first.astimezone(UTC) + self._rng.choice(NUDGES)

    def half_a_year_before(self, moment: datetime) -> datetime:
        """About six calendar months before: the start of a recording whose retention ends then."""
        local = moment.astimezone(self._zone)
        months = local.year * 12 + local.month - 1 - 6
        day = min(local.day, self._rng.choice((28, 28, local.day)))
        try:
            earlier = local.replace(year=months // 12, month=months % 12 + 1, day=day)
        except ValueError:  # the 31st of a short month
            earlier = local.replace(year=months // 12, month=months % 12 + 1, day=28)
        return earlier.astimezone(UTC) + self._rng.choice(NUDGES)

    def within(self, reach: timedelta) -> timedelta:
        """A span from 0 to `reach`, in whole seconds or, at times, microseconds."""
        seconds = self._rng.uniform(0, reach.total_seconds())
        return timedelta(seconds=seconds if self._rng.random() < 0.3 else round(seconds))
