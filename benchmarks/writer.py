"""A call platform at work: inserts and updates at the pace of the loaded table, every source in proportion.

New calls are dialled and end 40 s later; whatever follows a call (analysis, check, recording, survey, label, …) falls
on a call drawn at the lateness of its kind, so that every poll finds changed rows of every age.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

import asyncpg

from benchmarks.cluster import Cluster
from benchmarks.history import DIALECT, GENERATION, SCENARIO, SCRIPT

DIALLED = f"""
INSERT INTO calls (call_id, customer_id, campaign_id, scenario, generation, dialect, script, dialed_at)
SELECT id, 1 + (random() * $2)::bigint, (random() * 20)::bigint,
  {SCENARIO.format(key="id")}, {GENERATION.format(key="id")},
  {DIALECT.format(key="id")}, {SCRIPT.format(key="id")}, clock_timestamp()
FROM (SELECT nextval('bench_id') AS id FROM generate_series(1, $1)) AS drawn
"""
ENDED = """
WITH due AS (SELECT call_id AS id FROM calls WHERE ended_at IS NULL AND dialed_at < now() - interval '40 seconds'
             ORDER BY dialed_at LIMIT $1),
ended AS (UPDATE calls SET ended_at = clock_timestamp(), cost_cny = 0.12,
    answered_at = CASE WHEN bench_u(id, 1) < 0.66 THEN dialed_at + interval '8 seconds' END,
    answered_by = CASE WHEN bench_u(id, 1) < 0.66 THEN 'human' END,
    result = CASE WHEN bench_u(id, 1) < 0.66 THEN 'answered' ELSE 'busy' END,
    interaction_seconds = CASE WHEN bench_u(id, 1) < 0.66 THEN 60 * bench_u(id, 8) END,
    hangup_by = CASE WHEN bench_u(id, 1) < 0.66 THEN 'customer' END,
    fault_code = CASE WHEN bench_u(id, 11) < 0.004 THEN 'E1' END
  FROM due WHERE calls.call_id = due.id RETURNING call_id, answered_at, calls.ended_at)
INSERT INTO turns SELECT call_id, s, at - interval '1.1 seconds' * (0.4 + random()), at
FROM (SELECT call_id, s, answered_at + (ended_at - answered_at) * (s / 4.0) AS at
      FROM ended CROSS JOIN generate_series(1, 3) AS s WHERE answered_at IS NOT NULL) AS turn
