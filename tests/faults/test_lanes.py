"""What one lane does must not hide from the other what changed."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg

from exporter.calldb.connect import Connection
from exporter.calldb.reader import Nets, Reader, Reading
from tests.faults.storm import prepare
from tests.support.gauges import stepper
from tests.support.history import POLL_KINDS, History

# Newer than any snapshot of the history: the level changes.
UPLIFT = """
INSERT INTO ltv_snapshots (customer_id, as_of, arm, value_cny)
VALUES (1, current_date + 1, 'before', 100), (1, current_date + 1, 'after', 117)
"""

# Completed within the hour, through a call; of the second it is not known when it was needed.
TASKS = """
INSERT INTO service_tasks (task_id, source_call_id, task, needed_at, completed_at)
SELECT id, 1, 'limit_change', CASE id WHEN 1 THEN now() - interval '40 minutes' END, now() - id * interval '10 minutes'
FROM generate_series(1, 2) AS id
"""


async def test_a_retry_of_one_dataset_hides_no_change_of_a_level(database: str) -> None:
    """Levels that the background lane did not look at keep their mark."""
    history = History(1, datetime.now(UTC))
    writer = await asyncpg.connect(database)
    await history.apply(writer, history.operations(80))
    async with stepper(database) as exporter:
        await exporter.poll()
        await exporter.backfill()
        await writer.execute(UPLIFT)
        await exporter.lanes.read(exporter.opened, ["incident"], [])
        await exporter.poll()
        assert await exporter.differences() == []
    await writer.close()


async def test_the_first_sweep_sees_what_polls_did_not(database: str) -> None:
    """A clock that lies between the first poll and the first sweep is caught by that sweep, not by a reconcile."""
    history = History(2, datetime.now(UTC))
    await prepare(database)
    writer = await asyncpg.connect(database)
    await history.apply(writer, history.operations(80))
    async with stepper(database, nets=Nets(sweep=86400 * 400)) as exporter:
        await exporter.poll()
        await exporter.backfill()
        await writer.execute("SET storm.stamp = 'past'")
        tables = ("calls", "turns", "quality_labels", "qa_checks", "surveys", "repayments", "incidents")
        await history.apply(writer, history.operations(60, kinds=POLL_KINDS, tables=tables))
        await exporter.poll()
        assert await exporter.differences() != []
        await exporter.lanes.background.sweep(exporter.opened)
        assert await exporter.differences() == []
    await writer.close()


async def test_row_versions_are_looked_at_by_every_instant_of_a_row(database: str) -> None:
    """A task completed now is found though nobody knows when it was needed and its clock lies."""
    await prepare(database)
    writer = await asyncpg.connect(database)
    async with stepper(database, nets=Nets(sweep_always=True)) as always, stepper(database) as sweeping:
        for exporter in (always, sweeping):
            await exporter.poll()
            await exporter.backfill()
        await sweeping.lanes.background.sweep(sweeping.opened)
        await writer.execute("SET storm.stamp = 'past'")
        await writer.execute(TASKS)
        for exporter in (always, sweeping):
            await exporter.poll()
        await sweeping.lanes.background.sweep(sweeping.opened)
        assert await always.differences() == []
        assert await sweeping.differences() == []
    await writer.close()


class Interrupted(Reader):
    """Something is committed in the last moment before a poll asks for its instant."""

    writer: Connection

    async def _snapshot(self, connection: Connection) -> Reading:
        await self.writer.execute(TASKS)
        return await super()._snapshot(connection)


async def test_the_instant_of_a_poll_is_not_later_than_its_snapshot(database: str) -> None:
    """What was committed before `as_of` is in the gauges of `as_of`."""
    async with stepper(database) as exporter:
        await exporter.poll()
        await exporter.backfill()
        reader = exporter.lanes.reader
        interrupted = Interrupted(reader.catalogue, reader.versions, reader.nets, reader.statements.observe)
        interrupted.writer = await asyncpg.connect(database)
        exporter.lanes.reader = interrupted
        await exporter.poll()
        assert await exporter.differences() == []
        await interrupted.writer.close()
