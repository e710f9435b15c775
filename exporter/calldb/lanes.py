"""The two lanes to the call database, one connection each.

The *poll* lane reads at every interval what changed. The *background* lane fills history (newest first), sweeps by row
version, reconciles, and tries quarantined datasets again, so that a slow or broken source holds up nobody else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import asyncpg

from exporter.calldb.aside import aside
from exporter.calldb.background import Background, Errand
from exporter.calldb.connect import TROUBLE, Access, Connection, close, describe, open_connection
from exporter.calldb.plan import History
from exporter.calldb.query import RowVersion
from exporter.calldb.reader import Nets, Reader, Reading
from exporter.calldb.statements import Observe, StatementFailure
from exporter.calldb.survey import survey
from exporter.calldb.tracker import Tracker
from exporter.errors import DatabaseError
from exporter.semantic.model import Catalogue

log = logging.getLogger(__name__)

LONGEST_BACKOFF = 300.0
RETRY_DELAY = 2.0
# A poll that takes longer is given up with its connection; each statement has its own, shorter limit.
POLL_DEADLINE = 300.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between polls, reconcile passes, sweeps; and the longest background statement."""

    poll: float = 15.0
    reconcile: float = 3600.0
    sweep: float = 60.0
    background_timeout: float = 60.0


@dataclass(slots=True)
class Quarantine:
    """A dataset or level that failed: why, because of which source, and when it is tried again (monotonic)."""

    problem: str
    source: str
    delay: float
    retry_at: float
    slow: bool = False


@dataclass(slots=True)
class Health:
    """What is known about reading; times are monotonic seconds. `lost`: the latest attempt to reach it failed."""

    up: bool = False
    lost: bool = False
    problem: str = "not connected yet"
    last_poll: float | None = None
    poll_seconds: float = 0.0
    fresh: dict[str, float] = field(default_factory=dict)
    quarantined: dict[str, Quarantine] = field(default_factory=dict)
    source_problems: dict[str, str] = field(default_factory=dict)
    clock_skew: float = 0.0


