"""`attribute KPI`: which slices explain its change between two periods, read from the call database."""

from __future__ import annotations

import argparse
import asyncio
import re
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from exporter.calldb.cohorts import COHORTS, Cohort, cohort_of
from exporter.calldb.cohortsql import CONTACT_DAYS, ENTRY_DAYS
from exporter.calldb.period import Period
from exporter.calldb.reference import AGAINST, references
from exporter.commands.attribute_json import as_json
from exporter.commands.attribute_read import compare, read
from exporter.commands.attribute_text import as_text
from exporter.commands.base import Command, add_config, say, settings_of
from exporter.commands.explain import find
from exporter.engine import access_of
from exporter.errors import UsageError
from exporter.kpi.attribution import is_attributable
from exporter.kpi.breakdown import comparable
from exporter.kpi.slices import divisible
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
    at = "where the period ends, ISO 8601, in the business time zone (default now; of a cohort, when it is mature)"
    add("--at", metavar="INSTANT", help=at)
    best = f"labels that make the slices (default: those of {DEFAULT_BY} that explain the change best)"
    add("--by", metavar="LABELS", help=best)
    spans = f"lead_conversion: contacts, {CONTACT_DAYS} days; recovery: cases, {ENTRY_DAYS} days"
    add("--cohort", action="store_true", help=f"follow those who began in the window ({spans})")
    add("--format", default="text", choices=("text", "json"), help="text for people, or JSON")


def _run(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    catalogue = load_catalogue(settings.catalogue_files, timezone=settings.timezone)
    kpi = find(catalogue, arguments.kpi)
    if not is_attributable(kpi):
        why = "percentiles do not add up" if kpi.kind == "quantile" else "it has no past"
        raise UsageError(f"the change of {kpi.slug} cannot be split: {why}", "choose a ratio or a mean")
    cohort = _cohort(catalogue, kpi) if arguments.cohort else None
    now = time.time() - (cohort.days * _SECONDS["d"] if cohort is not None else 0)
    window = period_of(arguments.window, arguments.at, settings.timezone, now)
    by = labels_of(catalogue, kpi, DEFAULT_BY if arguments.by is None else arguments.by)
    if arguments.by is None:
        by = comparable(by, window.seconds, same_hours=arguments.against != "previous")
    periods = (*references(window, arguments.against, settings.timezone), window)
    reads = asyncio.run(read(access_of(settings), catalogue, kpi, cohort, periods, settings.background_timeout))
    compared = compare(catalogue, kpi, cohort, periods, reads, by, best=arguments.by is None)
    write = as_text if arguments.format == "text" else as_json
    say(write(catalogue, kpi, compared, arguments.against))
    return 0


def _cohort(catalogue: Catalogue, kpi: Kpi) -> Cohort:
    cohort = cohort_of(catalogue, kpi)
    if cohort is None:
        known = [slug for slug in COHORTS if slug in catalogue.kpis and cohort_of(catalogue, catalogue.kpis[slug])]
        fix = f"choose {' or '.join(known)}, or leave --cohort out" if known else "leave --cohort out"
        raise UsageError(f"{kpi.slug} has no cohort", fix)
    return cohort


def period_of(span: str, at: str | None, timezone: str, now: float) -> Period:
    """The period of that length that ends there, else at `now` (Unix seconds), to the minute; raises UsageError."""
    found = re.fullmatch(r"([1-9]\d{0,5})([mhd])", span)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= LONGEST_DAYS * _SECONDS["d"]:
        raise UsageError(f"--window '{span[:32]}' is not a span of up to {LONGEST_DAYS} days", "write 90m, 24h or 7d")
    end = int(now if at is None else instant(at, timezone)) // _MINUTE * _MINUTE
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


COMMAND = Command("attribute", "which slices explain a KPI's change: rate and mix effects, exactly", _arguments, _run)
