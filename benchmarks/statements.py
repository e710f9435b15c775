"""What the exporter's statements cost the server, from pg_stat_statements."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import astuple, dataclass

import asyncpg

from benchmarks.cluster import EXPORTER

SQL = """
SELECT s.queryid, s.query, s.calls, s.total_exec_time, s.total_plan_time, s.rows, s.shared_blks_hit, s.shared_blks_read,
  s.blk_read_time
FROM pg_stat_statements AS s JOIN pg_roles AS r ON r.oid = s.userid AND r.rolname = $1
"""
INSTANT = "the instant of this poll"


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls, milliseconds of execution and of planning, rows returned, buffers hit and read, ms of reading."""

    calls: float = 0
    exec_ms: float = 0
    plan_ms: float = 0
    rows: float = 0
    hit: float = 0
    read: float = 0
    io_ms: float = 0

    @property
    def ms(self) -> float:
        return self.exec_ms + self.plan_ms

    def __add__(self, other: Cost) -> Cost:
        return Cost(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __sub__(self, other: Cost) -> Cost:
        return Cost(*(a - b for a, b in zip(astuple(self), astuple(other), strict=True)))


Costs = Mapping[str, Cost]


def kind(query: str) -> str:
    """What a statement is for: its leading comment, else its first words."""
    found = re.match(r"\s*-- outcall: ([^\n]*)", query)
    return found[1] if found else " ".join(query.split()[:3])[:40]


async def costs(opened: asyncpg.Connection[asyncpg.Record], role: str = EXPORTER) -> dict[str, Cost]:
    """Cumulative cost of a role's statements, by kind."""
    found: dict[str, Cost] = defaultdict(Cost)
    for row in await opened.fetch(SQL, role):
        found[kind(row[1])] += Cost(*row[2:])
    return dict(found)


def between(before: Costs, after: Costs) -> dict[str, Cost]:
    """What was spent between two readings, by kind."""
    spent = {name: cost - before.get(name, Cost()) for name, cost in after.items()}
    return {name: cost for name, cost in spent.items() if cost.calls}


def polls(reading: Costs) -> float:
    """How many polls (or sweeps) a reading has seen begin."""
    return reading.get(INSTANT, Cost()).calls
