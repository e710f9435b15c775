"""Seconds from the start of the process to first gauges and to complete windows, without and with saved state."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.base import QUIET, Bench, Size
from benchmarks.report import number, save, show
from benchmarks.service import Sample, Service, complete, has_gauges

RESTARTS = 3


def covered(window: str) -> Callable[[Mapping[Sample, float]], bool]:
    """A condition: every source covers the window."""

    def check(metrics: Mapping[Sample, float]) -> bool:
        flags = [
            v for (name, labels), v in metrics.items() if name == "outcall_window_complete" and f'"{window}"' in labels
        ]
        return bool(flags) and all(flags)

    return check


async def run(bench: Bench) -> None:
    """Start every size from nothing, then again from its state."""
    figures: dict[str, Any] = {}
    for size in bench.sizes:
        await bench.ready(size)
        shutil.rmtree(bench.state(size), ignore_errors=True)
        async with bench.writing(size):
            fresh = await _start(bench, size)
            again = [await _start(bench, size) for _ in range(RESTARTS)]
        state = sum(file.stat().st_size for file in bench.state(size).iterdir()) / 2**20
        figures[size.name] = {"without": fresh, "with": again, "state_mib": state}
        save(bench.out, "startup", figures)
    _print(figures)


async def _start(bench: Bench, size: Size) -> dict[str, float]:
    with bench.service(size, poll_interval=bench.interval, **QUIET) as service:
        return await _watch(service)


async def _watch(service: Service) -> dict[str, float]:
    figure = {"first gauges": await service.wait(has_gauges, 600)}
    figure |= {window: await service.wait(covered(window), 7200) for window in ("5m", "1h", "24h", "7d")}
    figure["all"] = await service.wait(complete, 7200)
    figure["peak MiB"] = service.memory()[1]
    return figure


def _print(figures: Mapping[str, Any]) -> None:
    rows = []
    for name, figure in figures.items():
        steps = list(figure["without"])
        rows.append((name, "none", *(number(figure["without"][step]) for step in steps), ""))
        again = {step: statistics.median(one[step] for one in figure["with"]) for step in steps}
        rows.append((name, "saved", *(number(again[step]) for step in steps), number(figure["state_mib"])))
    head = ("calls", "state", "first gauges s", "5m s", "1h s", "24h s", "7d s", "all s", "peak MiB", "state MiB")
    show("Start", head, rows)
