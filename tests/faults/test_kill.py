"""`kill -9` of the real service at random moments of start, backfill, poll and save: a restart is right again."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import asyncpg
import pytest

from tests.faults.service import Service, database_time, differences, nursery
from tests.faults.writer import Chapter, Session, open_session
from tests.support.history import POLL_KINDS

SEED = int(os.environ.get("OUTCALL_TEST_FAULTS_SEED", "1"))
KILLS = int(os.environ.get("OUTCALL_TEST_KILLS", "1000"))
PER_ROUND = 50
# Between two transactions of the writer, seconds: it must not outgrow the oracle.
PAUSE = 0.08


@dataclass(slots=True)
class Toll:
    """What a round of kills saw: at start-up, while it polled, and with an empty state folder to begin with."""

    early: int = 0
    late: int = 0
    emptied: int = 0
    compared: int = 0
    commits: int = 0

    @property
    def kills(self) -> int:
        return self.early + self.late


class Scribe:
    """A writer that goes on until it is told to rest."""

    def __init__(self, session: Session, seed: str) -> None:
        self._session, self._story = session, Chapter(seed, 1_000_000, founding=True)
        # Held by a transaction, and by who wants none.
        self.writing = asyncio.Lock()
        self.commits = 0

    async def run(self) -> None:
        """Write transaction after transaction, until cancelled."""
        while True:
            async with self.writing:
                await self.write()
            await asyncio.sleep(PAUSE)

    async def write(self, operations: int = 2) -> None:
        """One transaction."""
        self._story.now = datetime.now(UTC)
        async with self._session.transaction():
            for op in self._story.operations(operations, kinds=POLL_KINDS):
                for statement in op.statements:
                    await self._session.execute(statement.sql, *statement.args)
        self.commits += 1


async def killed(service: Service, dsn: str, seed: str, kills: int) -> Toll:
    """Kill it so many times; after each restart a poll completes and every gauge equals the oracle."""
    toll, rng = Toll(), Random(seed)
    session, onlooker = await open_session(dsn), await asyncpg.connect(dsn)
    scribe = Scribe(session, seed)
    for _ in range(40):
        await scribe.write(3)
    writing = asyncio.create_task(scribe.run())
    lifetime = 2.0  # from the start to a complete page, as last measured: by this the moments are drawn
    service.start()
    while toll.kills < kills:
        if rng.random() < 0.5:
            await doom(service, rng.uniform(0, 0.6))
            toll.late += 1
            if rng.random() < 0.2:
                shutil.rmtree(service.state)
                toll.emptied += 1
            service.start()
        if rng.random() < 0.6:
            await doom(service, rng.uniform(0, 1.1) * lifetime)
            toll.early += 1
            service.start()
        began = time.monotonic()
        async with scribe.writing:
            page = await service.polled_after(await database_time(onlooker))
            lifetime = 0.8 * lifetime + 0.2 * (time.monotonic() - began)
            found = await differences(onlooker, page)
            assert found == [], f"after {toll.kills} kills: {found[:5]}"
            toll.compared += 1
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await asyncio.gather(session.close(), onlooker.close())
    toll.commits = scribe.commits
    print(toll)
    return toll


async def doom(service: Service, seconds: float) -> None:
    """Let it live for so long, then kill it."""
    await asyncio.sleep(seconds)
    await asyncio.to_thread(service.kill)


async def test_a_killed_service_resumes_and_is_right(database: str, tmp_path: Path) -> None:
    """A few kills of `python -m exporter.cli serve`, the writer active all the while."""
    with_service = Service(database, tmp_path)
    try:
        toll = await killed(with_service, database, f"{SEED}/quick", 4)
    finally:
        with_service.kill()
    assert toll.kills >= 4


@pytest.mark.faults
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("number", range(-(-KILLS // PER_ROUND)))
async def test_a_thousand_kills(database: str, tmp_path: Path, number: int) -> None:
    """The same, a thousand times, on processes forked from one that has its imports done."""
    with nursery() as fork:
        service = Service(database, tmp_path, start=fork)
        try:
            toll = await killed(service, database, f"{SEED}/{number}", min(KILLS, PER_ROUND))
        finally:
            service.kill()
    assert toll.kills >= min(KILLS, PER_ROUND)
