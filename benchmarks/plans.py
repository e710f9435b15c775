"""The plans of a poll's statements as the server ran them (auto_explain), the slowest first."""

from __future__ import annotations

import asyncio
import re

from benchmarks.base import QUIET, Bench, Size
from benchmarks.cluster import EXPORTER
from benchmarks.service import complete
from benchmarks.statements import kind

SWITCH_ON = {
    "session_preload_libraries": "'auto_explain'",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_timing": "off",
}
_ENTRY = re.compile(r"LOG:  duration: ([\d.]+) ms  plan:\n(.*?)(?=\n\S|\Z)", re.DOTALL)


async def run(bench: Bench) -> None:
    """Write the plans of a few polls to a file per size."""
    for size in bench.sizes:
        await bench.ready(size)
        async with bench.writing(size):
            text = await _plans(bench, size)
        bench.out.mkdir(parents=True, exist_ok=True)
        path = bench.out / f"plans-{size.name}.txt"
        path.write_text(text, "utf-8")
        print(f"{size.name}: plans in {path}", flush=True)


async def _plans(bench: Bench, size: Size) -> str:
    await _set(bench, SWITCH_ON)
    try:
        with bench.service(size, poll_interval=bench.interval, **QUIET) as service:
            await asyncio.to_thread(service.wait, complete, 7200)
            await asyncio.sleep(bench.interval)
            at = bench.cluster.log.stat().st_size
            await asyncio.sleep(2.2 * bench.interval)
    finally:
        await _set(bench, dict.fromkeys(SWITCH_ON))
    with bench.cluster.log.open(encoding="utf-8", errors="replace") as log:
        log.seek(at)
        found = [(float(ms), plan) for ms, plan in _ENTRY.findall(log.read())]
    slowest: dict[str, tuple[float, str]] = {}
    for ms, plan in sorted(found, key=lambda entry: entry[0]):
        slowest[kind(plan.partition("Query Text: ")[2])] = (ms, plan)
    ordered = sorted(slowest.items(), key=lambda entry: -entry[1][0])
    return "\n\n".join(f"=== {ms:.2f} ms: {name}\n{plan}" for name, (ms, plan) in ordered)


async def _set(bench: Bench, settings: dict[str, str] | dict[str, None]) -> None:
    opened = await bench.cluster.connect()
    for name, value in settings.items():
        await opened.execute(f"ALTER ROLE {EXPORTER} " + (f"SET {name} = {value}" if value else f"RESET {name}"))
    await opened.close()
