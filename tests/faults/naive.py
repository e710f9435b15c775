"""Schemes that others use, for the harness to show what they lose: readers that misread row versions or have none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import ClassVar

from exporter.calldb.connect import Connection
from exporter.calldb.reader import Reading
from exporter.semantic.sqltext import relation_sql
from tests.faults.witness import Witness

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UpdatedAtAboveMaximum(Witness):
    """`updated_at > max seen`, per source, less an overlap in seconds."""

    overlap: ClassVar[float] = 0.0
    seen: dict[str, float]

    async def _find(
        self,
        connection: Connection,
        source: str,
        changed: str,
        since: tuple[float, int],
        names: Iterable[str],
        reading: Reading,
        touched: dict[str, set[int]],
    ) -> bool:
        relation = relation_sql(source, self.catalogue.sources[source])
        seen = self.__dict__.setdefault("seen", {})
        mine = (seen.get(source, reading.as_of - 60) - self.overlap, 0)
        found = await super()._find(connection, source, changed, mine, names, reading, touched)
        newest = await connection.fetchval(f"SELECT max(updated_at) FROM {relation}")
        seen[source] = (newest - EPOCH).total_seconds() if newest else 0.0
        return found

    def _changed(self, source: str) -> str:
        spec = self.catalogue.sources[source]
        columns = ", ".join(f"source.{column}" for column in spec.columns)
        return (
            f"SELECT {columns} FROM {relation_sql(source, spec)} AS source"
            " WHERE source.updated_at > $1 AND ($2::xid IS NULL OR true)"
        )


class TwoSecondsOverlap(UpdatedAtAboveMaximum):
    """`updated_at > max seen - 2 s`."""

    overlap: ClassVar[float] = 2.0


class RowVersionAboveMaximum(Witness):
    """`xmin > max seen`: above the newest transaction of the last snapshot."""

    async def _find(
        self,
        connection: Connection,
        source: str,
        changed: str,
        since: tuple[float, int],
        names: Iterable[str],
        reading: Reading,
        touched: dict[str, set[int]],
    ) -> bool:
        last = self.__dict__.setdefault("last", {})
        mine = (since[0], last.get(source, since[1]))
        last[source] = reading.next_id
        return await super()._find(connection, source, changed, mine, names, reading, touched)

    def _changed(self, source: str) -> str:
        spec = self.catalogue.sources[source]
        columns = ", ".join(f"source.{column}" for column in spec.columns)
        return (
            f"SELECT {columns} FROM {relation_sql(source, spec)} AS source"
            " WHERE $1::timestamptz IS NOT NULL AND age(source.xmin) <= age($2::xid)"
        )
