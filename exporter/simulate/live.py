"""The live stream: what arrives is written as it arrives.

`Feed` knows no clock and no network trouble: `apply_until(connection, instant)` brings the database to an instant.
`feed_live` calls it in real time and reconnects.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from exporter.simulate.events import ERASURE, LOST_FILE, Event, duplicates, pending
from exporter.simulate.experience import LOOKAHEAD
from exporter.simulate.faults import Faults
from exporter.simulate.generate import generate_minute
from exporter.simulate.history import backlog
from exporter.simulate.plan import EPOCH, MINUTE, SimulationPlan, minute_of
from exporter.simulate.recordings import RecordingStore
from exporter.simulate.tables import TABLES, Row, newest
from exporter.simulate.write import TROUBLE, Connection, Connector, close, erase, is_lasting, refused, upsert

TICK = 0.5
LONGEST_PAUSE = 10.0
KEYS = {table.name: table for table in TABLES}
Clock = Callable[[], datetime]
Report = Callable[[str], None]


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Batch:
    """What arrives in one tick: the last version of each row, customers to erase, files to lose."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    erased: list[int] = field(default_factory=list)
    lost_files: list[tuple[int, datetime]] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)


class Feed:
    """The state of a live stream: what is on its way, and the next minute to make.

    `applied` counts what has been written, by kind of event (see `Event`).
    """

    def __init__(self, plan: SimulationPlan, faults: Faults, arriving: Iterable[Event] = ()) -> None:
        self.applied: Counter[str] = Counter()
        self._plan = plan
        self._faults = faults
        self._store = RecordingStore(plan)
        self._order = count()
        # The order breaks ties: rows themselves cannot be compared.
        self._queue = [(event.at, next(self._order), event) for event in arriving]
        heapq.heapify(self._queue)
        # The minute that runs belongs to the history, if there is one.
        self._next_minute = minute_of(plan.now) + (1 if plan.days else 0)
        self._unwritten: list[Event] = []

    async def apply_until(self, connection: Connection, instant: datetime) -> Counter[str]:
        """Write all that arrives up to an instant, which becomes its `updated_at`; returns the events by kind.

        When the database fails nothing is lost: the next call writes the same again, and upserts bear repetition.
        """
        self._unwritten += self._due(instant)
        batch = _batch(self._unwritten, instant)
        async with connection.transaction():
            await upsert(connection, batch.rows)
            await erase(connection, batch.erased)
        self._unwritten = []
        self._store.apply(batch.rows.get("recordings", ()))
        self._store.lose_all(batch.lost_files)
        self.applied += batch.kinds
        return batch.kinds

    def _due(self, instant: datetime) -> list[Event]:
        """Take what arrives up to an instant off the queue, in order; first make the minutes that have begun."""
        while EPOCH + self._next_minute * MINUTE <= instant:
            self._make(self._next_minute)
            self._next_minute += 1
        due = []
        while self._queue and self._queue[0][0] <= instant:
            due.append(heapq.heappop(self._queue)[2])
        return due

    def _make(self, minute: int) -> None:
        start = EPOCH + minute * MINUTE
        facts = generate_minute(self._plan, minute, self._faults.active)
        # Nothing of a minute arrives before it begins, and its customers arrive at its very start.
        events = list(pending(facts, start - MINUTE, start + LOOKAHEAD))
        for event in (*events, *duplicates(self._plan, minute, events)):
            heapq.heappush(self._queue, (event.at, next(self._order), event))


def _batch(events: Iterable[Event], instant: datetime) -> Batch:
    """Events in order, made one write: the last version of each row, stamped with the instant of writing."""
    batch = Batch()
    for event in events:
        batch.kinds[event.kind] += 1
        if event.kind == ERASURE:
            batch.erased.append(event.row[0])
        elif event.kind == LOST_FILE:
            batch.lost_files.append((event.row[0], event.row[1]))
        else:
            batch.rows.setdefault(event.table, []).append((*event.row[:-1], instant))
    batch.rows = {name: newest(KEYS[name], rows, ()) for name, rows in batch.rows.items()}
    return batch


async def feed_live(
    connect: Connector,
    plan: SimulationPlan,
    *,
    stop: asyncio.Event,
    faults: Faults,
    arriving: Iterable[Event] | None = None,
    report: Report = lambda _: None,
    clock: Clock = utc_now,
    tick: float = TICK,
) -> Feed:
    """Feed the call database in real time until `stop`, through restarts of the database.

    `connect` opens a connection; `arriving` is what `fill_history` left pending (made anew when None). Trouble with the
    database is told to `report`, in one sentence, and tried again; it is a DatabaseError when that is of no use.
    `tick`: seconds between two writes. Returns the feed, for its counts.
    """
    feed = Feed(plan, faults, backlog(plan) if arriving is None else arriving)
    pause = tick
    while not stop.is_set():
        try:
            connection = await connect()
            try:
                pause = tick
                await _write_ticks(feed, connection, stop, clock, tick)
            finally:
                await close(connection)
        except TROUBLE as error:
            if is_lasting(error):
                raise refused(error, "live calls were written") from None
            report(f"{refused(error, 'live calls were written').problem}; trying again in {pause:g} s")
            await _wait(stop, pause)
            pause = min(LONGEST_PAUSE, pause * 2)
    return feed


async def _write_ticks(feed: Feed, connection: Connection, stop: asyncio.Event, clock: Clock, tick: float) -> None:
    while not stop.is_set():
        await feed.apply_until(connection, clock())
        await _wait(stop, tick)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
