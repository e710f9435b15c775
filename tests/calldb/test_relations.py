"""What was read from another table or view than stands behind a source now is read again, and only that."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from exporter.calldb.schema import schema_sql
from exporter.state.store import FILE_NAME
from tests.support.gauges import Stepper, stepper
from tests.support.history import History

RECREATE = "ALTER TABLE incidents RENAME TO old; CREATE TABLE incidents (LIKE old INCLUDING ALL); DROP TABLE old"


async def written(dsn: str, seed: int, schema: str = "public") -> asyncpg.Connection[asyncpg.Record]:
    """A writer into a schema that has some history."""
    writer = await asyncpg.connect(dsn, server_settings={"search_path": schema})
    history = History(seed, datetime.now(UTC))
    await history.apply(writer, history.operations(80))
    return writer


async def read_all(exporter: Stepper) -> None:
    await exporter.poll()
    await exporter.backfill()


async def test_another_schema(database: str, tmp_path: Path) -> None:
    """The same database with the tables of another schema: nothing of the first is served."""
    first = await written(database, 31)
    await first.execute("CREATE SCHEMA b; SET search_path = b")
    await first.execute(schema_sql())
    second = await written(database, 32, "b")
    async with stepper(database, state_dir=tmp_path, schema="public") as exporter:
        await read_all(exporter)
    async with stepper(database, state_dir=tmp_path, schema="b") as exporter:
        await exporter.poll()
        await exporter.backfill()
        assert await exporter.differences() == []
    await first.close()
    await second.close()


async def test_a_table_made_anew(database: str, tmp_path: Path) -> None:
    """While the exporter was away: what does not read it keeps its marks."""
    writer = await written(database, 33)
    async with stepper(database, state_dir=tmp_path) as exporter:
        await read_all(exporter)
        marks = {name: state.mark for name, state in exporter.lanes.tracker.buckets.items()}
    await writer.execute(RECREATE)
    async with stepper(database, state_dir=tmp_path) as exporter:
        kept = {name: state.mark for name, state in exporter.lanes.tracker.buckets.items()}
        assert kept == marks | {"incident": None}
        await read_all(exporter)
        assert await exporter.differences() == []
    async with stepper(database, state_dir=tmp_path) as exporter:
        assert all(state.mark for state in exporter.lanes.tracker.buckets.values())
    await writer.close()


async def test_a_table_made_anew_while_it_was_set_aside(database: str) -> None:
    """A retry looks again at which table it is."""
    writer = await written(database, 34)
    async with stepper(database) as exporter:
        await read_all(exporter)
        exporter.lanes.quarantine("incident", "incidents", "incidents does not exist")
        await writer.execute(RECREATE)
        await exporter.lanes.background._retry(exporter.opened, ["incident"])
        await read_all(exporter)
        assert await exporter.differences() == []
    await writer.close()


async def test_a_state_of_before(database: str, tmp_path: Path) -> None:
    """A file that does not tell its relations loads, and is read again."""
    writer = await written(database, 35)
    async with stepper(database, state_dir=tmp_path) as exporter:
        await read_all(exporter)
    with sqlite3.connect(tmp_path / FILE_NAME) as file:
        file.execute("DELETE FROM meta WHERE name LIKE 'relation:%'")
    file.close()
    async with stepper(database, state_dir=tmp_path) as exporter:
        assert not any(state.mark for state in exporter.lanes.tracker.buckets.values())
        await read_all(exporter)
        assert await exporter.differences() == []
    async with stepper(database, state_dir=tmp_path) as exporter:
        assert all(state.mark for state in exporter.lanes.tracker.buckets.values())
    await writer.close()


async def test_transactions_that_went_backwards(database: str, tmp_path: Path) -> None:
    """Starting over forgets what was read, not from where."""
    writer = await written(database, 36)
    async with stepper(database, state_dir=tmp_path) as exporter:
        await exporter.poll()
        await exporter.lanes._start_over(exporter.lanes._identity or "")
        await exporter.poll()
    async with stepper(database, state_dir=tmp_path) as exporter:
        assert all(state.mark for state in exporter.lanes.tracker.buckets.values())
    await writer.close()
