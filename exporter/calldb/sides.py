"""Verifying changes from the call database: their slices and the rest by the hour, read a day at a time.

Bounded load: every dataset and day is read once, however many changes are compared; what is after a change is read only
where there is something before it, and at most `MOST_DAYS_AFTER` days of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from exporter.calldb.period import Past, Period, Progress, days
from exporter.calldb.reader import Cells
from exporter.kpi.beforeafter import (
    DAY,
    DAYS_BEFORE,
    HOUR,
    RawLabels,
    Span,
    Sums,
    before_of,
    columns,
    ripe_hours,
    side_of,
    spans,
    sums_of,
)
from exporter.kpi.otherchanges import elsewhere, meanwhile
from exporter.kpi.verification import LONGEST_DAYS, Reason, Verification, verify
from exporter.semantic.changes import Aim, Change
from exporter.semantic.model import Catalogue, Kpi

# Settled days after a change that are compared: no later than a verdict is promised for.
MOST_DAYS_AFTER = LONGEST_DAYS
# Nothing that comes after changes these.
_SETTLED = (Reason.FUTURE, Reason.NO_BEFORE)
# A local day of a dataset.
Part = tuple[date, str]


@dataclass(frozen=True, slots=True)
class Verified:
    """A change with what each of its KPIs did, as of `now` (Unix seconds); `failed`: why a dataset is missing."""

    change: Change
    now: float
    found: tuple[Verification, ...]
    failed: dict[str, str]


async def verify_change(
    past: Past,
    catalogue: Catalogue,
    change: Change,
    now: float,
    *,
    recorded: Sequence[Change] = (),
    days_before: int = DAYS_BEFORE,
    progress: Progress | None = None,
) -> Verified:
    """Read what a change's KPIs need of before and after, and judge; raises DatabaseError.

    `recorded`: all changes that are; what others changed meanwhile is no untouched slice.
    """
    found = await verify_changes(
        past, catalogue, [change], now, recorded=recorded, days_before=days_before, progress=progress
    )
    return found[0]


async def verify_changes(
    past: Past,
    catalogue: Catalogue,
    changes: Sequence[Change],
    now: float,
    *,
    recorded: Sequence[Change] = (),
    days_before: int = DAYS_BEFORE,
    progress: Progress | None = None,
) -> tuple[Verified, ...]:
    """The same of several changes, in their order, with one statement per dataset and day for all of them."""
    sides = [_Sides(catalogue, change, now, days_before, recorded) for change in changes]
    reading = _Reading(past, catalogue.timezone, sides, progress or (lambda *_: None))
    compared = [one for each in sides if each.change.at <= now for one in each.compared]
    await reading.read(compared, {part for one in compared for part in reading.parts(one, one.before)})
    # Where nothing was before, as with a change of long ago, what came after it need not be read.
    lasting = [one for each in sides for one in each.compared if each.judge(one).reason not in _SETTLED]
    await reading.read(lasting, {part for one in lasting for part in reading.parts(one, one.after)})
    reading.tell(1.0, "")
    return tuple(each.verified(reading.failed) for each in sides)


@dataclass(frozen=True, slots=True)
class _Compared:
    """A KPI of a change (as if that ended when it is no longer looked at), and what of it is compared."""

    aim: Aim
    kpi: Kpi
    change: Change
    before: Span
    after: Span


class _Sides:
    """The hourly sums of one change's slice and of the rest, as they are read."""

    def __init__(
        self, catalogue: Catalogue, change: Change, now: float, days_before: int, recorded: Sequence[Change]
    ) -> None:
        self.catalogue, self.change, self.now, self.days_before = catalogue, change, now, days_before
        self.compared = [self._compared(aim) for aim in change.aims]
        self.hours: dict[str, dict[int, Sums]] = {}
        others = elsewhere(change, meanwhile(change, recorded, before_of(change, days_before).start, now))
        kpis = [one.kpi for one in self.compared]
        self._columns = {name: columns(kpis, name) for kpi in kpis for name in kpi.datasets}
        self._side: dict[str, Callable[[RawLabels], int]] = {
            name: side_of(change, catalogue.datasets[name].labels, others) for name in self._columns
        }

    def _compared(self, aim: Aim) -> _Compared:
        kpi, catalogue = self.catalogue.kpis[aim.kpi], self.catalogue
        _, after = spans(self.change, aim, kpi, catalogue, self.now, self.days_before)
        limited = _limited(self.change, after.start + MOST_DAYS_AFTER * DAY + ripe_hours(kpi, catalogue) * HOUR)
        return _Compared(aim, kpi, limited, *spans(limited, aim, kpi, catalogue, self.now, self.days_before))

    def add(self, name: str, start: int, cells: Cells) -> None:
        """Put an hour of a dataset to its sides, where it is compared."""
        if not any(name in one.kpi.datasets and _holds(one, start) for one in self.compared):
            return
        values = {at: [vector[at] for vector in cells.values()] for at in self._columns[name]}
        new = sums_of([self._side[name](raw) for raw in cells], values)
        hours = self.hours.setdefault(name, {})
        # Where local days do not begin with an hour of UTC, two days share one.
        hours[start] = _added(hours.get(start, {}), new)

    def judge(self, one: _Compared) -> Verification:
        """By what has been read so far."""
        return verify(one.change, one.aim, one.kpi, self.catalogue, self.hours, self.now, self.days_before)

    def verified(self, failed: Mapping[str, str]) -> Verified:
        """What each KPI did."""
        found = []
        for one in self.compared:
            said = self.judge(one)
            missing = one.kpi.datasets & failed.keys()
            found.append(
                Verification(said.kpi, one.aim, said.before, said.after, reason=Reason.NOT_READ) if missing else said
            )
        return Verified(self.change, self.now, tuple(found), {n: failed[n] for n in self._columns if n in failed})


