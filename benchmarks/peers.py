"""The same tables read by query-exporter and prometheus-sql-exporter, beside this exporter, in one run.

Their queries come from the peers' harness (`--peers`), with counts that the canonical `calls` table alone can give:
nine counts in three windows, where this exporter serves every KPI in five. They re-read whole windows at each poll.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import statements
from benchmarks.base import QUIET, Bench, Size
from benchmarks.poll import read_counter, steady
from benchmarks.report import number, save, show, spread
from benchmarks.service import complete
from benchmarks.statements import Cost, costs
from tests.support.pgtools import PostgresError, find_bindir

# The harness logs its peers in as this role.
ROLE = "exporter"
PEERS = {"query-exporter": "query-exporter==5.0.2", "sql-exporter": "prometheus-sql-exporter"}
POLLS = 4
INTERVAL = 15
ANSWERED = "answered_at IS NOT NULL AND answered_by <> 'machine'"
EARLY_HANGUP = f"{ANSWERED} AND hangup_by = 'customer' AND ended_at - answered_at <= interval '30 seconds'"
COUNTS = [
    ("calls_total", "Calls ended in the window", "count(*)"),
    ("calls_answered", "Calls answered", f"count(*) FILTER (WHERE {ANSWERED})"),
    (
        "calls_hangup_30s",
        "Answered calls the customer ended within 30 s",
        f"count(*) FILTER (WHERE {EARLY_HANGUP})",
    ),
    (
        "calls_reached_10s",
        "Calls with 10 s of interaction or more",
        f"count(*) FILTER (WHERE {ANSWERED} AND interaction_seconds >= 10)",
    ),
    (
        "calls_hangup",
        "Answered calls ended by the customer",
        f"count(*) FILTER (WHERE {ANSWERED} AND hangup_by = 'customer')",
    ),
    ("calls_fault", "Calls with a system fault", "count(fault_code)"),
    (
        "calls_transferred",
        "Calls handed to a person",
        f"count(*) FILTER (WHERE {ANSWERED} AND transferred_at IS NOT NULL)",
    ),
    (
        "calls_collection",
        "Answered collection calls",
        f"count(*) FILTER (WHERE {ANSWERED} AND scenario = 'collection')",
    ),
    ("calls_acquisition", "Acquisition calls", "count(*) FILTER (WHERE scenario = 'acquisition')"),
]


async def run(bench: Bench) -> None:
    """Measure every size; needs the folder of the harness."""
    if bench.peers is None:
        print("peers: left out; give the folder of the peers' harness with --peers")
        return
    harness = _harness(bench)
    figures: dict[str, Any] = {}
    for size in bench.sizes:
        await bench.ready(size)
        async with bench.writing(size):
            figures[size.name] = {peer: await _peer(bench, harness, size, peer) for peer in PEERS}
            figures[size.name]["outcall-exporter"] = await _ours(bench, size)
        save(bench.out, "peers", figures)
    _print(figures)


def _harness(bench: Bench) -> Any:
    """The harness's library and configuration writer, with our counts; installs the peers into the work folder."""
    folder = bench.work / "peers"
    _install(folder)
    os.environ |= {
        "BENCH_WORK": str(folder),
        "PEERBIN": str(folder / "x/usr/bin"),
        "QEVENV": str(folder / "venv"),
        "PGBIN": str(find_bindir()),
        "PGPORT": str(bench.cluster.port),
    }
    sys.path.insert(0, str(bench.peers))
    writer = importlib.import_module("gen_conf")
    writer.COUNTS[:] = COUNTS
    return writer, importlib.import_module("lib")


def _install(folder: Path) -> None:
    """A virtual environment for query-exporter; sql-exporter unpacked from its Debian package, not installed."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "venv/bin/query-exporter").exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        pip = [str(folder / "venv/bin/pip"), "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, PEERS["query-exporter"], "psycopg2-binary"], check=True)
    if not (folder / "x/usr/bin/prometheus-sql-exporter").exists():
        subprocess.run(["apt-get", "download", "-q", PEERS["sql-exporter"]], cwd=folder, check=True)
        package = next(folder.glob("prometheus-sql-exporter_*.deb"), None)
        if package is None:
            raise PostgresError("apt-get downloaded no package prometheus-sql-exporter")
        subprocess.run(["dpkg", "-x", package, folder / "x"], check=True)


async def _peer(bench: Bench, harness: Any, size: Size, peer: str) -> dict[str, Any]:
    writer, lib = harness
    opened = await bench.cluster.connect(size.database)
    await opened.execute(
        f"DO $$ BEGIN IF to_regrole('{ROLE}') IS NULL THEN CREATE ROLE {ROLE} LOGIN; END IF; END $$;"
        f"GRANT SELECT ON calls TO {ROLE}"
    )
    await opened.close()
    configuration = bench.work / "peers/conf" / size.database
    sys.argv = ["gen_conf.py", size.database, str(configuration)]
    writer.main()
    exporter = lib.Exporter(peer, str(configuration), str(bench.work / f"peers/{peer}.log"))
    try:
        polls = await _observe(bench)
        return {
            "ms": [cost.ms for cost in polls],
            "buffers": [cost.hit + cost.read for cost in polls],
            "peak_mib": lib.rss_mb(exporter.pid)["VmHWM"],
        }
    finally:
        exporter.stop()


async def _observe(bench: Bench) -> list[Cost]:
    """What the peer's three statements cost, poll by poll; the first poll is a start and does not count."""
    opened = await bench.cluster.connect()
    found: list[Cost] = []
    last = _sum(await costs(opened, ROLE))
    deadline = time.monotonic() + (POLLS + 3) * (INTERVAL + 15)
    while len(found) < POLLS + 1:
        if time.monotonic() > deadline:
            raise RuntimeError("the peer does not poll, see its log in the work folder")
        await asyncio.sleep(1)
        now = _sum(await costs(opened, ROLE))
        if now.calls - last.calls >= 3:
            found.append(now - last)
            last = now
    await opened.close()
    return found[1:]


def _sum(reading: statements.Costs) -> Cost:
    return sum((cost for name, cost in reading.items() if name.startswith("SELECT scenario")), Cost())


async def _ours(bench: Bench, size: Size) -> dict[str, Any]:
    with bench.service(size, poll_interval=INTERVAL, **QUIET) as service:
        await service.wait(complete, 7200)
        found = await steady(bench, size, read_counter(service), bench.polls, INTERVAL)
        return {
            "ms": [poll.total.ms for poll in found],
            "buffers": [poll.total.hit + poll.total.read for poll in found],
            "peak_mib": service.memory()[1],
        }


def _print(figures: dict[str, Any]) -> None:
    rows = []
    for size, by_peer in figures.items():
        ours = statistics.median(by_peer["outcall-exporter"]["ms"])
        for peer, figure in by_peer.items():
            ratio = statistics.median(figure["ms"]) / ours
            rows.append(
                (size, peer, spread(figure["ms"]), number(ratio), spread(figure["buffers"]), number(figure["peak_mib"]))
            )
    show(
        "One poll on the same tables",
        ("calls", "exporter", "database ms", "ratio to ours", "buffers", "peak MiB"),
        rows,
    )
