"""One poll: in one snapshot of the call database, find what changed, and aggregate the touched buckets anew.

The reader holds no state of its own; it takes marks and gives back buckets. When a statement fails, what needs it is
left out and the poll starts over without it, so that one bad source takes down only its own KPIs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import asyncpg

from exporter.calldb import query
from exporter.calldb.connect import Access, Connection, begin
from exporter.calldb.plan import Horizon, Range, entered_minutes, first_minute, touched_ranges
from exporter.calldb.query import RowVersion
from exporter.calldb.statements import Observe, StatementFailure, Statements
from exporter.calldb.touching import touching
from exporter.semantic.model import Anchor, Catalogue, Dataset, Slice
from exporter.state.buckets import HOUR, MINUTE, Mark, RawLabels, Vector

Cells = dict[RawLabels, Vector]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A dataset that was not read for longer starts over, in chunks, newest first.
LONGEST_GAP = 6 * HOUR


def instant(seconds: float) -> datetime:
    """Unix seconds as an aware datetime, exact to the microsecond."""
    return _EPOCH + timedelta(microseconds=round(seconds * 1_000_000))


@dataclass(frozen=True, slots=True)
class Nets:
    """How changes are caught. Seconds: `overlap` behind the mark by `updated_at`; `sweep` back by row version.

    `sweep_always` puts the row-version net into every poll (right at once even where `updated_at` lies), at a cost.
    """

    overlap: float = 120.0
    sweep: int = 7200
    sweep_always: bool = False


@dataclass(frozen=True, slots=True)
class Filled:
    """The buckets of a range as read: every bucket of the range is there or is empty."""

    range: Range
    buckets: Mapping[int, Cells]


@dataclass(slots=True)
class Reading:
    """What one poll saw, all in one snapshot. Instants in Unix seconds, transaction ids 64 bit.

    `xmin` is the oldest transaction then running, `next_id` the next one to begin.
    """

    as_of: float = 0.0
    xmin: int = 0
    next_id: int = 0
    horizon: Horizon = field(default_factory=lambda: Horizon(0, 0, 0))
    filled: dict[str, list[Filled]] = field(default_factory=dict)
    levels: dict[str, Cells] = field(default_factory=dict)
    checked: frozenset[str] = frozenset()
    started: set[str] = field(default_factory=set)
    newest: dict[str, float] = field(default_factory=dict)
    failed: dict[str, StatementFailure] = field(default_factory=dict)


class Reader:
    """Statements of one catalogue, for one kind of connection."""

    def __init__(self, catalogue: Catalogue, versions: Mapping[str, RowVersion], nets: Nets, observe: Observe) -> None:
        self.catalogue, self.versions, self.nets = catalogue, dict(versions), nets
        self.statements = Statements(observe)
        # Per dataset, how many seconds apart touched minutes may lie to be read in one statement.
        self.gaps: Mapping[str, int] = {}
        self._aggregate = cache(self._aggregate_sql)

    async def poll(
        self,
        connection: Connection,
        access: Access,
        marks: Mapping[str, Mark | None],
        levels: Mapping[str, Mark | None],
    ) -> Reading:
        """Read what changed since the marks of datasets and levels; None means: never read.

        Raises only connection trouble; failed datasets and levels stand in `failed`.
        """
        failed: dict[str, StatementFailure] = {}
        while True:
            wanted = {name: mark for name, mark in marks.items() if name not in failed}
            due = {name: mark for name, mark in levels.items() if name not in failed}
            try:
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    # First of all: any statement takes the snapshot, and the instant must not be later than that.
                    reading = await self._snapshot(connection)
                    await begin(connection, access, access.statement_timeout, polling=True)
                    await self._attempt(connection, reading, wanted, due)
            except StatementFailure as failure:
                failed |= dict.fromkeys(failure.names, failure)
            else:
                reading.failed = failed
                return reading

    async def leaked(
        self, connection: Connection, access: Access, marks: Mapping[str, Mark], since: tuple[float, int]
    ) -> Reading:
        """The sweep: recent rows written after the snapshot `since` (floor, xmin) that `updated_at` does not show."""
        names = {n for n in marks if self.versions[self.catalogue.datasets[n].source].column is not None}
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            reading = await self._snapshot(connection)
            await begin(connection, access, access.statement_timeout)
            touched: dict[str, set[int]] = {name: set() for name in names}
            for source in self._sources(names):
                spec, columns = self.catalogue.sources[source], query.instants(self.catalogue, source)
                sql = query.leaked_sql(source, spec, self.versions[source], self.nets.sweep, columns)
                if self.versions[source].column is not None:
                    await self._find(connection, source, sql, since, names, reading, touched)
            await self._fill(connection, touched, reading)
        return reading

    async def fill(self, connection: Connection, access: Access, name: str, wanted: Range, limit: float) -> Filled:
        """Aggregate one range in a transaction of its own (backfill, reconcile)."""
        async with connection.transaction(readonly=True):
            await begin(connection, access, limit)
            return await self._range(connection, self.catalogue.datasets[name], wanted)

    async def level(self, connection: Connection, access: Access, name: str) -> Cells:
        """Read one level whole."""
        async with connection.transaction(readonly=True):
            await begin(connection, access, access.statement_timeout)
            return await self._level(connection, name)

    async def _attempt(
        self,
        connection: Connection,
        reading: Reading,
        marks: Mapping[str, Mark | None],
        levels: Mapping[str, Mark | None],
    ) -> None:
        horizon = reading.horizon
        known = {name: mark for name, mark in marks.items() if mark and reading.as_of - mark.as_of < LONGEST_GAP}
        reading.started, reading.checked = set(marks) - set(known), frozenset(levels)
        first = range(first_minute(reading.as_of), horizon.end, MINUTE)
        touched = {n: set(entered_minutes(known[n], horizon) if n in known else first) for n in marks}
        level_marks = {n: mark for n, mark in levels.items() if mark and self.catalogue.levels[n].when == "changed"}
        for source in self._sources({*known, *level_marks}):
            watching = {name for name in level_marks if self.catalogue.levels[name].source == source}
            concerned = [known[name] for name in known if source in self._needs(name)]
            since = self._since([*concerned, *(level_marks[name] for name in watching)])
            names = {*known, *watching}
            found = await self._find(connection, source, self._changed(source), since, names, reading, touched)
            if not found:
                level_marks = {n: mark for n, mark in level_marks.items() if n not in watching}
        await self._fill(connection, touched, reading)
        for name, mark in levels.items():
            if mark is None or name in level_marks or self.catalogue.levels[name].when == "poll":
                reading.levels[name] = await self._level(connection, name)

    async def _snapshot(self, connection: Connection) -> Reading:
        # A snapshot's own xmax is not the next id: ids above it may be running. age() counts from the next one.
        row = await connection.fetchrow(
            "-- outcall: the instant of this poll\n"
            "SELECT statement_timestamp(), pg_snapshot_xmin(now)::text::bigint, age(pg_snapshot_xmin(now)::text::xid)"
            " FROM pg_current_snapshot() AS now"
        )
        assert row is not None  # noqa: S101 - one snapshot, one row
        as_of = (row[0] - _EPOCH) / timedelta(microseconds=1) / 1_000_000
        return Reading(as_of, row[1], row[1] + row[2], Horizon.at(as_of, self.catalogue.windows))

    def _sources(self, names: Iterable[str]) -> list[str]:
        """Sources whose changes matter to these datasets and levels, in the catalogue's order."""
        used = {source for name in names for source in self._needs(name)}
        return [source for source in self.catalogue.sources if source in used]

    def _needs(self, name: str) -> set[str]:
        """Sources whose changed rows concern a dataset or level."""
        if name in self.catalogue.levels:
            return {self.catalogue.levels[name].source}
        dataset = self.catalogue.datasets[name]
        return {dataset.source, *(touch.source for touch in dataset.touches)}

    def _since(self, marks: Sequence[Mark]) -> tuple[float, int]:
        """(floor, xmin) from which changes count for all of them: the earliest of each."""
        if not marks:
            return 0.0, 0
        return min(m.floor for m in marks) - self.nets.overlap, min(m.xmin for m in marks)

    def _changed(self, source: str) -> str:
        sweep = self.nets.sweep if self.nets.sweep_always else None
        columns = query.instants(self.catalogue, source)
        return query.changed_sql(source, self.catalogue.sources[source], self.versions[source], sweep, columns)

    async def _find(
        self,
        connection: Connection,
        source: str,
        changed: str,
        since: tuple[float, int],
        names: Iterable[str],
        reading: Reading,
        touched: dict[str, set[int]],
    ) -> bool:
        """Add to `touched` the minutes of facts that changed rows of `source` concern; whether any row changed."""
        affected = [name for name in names if source in self._needs(name)]
        datasets = [self.catalogue.datasets[name] for name in affected if name in self.catalogue.datasets]
        own = [dataset for dataset in datasets if dataset.source == source]
        anchors: list[Anchor] = list(dict.fromkeys(dataset.anchor for dataset in own))
        bounds = (instant(reading.horizon.hours), instant(reading.horizon.end))
        arguments = (instant(since[0]), since[1] & 0xFFFFFFFF)
        sql = query.probe_sql(source, self.catalogue.sources[source], changed, anchors)
        rows = await self.statements.run(connection, source, affected, sql, *arguments, *(bounds if anchors else ()))
        newest, count = next((row[1], row[2]) for row in rows if row[0] == -1)
        if newest is not None:
            reading.newest[source] = float(newest)
        for number, bucket, _ in rows:
            for dataset in own if number >= 0 else ():
                if dataset.anchor == anchors[number]:
                    touched[dataset.name].add(bucket)
        if count:
            hanging = await touching(self.statements, connection, source, changed, (*arguments, *bounds), datasets)
            for name, minutes in hanging.items():
                touched[name] |= minutes
        return bool(count)

    async def _fill(self, connection: Connection, touched: Mapping[str, set[int]], reading: Reading) -> None:
        for name, minutes in touched.items():
            horizon = reading.horizon.keeping(self.catalogue.datasets[name].late_hours)
            ranges = touched_ranges(minutes, horizon, self.gaps.get(name, 0))
            reading.filled[name] = [await self._range(connection, self.catalogue.datasets[name], r) for r in ranges]

    async def _range(self, connection: Connection, dataset: Dataset, wanted: Range) -> Filled:
        sql = self._aggregate(dataset.name, wanted.grain)
        bounds = (instant(wanted.start), instant(wanted.end))
        rows = await self.statements.run(connection, dataset.source, {dataset.name}, sql, *bounds)
        labels = len(dataset.slices)
        buckets: dict[int, Cells] = {}
        for row in rows:
            cells = buckets.setdefault(row[0], {})
            _add(cells, raw_labels(dataset.slices, row, 1), tuple(row[1 + labels :]))
        return Filled(wanted, buckets)

    def _aggregate_sql(self, name: str, grain: int) -> str:
        dataset = self.catalogue.datasets[name]
        return query.aggregate_sql(
            dataset, self.catalogue.sources[dataset.source], "minute" if grain == MINUTE else "hour"
        )

    async def _level(self, connection: Connection, name: str) -> Cells:
        level = self.catalogue.levels[name]
        sql = query.level_sql(level, self.catalogue.sources[level.source])
        cells: Cells = {}
        for row in await self.statements.run(connection, level.source, {name}, sql):
            _add(cells, raw_labels(level.slices, row, 0), tuple(row[len(level.slices) :]))
        return cells


def _add(cells: Cells, labels: RawLabels, vector: Vector) -> None:
    """Cells that differ only in how a band is written (off hours at both ends of the day) are one."""
    old = cells.get(labels)
    cells[labels] = vector if old is None else tuple(map(int.__add__, old, vector))


def raw_labels(slices: Sequence[Slice], row: asyncpg.Record, start: int) -> RawLabels:
    """The label values of a row; band numbers become their members."""
    return tuple(
        item.members[value] if item.members and value is not None else value
        for item, value in zip(slices, row[start : start + len(slices)], strict=True)
    )
