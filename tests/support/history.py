"""A random history of the call database: inserts, late rows, updates, duplicates, corrections and deletes.

A history is a pure function of its seed and of what was asked of it, so that Hypothesis can draw the seed and shrink
the number of operations. It remembers the rows, so that what it changes or deletes is there, and so that facts collide:
few customers, few campaigns, anchors on the edges of windows, days and months.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Literal, get_args

import asyncpg

from tests.support import rows
from tests.support.changes import completed, judged_anew, moved, recut
from tests.support.instants import Instants
from tests.support.world import KEYS, Domains, Row, World, key_of

Kind = Literal["insert", "late", "update", "judgement", "duplicate", "late_parent", "anchor", "slice", "delete"]
KINDS: tuple[Kind, ...] = get_args(Kind)

# What the next poll need not see, only the next reconcile: the row that places or names a fact changed behind it.
RECONCILE_KINDS: frozenset[Kind] = frozenset(("anchor", "slice", "delete"))
POLL_KINDS: frozenset[Kind] = frozenset(KINDS) - RECONCILE_KINDS

KIND_WEIGHTS: dict[Kind, int] = {
    "insert": 36,
    "late": 10,
    "update": 12,
    "judgement": 10,
    "duplicate": 6,
    "late_parent": 4,
    "anchor": 7,
    "slice": 7,
    "delete": 8,
}
TABLE_WEIGHTS: dict[str, int] = {
    "calls": 12,
    "turns": 4,
    "quality_labels": 4,
    "credit_applications": 3,
    "do_not_call": 1,
}

CALL_REFERENCES = (
    ("turns", "call_id"),
    ("call_analyses", "call_id"),
    ("quality_labels", "call_id"),
    ("qa_checks", "call_id"),
    ("masking_scans", "call_id"),
    ("recordings", "call_id"),
    ("surveys", "call_id"),
    ("complaints", "call_id"),
    ("credit_applications", "source_call_id"),
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with its positional arguments."""

    sql: str
    args: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Op:
    """One transaction. `kind` tells what happens to the row, `table` to which."""

    kind: Kind
    table: str
    statements: tuple[Statement, ...]

    @property
    def needs_reconcile(self) -> bool:
        """Whether the gauges may stay wrong until the next reconcile; else the next poll must set them right."""
        return self.kind in RECONCILE_KINDS


