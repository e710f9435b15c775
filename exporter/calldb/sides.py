"""Verifying a change from the call database: its slice and the rest by the hour, read a day at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from exporter.calldb.period import Past, Period, Progress, days
from exporter.calldb.reader import Cells
from exporter.kpi.beforeafter import DAYS_BEFORE, Sums, columns, side_of, spans, sums_of
from exporter.kpi.verification import Reason, Verification, verify
from exporter.semantic.changes import Change
from exporter.semantic.model import Catalogue, Kpi


@dataclass(slots=True)
class SidesRead:
    """Dataset -> start of the hour (Unix seconds) -> sums; `failed`: why a dataset is missing."""

    hours: dict[str, dict[int, Sums]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


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
    days_before: int = DAYS_BEFORE,
    progress: Progress | None = None,
) -> Verified:
    """Read what a change's KPIs need of before and after, and judge; raises DatabaseError."""
    kpis = [catalogue.kpis[aim.kpi] for aim in change.aims]
    both = [spans(change, aim, kpi, catalogue, now, days_before)
            for aim, kpi in zip(change.aims, kpis, strict=True)]  # fmt: skip
    read = SidesRead()
    if kpis and change.at <= now:
        start, end = min(before.start for before, _ in both), max(after.end for _, after in both)
        # What lies between the change and the first settled hour is not needed, but for other KPIs.
        read = await read_sides(past, catalogue, change, kpis, Period(start, end), progress or (lambda *_: None))
    found = []
    for aim, kpi in zip(change.aims, kpis, strict=True):
        one = verify(change, aim, kpi, catalogue, read.hours, now, days_before)
        is_read = not kpi.datasets & read.failed.keys()
        found.append(one if is_read else Verification(one.kpi, aim, one.before, one.after, reason=Reason.NOT_READ))
    return Verified(change, now, tuple(found), read.failed)


async def read_sides(
    past: Past, catalogue: Catalogue, change: Change, kpis: Sequence[Kpi], period: Period, progress: Progress
) -> SidesRead:
    """What the KPIs need of a period, one statement per dataset and day; raises DatabaseError.

    A dataset that its source refuses is not asked for again.
    """
    names = {name for kpi in kpis for name in kpi.datasets}
    found = SidesRead({name: {} for name in names})
    for chunk in days(period, catalogue.timezone):
        tell = partial(_tell, progress, chunk, period)
        read = await past.read(names - found.failed.keys(), chunk, each="hour", progress=tell)
        found.failed |= read.failed
        for name, hours in read.buckets.items():
            for start, cells in hours.items():
                new = _sums(catalogue, change, kpis, name, cells)
                # Where local days do not begin with an hour of UTC, two days share one.
                found.hours[name][start] = _added(found.hours[name].get(start, {}), new)
    progress(1.0, "")
    return found


def _tell(progress: Progress, chunk: Period, period: Period, share: float, name: str) -> None:
    progress((chunk.start - period.start + share * chunk.seconds) / period.seconds, name)


def _sums(catalogue: Catalogue, change: Change, kpis: Iterable[Kpi], name: str, cells: Cells) -> Sums:
    side = side_of(change, catalogue.datasets[name].labels)
    values = {at: [vector[at] for vector in cells.values()] for at in columns(kpis, name)}
    return sums_of([side(raw) for raw in cells], values)


def _added(old: Sums, new: Sums) -> Sums:
    return {at: (pair[0] + old.get(at, (0, 0))[0], pair[1] + old.get(at, (0, 0))[1]) for at, pair in new.items()}
