"""The demo's history holds what the simulator's does, in another order, and stamped with the instant of writing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from exporter.demo.history import NEWEST_DAYS, History, pieces
from exporter.simulate.events import settled
from exporter.simulate.history import chunks
from exporter.simulate.plan import SimulationPlan
from exporter.simulate.tables import Row

NOW = datetime(2026, 4, 1, 10, 30, tzinfo=UTC)


def plan(days: int, recordings_dir: Path | None = None) -> SimulationPlan:
    return SimulationPlan(seed=3, now=NOW, days=days, calls_per_day=300, recordings_dir=recordings_dir)


def counted(batches: Iterable[dict[str, list[Row]]]) -> Counter[tuple[str, str]]:
    """Every row with its table, less the instant of arrival."""
    return Counter((table, repr(row[:-1])) for rows in batches for table, made in rows.items() for row in made)


@pytest.mark.parametrize("days", [1, 4])
def test_same_rows_as_the_simulator(days: int) -> None:
    made = counted(settled(piece.facts, NOW) for piece in pieces(plan(days)))
    assert made == counted(chunk.rows for chunk in chunks(plan(days)))


def test_order_is_that_of_interest() -> None:
    """The newest days, then what is older than the history, then back to its beginning."""
    ages = [piece.age for piece in pieces(plan(4))]
    assert ages == [0, 1, None, 2, 3, 4]
    assert ages.index(None) == NEWEST_DAYS


def files_in(root: Path) -> int:
    return sum(1 for _ in root.rglob("*.wav"))


async def test_written_rows_are_new_to_a_reader(database: str, tmp_path: Path) -> None:
    """`updated_at` is the instant of writing, and every recording that is not deleted has its file."""
    began = datetime.now(UTC)
    connection = await asyncpg.connect(database)
    history = History(connection, plan(3, tmp_path))
    assert [age async for age in history.write()] == [0, 1, 2, 3]
    assert await connection.fetchval("SELECT min(updated_at) FROM calls") >= began
    oldest = await connection.fetchval("SELECT min(ended_at) FROM calls")
    assert oldest < NOW - timedelta(days=180)
    stored = await connection.fetchval("SELECT count(*) FROM recordings WHERE deleted_at IS NULL")
    assert files_in(tmp_path) == stored
    assert {event.kind for event in history.arriving} >= {"new", "later"}
    await connection.close()