class History:
    """A seeded source of operations; `now` is about the time of the database, and may be set as it goes on."""

    def __init__(
        self, seed: int, now: datetime, *, timezone: str = "Asia/Shanghai", domains: Domains | None = None
    ) -> None:
        rng = Random(seed)
        instants = Instants(rng, now, timezone)
        self._world = World(rng, instants, domains or Domains(), customers=rng.randint(10, 40))
        self._started = False

    @property
    def now(self) -> datetime:
        return self._world.instants.now

    @now.setter
    def now(self, now: datetime) -> None:
        self._world.instants.now = now

    def rows(self, table: str) -> list[Row]:
        """What the table holds, `updated_at` apart, once all operations so far have been applied."""
        return [dict(row) for row in self._world.rows[table].values()]

    def operations(self, n: int, *, kinds: Collection[Kind] = KINDS, tables: Collection[str] = tuple(KEYS)) -> list[Op]:
        """The next `n` operations; they suppose that all earlier ones have been applied, or are before them.

        The first of all writes the customers. Where a kind finds nothing to change, a row is inserted instead.
        """
        ops = [] if self._started else [self._customers()]
        self._started = True
        while len(ops) < n:
            ops.append(self._operation(kinds, tables))
        return ops[:n]

    async def apply(self, connection: asyncpg.Connection[asyncpg.Record], ops: Iterable[Op]) -> None:
        """Run the operations in order, each as a transaction."""
        for op in ops:
            async with connection.transaction():
                for statement in op.statements:
                    await connection.execute(statement.sql, *statement.args)

    def _customers(self) -> Op:
        # Two of them come later, if at all: tasks may know them first.
        pool = [rows.customer(self._world, number) for number in range(1, self._world.customers - 1)]
        for row in pool:
            self._world.put("customers", row)
        return Op("insert", "customers", tuple(upsert("customers", row) for row in pool))

    def _operation(self, kinds: Collection[Kind], tables: Collection[str]) -> Op:
        allowed = [kind for kind in KINDS if kind in kinds]
        kind = self._world.rng.choices(allowed, [KIND_WEIGHTS[kind] for kind in allowed])[0]
        return self._of_kind(kind, tables) or self._new_row("insert", tables)

    def _of_kind(self, kind: Kind, tables: Collection[str]) -> Op | None:
        if kind in ("insert", "late"):
            return self._new_row(kind, tables)
        if kind == "late_parent":
            return self._late_parent(tables)
        if kind in ("delete", "duplicate"):
            return self._whole_row(kind, tables)
        return self._changed_row(kind, tables)

    def _whole_row(self, kind: Kind, tables: Collection[str]) -> Op | None:
        table, row = self._some_row(tables)
        if row is None:
            return None
        if kind == "duplicate":
            return Op(kind, table, (upsert(table, row),))
        del self._world.rows[table][key_of(table, row)]
        return Op(kind, table, (delete(table, row),))

    def _changed_row(self, kind: Kind, tables: Collection[str]) -> Op | None:
        for _ in range(20):  # not every row has something left to change
            table, row = self._some_row(tables)
            if row is not None and (changed := CHANGES[kind](self._world, table, row)):
                self._world.put(table, row | changed)
                return Op(kind, table, (update(table, row, changed),))
        return None

    def _new_row(self, kind: Kind, tables: Collection[str]) -> Op:
        names = [table for table in rows.MAKERS if table in tables]
        table = self._world.rng.choices(names, [TABLE_WEIGHTS.get(name, 2) for name in names])[0]
        return self._write(kind, table, rows.MAKERS[table](self._world, kind == "late"))

    def _late_parent(self, tables: Collection[str]) -> Op | None:
        """The call, case or customer that rows written earlier refer to."""
        world, late = self._world, self._world.chance(0.3)
        parents: dict[str, Callable[[int], Row]] = {
            "calls": lambda missing: rows.finished_call(world, late, missing),
            "collection_cases": lambda missing: rows.known_case(world, late, missing),
            "customers": lambda missing: rows.customer(world, missing),
        }
        orphaned = {
            "calls": world.missing("calls", "call_id", CALL_REFERENCES),
            "collection_cases": world.missing("collection_cases", "case_id", (("repayments", "case_id"),)),
            "customers": world.missing("customers", "customer_id", (("service_tasks", "customer_id"),)),
        }
        choices = [(table, missing) for table in parents if table in tables for missing in orphaned[table]]
        if not choices:
            return None
        table, missing = world.rng.choice(choices)
        return self._write("late_parent", table, parents[table](missing))

    def _write(self, kind: Kind, table: str, row: Row) -> Op:
        self._world.put(table, row)
        return Op(kind, table, (upsert(table, row),))

    def _some_row(self, tables: Collection[str]) -> tuple[str, Row | None]:
        """A row to change: of any table that has rows, calls more often, the latest half of the time."""
        world = self._world
        names = [table for table in KEYS if table in tables and world.rows[table]]
        if not names:
            return "", None
        table = world.rng.choices(names, [TABLE_WEIGHTS.get(name, 2) for name in names])[0]
        choices = list(world.rows[table].values())
        return table, world.rng.choice(choices[-8:] if world.chance(0.5) else choices)


CHANGES: dict[Kind, Callable[[World, str, Row], Row]] = {
    "update": completed,
    "judgement": judged_anew,
    "anchor": moved,
    "slice": recut,
}


def upsert(table: str, row: Row) -> Statement:
    """Insert the row, or set all its columns where the key is there already."""
    columns = list(row)
    values = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    # A key that is all there is to a row is set to itself: updated_at still moves.
    assignments = ", ".join(f"{column} = excluded.{column}" for column in columns)
    key = ", ".join(KEYS[table])
    sql = (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values}) ON CONFLICT ({key}) DO UPDATE SET {assignments}"
    )
    return Statement(sql, tuple(row.values()))


def update(table: str, row: Row, changed: Row) -> Statement:
    """Set the changed columns of a row."""
    assignments = ", ".join(f"{column} = ${number}" for number, column in enumerate(changed, 1))
    where = condition(table, first=len(changed) + 1)
    return Statement(f"UPDATE {table} SET {assignments} WHERE {where}", (*changed.values(), *key_of(table, row)))


def delete(table: str, row: Row) -> Statement:
    """Delete a row."""
    return Statement(f"DELETE FROM {table} WHERE {condition(table, first=1)}", key_of(table, row))


def condition(table: str, first: int) -> str:
    return " AND ".join(f"{column} = ${number}" for number, column in enumerate(KEYS[table], first))
