"""Filling a call database with a history, newest day first, by COPY.

One thread makes the next rows while the connection sends the last ones, so the server is never idle.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from exporter.errors import RunError
from exporter.simulate.archive import archived, archived_minutes, founding
from exporter.simulate.events import Event, pending, settled
from exporter.simulate.experience import LOOKAHEAD
from exporter.simulate.generate import generate_minute, minutes_of
from exporter.simulate.plan import SimulationPlan, minute_of
from exporter.simulate.recordings import RecordingStore
from exporter.simulate.tables import Facts, Row
from exporter.simulate.write import TROUBLE, Connection, copy, erase, refused

# done fraction (0 to 1), what has just been done
Progress = Callable[[float, str], None]
CALLS_PER_CHUNK = 6_000
FILES_FOR = timedelta(days=1)


@dataclass(slots=True)
class Filled:
    """What a history holds, and what of it has still to arrive: hand `pending` to the live feed."""

    rows: int = 0
    calls: int = 0
    pending: list[Event] = field(default_factory=list)


@dataclass(slots=True)
class Chunk:
    """Rows to be written at once; `done`: the fraction of the whole that is then written."""

    day: date
    done: float
    rows: dict[str, list[Row]]
    pending: list[Event]
    erased: list[int]
    lost_files: list[tuple[int, datetime]]


async def fill_history(connection: Connection, plan: SimulationPlan, *, progress: Progress) -> Filled:
    """Write the history of the plan into empty tables (found by the search path).

    Each row's `updated_at` is the instant at which its last version arrived. Raises RunError when there are calls
    already, DatabaseError when the database refuses.
    """
    filled = Filled()
    store = RecordingStore(plan)
    try:
        if await connection.fetchval("SELECT EXISTS (SELECT FROM calls)"):
            raise RunError("the call database holds calls already", "use an empty schema, or --days 0 to feed this one")
        await connection.execute("SET synchronous_commit = off")
        async with aclosing(_ahead(chunks(plan))) as made:
            async for chunk in made:
                await _write(connection, chunk, filled)
                store.write_recent(chunk.rows["recordings"], plan.now - FILES_FOR)
                store.lose_all(chunk.lost_files)
                progress(chunk.done, f"history written back to {chunk.day:%Y-%m-%d}")
        await connection.execute("RESET synchronous_commit")
    except TROUBLE as error:
        raise refused(error, "the history was written") from None
    return filled


async def _ahead(chunks: Iterator[Chunk]) -> AsyncGenerator[Chunk, None]:
    """The chunks, each made in a thread while the one before is worked on."""
    upcoming = asyncio.create_task(asyncio.to_thread(next, chunks, None))
    try:
        while (chunk := await upcoming) is not None:
            upcoming = asyncio.create_task(asyncio.to_thread(next, chunks, None))
            yield chunk
    finally:
        upcoming.cancel()


def chunks(plan: SimulationPlan) -> Iterator[Chunk]:
    """The history in pieces, newest first; then what is older than the history."""
    facts = Facts()
    units = list(_units(plan))
    for number, (day, minute, is_archived) in enumerate(units, start=1):
        made = archived(plan, minute) if is_archived else generate_minute(plan, minute)
        facts.extend(made)
        if len(facts.first["calls"]) >= CALLS_PER_CHUNK:
            yield _chunk(plan, facts, day, number / (len(units) + 1))
            facts = Facts()
    facts.extend(founding(plan))
    yield _chunk(plan, facts, plan.first_day, 1.0)


def backlog(plan: SimulationPlan, days: int = 8) -> list[Event]:
    """What the last days of a history have still to bring, made anew: for a feed that did not fill the history."""
    now, events = plan.now, list[Event]()
    oldest = minute_of(now - timedelta(days=days))
    for _, minute, is_archived in _units(plan):
        if minute < oldest or is_archived:
            break
        events += pending(generate_minute(plan, minute), now, now + LOOKAHEAD)
    return events


def _units(plan: SimulationPlan) -> Iterator[tuple[date, int, bool]]:
    """(local day, minute, archived) of all that a history is made of, newest first."""
    today = plan.now.astimezone(plan.zone).date()
    current, first = minute_of(plan.now), plan.first_minute
    for age in range((today - plan.first_day).days + 1):
        day = today - timedelta(days=age)
        for minute in reversed(minutes_of(plan, day)):
            if first <= minute <= current:
                yield day, minute, False
    yield from ((plan.first_day, minute, True) for minute in archived_minutes(plan))


def _chunk(plan: SimulationPlan, facts: Facts, day: date, done: float) -> Chunk:
    erased = [customer_id for customer_id, at in facts.erasures if at <= plan.now]
    late = list(pending(facts, plan.now, plan.now + LOOKAHEAD))
    lost = [(recording_id, started_at) for recording_id, started_at, at in facts.lost_files if at <= plan.now]
    return Chunk(day, done, settled(facts, plan.now), late, erased, lost)


async def _write(connection: Connection, chunk: Chunk, filled: Filled) -> None:
    async with connection.transaction():
        filled.rows += await copy(connection, chunk.rows)
        await erase(connection, chunk.erased)
    filled.calls += len(chunk.rows["calls"])
    filled.pending += chunk.pending
