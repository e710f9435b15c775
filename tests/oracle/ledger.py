"""Writing a few rows by hand and reading one gauge: what the oracle's own tests are made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import asyncpg

from tests.oracle import Gauges, oracle

# A Wednesday, 18:00:30 in Shanghai; the minute ends at 18:01.
NOW = datetime(2025, 6, 18, 10, 0, 30, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Ledger:
    """An open call database, and the gauges that follow from what was written into it."""

    def __init__(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self.connection = connection
        self._last_id = 0

    def new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    async def put(self, table: str, **columns: object) -> None:
        """Insert a row."""
        places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"
        await self.connection.execute(sql, *columns.values())

    async def call(self, **changes: object) -> int:
        """A call of two minutes ago: a young customer, answered after 10 s, talked 60 s, hung up by the machine."""
        ended = changes.pop("ended_at", NOW - 2 * MINUTE)
        reference = ended if isinstance(ended, datetime) else NOW
        row: dict[str, object] = {
            "call_id": self.new_id(),
            "customer_id": 1,
            "campaign_id": 1,
            "scenario": "acquisition",
            "generation": "gen_z",
            "dialect": "mandarin",
            "script": "A",
            "dialed_at": reference - 70 * SECOND,
            "answered_at": reference - 60 * SECOND,
            "ended_at": ended,
            "answered_by": "human",
            "interaction_seconds": 45.0,
            "hangup_by": "system",
        }
        row |= changes
        await self.put("calls", **row)
        call_id = row["call_id"]
        assert isinstance(call_id, int)
        return call_id

    async def missed(self, **changes: object) -> int:
        """As `call`, but nobody answered."""
        return await self.call(**{"answered_at": None, "answered_by": None, "interaction_seconds": None, **changes})

    async def gauges(self, *kpis: str, timezone: str = "Asia/Shanghai", as_of: datetime = NOW) -> Gauges:
        """The oracle's answer; `kpis` restricts it to some sections."""
        return await oracle(self.connection, as_of, timezone=timezone, kpis=kpis or None)


def value(gauges: Gauges, name: str, window: str | None = "1h", **labels: str) -> float | None:
    """One gauge, `outcall_` left out of its name; slice labels that are not given are `all`."""
    items = {"scenario": "all", "generation": "all", "period": "all", "script": "all", **labels}
    if window is not None:
        items["window"] = window
    return gauges.get((f"outcall_{name}", tuple(sorted(items.items()))))


def values(gauges: Gauges, name: str, **labels: str) -> Mapping[str, float | None]:
    """One gauge in every window."""
    return {window: value(gauges, name, window, **labels) for window in ("5m", "1h", "24h", "7d", "30d")}
