"""The command `simulate`: fill a call database with a history, then keep feeding it until a signal."""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from exporter.errors import RunError, UsageError
from exporter.simulate.calendar import hour_start
from exporter.simulate.events import Event
from exporter.simulate.faults import FAULTS, Faults
from exporter.simulate.history import Filled, fill_history
from exporter.simulate.live import feed_live
from exporter.simulate.plan import SimulationPlan, zone
from exporter.simulate.write import TROUBLE, Connection, Connector, close, refused

CONNECT_SECONDS, COMMAND_SECONDS = 10.0, 120.0
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `simulate`."""
    add = parser.add_argument
    add("--days", type=int, default=30, help="days of history to write first; 0: none (default %(default)s)")
    add("--calls-per-day", type=int, default=12_000, help="dials of an ordinary weekday (default %(default)s)")
    add("--rate-factor", type=float, default=1.0, help="live dials as a multiple of the history's (default 1)")
    add("--seed", type=int, default=1, help="same seed and time, same stream (default %(default)s)")
    add("--change-days-ago", type=int, help="days since the new wording; 0: today (default: half of --days)")
    add("--timezone", default="Asia/Shanghai", help="business time zone, an IANA name (default %(default)s)")
    add("--live", action=argparse.BooleanOptionalAction, default=True, help="feed on in real time (default)")
    add("--fault", action="append", default=[], metavar="NAME", help=f"switch a live fault on: {_fault_names()}")
    add("--night-share", type=float, default=0.0, help="night hours' dials as a share of a day hour's (default 0)")
    add("--recordings-dir", type=Path, help="write recordings there, as small sparse files")
    add("--schema", help="schema of the tables (default: the role's search path)")


async def run(args: argparse.Namespace, dsn: str) -> int:
    """Do what the options say; returns the exit status. Raises UsageError and RunError."""
    faults = Faults(args.fault)
    if args.fault and not args.live:
        raise UsageError("--fault concerns live calls, and --no-live asks for none", "leave one of them out")
    plan = plan_from(args, datetime.now(UTC))
    live_plan = replace(plan, calls_per_day=live_rate(args))
    connect = connector(dsn, args.schema)
    # Before anything that takes its time, and before whoever waits for "feeding live" may send a signal.
    stop = _stop_signal()
    arriving = await _history(connect, plan, stop)
    if args.live:
        _announce(live_plan, faults)
        await feed_live(connect, live_plan, stop=stop, faults=faults, arriving=arriving, report=_say)
    return 0


async def _history(connect: Connector, plan: SimulationPlan, stop: asyncio.Event) -> list[Event]:
    """Write the history, if the plan has one; returns what of it has still to arrive.

    Raises RunError when `stop` comes first: the history lacks its older part, and the next start would refuse it.
    """
    async with connected(connect) as connection:
        if not plan.days:
            return []
        filled = await _unless(stop, fill_history(connection, plan, progress=Progress()))
    if filled is None:
        raise RunError("stopped before the history was written in full", "empty the tables before the next start")
    _say(f"history: {filled.calls:,} calls, {filled.rows:,} rows")
    return filled.pending


async def _unless(stop: asyncio.Event, work: Coroutine[None, None, Filled]) -> Filled | None:
    """The result of the work; None when `stop` came first, and the work is given up."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        stopping.cancel()
        working.cancel()
        await asyncio.wait((working, stopping))


def live_rate(args: argparse.Namespace) -> int:
    """Dials a day of the live stream."""
    if not 0 < args.rate_factor < 1e6:
        raise UsageError(f"--rate-factor is {args.rate_factor:g}", "choose a number above 0")
    factor: float = args.rate_factor
    calls_per_day: int = args.calls_per_day
    return max(1, round(calls_per_day * factor))


def plan_from(args: argparse.Namespace, now: datetime) -> SimulationPlan:
    """The plan that the options describe; the change takes effect at a local midnight."""
    age = args.days // 2 if args.change_days_ago is None else args.change_days_ago
    if age < 0:
        raise UsageError(f"--change-days-ago is {age}", "choose 0 or more")
    day = now.astimezone(zone(args.timezone)).date() - timedelta(days=age)
    return SimulationPlan(
        seed=args.seed,
        now=now,
        days=args.days,
        calls_per_day=args.calls_per_day,
        change_at=hour_start(args.timezone, day, 0),
        timezone=args.timezone,
        recordings_dir=args.recordings_dir,
        night_share=args.night_share,
    )


def connector(dsn: str, schema: str | None) -> Connector:
    """How to connect, with the tables' schema on the search path. Raises UsageError for a name that is none."""
    if schema is not None and not IDENTIFIER.fullmatch(schema):
        raise UsageError(f"--schema {schema!r} is no plain name", "use letters, digits and underscores")
    settings = {"application_name": "outcall-simulate", **({"search_path": f'"{schema}"'} if schema else {})}

    async def connect() -> Connection:
        return await asyncpg.connect(
            dsn, timeout=CONNECT_SECONDS, command_timeout=COMMAND_SECONDS, server_settings=settings
        )

    return connect


@asynccontextmanager
async def connected(connect: Connector) -> AsyncIterator[Connection]:
    """A connection for a block; trouble with opening it is the user's error."""
    try:
        connection = await connect()
    except (*TROUBLE, ValueError) as error:
        raise refused(error, "a connection was opened") from None
    try:
        yield connection
    finally:
        await close(connection)


class Progress:
    """Progress on stderr: one line rewritten on a terminal, else a line for every tenth."""

    def __init__(self) -> None:
        self._tenth = 0

    def __call__(self, done: float, text: str) -> None:
        line = f"{done:4.0%} {text}"
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{line}\033[K" + ("\n" if done >= 1 else ""))
            sys.stderr.flush()
        elif int(done * 10) > self._tenth:
            self._tenth = int(done * 10)
            _say(line)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _announce(plan: SimulationPlan, faults: Faults) -> None:
    _say(f"feeding live, {plan.calls_per_day:,} dials on an ordinary weekday; Ctrl-C stops")
    for fault in FAULTS:
        if fault.name in faults.active:
            _say(f"fault {fault.name} is on: {fault.effect}")


def _stop_signal() -> asyncio.Event:
    """Set by SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


def _fault_names() -> str:
    return ", ".join(fault.name for fault in FAULTS)
