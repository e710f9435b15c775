"""Reading the whole past of the call database into the exporter's own buckets, by the exporter's own statements."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from exporter.calldb.connect import Access, Connection
from exporter.calldb.plan import Range
from exporter.calldb.query import RowVersion
from exporter.calldb.reader import Cells, Nets, Reader
from exporter.semantic.model import Catalogue
from exporter.state.buckets import HOUR, MINUTE, Buckets

PATIENCE = 60.0
# A temporary view hides the table of its name: levels are then those of an instant, by the exporter's own statement.
VIEWS = """
CREATE TEMPORARY VIEW ltv_snapshots AS
  SELECT * FROM public.ltv_snapshots WHERE as_of <= current_setting('stage.at')::timestamptz;
CREATE TEMPORARY VIEW incidents AS
  SELECT incident_id, opened_at, updated_at,
    CASE WHEN resolved_at <= current_setting('stage.at')::timestamptz THEN resolved_at END AS resolved_at
  FROM public.incidents WHERE opened_at <= current_setting('stage.at')::timestamptz;
"""
LEVELS = ("ltv", "incident_open")


@dataclass(frozen=True, slots=True)
class Past:
    """An open connection to the call database, read as it is now: facts that came late are known already."""

    catalogue: Catalogue
    connection: Connection
    access: Access
    reader: Reader

    async def buckets(self, start: int, end: int, minutes_from: int | None) -> dict[str, Buckets]:
        """The buckets of every dataset with starts in [start, end): hours, from `minutes_from` on minutes."""
        return {name: await self._dataset(name, start, end, minutes_from or end) for name in self.catalogue.datasets}

    async def _dataset(self, name: str, start: int, end: int, minutes_from: int) -> Buckets:
        dataset = self.catalogue.datasets[name]
        result = Buckets(dataset.width + 1, len(dataset.slices))
        hours = await self.reader.fill(self.connection, self.access, name, Range(HOUR, start, minutes_from), PATIENCE)
        for at, cells in hours.buckets.items():
            result.replace_hour(at, cells)
        if minutes_from < end:
            wanted = Range(MINUTE, minutes_from, end)
            minutes = await self.reader.fill(self.connection, self.access, name, wanted, PATIENCE)
            for at, cells in minutes.buckets.items():
                result.replace_minute(at, cells)
        return result

    async def levels(self, at: int) -> Mapping[str, Cells]:
        """The levels as they were at an instant, as far as the tables tell it: calls then running they do not."""
        await self.connection.execute(f"SET stage.at = '{datetime.fromtimestamp(at, UTC).isoformat()}'")
        return {name: await self.reader.level(self.connection, self.access, name) for name in LEVELS}


@asynccontextmanager
async def reading(dsn: str, catalogue: Catalogue) -> AsyncIterator[Past]:
    """A connection of our own that reads the past."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(VIEWS)
        await connection.execute("SET stage.at = 'infinity'")
        versions = {source: RowVersion(None) for source in catalogue.sources}
        access = Access(dsn, statement_timeout=PATIENCE)
        yield Past(catalogue, connection, access, Reader(catalogue, versions, Nets(), lambda *_: None))
    finally:
        await connection.close()
