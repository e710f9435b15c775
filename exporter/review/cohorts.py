"""Cohorts: who was first contacted, and which cases entered, in the period, and what became of them since.

A period's figure divides what happened in it, whenever it began; a cohort follows those who began in it. Who counts is
said by the catalogue's own facts (`first_contact`, `application`, `case_entry`, `repayment`), so a contact is here what
it is on the page. Read a local day at a time; customers count once per campaign, so days add up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from exporter.calldb.asking import Asker
from exporter.calldb.cohortsql import (
    CONTACT_DAYS,
    CONTACT_FACTS,
    ENTRY_DAYS,
    ENTRY_FACTS,
    contacts_sql,
    entries_sql,
    repaid_sql,
)
from exporter.calldb.period import Period
from exporter.calldb.reader import instant
from exporter.calldb.statements import StatementFailure
from exporter.review.model import Cohorts, Contacts, Entries, Span
from exporter.review.periods import before, elapsed, period_of
from exporter.semantic.model import Catalogue, Slice

GENERATION, BUCKET = Slice("generation", "calls.generation"), Slice("bucket", "collection_cases.bucket")

Fold = Callable[[str, str | None], str]


async def cohorts(asker: Asker, span: Span, as_of: float, fold: Fold) -> Cohorts:
    """Both cohorts, as of an instant (Unix seconds): of a span, and of the newest matured one; raises DatabaseError."""
    problems: dict[str, str] = {}
    contacts: list[tuple[Span, tuple[Contacts, ...]]] = []
    entries: list[tuple[Span, tuple[Entries, ...]]] = []
    zone = asker.catalogue.timezone
    try:
        contacts = [
            (each, await _contacts(asker, _until(each, as_of, zone), as_of, fold))
            for each in spans(span, CONTACT_DAYS, as_of, zone)
        ]
    except StatementFailure as failure:
        problems["contacts"] = failure.problem
    try:
        entries = [
            (each, await _entries(asker, _until(each, as_of, zone), as_of, fold))
            for each in spans(span, ENTRY_DAYS, as_of, zone)
        ]
    except StatementFailure as failure:
        problems["entries"] = failure.problem
    return Cohorts(tuple(contacts), tuple(entries), problems)


def spans(span: Span, days: int, as_of: float, timezone: str) -> tuple[Span, ...]:
    """A span, and where it has not matured for so many days, the newest one before it that has."""
    older = span
    while period_of(older, timezone).end + days * 86400 > as_of:
        older = before(older)
    return (span,) if older == span else (span, older)


def _until(span: Span, as_of: float, timezone: str) -> Period:
    return elapsed(period_of(span, timezone), as_of)


def has_cohorts(catalogue: Catalogue) -> bool:
    """Whether the catalogue still has the facts that cohorts are made of."""
    return {*CONTACT_FACTS, *ENTRY_FACTS} <= catalogue.datasets.keys()


async def _contacts(asker: Asker, period: Period, as_of: float, fold: Fold) -> tuple[Contacts, ...]:
    found: dict[str, Contacts] = {}
    sql = contacts_sql(asker.catalogue, [GENERATION])
    async for rows in asker.parts("calls", sql, period, instant(as_of)):
        for raw, matured, applied, contacted in rows:
            name = fold("generation", raw)
            early = 0 if matured else applied
            row = Contacts(name, contacted, contacted if matured else 0, applied if matured else 0, early)
            found[name] = found[name] + row if name in found else row
    return tuple(found[name] for name in sorted(found, key=_order(asker.catalogue, "generation")))


async def _entries(asker: Asker, period: Period, as_of: float, fold: Fold) -> tuple[Entries, ...]:
    found: defaultdict[str, Entries] = defaultdict(lambda: Entries(""))
    measures = asker.catalogue.measures
    sql = entries_sql(asker.catalogue, [BUCKET], [measures["overdue_cny"]])
    async for rows in asker.parts("collection_cases", sql, period, instant(as_of)):
        for raw, matured, overdue, cases in rows:
            ripe = (cases, overdue) if matured else (0, 0)
            found[fold("bucket", raw)] += Entries("", cases, overdue, 0, *ripe)
    sql = repaid_sql(asker.catalogue, [BUCKET], [measures["repaid_cny"]])
    async for rows in asker.parts("repayments", sql, period, instant(as_of)):
        for raw, matured, within, repaid, _ in rows:
            in_time = repaid if matured and within else 0
            found[fold("bucket", raw)] += Entries("", repaid=repaid, repaid_within=in_time)
    order = _order(asker.catalogue, "bucket")
    return tuple(replace(found[name], bucket=name) for name in sorted(found, key=order))


def _order(catalogue: Catalogue, label: str) -> Callable[[str], tuple[int, str]]:
    """Members in the order in which they are declared, then the others."""
    declared = list(catalogue.dimensions[label].values) if label in catalogue.dimensions else []
    return lambda name: (declared.index(name) if name in declared else len(declared), name)
