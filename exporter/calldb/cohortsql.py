"""SQL of cohorts: who was first contacted, which cases entered, and what became of them within so many days. Pure.

Who counts is said by the catalogue's own facts (`first_contact`, `application`, `case_entry`, `repayment`), so a
contact is here what it is on the page. Rows whose days are not over at the instant $3 have not matured, and are told
apart. The last column of each statement counts rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from exporter.semantic.model import Catalogue, Dataset, Measure, Slice
from exporter.semantic.sqltext import relation_sql

# Days after the first contact in which an application counts, and after its entry in which a case's repayments do.
CONTACT_DAYS, ENTRY_DAYS = 7, 30
CONTACT_FACTS = ("first_contact", "application")
ENTRY_FACTS = ("case_entry", "repayment")


def contacts_sql(catalogue: Catalogue, slices: Sequence[Slice]) -> str:
    """First contacts with ends in [$1, $2) by labels of theirs: labels, matured, applied in time, contacted.

    In time: from the dialling of the contact (customers apply while they talk) to 7 days after its end.
    """
    contact, application = (catalogue.datasets[name] for name in CONTACT_FACTS)
    limit = f"interval '{CONTACT_DAYS} days'"
    labels = "".join(f"contact.{item.label}, " for item in slices)
    return (
        "-- outcall: conversion by contact cohort\n"
        f"WITH contact AS (SELECT {_labels(slices)}calls.customer_id, calls.campaign_id, calls.dialed_at,"
        f" calls.ended_at FROM {_from(catalogue, contact)} WHERE calls.ended_at >= $1 AND calls.ended_at < $2"
        f" AND ({contact.where})),\n"
        f"application AS (SELECT credit_applications.customer_id, calls.campaign_id, credit_applications.applied_at"
        f" FROM {_from(catalogue, application)}"
        " WHERE credit_applications.applied_at >= $1::timestamptz - interval '2 days'"
        f" AND credit_applications.applied_at <= $2::timestamptz + {limit} AND ({application.where}))\n"
        f"SELECT {labels}contact.ended_at <= $3::timestamptz - {limit} AS matured,"
        " count(*) FILTER (WHERE application.applied_at >= coalesce(contact.dialed_at, contact.ended_at)"
        f" AND application.applied_at <= contact.ended_at + {limit} AND application.applied_at <= $3::timestamptz)"
        " AS applied, count(*) AS contacted\n"
        "FROM contact LEFT JOIN application ON application.customer_id = contact.customer_id"
        f" AND application.campaign_id IS NOT DISTINCT FROM contact.campaign_id\n{_group(len(slices) + 1)}"
    )


def entries_sql(catalogue: Catalogue, slices: Sequence[Slice], measures: Sequence[Measure]) -> str:
    """Cases that entered in [$1, $2) by labels of theirs: labels, matured, measures of the case, cases."""
    entry = catalogue.datasets[ENTRY_FACTS[0]]
    return (
        "-- outcall: cases by entry cohort\n"
        f"SELECT {_labels(slices)}{_matured()} AS matured, {_sums(measures)}, count(*) AS cases\n"
        f"FROM {_from(catalogue, entry)} WHERE {_entered(entry)}\n{_group(len(slices) + 1)}"
    )


def repaid_sql(catalogue: Catalogue, slices: Sequence[Slice], measures: Sequence[Measure]) -> str:
    """What cases that entered in [$1, $2) have repaid up to $3: labels, matured, within 30 days, measures, rows."""
    entry, repayment = (catalogue.datasets[name] for name in ENTRY_FACTS)
    return (
        "-- outcall: repayments by entry cohort\n"
        f"SELECT {_labels(slices)}{_matured()} AS matured,"
        f" repayments.paid_at <= collection_cases.entered_at + interval '{ENTRY_DAYS} days' AS within,"
        f" {_sums(measures)}, count(*) AS repayments\n"
        f"FROM {_from(catalogue, repayment)} WHERE {_entered(entry)} AND repayments.paid_at <= $3::timestamptz"
        f" AND ({repayment.where})\n{_group(len(slices) + 2)}"
    )


def _from(catalogue: Catalogue, dataset: Dataset) -> str:
    return f"{relation_sql(dataset.source, catalogue.sources[dataset.source])} AS {dataset.source} {dataset.join}"


def _labels(slices: Sequence[Slice]) -> str:
    return "".join(f"{item.sql} AS {item.label}, " for item in slices)


def _sums(measures: Sequence[Measure]) -> str:
    return ", ".join(f"{column} AS {m.name}_{at}" for m in measures for at, column in enumerate(m.columns))


def _group(columns: int) -> str:
    return f"GROUP BY {', '.join(str(1 + at) for at in range(columns))}"


def _matured() -> str:
    return f"collection_cases.entered_at <= $3::timestamptz - interval '{ENTRY_DAYS} days'"


def _entered(entry: Dataset) -> str:
    """A case whose amount is not to be believed is left out, and so are its repayments."""
    rejected = "".join(f" AND ({sql}) IS NOT TRUE" for _, sql in entry.rejects)
    between = "collection_cases.entered_at >= $1::timestamptz AND collection_cases.entered_at < $2::timestamptz"
    return f"{between} AND ({entry.where}){rejected}"
