"""Databases with a simulated history, for tests that only read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from exporter.simulate.history import fill_history
from exporter.simulate.plan import SimulationPlan
from tests.support.postgres import Postgres


@contextmanager
def simulated(postgres: Postgres, plan: SimulationPlan) -> Iterator[str]:
    """DSN of a database that holds what a plan says, for a block; not for use in a running event loop."""
    postgres.start()
    dsn = postgres.create_database()
    asyncio.run(_fill(dsn, plan))
    yield dsn
    postgres.drop_database(dsn)


async def _fill(dsn: str, plan: SimulationPlan) -> None:
    connection = await asyncpg.connect(dsn)
    await fill_history(connection, plan, progress=lambda *_: None)
    await connection.execute("ANALYZE")
    await connection.close()
