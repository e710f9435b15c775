"""`attribute KPI`: which slices explain its change between two periods, read from the call database."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from exporter.calldb.period import Past, Period, Progress, folding_of, pooled, reading
from exporter.calldb.reference import AGAINST, references
from exporter.commands.attribute_text import Compared, as_json, as_text
from exporter.commands.base import Command, add_config, say, settings_of
from exporter.commands.explain import find
from exporter.engine import access_of
from exporter.errors import DatabaseError, RunError, UsageError
from exporter.kpi.attribution import attribute_kpi, is_attributable
from exporter.kpi.slices import divisible, exposed, grouped
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue, Kpi

DEFAULT_BY = "scenario,generation,period"
LONGEST_DAYS = 366
# No call database goes back so far; two windows before it there still is a calendar.
EARLIEST_YEAR = 1980
_SECONDS = {"m": 60, "h": 3600, "d": 86400}
_MINUTE = 60


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    add = parser.add_argument
    add("kpi", metavar="KPI", help="name, Chinese title or metric, e.g. early_hangup")
    add("--window", default="24h", metavar="SPAN", help="how long the period is: 90m, 24h, 7d (default 24h)")
    add("--against", default="previous", choices=AGAINST, help="what it is compared with (default previous)")
    add("--at", metavar="INSTANT", help="where the period ends, ISO 8601, in the business time zone (default now)")
    add("--by", default=DEFAULT_BY, metavar="LABELS", help=f"labels that make the slices (default {DEFAULT_BY})")
    add("--format", default="text", choices=("text", "json"), help="text for people, or JSON")


def _run(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    catalogue = load_catalogue(settings.catalogue_files, timezone=settings.timezone)
    kpi = find(catalogue, arguments.kpi)
    if not is_attributable(kpi):
        why = "percentiles do not add up" if kpi.kind == "quantile" else "it has no past"
        raise UsageError(f"the change of {kpi.slug} cannot be split: {why}", "choose a ratio or a mean")
    window = period_of(arguments.window, arguments.at, settings.timezone)
    by = labels_of(catalogue, kpi, arguments.by)
    before = references(window, arguments.against, settings.timezone)

    async def read() -> Compared:
        async with reading(access_of(settings), catalogue, settings.background_timeout) as past:
            return await compare(past, catalogue, kpi, (window, before), by)

    compared = asyncio.run(read())
    write = as_text if arguments.format == "text" else as_json
    say(write(catalogue, kpi, compared, arguments.against))
    return 0


async def compare(
    past: Past, catalogue: Catalogue, kpi: Kpi, periods: tuple[Period, tuple[Period, ...]], by: Sequence[str]
) -> Compared:
    """Read the window and its reference, and split the change; raises DatabaseError, or RunError without a change."""
    window, before = periods
    reads = [
        await past.read(kpi.datasets, period, progress=_progress(number, 1 + len(before)))
        for number, period in enumerate((*before, window))
    ]
    for found in reads:
        for problem in found.failed.values():
            raise DatabaseError(problem)
    cells = [found.cells() for found in reads]
    new = cells.pop()
    old = {name: pooled(each[name] for each in cells) for name in new}
    fold = folding_of(catalogue, old, new).value
    kept = divisible(catalogue, kpi, by)
    slices = [grouped(catalogue, kpi.datasets, exposed(catalogue, side, fold), kept) for side in (old, new)]
    attribution = attribute_kpi(kpi, *slices)
    if attribution is None:
        raise RunError(
            f"{kpi.slug} has no value in the window or in its reference",
            "choose another --window, --against or --at; `explain` tells when it has none",
        )
    return Compared(window, before, kept, attribution)


def period_of(span: str, at: str | None, timezone: str) -> Period:
    """The period of that length that ends there, to the minute; raises UsageError."""
    found = re.fullmatch(r"([1-9]\d{0,5})([mhd])", span)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= LONGEST_DAYS * _SECONDS["d"]:
        raise UsageError(f"--window '{span[:32]}' is not a span of up to {LONGEST_DAYS} days", "write 90m, 24h or 7d")
    end = int(time.time() if at is None else instant(at, timezone)) // _MINUTE * _MINUTE
    return Period(end - seconds, end)


def instant(text: str, timezone: str) -> float:
    """Unix seconds of an instant that has been; without an offset it is local. Raises UsageError."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--at '{text[:40]}' is not an instant", "write 2026-03-31T18:00 or 2026-03-31") from None
    local = given if given.tzinfo else given.replace(tzinfo=ZoneInfo(timezone))
    if local.year < EARLIEST_YEAR or local > datetime.now(UTC):
        raise UsageError(
            f"--at '{text[:40]}' is in the future, or too far in the past", "name an instant that has been"
        )
    return local.timestamp()


def labels_of(catalogue: Catalogue, kpi: Kpi, text: str) -> tuple[str, ...]:
    """The labels that were asked for; raises UsageError when one is unknown, or none divides the KPI."""
    by = tuple(dict.fromkeys(label.strip() for label in text.split(",") if label.strip()))
    known = sorted({label for name in kpi.datasets for label in catalogue.datasets[name].labels})
    fix = f"choose from {', '.join(known)}" if known else "its facts have no labels: it has one slice, the whole"
    for label in by:
        if label not in catalogue.dimensions:
            raise UsageError(f"--by names '{label[:32]}', which is no label", fix)
    if not divisible(catalogue, kpi, by):
        raise UsageError(f"{kpi.slug} cannot be broken down by {text[:64] or 'nothing'}", fix)
    return by


def _progress(number: int, of: int) -> Progress | None:
    """Shows how far reading is, to a person who waits."""
    if not sys.stderr.isatty():
        return None

    def show(share: float, name: str) -> None:
        done = (number + share) / of
        sys.stderr.write("\r\x1b[K" + (f"{done:4.0%} {name}" if done < 1 else ""))
        sys.stderr.flush()

    return show


COMMAND = Command("attribute", "which slices explain a KPI's change: rate and mix effects, exactly", _arguments, _run)