"""
# About $1 calls `c` at a random lateness; found one by one through the index on ended_at.
DRAWN = """(SELECT DISTINCT ON (found.call_id) found.*
FROM (SELECT clock_timestamp() - {lag} AS moment FROM generate_series(1, $1)) AS drawn
CROSS JOIN LATERAL (SELECT * FROM calls WHERE ended_at >= drawn.moment AND {where}
                    ORDER BY ended_at LIMIT 1) AS found) AS c"""


@dataclass(frozen=True, slots=True)
class Follower:
    """Rows that follow calls: how many per dial, how late, and the statement (`{drawn}` gives the calls `c`)."""

    per_dial: float
    lag: str
    sql: str
    where: str = "answered_at IS NOT NULL"

    def statement(self) -> str:
        return self.sql.format(drawn=DRAWN.format(lag=self.lag, where=self.where), now="clock_timestamp()")


def _label(kind: str) -> Follower:
    values = "NULL, NULL, 4" if kind == "tts_mos" else "10, 9, NULL"
    sql = (
        f"INSERT INTO quality_labels SELECT nextval('bench_id'), c.call_id, '{kind}', {values}, {{now}} FROM {{drawn}}"
    )
    return Follower(0.02, "interval '1 day' * (1 + 6 * random())", sql)


FOLLOWERS = (
    Follower(
        0.66,
        "interval '5 minutes' * random()",
        "INSERT INTO recordings SELECT nextval('bench_id'), c.call_id, "
        "c.answered_at, {now}, 960000, md5(c.call_id::text) FROM {drawn}",
    ),
    Follower(
        0.66,
        "interval '1 minute' * (1 + 59 * random())",
        "INSERT INTO call_analyses SELECT c.call_id, {now}, 1 "
        "FROM {drawn} ON CONFLICT (call_id) DO UPDATE SET analysed_at = EXCLUDED.analysed_at",
    ),
    Follower(
        0.66,
        "interval '60 minutes' * random()",
        "INSERT INTO qa_checks SELECT c.call_id, 'auto', {now}, 0 "
        "FROM {drawn} ON CONFLICT (call_id, mode) DO UPDATE SET checked_at = EXCLUDED.checked_at",
    ),
    Follower(
        0.13,
        "interval '1 hour' * (1 + random())",
        "INSERT INTO masking_scans SELECT nextval('bench_id'), c.call_id, {now}, 3, 3 FROM {drawn}",
    ),
    Follower(
        0.08,
        "interval '72 hours' * power(random(), 4)",
        "INSERT INTO surveys SELECT nextval('bench_id'), c.call_id, 'sms', {now}, random() < 0.8 FROM {drawn}",
    ),
    *map(_label, ("asr", "intent", "emotion", "tts_mos")),
    Follower(
        0.056,
        "interval '7 days' * power(random(), 3)",
        "INSERT INTO credit_applications SELECT nextval('bench_id'), "
        "c.customer_id, c.call_id, {now}, CASE WHEN random() < 0.35 THEN {now} END FROM {drawn}",
        "answered_at IS NOT NULL AND scenario = 'acquisition'",
    ),
    Follower(
        0.05,
        "interval '2 days' * random()",
        "INSERT INTO service_tasks SELECT nextval('bench_id'), c.customer_id, "
        "c.call_id, 'limit_change', c.ended_at, {now} FROM {drawn}",
        "answered_at IS NOT NULL AND scenario = 'operations'",
    ),
    Follower(
        0.07,
        "interval '1 minute'",
        "INSERT INTO collection_cases SELECT nextval('bench_id'), c.customer_id, "
        "c.generation, {now}, 'M1', 5000 FROM {drawn}",
        "scenario = 'collection'",
    ),
    Follower(
        0.035,
        "interval '3 days' * random()",
        "INSERT INTO repayments SELECT nextval('bench_id'), c.call_id, 900, "
        "{now} - interval '8 hours', {now} FROM {drawn}",
        "scenario = 'collection'",
    ),
    Follower(
        0.0004,
        "interval '15 days' * random()",
        "INSERT INTO complaints SELECT nextval('bench_id'), c.call_id, {now} FROM {drawn}",
    ),
    Follower(
        0.0007,
        "interval '1 minute'",
        "INSERT INTO do_not_call SELECT c.customer_id, {now} FROM {drawn} ON CONFLICT DO NOTHING",
        "true",
    ),
    # A price put right days later, and a row delivered twice.
    Follower(
        0.002,
        "interval '2 days' * random()",
        "UPDATE calls SET cost_cny = calls.cost_cny + 0.01 FROM {drawn} WHERE calls.call_id = c.call_id",
        "true",
    ),
    Follower(
        0.005,
        "interval '10 minutes' * random()",
        "UPDATE calls SET updated_at = {now} FROM {drawn} WHERE calls.call_id = c.call_id",
        "true",
    ),
)


@dataclass(slots=True)
class Writer:
    """Writes until cancelled. `rate`: dials a second; `tick`: seconds between two rounds."""

    cluster: Cluster
    database: str
    rate: float
    customers: int
    tick: float = 1.0
    _owed: dict[int, float] = field(default_factory=dict)

    async def run(self) -> None:
        opened = await self.cluster.connect(self.database)
        try:
            # Where nothing is found a scan in time order would run to the table's end.
            await opened.execute("SET enable_seqscan = off; SET jit = off")
            due = time.monotonic()
            while True:
                await self._round(opened)
                due = max(due + self.tick, time.monotonic() - 60)
                await asyncio.sleep(max(0.0, due - time.monotonic()))
        finally:
            opened.terminate()

    async def _round(self, opened: asyncpg.Connection[asyncpg.Record]) -> None:
        if count := self._take(-2, 1.0):
            await opened.execute(DIALLED, count, self.customers)
        if count := self._take(-1, 1.0):
            await opened.execute(ENDED, count)
        for number, follower in enumerate(FOLLOWERS):
            if count := self._take(number, follower.per_dial):
                await opened.execute(follower.statement(), count)

    def _take(self, number: int, per_dial: float) -> int:
        """How many are due now; the fraction is kept for later rounds."""
        owed = self._owed.get(number, 0.0) + self.rate * self.tick * per_dial
        self._owed[number] = owed - int(owed)
        return int(owed)
