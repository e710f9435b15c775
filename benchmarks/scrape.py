"""Scrape latency of the real service at about 30,000 series, while it is quiet and while every second brings a poll."""

from __future__ import annotations

import asyncio
import re
import shutil
import statistics
import subprocess
from collections.abc import Mapping
from typing import Any

from benchmarks.base import QUIET, Bench, Size
from benchmarks.client import scrape_aside
from benchmarks.report import number, quantile, save, show
from benchmarks.service import Service, complete, total
from tests.support.pgtools import HOST

COUNT, ROUNDS = 500, 3
# Pauses between two scrapes, seconds: back to back, and spread over many polls.
GAPS = {"back to back": 0.0, "20 a second": 0.05}
ENCODINGS = ("identity", "gzip")
# One poll and one page after the other, as fast as it goes.
FAST = 1.0


async def run(bench: Bench) -> None:
    """Measure on the smallest history: what a scrape costs depends on the page, not on the table."""
    size = bench.sizes[0]
    await bench.ready(size)
    figures: dict[str, Any] = {}
    async with bench.writing(size):
        for state, interval in (("quiet", 86_400.0), ("polls", FAST)):
            figures[state] = await _measure(bench, size, interval)
    save(bench.out, "scrape", figures)
    _print(figures)


async def _measure(bench: Bench, size: Size, interval: float) -> dict[str, Any]:
    with bench.service(size, poll_interval=FAST, **QUIET) as first:
        await first.wait(complete, 7200)
    with bench.service(size, poll_interval=interval, **QUIET) as service:
        await service.wait(complete, 600)
        metrics = service.metrics()
        figure: dict[str, Any] = {"series": total(metrics, "outcall_series")}
        for encoding in ENCODINGS:
            for name, gap in GAPS.items():
                rounds = [
                    await asyncio.to_thread(scrape_aside, service.port, COUNT, gap, encoding) for _ in range(ROUNDS)
                ]
                figure[f"{encoding}, {name}"] = [_latency(found) for found in rounds]
            for connections in (1, 8):
                if found := await asyncio.to_thread(_wrk, service, connections, encoding):
                    figure[f"{encoding}, wrk {connections}"] = found
        return figure


def _latency(found: list[float]) -> dict[str, float]:
    return {"p50": statistics.median(found), "p99": quantile(found, 0.99), "max": max(found)}


def _wrk(service: Service, connections: int, encoding: str) -> list[dict[str, float]]:
    """The same from wrk, where it is installed."""
    if shutil.which("wrk") is None:
        return []
    url = f"http://{HOST}:{service.port}/metrics"
    command = ["wrk", "-t1", f"-c{connections}", "-d5s", "--latency", "-H", f"Accept-Encoding: {encoding}", url]
    found = []
    for _ in range(ROUNDS):
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found.append({"p50": _milliseconds(text, "50%"), "p99": _milliseconds(text, "99%"), "rps": _rate(text)})
    return found


def _milliseconds(text: str, share: str) -> float:
    found = re.search(rf"{share}\s+([\d.]+)(us|ms|s)\b", text)
    assert found is not None
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]


def _rate(text: str) -> float:
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    return float(found[1]) if found else 0.0


def _print(figures: Mapping[str, Any]) -> None:
    rows = []
    for state, figure in figures.items():
        for name, rounds in figure.items():
            if name != "series":
                medians = {part: [one[part] for one in rounds] for part in ("p50", "p99")}
                rate = statistics.median(one.get("rps", 0.0) for one in rounds)
                rows.append(
                    (
                        state,
                        name,
                        f"{figure['series']:,.0f}",
                        *(_range(values) for values in medians.values()),
                        number(rate) if rate else "",
                    )
                )
    show("Scrapes", ("state", "client", "series", "p50 ms", "p99 ms (rounds)", "requests/s"), rows)


def _range(values: list[float]) -> str:
    return f"{number(statistics.median(values))} ({number(min(values))}–{number(max(values))})"
