"""One writer of the storm, and the notary who settles what was prepared in two phases."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

import asyncpg

from tests.support.history import POLL_KINDS, History, Op
from tests.support.instants import Instants
from tests.support.world import Domains, World

if TYPE_CHECKING:
    Session = asyncpg.Connection[asyncpg.Record]
else:
    Session = asyncpg.Connection

CUSTOMERS = 400
# Ids of one chapter of one writer; then a new history begins, so that none grows long.
CHAPTER_OPERATIONS, CHAPTER_IDS = 150, 10_000
# Seconds; none is waited for, they are how long a careless application holds a transaction open.
IDLE, LONG, UNSETTLED = (0.1, 1.0), (2.0, 6.0), (0.0, 1.5)
MOST_UNSETTLED = 24


async def open_session(dsn: str) -> Session:
    """A session that gives up on a lock rather than hold up the others."""
    opened: Session = await asyncpg.connect(dsn, server_settings={"lock_timeout": "5s", "deadlock_timeout": "200ms"})
    return opened


class Crowd(World):
    """Customers enough for a long storm: nobody is called so often that the oracle would rank for minutes."""

    def customer(self) -> int | None:
        draw = self.rng.random()
        if draw < 0.03:
            return self.rng.randint(1, 3)
        if draw < 0.8:
            return self.rng.randint(1, self.customers)
        return self.rng.randint(10_000, 99_999) if draw < 0.97 else None


class Chapter(History):
    """A history of its own ids over the common customers, who are there already."""

    def __init__(self, seed: str, first_id: int, *, founding: bool = False) -> None:
        super().__init__(0, datetime.now(UTC))
        rng = Random(seed)
        instants = Instants(rng, datetime.now(UTC), "Asia/Shanghai")
        self._world = Crowd(rng, instants, Domains(), customers=CUSTOMERS, last_id=first_id)
        self._started = not founding


@dataclass(frozen=True, slots=True)
class Ending:
    """When the storm has blown long enough."""

    tally: Counter[str]
    transactions: int

    @property
    def reached(self) -> bool:
        return self.tally["committed"] >= self.transactions


class Notary:
    """Commits or rolls back, from a session of its own, what others prepared."""

    def __init__(self, session: Session, tally: Counter[str]) -> None:
        self.session, self._tally = session, tally
        self._queue: asyncio.Queue[tuple[str, str, float]] = asyncio.Queue()

    @property
    def is_busy(self) -> bool:
        """Whether so much is unsettled that the server would soon refuse more (max_prepared_transactions)."""
        return self._queue.qsize() >= MOST_UNSETTLED

    def entrust(self, name: str, verdict: str, after: float) -> None:
        """Settle a prepared transaction after so many seconds: COMMIT or ROLLBACK."""
        self._queue.put_nowait((name, verdict, after))

    async def run(self) -> None:
        """Settle in the order of preparation, until cancelled."""
        while True:
            name, verdict, after = await self._queue.get()
            await asyncio.sleep(after if self._queue.empty() else 0)
            await self.session.execute(f"{verdict} PREPARED '{name}'")
            self._tally["committed" if verdict == "COMMIT" else "rolled_back"] += 1
            self._tally["two_phase"] += 1
            self._queue.task_done()

    async def finish(self) -> None:
        """Return when everything is settled."""
        await self._queue.join()


class Writer:
    """One session that writes transaction after transaction; every other one dawdles over some."""

    def __init__(
        self, number: int, seed: int, stamps: Sequence[str], session: Session, notary: Notary, ending: Ending
    ) -> None:
        self.number, self.session = number, session
        self._seed, self._stamps, self._notary, self._ending, self._tally = seed, stamps, notary, ending, ending.tally
        self._rng = Random(f"{seed}/{number}")
        self._chapters = self._written = self._prepared = 0
        self._story = self._next_chapter()
        habits: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self._plain, 60),
            (self._savepoints, 15),
            (self._two_phase, 6),
            (self._rolled_back, 6),
            (self._failing, 3),
        ]
        if number % 2 == 0:
            habits += [(self._idle_first, 40), (self._idle_between, 40), (self._long, 15)]
        self._habits, self._weights = [habit for habit, _ in habits], [weight for _, weight in habits]

    async def run(self) -> None:
        """Write until the storm ends."""
        while not self._ending.reached:
            habit = self._rng.choices(self._habits, self._weights)[0]
            try:
                await habit()
            except (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError):
                await self.session.execute("ROLLBACK")
                self._tally["refused"] += 1

    async def found_customers(self) -> None:
        """Write the customers that all know."""
        await self._apply(Chapter(f"{self._seed}/customers", 0, founding=True).operations(1))

    # Habits: one transaction each ----------------------------------------------------------------------------------

    async def _plain(self) -> None:
        await self._begin()
        await self._apply(self._operations())
        await self._commit("plain")

    async def _savepoints(self) -> None:
        """Each step in a savepoint, the half of them taken back, some within another."""
        await self._begin()
        for op in self._operations():
            await self.session.execute("SAVEPOINT outer_step")
            await self._apply([op])
            await self.session.execute("SAVEPOINT inner_step")
            await self._apply(self._operations(1))
            if self._rng.random() < 0.5:
                await self.session.execute(f"ROLLBACK TO {self._rng.choice(('outer_step', 'inner_step'))}")
                self._tally["savepoints_rolled_back"] += 1
            await self.session.execute("RELEASE outer_step")
        await self._commit("savepoints")

    async def _failing(self) -> None:
        """A statement fails; what went before is saved by a savepoint."""
        await self._begin()
        await self._apply(self._operations())
        await self.session.execute("SAVEPOINT step")
        await self._apply(self._operations(1))
        try:
            await self.session.execute("SELECT 1 / 0")
        except asyncpg.DivisionByZeroError:
            await self.session.execute("ROLLBACK TO step")
        await self._commit("failing")

    async def _two_phase(self) -> None:
        if self._notary.is_busy:
            return
        await self._begin()
        await self._apply(self._operations())
        self._prepared += 1
        verdict = self._rng.choice(("COMMIT", "COMMIT", "COMMIT", "ROLLBACK"))
        name = f"storm {self._seed} {self.number} {self._prepared}"
        await self.session.execute(f"PREPARE TRANSACTION '{name}'")
        self._notary.entrust(name, verdict, self._rng.uniform(*UNSETTLED))

    async def _rolled_back(self) -> None:
        await self._begin()
        await self._apply(self._operations())
        await self.session.execute("ROLLBACK")
        self._tally["rolled_back"] += 1

    async def _idle_first(self) -> None:
        await self._begin()
        await self.session.execute("SELECT now()")
        await self._dawdle(IDLE)
        await self._apply(self._operations())
        await self._commit("idle_first")

    async def _idle_between(self) -> None:
        await self._begin()
        await self._apply(self._operations(1))
        await self._dawdle(IDLE)
        await self._apply(self._operations())
        await self._commit("idle_between")

    async def _long(self) -> None:
        """Open for longer than a poll, in a sub-transaction too."""
        await self._begin()
        await self._apply(self._operations(1))
        await self._dawdle(LONG)
        await self.session.execute("SAVEPOINT late_step")
        await self._apply(self._operations())
        await self.session.execute("RELEASE late_step")
        await self._dawdle(IDLE)
        await self._commit("long")

    # Steps ---------------------------------------------------------------------------------------------------------

    async def _begin(self) -> None:
        stamp = self._rng.choice(self._stamps)
        await self.session.execute(f"BEGIN; SET LOCAL storm.stamp = '{stamp}'")

    async def _commit(self, kind: str) -> None:
        await self.session.execute("COMMIT")
        self._tally["committed"] += 1
        self._tally[kind] += 1

    async def _dawdle(self, seconds: tuple[float, float]) -> None:
        await asyncio.sleep(self._rng.uniform(*seconds))

    def _operations(self, count: int = 0) -> list[Op]:
        if self._written >= CHAPTER_OPERATIONS:
            self._story = self._next_chapter()
        wanted = count or self._rng.choice((1, 1, 2, 3, 5))
        self._written += wanted
        self._story.now = datetime.now(UTC)
        return self._story.operations(wanted, kinds=POLL_KINDS)

    async def _apply(self, ops: Sequence[Op]) -> None:
        for op in ops:
            for statement in op.statements:
                await self.session.execute(statement.sql, *statement.args)
                self._tally["statements"] += 1

    def _next_chapter(self) -> Chapter:
        self._chapters += 1
        self._written = 0
        first_id = (self.number * 100_000 + self._chapters) * CHAPTER_IDS
        return Chapter(f"{self._seed}/{self.number}/{self._chapters}", first_id)
