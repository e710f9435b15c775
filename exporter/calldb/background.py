"""What the background lane does, one bounded step at a time: retry, backfill, sweep, reconcile."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from exporter.calldb.aside import aside
from exporter.calldb.connect import Connection, begin, describe, is_trouble
from exporter.calldb.plan import Horizon, Range
from exporter.calldb.query import newest_sql
from exporter.calldb.reader import Filled, Reading
from exporter.calldb.statements import StatementFailure
from exporter.calldb.survey import check_source, relation, row_version
from exporter.calldb.tracker import UnfitError, chunk_before
from exporter.state.buckets import HOUR, MINUTE

if TYPE_CHECKING:
    from exporter.calldb.lanes import Lanes

log = logging.getLogger(__name__)

# A bucket whose content a background range changed: (dataset, grain, start).
Place = tuple[str, int, int]

IDLE = 0.2
FIRST_CHUNK = HOUR
LONGEST_CHUNK = 31 * 86400
QUICK, SLOW = 0.25, 1.0
# Reconcile rests three times as long as it worked: at most a quarter of one connection.
RECONCILE_REST = 3.0


@dataclass(slots=True)
class Errand:
    """Something else to read of a source at an interval (seconds), with a connection and the database's instant."""

    interval: float
    source: str
    work: Callable[[Connection, float], Awaitable[None]]
    due: float = 0.0


