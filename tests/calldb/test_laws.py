"""Laws of reading: whatever happens to the call database, the gauges equal the independent oracle."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from exporter.calldb.reader import Nets
from tests.support.gauges import Stepper, stepper
from tests.support.history import KINDS, POLL_KINDS, History
from tests.support.scrape import Samples

SEEDS = range(2)


async def connected(dsn: str) -> asyncpg.Connection[asyncpg.Record]:
    return await asyncpg.connect(dsn)


def the_world(samples: Samples) -> Samples:
    """Gauges without those that speak of the catalogue only."""
    return {key: value for key, value in samples.items() if not key[0].startswith("outcall_kpi_")}


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_gauge_equals_the_oracle_at_each_poll(database: str, seed: int) -> None:
    """Inserts, late rows, updates and duplicates are right at the next poll; all else after one reconcile."""
    history = History(seed, datetime.now(UTC))
    writer = await connected(database)
    await history.apply(writer, history.operations(150))
    async with stepper(database) as exporter:
        await exporter.poll()
        await exporter.backfill()
        assert await exporter.differences() == []
        for _ in range(4):
            await history.apply(writer, history.operations(25, kinds=POLL_KINDS))
            await exporter.poll()
            assert await exporter.differences() == []
        await history.apply(writer, history.operations(40, kinds=KINDS))
        await exporter.poll()
        await exporter.reconcile()
        assert await exporter.differences() == []
    await writer.close()


@pytest.mark.parametrize("seed", SEEDS)
async def test_many_polls_equal_one(database: str, seed: int) -> None:
    """However the same history is cut into polls, the page is the same, and a second poll changes nothing."""
    history = History(100 + seed, datetime.now(UTC))
    writer = await connected(database)
    await history.apply(writer, history.operations(40))
    async with stepper(database) as often, stepper(database) as once:
        await often.poll()
        await often.backfill()
        for op in history.operations(60, kinds=POLL_KINDS):
            await history.apply(writer, [op])
            await often.poll()
        await once.poll()
        await once.backfill()
        await often.poll()
        await align(often, once)
        assert the_world(often.gauges()) == the_world(once.gauges())
    await writer.close()


async def align(*exporters: Stepper) -> None:
    """Poll until all stand within the same minute, so that their windows are the same."""
    while True:
        for exporter in exporters:
            await exporter.poll()
        if len({exporter.as_of.replace(second=0, microsecond=0) for exporter in exporters}) == 1:
            return


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_restart_anywhere_changes_nothing(database: str, tmp_path: Path, seed: int) -> None:
    """Stopped after any poll or backfill step, an exporter goes on from its state as if it had never stopped."""
    history = History(200 + seed, datetime.now(UTC))
    writer = await connected(database)
    await history.apply(writer, history.operations(60))
    for step in range(6):
        async with stepper(database, state_dir=tmp_path) as exporter:
            await exporter.poll()
            for _ in range(step * 7):
                await exporter.lanes.background.backfill(exporter.opened)
        await history.apply(writer, history.operations(15, kinds=POLL_KINDS))
    async with stepper(database, state_dir=tmp_path) as exporter:
        assert exporter.lanes.tracker.restored == frozenset(exporter.lanes.catalogue.datasets)
        await exporter.poll()
        await exporter.backfill()
        assert await exporter.differences() == []
    await writer.close()


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_order_of_rows_does_not_matter(postgres: object, database: str, seed: int) -> None:
    """The same rows, arriving in another order, give the same gauges."""
    history = History(300 + seed, datetime.now(UTC))
    operations = history.operations(80, kinds=("insert", "late"))
    writer = await connected(database)
    async with stepper(database) as exporter:
        await exporter.poll()
        await exporter.backfill()
        for op in reversed(operations):
            await history.apply(writer, [op])
        await exporter.poll()
        assert await exporter.differences() == []
    await writer.close()


async def test_a_late_commit_is_not_lost(database: str) -> None:
    """A transaction that began before a poll and commits after it is seen by the next, as are its sub-transactions."""
    history = History(7, datetime.now(UTC))
    writer, late = await connected(database), await connected(database)
    await history.apply(writer, history.operations(50))
    async with stepper(database, nets=Nets(overlap=0.0)) as exporter:
        await exporter.poll()
        await exporter.backfill()
        open_transaction = late.transaction()
        await open_transaction.start()
        operations = history.operations(20, kinds=("insert", "late"))
        for op in operations:
            async with late.transaction():
                for statement in op.statements:
                    await late.execute(statement.sql, *statement.args)
        await exporter.poll()
        await history.apply(writer, history.operations(10, kinds=["insert"]))
        await exporter.poll()
        assert await exporter.differences() == []
        await open_transaction.commit()
        await exporter.poll()
        assert await exporter.differences() == []
    await asyncio.gather(writer.close(), late.close())
