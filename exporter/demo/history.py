"""Filling the demo's call database while the exporter already reads it.

Unlike `simulate.history`, which writes each row as if it had arrived in its time, rows are stamped with the instant of
writing: somebody is watching, and finds what is new by `updated_at`. The order is that of interest: the newest day,
then what is older than the history (few rows, without which some KPIs would have nothing to show), then the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from exporter.simulate.archive import archived, archived_minutes, founding
from exporter.simulate.events import Event, pending, settled
from exporter.simulate.experience import LOOKAHEAD
from exporter.simulate.generate import generate_minute, minutes_of
from exporter.simulate.plan import SimulationPlan, minute_of
from exporter.simulate.recordings import RecordingStore
from exporter.simulate.tables import Facts
from exporter.simulate.write import Connection, copy, erase

CALLS_PER_PIECE = 4_000
# Today and yesterday: whatever the hour, the last 24 hours are in.
NEWEST_DAYS = 2
# Live calls begin when these are in. What older days have still to bring is next to nothing, and never comes.
RECENT_DAYS = 9
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Piece:
    """Facts to be written at once. `age`: days back to where the history then reaches; None: what is older than it."""

    age: int | None
    facts: Facts = field(default_factory=Facts)


class History:
    """Writes a plan's history piece by piece; `arriving` is what the recent days have still to bring."""

    def __init__(self, connection: Connection, plan: SimulationPlan) -> None:
        self.arriving: list[Event] = []
        self._connection, self._plan = connection, plan
        self._store = RecordingStore(plan)

    async def write(self) -> AsyncIterator[int]:
        """Write everything; gives the age in days to which it reaches whenever a day is complete."""
        reached = -1
        async for piece in _ahead(pieces(self._plan)):
            await self._write(piece)
            if piece.age is not None and piece.age > reached:
                reached = piece.age
                yield reached

    async def _write(self, piece: Piece) -> None:
        """The files first: a recording that the database knows of must be there."""
        facts, now = piece.facts, self._plan.now
        rows, gone = await asyncio.to_thread(settled, facts, now), [c for c, at in facts.erasures if at <= now]
        if piece.age is None or piece.age <= RECENT_DAYS:
            self.arriving += pending(facts, now, now + LOOKAHEAD)
        self._store.write_recent(rows["recordings"], BEGINNING)
        self._store.lose_all((number, started) for number, started, at in facts.lost_files if at <= now)
        written = datetime.now(UTC)
        stamped = {table: [(*row[:-1], written) for row in made] for table, made in rows.items()}
        async with self._connection.transaction():
            await copy(self._connection, stamped)
            await erase(self._connection, gone)


def pieces(plan: SimulationPlan) -> Iterator[Piece]:
    """The history in the order of writing; the last piece of each age completes it."""
    today = plan.now.astimezone(plan.zone).date()
    days = [today - timedelta(days=age) for age in range(plan.days + 1)]
    yield from _days(plan, days[:NEWEST_DAYS], 0)
    older = Piece(None, founding(plan))
    for minute in archived_minutes(plan):
        older.facts.extend(archived(plan, minute))
    yield older
    yield from _days(plan, days[NEWEST_DAYS:], NEWEST_DAYS)


def _days(plan: SimulationPlan, days: list[date], first_age: int) -> Iterator[Piece]:
    now = minute_of(plan.now)
    for age, day in enumerate(days, start=first_age):
        piece = Piece(age - 1)
        for minute in reversed(minutes_of(plan, day)):
            if plan.first_minute <= minute <= now:
                piece.facts.extend(generate_minute(plan, minute))
            if len(piece.facts.first["calls"]) >= CALLS_PER_PIECE:
                yield piece
                piece = Piece(age - 1)
        piece.age = age
        yield piece


async def _ahead(made: Iterator[Piece]) -> AsyncIterator[Piece]:
    """The pieces, each made in a thread while the one before is written."""
    upcoming = asyncio.create_task(asyncio.to_thread(next, made, None))
    try:
        while (piece := await upcoming) is not None:
            upcoming = asyncio.create_task(asyncio.to_thread(next, made, None))
            yield piece
    finally:
        upcoming.cancel()
