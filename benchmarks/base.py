"""What all benchmarks share: the cluster, the sizes of the history, where results go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cluster import EXPORTER, Cluster
from benchmarks.history import SECONDS
from benchmarks.load import catch_up, customers, load, prepare, thicken
from benchmarks.service import Service
from benchmarks.writer import Writer

OUT = Path(__file__).parent / "out"
WARM = """SELECT sum(pg_prewarm(c.oid, 'read')) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'i')"""
# Everything but polls is quiet.
QUIET = {"reconcile_interval": 604_800, "sweep_interval": 86_400}


@dataclass(frozen=True, slots=True)
class Size:
    """A history: calls over 30 days."""

    name: str

    @property
    def calls(self) -> int:
        return int(float(self.name[:-1]) * {"k": 1_000, "m": 1_000_000}[self.name[-1]])

    @property
    def database(self) -> str:
        return f"bench_{self.name.replace('.', '_')}"

    @property
    def rate(self) -> float:
        """Dials a second."""
        return self.calls / SECONDS


@dataclass(frozen=True, slots=True)
class Bench:
    """The settings of one run: `interval` seconds between polls; `rate` dials a second, by default the history's."""

    work: Path
    cluster: Cluster
    sizes: tuple[Size, ...]
    polls: int
    interval: float
    rate: float | None = None
    peers: Path | None = None
    out: Path = OUT

    async def ready(self, size: Size) -> float:
        """Load the history unless it is there, and have it in the system's cache; returns the seconds of loading."""
        opened = await self.cluster.connect()
        known = await opened.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", size.database)
        await opened.close()
        seconds = 0.0 if known else await load(self.cluster, size.database, size.calls)
        await self.warm(size)
        return seconds

    async def warm(self, size: Size) -> None:
        """Bring schema and rows up to date, and read every page once: some systems drop what was not used lately."""
        opened = await self.cluster.connect(size.database)
        await prepare(opened)
        await catch_up(opened, size.calls)
        if self.rate is not None:
            await thicken(opened, size.calls, self.rate)
        await opened.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
        await opened.fetch(WARM)
        await opened.close()

    def service(self, size: Size, **settings: object) -> Service:
        """The exporter on a history, with its state kept between runs."""
        dsn = self.cluster.dsn(size.database, EXPORTER)
        log = self.work / f"serve-{size.name}.log"
        return Service(dsn, self.state(size), log, **settings)

    def state(self, size: Size) -> Path:
        """The state folder of the exporter on a history."""
        return self.work / f"state-{size.name}"

    @asynccontextmanager
    async def writing(self, size: Size) -> AsyncIterator[None]:
        """A platform that writes meanwhile, at the history's own pace unless `rate` says otherwise."""
        writer = Writer(self.cluster, size.database, self.rate or size.rate, customers(size.calls))
        task = asyncio.create_task(writer.run())
        try:
            yield
        finally:
            if not task.cancel():
                task.result()  # a writer that failed makes the figures worthless
            await asyncio.gather(task, return_exceptions=True)
