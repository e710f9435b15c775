"""The plans of the exporter's statements as the server ran them (auto_explain), the slowest first."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.base import Bench
from benchmarks.cluster import EXPORTER
from benchmarks.statements import kind

SETTINGS = {
    "session_preload_libraries": "'auto_explain'",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
    "auto_explain.log_timing": "off",
}
_ENTRY = re.compile(r"LOG:  duration: ([\d.]+) ms  plan:\n(.*?)(?=\n\S|\Z)", re.DOTALL)


@asynccontextmanager
async def explained(bench: Bench) -> AsyncIterator[int]:
    """New connections of the exporter's role log their plans; gives the place in the server's log from which."""
    await _set(bench, SETTINGS)
    try:
        yield bench.cluster.log.stat().st_size
    finally:
        await _set(bench, dict.fromkeys(SETTINGS, ""))


async def _set(bench: Bench, settings: dict[str, str]) -> None:
    opened = await bench.cluster.connect()
    for name, value in settings.items():
        await opened.execute(f"ALTER ROLE {EXPORTER} " + (f"SET {name} = {value}" if value else f"RESET {name}"))
    await opened.close()


def slowest(log: Path, since: int) -> str:
    """Of each kind of statement the slowest execution after the first poll, with its plan; the slowest kind first."""
    with log.open(encoding="utf-8", errors="replace") as opened:
        opened.seek(since)
        text = opened.read()
    first_poll = text.find("the instant of this poll", text.find("the instant of this poll") + 1)
    found: dict[str, tuple[float, str]] = {}
    for entry in _ENTRY.finditer(text, max(0, first_poll)):
        name = kind(entry[2].partition("Query Text: ")[2])
        found[name] = max(found.get(name, (0.0, "")), (float(entry[1]), entry[2]))
    ordered = sorted(found.items(), key=lambda item: -item[1][0])
    return "\n\n".join(f"=== {ms:.2f} ms: {name}\n{plan}" for name, (ms, plan) in ordered)