class Background:
    """Chooses and does the next step; keeps the reconcile cursor and the pace of each dataset."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        self.chunks: dict[str, int] = {}
        self.queue: deque[str] = deque()
        self.cursor: int | None = None
        self.reconcile_due = time.monotonic() + lanes.pace.reconcile
        self.sweep_due = time.monotonic() + lanes.pace.sweep
        self.swept: int | None = None
        self.passes = 0
        self._suspects: dict[Place, int] = {}
        self._logged = 0.0
        self.errands: list[Errand] = []
        self._newest_due = list(lanes.catalogue.sources)

    async def step(self, opened: Connection) -> float:
        """Do one thing; returns for how many seconds to rest."""
        now = time.monotonic()
        tried = [n for n, q in self.lanes.health.quarantined.items() if q.retry_at <= now]
        if tried:
            await self._retry(opened, tried)
            return 0.0
        if self._newest_due:
            await self._find_newest(opened, self._newest_due.pop())
            return 0.0
        for errand in self.errands:
            if errand.due <= now and errand.source not in self.lanes.health.source_problems:
                await self._run_errand(opened, errand)
                return 0.0
        if await self.backfill(opened):
            return 0.0
        if self.lanes.pace.sweep > 0 and now >= self.sweep_due:
            await self.sweep(opened)
            self.sweep_due = time.monotonic() + self.lanes.pace.sweep
            return 0.0
        if self.queue or now >= self.reconcile_due:
            return await self.reconcile(opened)
        return IDLE

    async def _find_newest(self, opened: Connection, source: str) -> None:
        """When the platform last wrote to a source, before any row of it changes."""
        try:
            at = await opened.fetchval(newest_sql(source, self.lanes.catalogue.sources[source]))
        except asyncpg.PostgresError as error:
            if is_trouble(error):
                raise
            return
        if at is not None:
            self.lanes.tracker.note_newest(source, float(at))

    async def _run_errand(self, opened: Connection, errand: Errand) -> None:
        errand.due = time.monotonic() + errand.interval
        try:
            async with opened.transaction(readonly=True):
                await begin(opened, self.lanes.access, self.lanes.pace.background_timeout)
                await errand.work(opened, self.lanes.tracker.cube.as_of)
        except Exception as error:  # whatever it is, reading goes on
            if is_trouble(error):
                raise
            log.warning("%s: %s", errand.source, describe(error))

    def horizon(self) -> Horizon:
        """The horizon of the latest poll."""
        return Horizon.at(self.lanes.tracker.cube.as_of, self.lanes.catalogue.windows)

    def progress(self, name: str) -> float:
        """How much of the horizon a dataset covers, 0..1."""
        horizon = self.horizon()
        start = self.lanes.tracker.buckets[name].covered_from
        if start is None or horizon.end == horizon.hours:
            return 0.0
        return min(1.0, (horizon.end - start) / (horizon.end - horizon.hours))

    async def _retry(self, opened: Connection, names: list[str]) -> None:
        """Try quarantined datasets again, each alone, so that one that is still broken holds up no other."""
        catalogue = self.lanes.catalogue
        for name in names:
            needs = catalogue.datasets[name].needs if name in catalogue.datasets else (catalogue.levels[name].source,)
            for source in needs:
                problem = await check_source(opened, source, catalogue.sources[source])
                if problem:
                    self.lanes.quarantine(name, source, problem)
                    break
            else:
                self.lanes.reader.versions |= {s: await row_version(opened, s, catalogue.sources[s]) for s in needs}
                await self.lanes.take_relations({s: await relation(opened, s, catalogue.sources[s]) for s in needs})
                await self.lanes.read(
                    opened, [name] if name in catalogue.datasets else [], [name] if name in catalogue.levels else []
                )
        self.lanes.changed()

    def _live(self) -> list[str]:
        """Datasets that are read and not quarantined."""
        tracker, out = self.lanes.tracker, self.lanes.health.quarantined
        return [name for name, state in tracker.buckets.items() if state.mark is not None and name not in out]

    async def backfill(self, opened: Connection) -> bool:
        """Read one more chunk of history, the shortest covered dataset first; False when all reach the horizon."""
        tracker, horizon = self.lanes.tracker, self.horizon()
        name = tracker.next_backfill(horizon.hours, self._live())
        if name is None:
            return False
        end = tracker.buckets[name].covered_from
        if end is None:
            return False
        kept = horizon.keeping(self.lanes.catalogue.datasets[name].late_hours)
        wanted = chunk_before(end, self.chunks.get(name, FIRST_CHUNK), kept.minutes, kept.hours)
        await self._fill(opened, name, wanted, covers=True)
        self._log_progress()
        self.lanes.changed()
        return True

    def _log_progress(self) -> None:
        live = self._live()
        share = sum(map(self.progress, live)) / len(live) if live else 0.0
        if share >= 1.0 or time.monotonic() - self._logged >= 5.0:
            self._logged = time.monotonic()
            log.info("history read: %.0f %%", share * 100)

    async def _fill(self, opened: Connection, name: str, wanted: Range, *, covers: bool) -> dict[tuple[int, int], int]:
        """Read and apply one range; adapts the dataset's chunk to how long it took."""
        lanes = self.lanes
        lanes.tracker.begin_fill(name)
        filled: Filled | None = None
        began = time.monotonic()
        try:
            filled = await lanes.reader.fill(opened, lanes.access, name, wanted, lanes.pace.background_timeout)
        except StatementFailure as failure:
            chunk = self.chunks.get(name, FIRST_CHUNK)
            self.chunks[name] = max(10 * MINUTE, chunk // 4)
            if chunk <= HOUR:
                lanes.quarantine(name, lanes.catalogue.datasets[name].source, failure.problem)
        finally:
            differing = await self._take_over(name, filled, covers=covers)
        if filled is not None:
            self._adapt(name, time.monotonic() - began)
        return differing

    async def _take_over(self, name: str, filled: Filled | None, *, covers: bool) -> dict[tuple[int, int], int]:
        try:
            async with self.lanes.lock:
                return await aside(self.lanes.tracker.end_fill, filled, covers=covers)
        except UnfitError:
            self.lanes.quarantine_unfit(name)
            return {}

    def _adapt(self, name: str, seconds: float) -> None:
        chunk = self.chunks.get(name, FIRST_CHUNK)
        if seconds < QUICK:
            chunk = min(LONGEST_CHUNK, chunk * 2)
        elif seconds > SLOW:
            chunk = max(10 * MINUTE, chunk // 2)
        self.chunks[name] = chunk

    async def sweep(self, opened: Connection) -> None:
        """Mend what `updated_at` did not show, by row version, over the recent hours."""
        lanes = self.lanes
        marks = {name: mark for name in self._live() if (mark := lanes.tracker.buckets[name].mark) is not None}
        if not marks:
            return
        latest = min(marks.values(), key=lambda mark: mark.as_of)
        # The first sweep takes every row (0 is older than all): nobody knows what was written before this process.
        since = (latest.floor - lanes.nets.overlap, self.swept or 0)
        lanes.tracker.begin_sweep()
        reading: Reading | None = None
        try:
            reading = await lanes.reader.leaked(opened, lanes.access, marks, since)
        except StatementFailure as failure:
            log.warning("sweep: %s", failure.problem)
        finally:
            async with lanes.lock:
                unfit = await aside(lanes.tracker.end_sweep, reading)
            for name in unfit:
                lanes.quarantine_unfit(name)
        if reading is not None:
            self.swept = reading.xmin
            lanes.changed()

    async def reconcile(self, opened: Connection) -> float:
        """Read one range again and put right what differs; returns the rest that keeps the load bounded."""
        lanes, horizon = self.lanes, self.horizon()
        if not self.queue:
            self.queue.extend(self._live())
            self.reconcile_due = time.monotonic() + lanes.pace.reconcile
            self.cursor = None
        if not self.queue:
            return IDLE
        name = self.queue[0]
        oldest = lanes.tracker.buckets[name].covered_from or horizon.end
        end = horizon.end if self.cursor is None else self.cursor
        if end <= max(oldest, horizon.hours) or name in lanes.health.quarantined:
            await self._next_dataset(opened)
            return 0.0
        began = time.monotonic()
        kept = horizon.keeping(lanes.catalogue.datasets[name].late_hours)
        wanted = chunk_before(
            end, self.chunks.get(name, FIRST_CHUNK), max(kept.minutes, oldest), max(kept.hours, oldest)
        )
        differing = await self._fill(opened, name, wanted, covers=False)
        for (grain, start), cells in differing.items():
            self._suspects[name, grain, start] = cells
        self.cursor = wanted.start
        if differing:
            lanes.changed()
        return (time.monotonic() - began) * RECONCILE_REST

    async def _next_dataset(self, opened: Connection) -> None:
        self.queue.popleft()
        self.cursor = None
        if not self.queue:
            await self._reconcile_levels(opened)
            self.passes += 1

    async def _reconcile_levels(self, opened: Connection) -> None:
        lanes = self.lanes
        for name, level in lanes.catalogue.levels.items():
            if level.when == "changed" and name not in lanes.health.quarantined:
                lanes.tracker.level_marks.pop(name, None)
                await lanes.read(opened, [], [name])
        lanes.changed()

    def suspects(self) -> dict[Place, int]:
        """Buckets that a reconcile changed and no poll has looked at since."""
        return dict(self._suspects)

    def settle(self, suspects: dict[Place, int], reading: Reading) -> None:
        """A poll that began after the reconcile is done: what it did not touch itself was a real correction."""
        polled = {
            (name, part.range.grain, start)
            for name, filled in reading.filled.items()
            for part in filled
            for start in range(part.range.start, part.range.end, part.range.grain)
        }
        for place, cells in suspects.items():
            self._suspects.pop(place, None)
            if place not in polled:
                self.lanes.tracker.corrections[self.lanes.catalogue.datasets[place[0]].source] += cells
