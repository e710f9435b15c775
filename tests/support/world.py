"""The database as a random history remembers it, and the tiny pools that make customers, days and calls collide."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from tests.support.instants import Instants

Row = dict[str, object]
Key = tuple[object, ...]

# Primary keys of the canonical tables (contract, section 1).
KEYS: dict[str, tuple[str, ...]] = {
    "customers": ("customer_id",),
    "calls": ("call_id",),
    "turns": ("call_id", "seq"),
    "call_analyses": ("call_id",),
    "quality_labels": ("label_id",),
    "qa_checks": ("call_id", "mode"),
    "masking_scans": ("scan_id",),
    "recordings": ("recording_id",),
    "surveys": ("survey_id",),
    "credit_applications": ("application_id",),
    "cost_ledger": ("entry_id",),
    "collection_cases": ("case_id",),
    "repayments": ("repayment_id",),
    "service_tasks": ("task_id",),
    "ltv_snapshots": ("customer_id", "as_of", "arm"),
    "do_not_call": ("customer_id", "added_at"),
    "complaints": ("complaint_id",),
    "incidents": ("incident_id",),
}


@dataclass(frozen=True, slots=True)
class Domains:
    """Values of the slice labels, repeated where they are to be frequent; `None` is NULL, the label `unknown`."""

    scenario: tuple[str, ...] = ("acquisition", "acquisition", "collection", "operations")
    generation: tuple[str | None, ...] = ("gen_z", "gen_y", "gen_x", "elderly", "elderly", "unknown", None)
    script: tuple[str | None, ...] = ("A", "A", "B", None)
    dialect: tuple[str | None, ...] = ("mandarin", "mandarin", "cantonese", "sichuanese", None)
    bucket: tuple[str, ...] = ("M1", "M1", "M2", "M3", "M3+")
    task: tuple[str, ...] = ("limit_change", "repayment_plan_change")


@dataclass(slots=True)
class World:
    """The rows as they will be once every operation handed out so far has been applied."""

    rng: Random
    instants: Instants
    domains: Domains
    customers: int
    rows: dict[str, dict[Key, Row]] = field(default_factory=lambda: {table: {} for table in KEYS})
    last_id: int = 1000

    def new_id(self) -> int:
        """An id that no row of any table has yet."""
        self.last_id += 1
        return self.last_id

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def put(self, table: str, row: Row) -> None:
        self.rows[table][key_of(table, row)] = row

    def customer(self) -> int | None:
        """Whom a call went to: one of the first three, one of the pool, a newcomer, or nobody that is known."""
        draw = self.rng.random()
        if draw < 0.4:
            return self.rng.randint(1, 3)
        if draw < 0.8:
            return self.rng.randint(1, self.customers)
        return self.rng.randint(10_000, 99_999) if draw < 0.95 else None

    def cny(self, most: int) -> Decimal | None:
        """An amount, sometimes not known."""
        return None if self.chance(0.05) else Decimal(self.rng.randint(0, most * 100)) / 100

    def moment(self, late: bool) -> datetime:
        """An anchor: anywhere, or days ago for a row that comes late."""
        return self.instants.old() if late else self.instants.any()

    def anchor(self, late: bool) -> datetime | None:
        """As `moment`, sometimes not known yet."""
        return None if self.chance(0.05) else self.moment(late)

    def finished_calls(self) -> list[int]:
        """Ids of the calls that have ended: facts hang on those, a running call has none yet."""
        return [integer(row["call_id"]) for row in self.rows["calls"].values() if row["ended_at"] is not None]

    def call_id(self, taken: frozenset[object] = frozenset()) -> int:
        """A finished call, mostly a recent one, that is not taken; at times an id that has no call yet."""
        free = [call_id for call_id in self.finished_calls() if call_id not in taken]
        if not free or self.chance(0.05):
            return self.new_id()
        return self.rng.choice(free[-12:] if self.chance(0.6) else free)

    def call_id_or_none(self) -> int | None:
        """As `call_id`; at times nobody knows which call it was, or it was none."""
        return None if self.chance(0.15) else self.call_id()

    def missing(self, table: str, column: str, references: tuple[tuple[str, str], ...]) -> list[int]:
        """Ids that rows of other tables refer to, and that no row of `table` has (yet, or any more)."""
        there = {row[column] for row in self.rows[table].values()}
        named = {row[name] for other, name in references for row in self.rows[other].values()}
        return sorted(integer(value) for value in named - there if value is not None)


def key_of(table: str, row: Row) -> Key:
    return tuple(row[column] for column in KEYS[table])


def integer(value: object) -> int:
    assert isinstance(value, int)
    return value


def instant(value: object) -> datetime:
    assert isinstance(value, datetime)
    return value


def shifted(row: Row, by: timedelta) -> Row:
    """The row with every instant of it moved."""
    return {name: value + by if isinstance(value, datetime) else value for name, value in row.items()}