@dataclass(slots=True)
class _Reading:
    """Reads each part once, for all changes; a dataset that its source refuses is not asked for again."""

    past: Past
    timezone: str
    sides: Sequence[_Sides]
    tell: Progress
    failed: dict[str, str] = field(default_factory=dict)
    done: set[Part] = field(default_factory=set)

    def parts(self, one: _Compared, span: Span) -> Iterator[Part]:
        """The parts that hold a span."""
        for chunk in self._days(span):
            yield from ((self._day(chunk), name) for name in one.kpi.datasets)

    async def read(self, compared: Iterable[_Compared], wanted: set[Part]) -> None:
        """Read those parts that have not been, as much of them as is compared; raises DatabaseError."""
        extents = self._extents(compared)
        whole = len(self.done | extents.keys())
        for part in sorted(wanted - self.done):
            self.tell(len(self.done) / whole, name := part[1])
            self.done.add(part)
            if name not in self.failed:
                await self._part(name, extents[part])

    async def _part(self, name: str, extent: Period) -> None:
        read = await self.past.read([name], extent, each="hour")
        self.failed |= read.failed
        for start, cells in read.buckets.get(name, {}).items():
            for each in self.sides:
                each.add(name, start, cells)

    def _extents(self, compared: Iterable[_Compared]) -> dict[Part, Period]:
        """How much of each part is compared."""
        found: dict[Part, Period] = {}
        for one in compared:
            for chunk in (chunk for span in (one.before, one.after) for chunk in self._days(span)):
                for name in one.kpi.datasets:
                    old = found.get(part := (self._day(chunk), name), chunk)
                    found[part] = Period(min(old.start, chunk.start), max(old.end, chunk.end))
        return found

    def _days(self, span: Span) -> Iterator[Period]:
        return days(Period(span.start, span.end), self.timezone)

    def _day(self, chunk: Period) -> date:
        return datetime.fromtimestamp(chunk.start, ZoneInfo(self.timezone)).date()


def _limited(change: Change, until: int) -> Change:
    """The change as if it ended when its effect is no longer looked at."""
    return replace(change, until=until if change.until is None else min(change.until, until))


def _holds(one: _Compared, start: int) -> bool:
    return any(span.start <= start < span.end for span in (one.before, one.after))


def _added(old: Sums, new: Sums) -> Sums:
    return {at: (pair[0] + old.get(at, (0, 0))[0], pair[1] + old.get(at, (0, 0))[1]) for at, pair in new.items()}
