"""A call database, a role that may only read it, and the real service upon it: the stage for faults of the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from tests.faults.service import Page, Service, database_time, differences
from tests.faults.writer import Session
from tests.support.history import POLL_KINDS, History
from tests.support.postgres import Postgres

PASSWORD = "a-password-that-no-log-may-hold"
# Contract: two lanes, one connection each.
MOST_CONNECTIONS = 2

ROLE = """
DO $$ BEGIN
    CREATE ROLE {role} LOGIN PASSWORD '{password}' CONNECTION LIMIT 3;
EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {role};
"""


@dataclass(slots=True)
class Scene:
    """Who plays: the cluster, its database (as superuser), the reading role, the service, and what may be written."""

    postgres: Postgres
    dsn: str
    role: str
    service: Service
    history: History
    most_connections: int = 0
    outages: list[float] = field(default_factory=list)

    @property
    def database(self) -> str:
        return self.dsn.rpartition("/")[2]

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A superuser's session; to be opened anew after each fault."""
        opened = await asyncpg.connect(self.dsn)
        try:
            yield opened
        finally:
            await opened.close(timeout=5)

    async def execute(self, script: str) -> None:
        """Run statements as superuser."""
        async with self.session() as session:
            await session.execute(script)

    async def write(self, operations: int = 20) -> None:
        """Go on with the history, as far as the next poll has to see it."""
        async with self.session() as session:
            self.history.now = datetime.now(UTC)
            await self.history.apply(session, self.history.operations(operations, kinds=POLL_KINDS))

    async def is_right_again(self) -> Page:
        """Something new is written; the page of a later poll is complete and equals the oracle."""
        await self.write()
        async with self.session() as session:
            page = await self.service.polled_after(await database_time(session))
            assert (await differences(session, page))[:5] == []
        return page

    async def make_role(self) -> None:
        """The reading role, with a right to nothing but SELECT."""
        await self.execute(ROLE.format(role=self.role, password=PASSWORD))

    async def count_connections(self) -> None:
        """Keep the largest number of the role's connections, until cancelled; blind while the server is away."""
        while True:
            try:
                async with self.session() as session:
                    while True:
                        count = await session.fetchval(
                            "SELECT count(*) FROM pg_stat_activity WHERE usename = $1", self.role, timeout=5
                        )
                        self.most_connections = max(self.most_connections, count)
                        await asyncio.sleep(0.02)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError):
                await asyncio.sleep(0.05)


@asynccontextmanager
async def scene(
    postgres: Postgres, dsn: str, folder: Path, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Scene]:
    """The service is up, has read all history, and is right; afterwards no log holds the password."""
    role = f"reader_of_{dsn.rpartition('/')[2]}"
    reader = postgres.dsn(dsn.rpartition("/")[2], user=role, password=PASSWORD)
    service = Service(reader, folder, settings)
    stage = Scene(postgres, dsn, role, service, History(5, datetime.now(UTC)))
    await stage.make_role()
    await stage.write(120)
    counting = asyncio.create_task(stage.count_connections())
    try:
        with service:
            await stage.is_right_again()
            yield stage
    finally:
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)
    assert PASSWORD not in service.log.read_text("utf-8")
    assert stage.most_connections <= MOST_CONNECTIONS
