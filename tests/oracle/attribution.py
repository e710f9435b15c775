"""The oracle's answer to why a KPI changed: effects by slice, by plain SQL over the raw tables."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.oracle.gauges import HERE, sections, snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.oracle.gauges import Connection

Effects = dict[tuple[str, ...], tuple[Decimal, Decimal]]


async def effects(
    connection: Connection,
    slug: str,
    by: Sequence[str],
    before: tuple[int, int],
    after: tuple[int, int],
    timezone: str = "Asia/Shanghai",
) -> tuple[Effects, Decimal]:
    """Rate and mix effect of every slice, and the change; periods in Unix seconds."""
    text = (HERE / "attribution.sql").read_text("utf-8").format(facts=sections()[slug], labels=", ".join(by))
    bounds = [datetime.fromtimestamp(at, UTC) for at in (*before, *after)]
    async with snapshot(connection, timezone):
        rows = await connection.fetch((HERE / "calls.sql").read_text("utf-8") + text, *bounds)
    found = {tuple(row[label] for label in by): (row["rate"], row["mix"]) for row in rows}
    return found, rows[0]["change"]
