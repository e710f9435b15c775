"""Database time per steady poll, by size of the history."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
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
SWEEPS, SWEEP_INTERVAL = 3, 20.0


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll: its statements by kind, rows that the exporter read and that the platform wrote since the last."""

    spent: Costs
    rows_read: float
    rows_written: float

    @property
    def total(self) -> Cost:
        return sum(self.spent.values(), Cost())


async def steady(bench: Bench, size: Size, rows_read: Callable[[], float], count: int, interval: float) -> list[Poll]:
    """Observe `count` polls of an exporter that has read its history; `rows_read` gives its counter."""
    opened = await bench.cluster.connect()
    tables = await bench.cluster.connect(size.database)
    try:
        found: list[Poll] = []
        last = await _after_poll(opened, tables, rows_read, interval)
        while len(found) < count:
            now = await _after_poll(opened, tables, rows_read, interval)
            found.append(Poll(between(last[0], now[0]), now[1] - last[1], now[2] - last[2]))
            last = now
        return found
    finally:
        opened.terminate()
        tables.terminate()


async def _after_poll(
    opened: asyncpg.Connection[asyncpg.Record],
    tables: asyncpg.Connection[asyncpg.Record],
    rows_read: Callable[[], float],
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
    return now, await asyncio.to_thread(rows_read), float(await tables.fetchval(WRITTEN))


async def run(bench: Bench) -> None:
    """Measure every size and print the comparison."""
    figures: dict[str, Any] = {}
    for size in bench.sizes:
        seconds = await bench.ready(size)
        print(f"{size.name}: loaded in {seconds:.0f} s", flush=True)
        async with bench.writing(size):
            figures[size.name] = await _measure(bench, size)
        save(bench.out, "poll", figures)
    compare("Steady polls", figures)
    rows = [
        (
            name,
            spread(s["exec_ms"] + s["plan_ms"] for s in found["sweeps"]),
            spread(s["hit"] + s["read"] for s in found["sweeps"]),
        )
        for name, found in figures.items()
    ]
    show("Sweeps by row version (one a minute by default)", ("calls", "database ms", "buffers"), rows)


async def _measure(bench: Bench, size: Size) -> dict[str, Any]:
    with bench.service(size, poll_interval=bench.interval, **QUIET) as service:
        filled = await service.wait(complete, 7200)
        print(f"{size.name}: all windows complete after {filled:.0f} s", flush=True)
        found = await steady(bench, size, read_counter(service), bench.polls, bench.interval)
        print_statements(size.name, found)
    return figure(size, found) | {"complete_s": filled, "sweeps": await _sweeps(bench, size)}


async def _sweeps(bench: Bench, size: Size) -> list[dict[str, float]]:
    """What a sweep by row version costs, while there are no polls."""
    slow = QUIET | {"poll_interval": 86_400, "sweep_interval": SWEEP_INTERVAL}
    with bench.service(size, **slow) as service:
        await service.wait(complete, 7200)
        found = await steady(bench, size, read_counter(service), SWEEPS, SWEEP_INTERVAL)
    return [asdict(sweep.total) for sweep in found]


def read_counter(service: Service) -> Callable[[], float]:
    """The service's own count of rows read."""
    return lambda: total(service.metrics(), "outcall_rows_read_total")


def figure(size: Size, found: list[Poll]) -> dict[str, Any]:
    """The polls as JSON."""
    return {
        "calls": size.calls,
        "polls": [
            {
                "total": asdict(poll.total),
                "rows_read": poll.rows_read,
                "rows_written": poll.rows_written,
                "spent": {name: asdict(cost) for name, cost in poll.spent.items()},
            }
            for poll in found
        ],
    }


def print_statements(name: str, found: list[Poll], most: int = 20) -> None:
    """What one poll spends on which statement, the dearest first."""
    kinds = {kind for poll in found for kind in poll.spent}
    by_kind = {kind: [poll.spent.get(kind, Cost()) for poll in found] for kind in kinds}
    medians = {kind: statistics.median(cost.ms for cost in costs) for kind, costs in by_kind.items()}
    rows = [
        (
            kind,
            number(statistics.mean(cost.calls for cost in by_kind[kind])),
            spread(cost.ms for cost in by_kind[kind]),
            number(statistics.median(cost.plan_ms for cost in by_kind[kind])),
            number(statistics.median(cost.io_ms for cost in by_kind[kind])),
            spread(cost.hit + cost.read for cost in by_kind[kind]),
        )
        for kind in sorted(kinds, key=lambda kind: -medians[kind])
    ]
    show(f"{name}: one poll by statement", ("statement", "calls", "ms", "planning", "I/O", "buffers"), rows[:most])


def compare(title: str, figures: dict[str, Any]) -> None:
    """The sizes beside each other."""
    rows = []
    for name, found in figures.items():
        polls_ = found["polls"]
        totals = [poll["total"] for poll in polls_]
        ratio = sum(poll["rows_read"] for poll in polls_) / max(1, sum(poll["rows_written"] for poll in polls_))
        rows.append(
            (
                name,
                len(polls_),
                spread(total_["exec_ms"] + total_["plan_ms"] for total_ in totals),
                spread(total_["plan_ms"] for total_ in totals),
                spread(total_["io_ms"] for total_ in totals),
                spread(total_["hit"] + total_["read"] for total_ in totals),
                spread(poll["rows_written"] for poll in polls_),
                number(ratio),
            )
        )
    head = ("calls", "polls", "database ms", "planning", "I/O", "buffers", "rows written", "rows read per row written")
    show(title, head, rows)
