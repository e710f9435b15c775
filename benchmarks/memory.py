"""Resident memory of the service: after the start, after many scrapes, after many polls."""

from __future__ import annotations

import asyncio
from typing import Any

from benchmarks.base import QUIET, Bench
from benchmarks.client import scrape_aside
from benchmarks.report import number, save, show
from benchmarks.service import Service, complete, total

SCRAPES, POLLS, WARM_UP = 10_000, 300, 30
FAST = 1.0


async def run(bench: Bench) -> None:
    """Measure on the largest history asked for; most of the memory is its buckets."""
    size = bench.sizes[-1]
    await bench.ready(size)
    figures: list[dict[str, Any]] = []
    async with bench.writing(size):
        with bench.service(size, poll_interval=FAST, **QUIET) as service:
            await service.wait(complete, 7200)
            figures.append(_now(service, "all windows complete"))
            await _after_polls(service, WARM_UP)
            figures.append(_now(service, f"{WARM_UP} polls"))
            for part in (1, 2):
                await _after_polls(service, POLLS // 2)
                figures.append(_now(service, f"{WARM_UP + part * POLLS // 2} polls"))
            for part in (1, 2):
                await asyncio.to_thread(scrape_aside, service.port, SCRAPES // 2, 0.0, "gzip")
                figures.append(_now(service, f"and {part * SCRAPES // 2:,} scrapes"))
    save(bench.out, "memory", {"size": size.name, "steps": figures})
    rows = [(step["after"], number(step["rss"]), number(step["peak"]), f"{step['series']:,.0f}") for step in figures]
    show(f"Memory, {size.name}, MiB", ("after", "resident", "peak", "series"), rows)


async def _after_polls(service: Service, count: int) -> None:
    """Wait until so many more statements of the poll lane's own source have been run."""
    name = "outcall_queries_total"
    key = next(at for at in service.metrics() if at[0] == name and "incidents" in at[1] and "ok" in at[1])
    target = service.metrics()[key] + count
    await service.wait(lambda metrics: metrics.get(key, 0.0) >= target, 7200)


def _now(service: Service, after: str) -> dict[str, Any]:
    rss, peak = service.memory()
    return {"after": after, "rss": rss, "peak": peak, "series": total(service.metrics(), "outcall_series")}
