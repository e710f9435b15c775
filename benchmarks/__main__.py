"""`python -m benchmarks [NAME...]`: run benchmarks by name, print tables, write JSON to benchmarks/out."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from pathlib import Path

from benchmarks import false_alarms, memory, peers, poll, reader, render, scrape, sequential, startup
from benchmarks.base import Bench, Size
from benchmarks.cluster import Cluster

BENCHMARKS: dict[str, Callable[[Bench], Coroutine[None, None, None]]] = {
    "startup": startup.run,
    "poll": poll.run,
    "reader": reader.run,
    "peers": peers.run,
    "scrape": scrape.run,
    "memory": memory.run,
    "render": render.run,
    "false_alarms": false_alarms.run,
    "sequential": sequential.run,
}
# These need no call database; a cluster is started for the others.
WITHOUT_CLUSTER = {"false_alarms", "sequential"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(BENCHMARKS)} (default: all)")
    work = os.environ.get("OUTCALL_BENCH_WORK") or Path(tempfile.gettempdir()) / "outcall-bench"
    parser.add_argument("--work", type=Path, default=work, help="scratch folder (OUTCALL_BENCH_WORK; 15 GB for 10m)")
    parser.add_argument("--sizes", default="1m,10m", help="histories in calls over 30 days: 1m,10m,50m (50m: 60 GB)")
    parser.add_argument("--polls", type=int, default=8, help="polls to observe")
    parser.add_argument("--rate", type=float, help="dials a second written meanwhile (default: the history's own pace)")
    parser.add_argument("--interval", type=float, default=15, help="seconds between polls")
    peers = os.environ.get("OUTCALL_BENCH_PEERS")
    parser.add_argument("--peers", type=Path, default=peers, help="folder of the peers' harness (OUTCALL_BENCH_PEERS)")
    parser.add_argument("--keep", action="store_true", help="keep the loaded histories for the next run")
    return parser


def main() -> int:
    """Run what was asked for; returns the exit status."""
    arguments = _parser().parse_args()
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        print(
            f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}", file=sys.stderr
        )
        return 2
    # SIGTERM ends like Ctrl-C, so that servers are stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    names = arguments.names or list(BENCHMARKS)
    cluster = Cluster(arguments.work)
    is_started = not WITHOUT_CLUSTER.issuperset(names)
    try:
        with cluster if is_started else nullcontext():
            sizes = tuple(map(Size, arguments.sizes.split(",")))
            bench = Bench(
                arguments.work,
                cluster,
                sizes,
                arguments.polls,
                arguments.interval,
                arguments.rate,
                arguments.peers,
            )
            for name in names:
                asyncio.run(BENCHMARKS[name](bench))
    finally:
        if is_started and not arguments.keep:
            cluster.remove()
    return 0


if __name__ == "__main__":
    sys.exit(main())
