"""The canonical tables as the stream writes them, and the rows on their way there.

A row is a tuple in the order of its table's columns. The last column is always `updated_at`: the instant at which this
version of the row reaches the call database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any

# Any: a row is what the driver's COPY takes, a tuple of mixed types.
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of a table; its primary key is the first `key_width` of them."""

    name: str
    columns: tuple[str, ...]
    key_width: int = 1

    def key(self) -> Callable[[Row], object]:
        """The function that takes the primary key from a row."""
        return itemgetter(*range(self.key_width))

    def upsert(self) -> str:
        """INSERT that takes a row's columns as parameters and replaces an earlier version of the row."""
        key, rest = self.columns[: self.key_width], self.columns[self.key_width :]
        parameters = ", ".join(f"${number}" for number in range(1, len(self.columns) + 1))
        changes = ", ".join(f"{column} = EXCLUDED.{column}" for column in rest)
        return (
            f"INSERT INTO {self.name} ({', '.join(self.columns)}) VALUES ({parameters}) "
            f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
        )


def _table(name: str, columns: str, key_width: int = 1) -> Table:
    return Table(name, (*columns.split(), "updated_at"), key_width)


TABLES: tuple[Table, ...] = (
    _table("customers", "customer_id birth_date dialect"),
    _table(
        "calls",
        "call_id customer_id campaign_id scenario generation dialect script dialed_at answered_at ended_at result "
        "answered_by interaction_seconds hangup_by transferred_at fault_code cost_cny",
    ),
    _table("turns", "call_id seq user_end_at bot_start_at", 2),
    _table("call_analyses", "call_id analysed_at repeat_count"),
    _table("quality_labels", "label_id call_id kind total correct score labelled_at"),
    _table("qa_checks", "call_id mode checked_at violations rule_codes", 2),
    _table("masking_scans", "scan_id call_id scanned_at sensitive masked"),
    _table("recordings", "recording_id call_id started_at stored_at bytes sha256 deleted_at"),
    _table("surveys", "survey_id call_id channel responded_at satisfied"),
    _table("credit_applications", "application_id customer_id source_call_id applied_at granted_at"),
    _table("cost_ledger", "entry_id booked_at scenario amount_cny"),
    _table("collection_cases", "case_id customer_id generation entered_at bucket overdue_cny"),
    _table("repayments", "repayment_id case_id amount_cny paid_at posted_at reversed_at"),
    _table("service_tasks", "task_id customer_id source_call_id task needed_at completed_at"),
    _table("ltv_snapshots", "customer_id as_of arm value_cny reborrowed credit_limit_cny", 3),
    _table("do_not_call", "customer_id added_at removed_at", 2),
    _table("complaints", "complaint_id call_id received_at upheld"),
    _table("incidents", "incident_id opened_at resolved_at"),
)
NAMES = tuple(table.name for table in TABLES)


def _lists() -> dict[str, list[Row]]:
    return {name: [] for name in NAMES}


@dataclass(slots=True)
class Facts:
    """Rows by table: their first version, and later versions (in order) that supersede it.

    `erasures`: (customer_id, at): all rows of the customer are deleted then. `lost_files`: (recording_id, started_at,
    at): the file of the recording disappears then, though its row says nothing.
    """

    first: dict[str, list[Row]] = field(default_factory=_lists)
    later: dict[str, list[Row]] = field(default_factory=_lists)
    erasures: list[tuple[int, datetime]] = field(default_factory=list)
    lost_files: list[tuple[int, datetime, datetime]] = field(default_factory=list)

    def extend(self, other: Facts, until: datetime | None = None) -> None:
        """Take over the rows of another; with `until` only those that arrive before it."""
        for mine, theirs in ((self.first, other.first), (self.later, other.later)):
            for name, rows in theirs.items():
                mine[name] += rows if until is None else [row for row in rows if row[-1] < until]
        self.erasures += other.erasures
        self.lost_files += other.lost_files


def newest(table: Table, first: Iterable[Row], later: Iterable[Row]) -> list[Row]:
    """One row per key, the last version of each."""
    key = table.key()
    versions = {key(row): row for row in first}
    versions.update((key(row), row) for row in later)
    return list(versions.values())
