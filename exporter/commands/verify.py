"""`verify CHANGE`: did a recorded change do what it was to do? Before against after, from the call database."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from exporter.calldb.period import Progress, reading
from exporter.calldb.sides import Verified, verify_change
from exporter.commands.base import Command, add_config, say, settings_of
from exporter.commands.verify_json import as_json
from exporter.commands.verify_text import as_text
from exporter.engine import access_of
from exporter.errors import UsageError
from exporter.kpi.beforeafter import DAYS_BEFORE
from exporter.kpi.verification import LEAST_DAYS
from exporter.semantic.change_spec import EARLIEST
from exporter.semantic.changes import Change, find_change, load_changes
from exporter.semantic.load import load_catalogue

MOST_DAYS = 366


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    add = parser.add_argument
    add("change", metavar="CHANGE", help="id of a change in changes_file")
    text = f"days before the change to compare with, whole weeks are best (default {DAYS_BEFORE})"
    add("--days", type=int, default=DAYS_BEFORE, metavar="N", help=text)
    add("--at", metavar="INSTANT", help="judge as of this instant, ISO 8601, business time zone (default now)")
    add("--format", default="text", choices=("text", "json"), help="text for people, or JSON")


def _run(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    catalogue = load_catalogue(settings.catalogue_files, timezone=settings.timezone)
    changes = load_changes(settings.changes_file, catalogue)
    change = find_change(changes, arguments.change)
    days, now = _days(arguments.days), _now(arguments.at, settings.timezone)
    _verifiable(change)

    async def read() -> Verified:
        async with reading(access_of(settings), catalogue, settings.background_timeout) as past:
            return await verify_change(
                past, catalogue, change, now, recorded=changes, days_before=days, progress=_progress()
            )

    verified = asyncio.run(read())
    write = as_text if arguments.format == "text" else as_json
    say(write(catalogue, changes, verified))
    return 1 if verified.failed else 0


def _verifiable(change: Change) -> None:
    if not change.aims:
        raise UsageError(f"change '{change.id}' names no KPI", "say under its `kpis` what it is to move")


def _days(days: int) -> int:
    if not LEAST_DAYS <= days <= MOST_DAYS:
        raise UsageError(f"--days is {days}", f"choose {LEAST_DAYS} to {MOST_DAYS}, whole weeks are best")
    return days


def _now(at: str | None, timezone: str) -> float:
    """The instant to judge as of, Unix seconds: never one to come."""
    if at is None:
        return time.time()
    try:
        given = datetime.fromisoformat(at)
    except ValueError:
        raise UsageError(f"--at '{at[:40]}' is not an instant", "write 2026-03-31T18:00 or 2026-03-31") from None
    local = given if given.tzinfo else given.replace(tzinfo=ZoneInfo(timezone))
    if not EARLIEST <= local <= datetime.now(UTC):
        raise UsageError(f"--at '{at[:40]}' has not been, or is long past", "name an instant since the year 2000")
    return local.timestamp()


def _progress() -> Progress | None:
    """Shows how far reading is, to a person who waits."""
    if not sys.stderr.isatty():
        return None

    def show(share: float, name: str) -> None:
        sys.stderr.write("\r\x1b[K" + (f"{share:4.0%} {name}" if share < 1 else ""))
        sys.stderr.flush()

    return show


COMMAND = Command("verify", "did a recorded change work? before against after, with tests", _arguments, _run)
