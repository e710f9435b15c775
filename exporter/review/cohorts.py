"""Cohorts: who was first contacted, and which cases entered, in the period, and what became of them since.

A period's figure divides what happened in it, whenever it began; a cohort follows those who began in it. Who counts is
said by the catalogue's own facts (`first_contact`, `application`, `case_entry`, `repayment`), so a contact is here what
it is on the page. Read a local day at a time; customers count once per campaign, so days add up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from exporter.calldb.period import Period
from exporter.calldb.reader import instant
from exporter.calldb.statements import StatementFailure
from exporter.review.asking import Asker
from exporter.review.model import Cohorts, Contacts, Entries, Span
from exporter.review.periods import before, elapsed, period_of
from exporter.semantic.model import Catalogue, Dataset

# Days after the first contact in which an application counts, and after its entry in which a case's repayments do.
CONTACT_DAYS, ENTRY_DAYS = 7, 30
CONTACT_FACTS = ("first_contact", "application")
ENTRY_FACTS = ("case_entry", "repayment")

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


def contacts_sql(asker: Asker) -> str:
    """First contacts with ends in [$1, $2) by generation and maturity at $3, and those with an application in time.

    In time: from the dialling of the contact (customers apply while they talk) to 7 days after its end.
    """
    contact, application = (asker.catalogue.datasets[name] for name in CONTACT_FACTS)
    limit = f"interval '{CONTACT_DAYS} days'"
    return (
        "-- outcall: conversion by contact cohort\n"
        "WITH contact AS (SELECT calls.customer_id, calls.campaign_id, calls.generation, calls.dialed_at,"
        f" calls.ended_at FROM {_from(asker, contact)} WHERE calls.ended_at >= $1 AND calls.ended_at < $2"
        f" AND ({contact.where})),\n"
        f"application AS (SELECT credit_applications.customer_id, calls.campaign_id, credit_applications.applied_at"
        f" FROM {_from(asker, application)} WHERE credit_applications.applied_at >= $1::timestamptz - interval '2 days'"
        f" AND credit_applications.applied_at <= $2::timestamptz + {limit} AND ({application.where}))\n"
        f"SELECT contact.generation, contact.ended_at <= $3::timestamptz - {limit} AS matured,"
        " count(*) FILTER (WHERE application.applied_at >= coalesce(contact.dialed_at, contact.ended_at)"
        f" AND application.applied_at <= contact.ended_at + {limit} AND application.applied_at <= $3::timestamptz)"
        " AS applied, count(*) AS contacted\n"
        "FROM contact LEFT JOIN application ON application.customer_id = contact.customer_id"
        " AND application.campaign_id IS NOT DISTINCT FROM contact.campaign_id\nGROUP BY 1, 2"
    )


def entries_sql(asker: Asker) -> str:
    """Cases that entered in [$1, $2) by bucket and maturity at $3: overdue money and their number."""
    entry = asker.catalogue.datasets[ENTRY_FACTS[0]]
    return (
        "-- outcall: cases by entry cohort\n"
        f"SELECT collection_cases.bucket, {_matured()} AS matured, {_column(asker, 'overdue_cny')} AS overdue,"
        f" {_column(asker, 'entered_cases')} AS cases\n"
        f"FROM {_from(asker, entry)} WHERE {_entered(entry)}\nGROUP BY 1, 2"
    )


def repaid_sql(asker: Asker) -> str:
    """What cases that entered in [$1, $2) have repaid up to $3, by bucket, maturity, and whether within 30 days."""
    entry, repayment = (asker.catalogue.datasets[name] for name in ENTRY_FACTS)
    return (
        "-- outcall: repayments by entry cohort\n"
        f"SELECT collection_cases.bucket, {_matured()} AS matured,"
        f" repayments.paid_at <= collection_cases.entered_at + interval '{ENTRY_DAYS} days' AS within,"
        f" {_column(asker, 'repaid_cny')} AS repaid\n"
        f"FROM {_from(asker, repayment)} WHERE {_entered(entry)} AND repayments.paid_at <= $3::timestamptz"
        f" AND ({repayment.where})\nGROUP BY 1, 2, 3"
    )


def _from(asker: Asker, dataset: Dataset) -> str:
    return f"{asker.relation(dataset.source)} AS {dataset.source} {dataset.join}"


def _column(asker: Asker, measure: str) -> str:
    return asker.catalogue.measures[measure].columns[0]


def _matured() -> str:
    return f"collection_cases.entered_at <= $3::timestamptz - interval '{ENTRY_DAYS} days'"


def _entered(entry: Dataset) -> str:
    """A case whose amount is not to be believed is left out, and so are its repayments."""
    rejected = "".join(f" AND ({sql}) IS NOT TRUE" for _, sql in entry.rejects)
    between = "collection_cases.entered_at >= $1::timestamptz AND collection_cases.entered_at < $2::timestamptz"
    return f"{between} AND ({entry.where}){rejected}"


async def _contacts(asker: Asker, period: Period, as_of: float, fold: Fold) -> tuple[Contacts, ...]:
    found: dict[str, Contacts] = {}
    async for rows in asker.parts("calls", contacts_sql(asker), period, instant(as_of)):
        for raw, matured, applied, contacted in rows:
            name = fold("generation", raw)
            early = 0 if matured else applied
            row = Contacts(name, contacted, contacted if matured else 0, applied if matured else 0, early)
            found[name] = found[name] + row if name in found else row
    return tuple(found[name] for name in sorted(found, key=_order(asker.catalogue, "generation")))


async def _entries(asker: Asker, period: Period, as_of: float, fold: Fold) -> tuple[Entries, ...]:
    found: defaultdict[str, Entries] = defaultdict(lambda: Entries(""))
    async for rows in asker.parts("collection_cases", entries_sql(asker), period, instant(as_of)):
        for raw, matured, overdue, cases in rows:
            ripe = (cases, overdue) if matured else (0, 0)
            found[fold("bucket", raw)] += Entries("", cases, overdue, 0, *ripe)
    async for rows in asker.parts("repayments", repaid_sql(asker), period, instant(as_of)):
        for raw, matured, within, repaid in rows:
            in_time = repaid if matured and within else 0
            found[fold("bucket", raw)] += Entries("", repaid=repaid, repaid_within=in_time)
    order = _order(asker.catalogue, "bucket")
    return tuple(replace(found[name], bucket=name) for name in sorted(found, key=order))


def _order(catalogue: Catalogue, label: str) -> Callable[[str], tuple[int, str]]:
    """Members in the order in which they are declared, then the others."""
    declared = list(catalogue.dimensions[label].values) if label in catalogue.dimensions else []
    return lambda name: (declared.index(name) if name in declared else len(declared), name)
