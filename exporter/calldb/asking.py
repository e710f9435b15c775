"""Statements of reviews and cohorts: read only, bounded in time, failures told without a value of a row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg

from exporter.calldb.connect import TROUBLE, Access, Connection, begin, describe
from exporter.calldb.period import Period, days
from exporter.calldb.reader import instant
from exporter.calldb.statements import StatementFailure, Statements
from exporter.errors import DatabaseError
from exporter.semantic.model import Catalogue
from exporter.semantic.sqltext import relation_sql
from exporter.state.buckets import HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asker:
    """An open connection and the catalogue whose relations are asked. `patience`: seconds for a statement."""

    catalogue: Catalogue
    connection: Connection
    access: Access
    patience: float
    statements: Statements = field(default_factory=lambda: Statements(lambda *_: None))

    def relation(self, source: str) -> str:
        """What stands behind a source in FROM."""
        return relation_sql(source, self.catalogue.sources[source])

    async def ask(self, source: str, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """One statement in a transaction of its own; its last column is an integer.

        Raises StatementFailure when the source refuses, DatabaseError when the connection is lost.
        """
        try:
            async with self.connection.transaction(readonly=True):
                await begin(self.connection, self.access, self.patience)
                return await self.statements.run(self.connection, source, {source}, sql, *arguments)
        except StatementFailure:
            raise
        except (asyncpg.PostgresError, *TROUBLE) as error:
            problem = f"the connection to the call database was lost ({describe(error)})"
            raise DatabaseError(problem, "see that it is up, then run this again") from None

    async def parts(
        self, source: str, sql: str, period: Period, *arguments: object
    ) -> AsyncIterator[list[asyncpg.Record]]:
        """The answers over a period to a statement with bounds as $1 and $2: a local day each, less where that is slow.

        Raises as `ask` does; what is slow within an hour too is refused.
        """
        longest = period.seconds
        for day in days(period, self.catalogue.timezone):
            start = day.start
            while start < day.end:
                end = min(day.end, start + longest)
                try:
                    rows = await self.ask(source, sql, instant(start), instant(end), *arguments)
                except StatementFailure as failure:
                    if not failure.slow or end - start <= HOUR:
                        raise
                    longest = (end - start) // 2
                    continue
                yield rows
                start = end

    async def clock(self) -> float:
        """The database's clock, Unix seconds."""
        rows = await self.ask("clock", "-- outcall: the database's clock\nSELECT statement_timestamp(), 1")
        now: datetime = rows[0][0]
        return (now - _EPOCH) / timedelta(seconds=1)
