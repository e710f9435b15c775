"""Any past period of the call database, as cells: for attribution, verification and reviews.

By the exporter's own statements, so that a figure of a period is defined as its gauge is. The server aggregates; one
statement per dataset and day, one connection, one statement after another, each in a read-only transaction of its own
(a month in one snapshot would hold back the server's vacuum). What was read is added up at once: memory holds the cells
of the period, not its rows.

Edges are exact to the second in every time zone, for statements take them as bounds; days are cut in the business time
zone, at its midnights. Only `each="hour"` is bound to whole hours of UTC: where local time is off by half an hour,
so are the hours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from operator import add
from typing import Literal
from zoneinfo import ZoneInfo

import asyncpg

from exporter.calldb.connect import TROUBLE, Access, Connection, connection, describe
from exporter.calldb.plan import Range, floor
from exporter.calldb.query import RowVersion
from exporter.calldb.reader import Cells, Nets, Reader
from exporter.calldb.statements import StatementFailure
from exporter.errors import DatabaseError
from exporter.semantic.model import Catalogue
from exporter.state.buckets import HOUR, MAX_CELLS, RawLabels
from exporter.state.folding import Folding

Each = Literal["hour", "day"]
# (share done, the dataset that is being read).
Progress = Callable[[float, str], None]
# Longest statement, seconds: a day of ten million rows has to be read and grouped.
PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Period:
    """[start, end) in Unix seconds."""

    start: int
    end: int

    @property
    def seconds(self) -> int:
        return self.end - self.start

    def moved(self, seconds: int) -> Period:
        """As long, so many seconds later."""
        return Period(self.start + seconds, self.end + seconds)


@dataclass(frozen=True, slots=True)
class Read:
    """What was read. `buckets`: dataset -> start (Unix seconds) -> cells; one start, the period's, unless `each`.

    `failed`: why a dataset is missing (its source is not there, not granted, wrong); its KPIs have no value then.
    `passing`: those of them that later may be read as they are (a lock, a slow hour).
    """

    buckets: Mapping[str, Mapping[int, Cells]]
    failed: Mapping[str, str] = field(default_factory=dict)
    passing: frozenset[str] = frozenset()

    def cells(self) -> dict[str, Cells]:
        """The cells of the whole period, per dataset."""
        return {name: pooled(each.values()) for name, each in self.buckets.items()}


async def read_period(
    access: Access,
    catalogue: Catalogue,
    names: Collection[str],
    period: Period,
    *,
    each: Each | None = None,
    progress: Progress | None = None,
    patience: float = PATIENCE,
) -> Read:
    """The cells of datasets over a period; raises DatabaseError when the database cannot be reached or is lost.

    Names of levels, which have no past, are passed over.
    """
    async with reading(access, catalogue, patience) as past:
        return await past.read(names, period, each=each, progress=progress)


@asynccontextmanager
async def reading(access: Access, catalogue: Catalogue, patience: float = PATIENCE) -> AsyncIterator[Past]:
    """One connection for several periods; raises DatabaseError."""
    async with connection(access, statement_timeout=patience) as opened:
        yield Past(catalogue, opened, access, patience)


class Past:
    """An open connection that reads periods. Not for two tasks at a time."""

    def __init__(self, catalogue: Catalogue, opened: Connection, access: Access, patience: float) -> None:
        self._catalogue, self._opened, self._access, self._patience = catalogue, opened, access, patience
        versions = {source: RowVersion(None) for source in catalogue.sources}
        self._reader = Reader(catalogue, versions, Nets(), lambda *_: None)
        # Seconds of a dataset that one statement reads, where a day proved too long.
        self._longest: dict[str, int] = {}

    async def read(
        self, names: Collection[str], period: Period, *, each: Each | None = None, progress: Progress | None = None
    ) -> Read:
        """The cells of datasets over a period; what a source refuses stands in `failed`.

        Raises DatabaseError when the connection is lost.
        """
        wanted = [name for name in sorted(set(names)) if name in self._catalogue.datasets]
        tell: Progress = progress or (lambda *_: None)
        buckets: dict[str, dict[int, Cells]] = {}
        failed: dict[str, StatementFailure] = {}
        for number, name in enumerate(wanted):
            try:
                buckets[name] = await self._dataset(name, period, each, partial(_tell, tell, name, number, len(wanted)))
            except StatementFailure as failure:
                failed[name] = failure
            except (asyncpg.PostgresError, *TROUBLE) as error:
                problem = f"the connection to the call database was lost ({describe(error)})"
                raise DatabaseError(problem, "see that it is up, then run this again") from None
        tell(1.0, "")
        passing = frozenset(name for name, failure in failed.items() if failure.passing)
        return Read(buckets, {name: failure.problem for name, failure in failed.items()}, passing)

    async def _dataset(
        self, name: str, period: Period, each: Each | None, tell: Callable[[float], None]
    ) -> dict[int, Cells]:
        found: dict[int, Cells] = {}
        for chunk in days(period, self._catalogue.timezone):
            tell((chunk.start - period.start) / period.seconds)
            await self._chunk(name, chunk, _start_of(each, period, chunk), found)
        return found

    async def _chunk(self, name: str, chunk: Period, start_of: Callable[[int], int], found: dict[int, Cells]) -> None:
        """Add a chunk of a dataset to `found`: in halves where the server gives it up for taking too long."""
        start = chunk.start
        while start < chunk.end:
            end = min(chunk.end, start + self._longest.get(name, chunk.seconds))
            try:
                wanted = Range(HOUR, start, end)
                filled = await self._reader.fill(self._opened, self._access, name, wanted, self._patience)
            except StatementFailure as failure:
                if not failure.slow or end - start <= HOUR:
                    raise
                self._longest[name] = max(HOUR, floor((end - start) // 2, HOUR))
                continue
            for at, cells in filled.buckets.items():
                add_cells(found.setdefault(start_of(at), {}), cells)
            start = end


def _tell(progress: Progress, name: str, number: int, of: int, share: float) -> None:
    progress((number + share) / of, name)


def _start_of(each: Each | None, period: Period, chunk: Period) -> Callable[[int], int]:
    """Under which start an hour of a chunk is kept."""
    if each == "hour":
        return lambda start: start
    kept = chunk.start if each == "day" else period.start
    return lambda _: kept


def add_cells(total: Cells, cells: Cells) -> None:
    """Add cells to a total, in place; past the safety net all labels become `other`, as in the buckets."""
    for labels, vector in cells.items():
        at: RawLabels = labels if labels in total or len(total) < MAX_CELLS else ("other",) * len(labels)
        old = total.get(at)
        total[at] = vector if old is None else tuple(map(add, old, vector))


def pooled(parts: Iterable[Cells]) -> Cells:
    """The sum of several sets of cells."""
    total: Cells = {}
    for cells in parts:
        add_cells(total, cells)
    return total


def days(period: Period, timezone: str) -> Iterator[Period]:
    """The period cut at the midnights of a time zone, DST included."""
    zone = ZoneInfo(timezone)
    start = period.start
    while start < period.end:
        following = datetime.fromtimestamp(start, zone).date() + timedelta(days=1)
        end = min(period.end, midnight(following, zone))
        yield Period(start, end)
        start = end


def midnight(day: date, zone: ZoneInfo) -> int:
    """When a local day begins, Unix seconds."""
    return int(datetime.combine(day, time(), zone).timestamp())


def folding_of(catalogue: Catalogue, *periods: Mapping[str, Cells]) -> Folding:
    """Which label values keep their names in a comparison: decided by the rows of all its periods together."""
    seen: dict[str, Counter[str]] = {}
    for cells in periods:
        for name, found in cells.items():
            labels = catalogue.datasets[name].labels
            for raw, vector in found.items():
                for label, value in zip(labels, raw, strict=True):
                    seen.setdefault(label, Counter())[value or ""] += vector[-1]
    folding = Folding(catalogue.dimensions)
    folding.refresh(seen)
    return folding
