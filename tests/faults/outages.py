"""What may happen to a call database: each fault is a block in which it lasts."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.resources import files

import psutil

from tests.faults.scene import PASSWORD, Scene
from tests.support.postgres import Postgres

Fault = Callable[[Scene], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def stopped(scene: Scene) -> AsyncIterator[None]:
    """An orderly shutdown, and a start later."""
    await asyncio.to_thread(scene.postgres.stop, "fast")
    yield
    await asyncio.to_thread(scene.postgres.start)


@asynccontextmanager
async def crashed(scene: Scene) -> AsyncIterator[None]:
    """All server processes die at once; recovery at the start later."""
    await asyncio.to_thread(scene.postgres.stop, "immediate")
    yield
    await asyncio.to_thread(scene.postgres.start)


@asynccontextmanager
async def frozen(scene: Scene) -> AsyncIterator[None]:
    """The server hangs: connections stay open, the kernel accepts new ones, nobody answers."""
    postmaster = psutil.Process(scene.postgres.pid)
    # The parent first, so that no child is born meanwhile.
    stopped_processes = [postmaster]
    postmaster.send_signal(signal.SIGSTOP)
    stopped_processes += postmaster.children(recursive=True)
    for process in stopped_processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in reversed(stopped_processes):
            process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def locked_out(scene: Scene) -> AsyncIterator[None]:
    """Another password, and the sessions are gone."""
    await scene.execute(f"ALTER ROLE {scene.role} PASSWORD 'another'; {TERMINATE.format(role=scene.role)}")
    yield
    await scene.execute(f"ALTER ROLE {scene.role} PASSWORD '{PASSWORD}'")


@asynccontextmanager
async def replaced(scene: Scene) -> AsyncIterator[None]:
    """A fail-over to another server at the same address, with another history; nobody tells the service."""
    await asyncio.to_thread(scene.postgres.stop, "fast")
    other = Postgres()
    other.port = scene.postgres.port
    await asyncio.to_thread(other.__enter__)
    try:
        await asyncio.to_thread(other.psql, f"CREATE DATABASE {scene.database}")
        await asyncio.to_thread(other.psql, schema(), scene.database)
        await scene.make_role()
        yield
    finally:
        await asyncio.to_thread(other.close)
        await asyncio.to_thread(scene.postgres.start)


TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"

# Of these the service hears: it cannot read while they last.
OUTAGES: tuple[Fault, ...] = (stopped, crashed, frozen, locked_out)

# The one source that the next faults hit, and the metrics that hang on it.
VICTIM = "incidents"
LOST = frozenset({"outcall_incident_resolution_seconds", "outcall_incident_resolution_samples"})


@asynccontextmanager
async def locked(scene: Scene) -> AsyncIterator[None]:
    """Somebody holds the table exclusively."""
    async with scene.session() as session, session.transaction():
        await session.execute(f"LOCK TABLE {VICTIM} IN ACCESS EXCLUSIVE MODE")
        yield


@asynccontextmanager
async def dropped(scene: Scene) -> AsyncIterator[None]:
    """The table is gone, and made anew later, with what it held."""
    await scene.execute(f"CREATE TABLE kept AS TABLE {VICTIM}; DROP TABLE {VICTIM}")
    yield
    await scene.execute(schema())
    await scene.execute(f"INSERT INTO {VICTIM} TABLE kept; DROP TABLE kept")


@asynccontextmanager
async def slow(scene: Scene) -> AsyncIterator[None]:
    """The table has become a view that takes longer than any statement may."""
    view = f"CREATE VIEW {VICTIM} AS SELECT kept.* FROM kept, pg_sleep(600)"
    await scene.execute(f"ALTER TABLE {VICTIM} RENAME TO kept; {view}")
    yield
    await scene.execute(f"DROP VIEW {VICTIM}; ALTER TABLE kept RENAME TO {VICTIM}")


# Of these only the KPIs of one source may suffer.
PARTIAL: tuple[Fault, ...] = (locked, dropped, slow)


def schema() -> str:
    return files("exporter").joinpath("calldb/schema.sql").read_text("utf-8")
