"""Those who began in a past period and what became of them, as cells of the KPI's datasets: for attribution.

A period's figure divides what happened in it, whenever it began: applications of last week's contacts by this week's
contacts. Where a stream begins or changes, the two are not of the same people. Here both sides are: of those who began
in the period, with so many days to mature. Cells have the labels of the contact or of the case, on both sides.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import asyncpg

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
from exporter.calldb.period import Period, Progress, add_cells, days
from exporter.calldb.reader import Cells, instant, raw_labels
from exporter.calldb.statements import StatementFailure
from exporter.errors import DatabaseError
from exporter.semantic.model import Catalogue, Dataset, Kpi
from exporter.semantic.spec import Text
from exporter.state.buckets import RawLabels, Vector


@dataclass(frozen=True, slots=True)
class Cohort:
    """A KPI that can be followed from a beginning: the measures of its quotient, their facts, days to mature."""

    name: str
    title: Text
    numerator: str
    denominator: str
    facts: tuple[str, str]
    days: int


CONTACTS = Cohort(
    "contact",
    Text(zh="触达队列（窗口内首次有效触达的客户）", en="contact cohort (customers first effectively contacted then)"),
    "applicants",
    "contacted_customers",
    CONTACT_FACTS,
    CONTACT_DAYS,
)
ENTRIES = Cohort(
    "entry",
    Text(zh="入催队列（窗口内入催的案件）", en="entry cohort (cases that entered then)"),
    "repaid_cny",
    "overdue_cny",
    ENTRY_FACTS,
    ENTRY_DAYS,
)
COHORTS: Mapping[str, Cohort] = {"lead_conversion": CONTACTS, "recovery": ENTRIES}

_ALMOST = 0.99


@dataclass(slots=True)
class Began:
    """What became of those who began in a period and have matured: cells per dataset.

    `young`: how many others began, whose days are not over yet.
    """

    cells: dict[str, Cells] = field(default_factory=dict)
    young: int = 0

    def add(self, dataset: Dataset, labels: Mapping[str, str | None], vector: Vector) -> None:
        """Count in a dataset, under those of the labels that it has."""
        at: RawLabels = tuple(labels.get(label) for label in dataset.labels)
        add_cells(self.cells.setdefault(dataset.name, {}), {at: vector})


def cohort_of(catalogue: Catalogue, kpi: Kpi) -> Cohort | None:
    """The cohort of a KPI; None where it has none, or an operator has defined it otherwise."""
    cohort = COHORTS.get(kpi.slug)
    if cohort is None or not set(cohort.facts) <= catalogue.datasets.keys():
        return None
    sides = [[measure.name for measure in side] for side in (kpi.numerator, kpi.denominator)]
    return cohort if sides == [[cohort.numerator], [cohort.denominator]] else None


async def read_cohort(
    asker: Asker, cohort: Cohort, period: Period, as_of: float, progress: Progress | None = None
) -> Began:
    """Those who began in a period, by what is known at `as_of` (Unix seconds); raises DatabaseError."""
    found = Began({name: {} for name in cohort.facts})
    read = _contacts(asker, period, as_of, found) if cohort is CONTACTS else _entries(asker, period, as_of, found)
    tell = progress or (lambda *_: None)
    parts = len(list(days(period, asker.catalogue.timezone))) * (1 if cohort is CONTACTS else 2)
    done = 0
    try:
        async for name in read:
            done += 1
            # Where a day is slow it has more parts.
            tell(min(done / parts, _ALMOST), name)
    except StatementFailure as failure:
        raise DatabaseError(failure.problem) from None
    tell(1.0, "")
    return found


async def _contacts(asker: Asker, period: Period, as_of: float, found: Began) -> AsyncIterator[str]:
    """Adds part by part, and tells what is being read."""
    contact, application = (asker.catalogue.datasets[name] for name in CONTACT_FACTS)
    sql = contacts_sql(asker.catalogue, contact.slices)
    async for rows in asker.parts("calls", sql, period, instant(as_of)):
        for row in rows:
            *_, matured, applied, contacted = row
            if not matured:
                found.young += contacted
                continue
            labels = dict(zip(contact.labels, raw_labels(contact.slices, row, 0), strict=True))
            found.add(contact, labels, _vector(asker, CONTACTS.denominator, contacted))
            found.add(application, labels, _vector(asker, CONTACTS.numerator, applied))
        yield contact.name


def _vector(asker: Asker, measure: str, count: int) -> Vector:
    """A dataset's vector that counts one measure."""
    at = asker.catalogue.measures[measure]
    width = asker.catalogue.datasets[at.dataset].width
    return (*(count if place == at.offset else 0 for place in range(width)), count)


async def _entries(asker: Asker, period: Period, as_of: float, found: Began) -> AsyncIterator[str]:
    """Adds part by part, and tells what is being read."""
    entry, repayment = (asker.catalogue.datasets[name] for name in ENTRY_FACTS)
    arguments = period, instant(as_of)
    sql = entries_sql(asker.catalogue, entry.slices, entry.measures)
    async for rows in asker.parts("collection_cases", sql, *arguments):
        for row in rows:
            matured, *sums, cases = row[len(entry.slices) :]
            if not matured:
                found.young += cases
                continue
            found.add(entry, _labels(entry, row), (*sums, *_none_rejected(entry), cases))
        yield entry.name
    sql = repaid_sql(asker.catalogue, entry.slices, repayment.measures)
    async for rows in asker.parts("repayments", sql, *arguments):
        for row in rows:
            matured, within, *sums, count = row[len(entry.slices) :]
            if matured and within:
                found.add(repayment, _labels(entry, row), (*sums, *_none_rejected(repayment), count))
        yield repayment.name


def _labels(entry: Dataset, row: asyncpg.Record) -> dict[str, str | None]:
    return dict(zip(entry.labels, raw_labels(entry.slices, row, 0), strict=True))


def _none_rejected(dataset: Dataset) -> Vector:
    """A vector's counts of what was rejected: nobody reads them of a cohort."""
    return (0,) * len(dataset.rejects)
