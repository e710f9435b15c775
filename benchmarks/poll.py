"""Database time per steady poll, by size of the history."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg

from benchmarks.base import QUIET, Bench, Size
from benchmarks.report import number, save, show, spread
from benchmarks.service import Service, complete, total
from benchmarks.statements import Cost, Costs, between, costs, polls

WRITTEN = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"
# A backend reports what it wrote at most this late.
REPORT_DELAY = 1.5


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll: its statements by kind, rows that the exporter read and that the platform wrote since the last."""

    spent: Costs
    rows_read: float
    rows_written: float

    @property
    def total(self) -> Cost:
        return sum(self.spent.values(), Cost())


async def steady(bench: Bench, size: Size, service: Service, count: int, interval: float) -> list[Poll]:
    """Observe `count` polls of a service that has read its history."""
    opened = await bench.cluster.connect()
    tables = await bench.cluster.connect(size.database)
    try:
        found: list[Poll] = []
        last = await _after_poll(opened, tables, service, interval)
        while len(found) < count:
            now = await _after_poll(opened, tables, service, interval)
            found.append(Poll(between(last[0], now[0]), now[1] - last[1], now[2] - last[2]))
            last = now
        return found
    finally:
        opened.terminate()
        tables.terminate()


async def _after_poll(
    opened: asyncpg.Connection[asyncpg.Record],
    tables: asyncpg.Connection[asyncpg.Record],
    service: Service,
    interval: float,
) -> tuple[dict[str, Cost], float, float]:
    """Wait for the next poll and for its end; returns costs, rows read and rows written so far."""
    before = polls(await costs(opened))
    deadline = time.monotonic() + 5 * interval + 60
    while polls(reading := await costs(opened)) == before:
        if time.monotonic() > deadline:
            raise RuntimeError("the exporter does not poll any more, see its log")
        await asyncio.sleep(0.25)
    await asyncio.sleep(REPORT_DELAY)
    while (now := await costs(opened)) != reading:
        reading = now
        await asyncio.sleep(0.5)
    metrics = await asyncio.to_thread(service.metrics)
    return now, total(metrics, "outcall_rows_read_total"), float(await tables.fetchval(WRITTEN))


async def run(bench: Bench) -> None:
    """Measure every size and print the comparison."""
    figures: dict[str, Any] = {}
    for size in bench.sizes:
        seconds = await bench.ready(size)
        print(f"{size.name}: loaded in {seconds:.0f} s", flush=True)
        async with bench.writing(size):
            figures[size.name] = await _measure(bench, size)
        save(bench.out, "poll", figures)
    _compare(figures)


async def _measure(bench: Bench, size: Size) -> dict[str, Any]:
    with bench.service(size, poll_interval=bench.interval, **QUIET) as service:
        filled = await asyncio.to_thread(service.wait, complete, 7200)
        print(f"{size.name}: all windows complete after {filled:.0f} s", flush=True)
        found = await steady(bench, size, service, bench.polls, bench.interval)
        memory = service.memory()
    _print(size, found)
    return {
        "calls": size.calls,
        "complete_s": filled,
        "memory_mib": memory,
        "polls": [
            {
                "total": asdict(p.total),
                "rows_read": p.rows_read,
                "rows_written": p.rows_written,
                "spent": {name: asdict(cost) for name, cost in p.spent.items()},
            }
            for p in found
        ],
    }


def _print(size: Size, found: list[Poll]) -> None:
    names = {name for poll in found for name in poll.spent}
    medians = {n: statistics.median(p.spent.get(n, Cost()).ms for p in found) for n in names}
    rows = [
        (
            name,
            number(statistics.mean(p.spent.get(name, Cost()).calls for p in found)),
            spread(p.spent.get(name, Cost()).ms for p in found),
            number(statistics.median(p.spent.get(name, Cost()).plan_ms for p in found)),
            number(statistics.median(p.spent.get(name, Cost()).hit + p.spent.get(name, Cost()).read for p in found)),
        )
        for name in sorted(names, key=lambda n: -medians[n])
    ]
    show(f"{size.name}: one poll by statement", ("statement", "calls", "ms", "of it planning", "buffers"), rows[:30])


def _compare(figures: dict[str, Any]) -> None:
    rows = []
    for name, figure in figures.items():
        found = figure["polls"]
        times = [p["total"]["exec_ms"] + p["total"]["plan_ms"] for p in found]
        ratio = sum(p["rows_read"] for p in found) / max(1, sum(p["rows_written"] for p in found))
        buffers = [p["total"]["hit"] + p["total"]["read"] for p in found]
        written = [p["rows_written"] for p in found]
        rows.append(
            (
                name,
                len(found),
                spread(times),
                spread([p["total"]["plan_ms"] for p in found]),
                spread(buffers),
                spread(written),
                number(ratio),
            )
        )
    head = (
        "calls",
        "polls",
        "database ms per poll",
        "of it planning",
        "buffers",
        "rows written",
        "rows read per row written",
    )
    show("Steady polls", head, rows)