class Lanes:
    """Reads the call database for as long as `run` runs; `changed` is called after every step that matters."""

    def __init__(
        self,
        catalogue: Catalogue,
        access: Access,
        tracker: Tracker,
        pace: Pace,
        nets: Nets,
        observe: Observe,
        changed: Callable[[], None],
    ) -> None:
        self.catalogue, self.access, self.tracker = catalogue, access, tracker
        self.pace, self.nets, self.observe, self.changed = pace, nets, observe, changed
        self.health = Health()
        self.lock = asyncio.Lock()
        self.background = Background(self)
        self.reader = Reader(catalogue, dict.fromkeys(catalogue.sources, RowVersion(None)), nets, observe)
        self.history = History(3600.0, [])
        self.ready = asyncio.Event()
        self.begun = time.monotonic()
        self._identity: str | None = None

    def every(self, interval: float, source: str, work: Callable[[Connection, float], Awaitable[None]]) -> None:
        """Do something else with a source, in the background at every interval; told the database's instant."""
        self.background.errands.append(Errand(interval, source, work))

    async def run(self) -> None:
        """Both lanes, until cancelled; connection trouble is waited out."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._lane(self._poll_lane, self.access.statement_timeout, self._lost))
            group.create_task(self._lane(self._background_lane, self.pace.background_timeout, self._background_lost))

    async def _lane(
        self, work: Callable[[Connection], Awaitable[None]], statement_timeout: float, lost: Callable[[str], None]
    ) -> None:
        while True:
            opened = None
            try:
                opened = await open_connection(self.access, statement_timeout)
                await work(opened)
            except DatabaseError as error:
                lost(str(error))
            except (asyncpg.PostgresError, *TROUBLE) as error:
                lost(f"the connection was lost ({describe(error)})")
            finally:
                if opened is not None:
                    await asyncio.shield(close(opened))
            await asyncio.sleep(min(RETRY_DELAY, self.pace.poll))

    def _lost(self, problem: str) -> None:
        if self.health.up or self.health.problem != problem:
            log.warning("call database: %s", problem)
        self.health.up, self.health.lost, self.health.problem = False, True, problem
        self.ready.clear()
        self.changed()

    @staticmethod
    def _background_lost(problem: str) -> None:
        log.info("call database, background: %s", problem)

    async def _poll_lane(self, opened: Connection) -> None:
        await self.attach(opened)
        while True:
            due = time.monotonic() + self.pace.poll
            async with asyncio.timeout(POLL_DEADLINE):
                await self.poll_once(opened)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _background_lane(self, opened: Connection) -> None:
        while True:
            await self.ready.wait()
            await asyncio.sleep(await self.background.step(opened))

    async def attach(self, opened: Connection) -> None:
        """Look at the database; a different one than before means starting over."""
        found = await survey(opened, self.catalogue)
        self.reader = Reader(self.catalogue, found.versions, self.nets, self.observe)
        self.health.source_problems = dict(found.problems)
        store = self.tracker.store
        known = store.identity() if store else self._identity
        if known != found.identity:
            if known is not None:
                log.warning("call database: this is another server or timeline than before; starting over")
            await self._start_over(found.identity)
        self._identity = found.identity
        await self.take_relations(found.relations)
        for source, problem in found.problems.items():
            log.error("source %s: %s", source, problem)
            for name in self._dependants(source):
                self.quarantine(name, source, problem)

    async def take_relations(self, found: Mapping[str, str]) -> None:
        """What was read from another table or view than stands behind its source now is read again."""
        async with self.lock:
            stale = await aside(self.tracker.take_relations, found)
        for name in stale:
            self.health.fresh.pop(name, None)
        if stale:
            log.warning("call database: other tables or views than before; reading again: %s", ", ".join(stale))

    async def _start_over(self, identity: str) -> None:
        async with self.lock:
            await aside(self.tracker.clear, identity)
        self.history = History(3600.0, [])

    def _dependants(self, source: str) -> list[str]:
        names = [name for name, dataset in self.catalogue.datasets.items() if source in dataset.needs]
        return names + [name for name, level in self.catalogue.levels.items() if level.source == source]

    async def poll_once(self, opened: Connection) -> None:
        """One poll of everything that is not quarantined."""
        began = time.monotonic()
        out = self.health.quarantined
        suspects = self.background.suspects()
        reading = await self.read(
            opened,
            [n for n in self.catalogue.datasets if n not in out],
            [n for n in self.catalogue.levels if n not in out],
            whole=True,
        )
        self.background.settle(suspects, reading)
        self.health.up, self.health.lost, self.health.problem = True, False, ""
        self.health.poll_seconds, self.health.last_poll = time.monotonic() - began, time.monotonic()
        self.ready.set()
        self.changed()

    async def read(self, opened: Connection, datasets: list[str], levels: list[str], *, whole: bool = False) -> Reading:
        """Poll some datasets and levels (or the `whole`) and apply the result; failures are quarantined."""
        marks = self.tracker.marks(datasets)
        level_marks = {name: self.tracker.level_marks.get(name) for name in levels}
        self.reader.gaps = self.tracker.gaps()
        reading = await self.reader.poll(opened, self.access, marks, level_marks)
        self.health.clock_skew = time.time() - reading.as_of
        if any(mark is not None and reading.next_id < mark.xmin for mark in marks.values()):
            log.warning("call database: its transactions went backwards; starting over")
            await self._start_over(self._identity or "")
            return reading
        floor_at = self.history.floor(reading.as_of, reading.xmin, reading.next_id)
        async with self.lock:
            unfit = await aside(self.tracker.apply, reading, floor_at, whole=whole)
        for name in unfit:
            del reading.filled[name]
            # A part of it may be of this poll, the rest of an earlier one: not right, and so absent at once.
            self.health.fresh.pop(name, None)
            reading.failed[name] = StatementFailure([name], unfit_problem(self._source_of(name)))
        now = time.monotonic()
        for name in (*reading.filled, *reading.levels, *(n for n in levels if n not in reading.failed)):
            self.health.fresh[name] = now
            self._release(name)
        for name, failure in reading.failed.items():
            self.quarantine(name, self._source_of(name), failure.problem, slow=failure.slow)
        return reading

    def quarantine_unfit(self, name: str) -> None:
        """Take a dataset out of the polls whose figures cannot be kept."""
        source = self._source_of(name)
        self.quarantine(name, source, unfit_problem(source))

    def _source_of(self, name: str) -> str:
        datasets, levels = self.catalogue.datasets, self.catalogue.levels
        return datasets[name].source if name in datasets else levels[name].source

    def quarantine(self, name: str, source: str, problem: str, *, slow: bool = False) -> None:
        """Take a dataset or level out of the polls; it is tried again in the background, ever more rarely.

        What was too `slow` twice in a row may have fallen too far behind: it starts over, in small chunks.
        """
        old = self.health.quarantined.get(name)
        delay = min(LONGEST_BACKOFF, old.delay * 2) if old else max(5.0, self.pace.poll)
        if self.health.source_problems.get(source) != problem:
            log.error("%s: %s", source, problem)
        self.health.quarantined[name] = Quarantine(problem, source, delay, time.monotonic() + delay, slow)
        if slow and old is not None and old.slow and name in self.catalogue.datasets:
            self.tracker.start_over(name)
        self.health.source_problems[source] = problem

    def _release(self, name: str) -> None:
        freed = self.health.quarantined.pop(name, None)
        if freed is not None:
            log.info("%s: read again", name)
            if not any(q.source == freed.source for q in self.health.quarantined.values()):
                self.health.source_problems.pop(freed.source, None)

    def is_fresh(self, name: str, now: float | None = None) -> bool:
        """Whether a dataset or level was read within two poll intervals (contract §2: stale is absent)."""
        at = self.health.fresh.get(name)
        # While the database answers, a poll may take its time; it does not make what was read before it stale. What
        # failed gets no such grace: else a failure that took long would bring back what was stale already.
        is_read = self.health.up and name not in self.health.quarantined
        allowed = 2 * self.pace.poll + (self.health.poll_seconds if is_read else 0.0)
        return at is not None and (time.monotonic() if now is None else now) - at <= allowed

    def wedged(self) -> float:
        """Seconds without a finished attempt to poll, beyond what an unreachable database explains."""
        return time.monotonic() - (self.health.last_poll or self.begun) if self.health.up else 0.0


def unfit_problem(source: str) -> str:
    """What is told of a dataset whose sums leave 64 bits."""
    return f"{source} has figures too large to add up: correct the rows, or leave them out in a SELECT under sources"
