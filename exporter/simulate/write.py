"""Writing rows into the call database: COPY for history, upserts for the live stream, erasure of a person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeAlias

import asyncpg

from exporter.errors import DatabaseError
from exporter.simulate.tables import TABLES, Row

# In quotes: only the stubs know that a connection is generic.
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Connector: TypeAlias = Callable[[], Awaitable[Connection]]

# What asyncpg and the network raise when the database refuses or goes away; a killed backend is an InternalClientError.
TROUBLE = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
UPSERTS = {table.name: table.upsert() for table in TABLES}
BY_CALL = (
    "turns",
    "call_analyses",
    "quality_labels",
    "qa_checks",
    "masking_scans",
    "recordings",
    "surveys",
    "complaints",
)
BY_CUSTOMER = ("calls", "credit_applications", "service_tasks", "ltv_snapshots", "do_not_call", "customers")


def refused(error: BaseException, doing: str) -> DatabaseError:
    """A user's error without a word of the driver's message, which quotes values of rows."""
    sqlstate = getattr(error, "sqlstate", None)
    code = f"{type(error).__name__}, SQLSTATE {sqlstate}" if sqlstate else type(error).__name__
    return DatabaseError(
        f"the call database failed while {doing} ({code})",
        "check that it runs, that `outcall-exporter init-db` has made the tables, and that the role may write to them",
    )


def is_lasting(error: BaseException) -> bool:
    """Whether trying again is of no use: wrong password or database, a table or a right is missing, data do not fit."""
    return isinstance(error, asyncpg.PostgresError) and str(error.sqlstate)[:2] in ("22", "23", "28", "3D", "42")


async def close(connection: Connection) -> None:
    """Politely, but not for long; then the hard way."""
    try:
        await connection.close(timeout=2)
    except TROUBLE:
        connection.terminate()


async def copy(connection: Connection, rows: Mapping[str, list[Row]]) -> int:
    """COPY new rows into their tables, in one transaction. Returns their number."""
    total = 0
    async with connection.transaction():
        for table in TABLES:
            if records := rows.get(table.name):
                await connection.copy_records_to_table(table.name, records=records, columns=table.columns)
                total += len(records)
    return total


async def upsert(connection: Connection, rows: Mapping[str, list[Row]]) -> None:
    """Insert rows or replace their earlier versions; within the caller's transaction."""
    for table in TABLES:
        if records := rows.get(table.name):
            await connection.executemany(UPSERTS[table.name], records)


async def erase(connection: Connection, customers: Iterable[int]) -> None:
    """Delete every row of these customers; within the caller's transaction."""
    numbers = list(customers)
    if not numbers:
        return
    of_calls = "call_id IN (SELECT call_id FROM calls WHERE customer_id = ANY($1::bigint[]))"
    for table in BY_CALL:
        await connection.execute(f"DELETE FROM {table} WHERE {of_calls}", numbers)
    # A case bears its customer's number in this stream, so the primary key serves.
    for table in ("repayments", "collection_cases"):
        await connection.execute(f"DELETE FROM {table} WHERE case_id = ANY($1::bigint[])", numbers)
    for table in BY_CUSTOMER:
        await connection.execute(f"DELETE FROM {table} WHERE customer_id = ANY($1::bigint[])", numbers)
