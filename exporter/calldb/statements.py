"""Sending one statement: timed, counted, and its failure told without a value of a row."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import asyncpg

from exporter.calldb.connect import TROUBLE, Connection, explain_query, is_trouble

# (source, status, seconds, rows) of each statement.
Observe = Callable[[str, str, float, int], None]
# What may succeed later with nothing mended: a lock, a slow hour, a replica whose replay ended the statement.
_PASSING = (
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.exceptions.TransactionRollbackError,
)


class StatementFailure(Exception):  # noqa: N818 - not an error of the program: the call database refused a statement
    """A statement failed: which datasets and levels have to be left out, and why (without values).

    `slow`: the server gave it up for taking too long; `passing`: later it may succeed as it is.
    """

    def __init__(self, names: Iterable[str], problem: str, *, slow: bool = False, passing: bool = False) -> None:
        super().__init__(problem)
        self.names, self.problem, self.slow, self.passing = frozenset(names), problem, slow, passing


class Statements:
    """Sends statements and tells `observe` of each."""

    def __init__(self, observe: Observe) -> None:
        self.observe = observe

    async def run(
        self, connection: Connection, source: str, affected: Iterable[str], sql: str, *arguments: object
    ) -> list[asyncpg.Record]:
        """One statement, timed; raises StatementFailure when it is wrong, connection trouble as it is."""
        began = time.perf_counter()
        try:
            rows = await connection.fetch(sql, *arguments)
        except (asyncpg.PostgresError, *TROUBLE, ValueError, OverflowError) as error:
            self.observe(source, "error", time.perf_counter() - began, 0)
            if is_trouble(error):
                raise
            slow = isinstance(error, asyncpg.QueryCanceledError)
            passing = isinstance(error, _PASSING)
            raise StatementFailure(affected, explain_query(error, source), slow=slow, passing=passing) from None
        # The last column of every statement of ours that reads rows counts them.
        counts = sum(row[-1] for row in rows if len(row) > 1)
        self.observe(source, "ok", time.perf_counter() - began, counts)
        return rows
