"""A small history of the case, written once, and short ways to ask a database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from exporter.simulate.history import fill_history
from exporter.simulate.plan import SimulationPlan
from tests.support.postgres import Postgres

if TYPE_CHECKING:
    from exporter.simulate.write import Connection

SHANGHAI = ZoneInfo("Asia/Shanghai")
CASE_PLAN = SimulationPlan(
    seed=20260401,
    now=datetime(2026, 4, 1, 10, 30, 20, tzinfo=UTC),
    days=65,
    calls_per_day=1_000,
    change_at=datetime(2026, 2, 20, tzinfo=SHANGHAI),
)


def quiet(_done: float, _text: str) -> None:
    """Progress that nobody looks at."""


@pytest.fixture(scope="session")
def case_database(postgres: Postgres) -> Iterator[str]:
    """DSN of a database with the history of CASE_PLAN; to be read only."""
    dsn = postgres.create_database()
    asyncio.run(fill(dsn, CASE_PLAN))
    yield dsn
    postgres.drop_database(dsn)


def stored(root: Path) -> dict[str, int]:
    """The files of a recording store: path below the root, size."""
    return {path.relative_to(root).as_posix(): path.stat().st_size for path in root.rglob("*.wav")}


async def fill(dsn: str, plan: SimulationPlan) -> None:
    """Write the history of a plan."""
    connection = await asyncpg.connect(dsn)
    await fill_history(connection, plan, progress=quiet)
    await connection.close()


@pytest.fixture
async def case(case_database: str) -> AsyncIterator[Connection]:
    """A connection to the database with the case's history."""
    connection = await asyncpg.connect(case_database)
    yield connection
    await connection.close()


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    """A connection to an empty database with the canonical tables."""
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()
