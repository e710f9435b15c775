"""Rows on their way: each version of a row arrives at an instant; what has arrived is settled, the rest is pending."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from exporter.simulate.calls import opening_versions
from exporter.simulate.draws import stream
from exporter.simulate.generate import REDELIVERED_WITHIN
from exporter.simulate.plan import SimulationPlan
from exporter.simulate.tables import TABLES, Facts, Row, newest

ERASURE = "erasure"
LOST_FILE = "lost file"


class Event(NamedTuple):
    """Something that reaches the call database `at` an instant.

    `kind`: new (first version of a row), opening (of a running call), later (a change or correction), duplicate;
    or, with `table` empty, ERASURE (row: customer_id) and LOST_FILE (row: recording_id, started_at).
    """

    at: datetime
    kind: str
    table: str
    row: Row


def settled(facts: Facts, now: datetime) -> dict[str, list[Row]]:
    """Rows by table as the call database holds them at `now`, calls that are running included. Erasures not applied."""
    rows: dict[str, list[Row]] = {}
    for table in TABLES:
        first = [row for row in facts.first[table.name] if row[-1] <= now]
        later = [row for row in facts.later[table.name] if row[-1] <= now]
        rows[table.name] = newest(table, first, later) if later else first
    for row in facts.first["calls"]:
        if row[-1] > now and row[7] <= now:
            arrived = [version for version in opening_versions(row) if version[-1] <= now]
            rows["calls"] += arrived[-1:]
    return rows


def pending(facts: Facts, now: datetime, until: datetime) -> Iterator[Event]:
    """What arrives after `now`, and not after `until`, in no order."""
    for kind, tables in (("new", facts.first), ("later", facts.later)):
        for name, rows in tables.items():
            yield from (Event(row[-1], kind, name, row) for row in rows if now < row[-1] <= until)
    openings = chain.from_iterable(opening_versions(row) for row in facts.first["calls"] if now < row[-1])
    yield from (Event(row[-1], "opening", "calls", row) for row in openings if now < row[-1] <= until)
    for customer_id, at in facts.erasures:
        if now < at <= until:
            yield Event(at, ERASURE, "", (customer_id,))
    for recording_id, started_at, at in facts.lost_files:
        if now < at <= until:
            yield Event(at, LOST_FILE, "", (recording_id, started_at))


def duplicates(plan: SimulationPlan, minute: int, events: Iterable[Event]) -> Iterator[Event]:
    """Second deliveries of some first versions, within 30 s: sooner than any change or correction of the row."""
    rng = stream(plan.seed, "duplicates", minute)
    share = plan.case.duplicate
    for event in events:
        if event.kind == "new" and rng.random() < share:
            yield event._replace(at=event.at + REDELIVERED_WITHIN * rng.random(), kind="duplicate")
