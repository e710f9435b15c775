"""The random history does what it says, and reaches the places where counting goes wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg

from tests.oracle import FAMILIES, MEASURE_FAMILIES, oracle
from tests.support.history import KINDS, POLL_KINDS, RECONCILE_KINDS, History
from tests.support.scrape import compare
from tests.support.world import KEYS

NOW = datetime(2025, 8, 31, 14, 20, 7, tzinfo=UTC)  # the 31st, late in the evening in Shanghai


def test_a_seed_is_a_history() -> None:
    """The same seed gives the same operations, however they are asked for; another seed gives others."""
    whole = History(7, NOW).operations(300)
    pieces = History(7, NOW)
    assert [op for n in (1, 99, 200) for op in pieces.operations(n)] == whole
    assert History(8, NOW).operations(300) != whole


def test_every_kind_and_table_occurs() -> None:
    """A few thousand operations know every kind of change, and write, change and delete rows of every table."""
    ops = History(1, NOW).operations(4000)
    assert {op.kind for op in ops} == set(KINDS)
    for kinds in (POLL_KINDS, RECONCILE_KINDS, {"delete"}, {"duplicate"}):
        assert {op.table for op in ops if op.kind in kinds} == KEYS.keys()
    assert {op.needs_reconcile for op in ops if op.kind in POLL_KINDS} == {False}


def test_rows_without_a_call_occur() -> None:
    """Rows that name none; some find one, by an update that the next poll has to see."""
    history = History(4, NOW)
    ops = history.operations(4000)
    for table in ("masking_scans", "recordings", "complaints", "surveys", "quality_labels"):
        named = {row["call_id"] is not None for row in history.rows(table)}
        updates = [op.statements[0] for op in ops if op.kind == "update" and op.table == table]
        changed = {sql.args[0] is None for sql in updates if "SET call_id = $1 " in sql.sql}
        assert named == {True, False}
        assert changed == ({False} if table == "recordings" else {True, False})  # whether the call is gone


def test_kinds_and_tables_are_kept_to() -> None:
    """What was not asked for does not come, but for the insert where there is nothing to change."""
    history = History(3, NOW)
    history.operations(200)
    ops = history.operations(200, kinds={"late", "update"}, tables={"calls", "surveys"})
    assert {op.kind for op in ops} == {"late", "update", "insert"}
    assert {op.table for op in ops} == {"calls", "surveys"}


async def test_every_gauge_family_comes_out_of_a_history(database: str) -> None:
    """The rows fit the schema, what is remembered is what is stored, and every KPI has something to show."""
    connection = await asyncpg.connect(database)
    history = History(2, NOW)
    await history.apply(connection, history.operations(1500))
    for table in KEYS:
        assert await connection.fetchval(f"SELECT count(*) FROM {table}") == len(history.rows(table))
    gauges = await oracle(connection, NOW)
    assert {name for name, _ in gauges} == FAMILIES
    ratios = {value for (name, _), value in gauges.items() if name == "outcall_frequency_compliance_ratio"}
    assert len(ratios) > 10  # dials do collide
    await connection.close()


async def test_duplicates_change_nothing(database: str) -> None:
    """Delivered twice is the same as delivered once, in every gauge."""
    connection = await asyncpg.connect(database)
    history = History(5, NOW)
    await history.apply(connection, history.operations(400))
    before = await oracle(connection, NOW)
    await history.apply(connection, history.operations(60, kinds={"duplicate"}))
    assert compare(before, await oracle(connection, NOW), families=FAMILIES, zero_is_absent=MEASURE_FAMILIES) == []
    await connection.close()
