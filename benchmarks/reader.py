"""Polls without the history read first: the poll lane alone, in this process. For tuning statements on a large table.

A change of the catalogue's SQL makes the service read its history anew; this shows its cost and its plans at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.base import Bench, Size
from benchmarks.cluster import EXPORTER
from benchmarks.plans import explained, slowest
from benchmarks.poll import Poll, compare, figure, print_statements, steady
from benchmarks.report import save
from exporter.calldb.connect import Access, Connection
from exporter.calldb.lanes import Lanes, Pace
from exporter.calldb.reader import Nets
from exporter.calldb.tracker import Tracker
from exporter.semantic.load import load_catalogue

EXPLAINED_POLLS = 3


class PollLane(Lanes):
    """Polls, and nothing in the background."""

    async def _background_lane(self, opened: Connection) -> None:
        await asyncio.Event().wait()


async def run(bench: Bench) -> None:
    """Measure every size, and write the plans of its slowest statements to a file."""
    figures = {}
    for size in bench.sizes:
        await bench.ready(size)
        async with bench.writing(size):
            found = await _observe(bench, size, bench.polls)
            print_statements(size.name, found)
            figures[size.name] = figure(size, found)
            save(bench.out, "reader", figures)
            async with explained(bench) as since:
                await _observe(bench, size, EXPLAINED_POLLS)
                path = bench.out / f"plans-{size.name}.txt"
                path.write_text(slowest(bench.cluster.log, since), "utf-8")
        print(f"{size.name}: plans in {path}", flush=True)
    compare("Polls without history", figures)


async def _observe(bench: Bench, size: Size, count: int) -> list[Poll]:
    rows = 0

    def observe(source: str, status: str, seconds: float, read: int) -> None:
        nonlocal rows
        rows += read

    async with _polling(bench, size, observe):
        return await steady(bench, size, lambda: float(rows), count, bench.interval)


@asynccontextmanager
async def _polling(bench: Bench, size: Size, observe: object) -> AsyncIterator[None]:
    catalogue = load_catalogue()
    # The first poll reads levels whole, whatever they cost.
    access = Access(bench.cluster.dsn(size.database, EXPORTER), statement_timeout=60)
    pace = Pace(poll=bench.interval)
    lanes = PollLane(catalogue, access, Tracker(catalogue), pace, Nets(), observe, lambda: None)  # type: ignore[arg-type]
    task = asyncio.create_task(lanes.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if lanes.health.quarantined:
            problems = {f"{name}: {entry.problem}" for name, entry in lanes.health.quarantined.items()}
            raise RuntimeError(f"left out of the polls: {'; '.join(sorted(problems))}")
