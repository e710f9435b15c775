"""A poll and the oracle in one snapshot, while everybody goes on writing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

from exporter.calldb.connect import Connection
from exporter.calldb.reader import Nets, Reader, Reading
from exporter.state.buckets import Mark
from tests.oracle.gauges import oracle
from tests.support.gauges import Stepper, stepper
from tests.support.scrape import compare

if TYPE_CHECKING:
    from asyncpg.transaction import Transaction


class Witness(Reader):
    """Reads as any reader does; then, before the poll's transaction ends, a second session takes over its snapshot."""

    second: Connection
    _held: Transaction | None = None

    @classmethod
    def of(cls, reader: Reader, second: Connection) -> Witness:
        """A witness with the catalogue and the nets of another reader."""
        witness = cls(reader.catalogue, reader.versions, reader.nets, reader.statements.observe)
        witness.second = second
        return witness

    async def _attempt(
        self,
        connection: Connection,
        reading: Reading,
        marks: Mapping[str, Mark | None],
        levels: Mapping[str, Mark | None],
    ) -> None:
        await super()._attempt(connection, reading, marks, levels)
        if self._held is not None:
            await self._held.rollback()
        name = await connection.fetchval("SELECT pg_export_snapshot()")
        self._held = self.second.transaction(isolation="repeatable_read", readonly=True)
        await self._held.start()
        await self.second.execute(f"SET TRANSACTION SNAPSHOT '{name}'")


class Observed:
    """An exporter whose every poll can be held against what its own snapshot says; a background lane beside it."""

    def __init__(self, exporter: Stepper, witness: Witness) -> None:
        self.exporter, self._witness = exporter, witness
        self._gate = asyncio.Lock()

    async def poll(self) -> list[str]:
        """Poll; returns the differences between the page and the oracle. No background step begins meanwhile."""
        async with self._gate:
            await self.exporter.poll()
            async with self.exporter.lanes.lock:
                page = self.exporter.gauges()
            timezone = self.exporter.lanes.catalogue.timezone
            expected = await oracle(self._witness.second, self.exporter.as_of, timezone=timezone)
        return compare(expected, page, families={name for name, _ in expected})

    async def background(self, opened: Connection) -> None:
        """Sweep and reconcile without rest, until cancelled; a step may outlast the poll that begins meanwhile."""
        lane = self.exporter.lanes.background
        while True:
            async with self._gate:
                pass
            lane.sweep_due = min(lane.sweep_due, 0.0) if lane.cursor is None else lane.sweep_due
            lane.reconcile_due = 0.0
            await lane.step(opened)


@asynccontextmanager
async def observed(dsn: str, nets: Nets, kind: type[Witness] = Witness) -> AsyncIterator[Observed]:
    """An exporter that has read all history."""
    second: Connection = await asyncpg.connect(dsn)
    try:
        async with stepper(dsn, nets=nets) as exporter:
            witness = kind.of(exporter.lanes.reader, second)
            exporter.lanes.reader = witness
            watched = Observed(exporter, witness)
            await watched.poll()
            await exporter.backfill()
            yield watched
    finally:
        await second.close()
