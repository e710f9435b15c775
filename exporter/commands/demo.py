"""`demo`: a call database with simulated calls, the exporter on it, and the way of its alerts if wanted."""

from __future__ import annotations

import argparse
import os

from exporter.commands.base import Command, say, set_up_logging
from exporter.demo.controls import SWITCHES
from exporter.demo.options import Options, demo_settings
from exporter.demo.session import run_demo

DEFAULT = Options()


def _arguments(parser: argparse.ArgumentParser) -> None:
    names = ", ".join(fault.name for fault in SWITCHES)
    add = parser.add_argument
    add("--days", type=int, default=DEFAULT.days, help="days of history (default %(default)s)")
    add("--calls-per-day", type=int, default=DEFAULT.calls_per_day, help="dials of a weekday (default %(default)s)")
    add("--seed", type=int, default=DEFAULT.seed, help="of the simulated calls (default %(default)s)")
    add("--fault", action="append", default=[], metavar="NAME", help=f"switch a fault on: {names}")
    add("--rate-factor", type=float, metavar="N", help="live dials as a multiple of the history's (default 1, or 40)")
    add("--alerts", action="store_true", help="also Prometheus, Alertmanager (both installed) and a relay that prints")
    add("--duration", type=float, metavar="SECONDS", help="end by itself (default: Ctrl-C ends it)")


def _run(arguments: argparse.Namespace) -> int:
    options = Options(
        days=arguments.days,
        calls_per_day=arguments.calls_per_day,
        seed=arguments.seed,
        faults=tuple(arguments.fault),
        duration=arguments.duration,
        alerts=arguments.alerts,
        rate_factor=arguments.rate_factor,
    )
    set_up_logging(demo_settings(os.environ).log_level)
    run_demo(options, os.environ, say)
    return 0


COMMAND = Command("demo", "show it all: an embedded PostgreSQL, simulated calls, the exporter", _arguments, _run)
