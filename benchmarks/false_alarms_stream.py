"""The simulated call stream as KPI windows, minute by minute, by brute force.

No code of the exporter's state or KPI layers: each fact that counts is one observation, which adds 1 to the sums of
every minute T in whose window it lies (bucket start s: ceil(T) - W <= s < ceil(T), to the grain) and at which it has
arrived. A row is taken as its last version from the arrival of its first on; erased customers stay. Both concern two
calls in a thousand or less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from math import ceil
from random import Random
from typing import Any, NamedTuple

from exporter.simulate.generate import generate_minute
from exporter.simulate.plan import EPOCH, SimulationPlan, minute_of
from exporter.simulate.tables import TABLES, Facts

ALL = "all"
HOUR, DAY = 60, 1_440
WEEK, MONTH = 7 * DAY, 30 * DAY
# The first 30-day window has all the applications that belong to it: they follow their call by three weeks at most.
BURN_IN = 51
FIRST_DAY = datetime(2026, 3, 1, 16, tzinfo=UTC)  # midnight in the business zone: Monday, 2 March
SCENARIOS = ("acquisition", "collection", "operations")
EARLY_SECONDS, EFFECTIVE_SECONDS = 30, 10
EVENING = range(18, 21)

Row = dict[str, Any]
Change = Callable[[Row], None]


class Cell(NamedTuple):
    """A slice; `all` where nothing is selected."""

    scenario: str = ALL
    generation: str = ALL


class Observation(NamedTuple):
    """A fact of a KPI: `at` and `arrives` in minutes after FIRST_DAY, what it adds to numerator and denominator."""

    kpi: str
    cell: Cell
    at: float
    arrives: float
    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class Sums:
    """Numerator and denominator at each minute; while observations come in, their differences to the minute before."""

    numerator: list[int]
    denominator: list[int]


@dataclass(slots=True)
class Windows:
    """KPI windows of `minutes` minutes from FIRST_DAY on, for the cells asked for: {kpi: cells}, widths in minutes."""

    minutes: int
    cells: Mapping[str, Sequence[Cell]]
    widths: Sequence[int]
    sums: dict[tuple[str, Cell, int], Sums] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = ((kpi, cell, width) for kpi, cells in self.cells.items() for cell in cells for width in self.widths)
        self.sums = {key: Sums([0] * (self.minutes + 1), [0] * (self.minutes + 1)) for key in keys}

    def add(self, seen: Observation) -> None:
        """Count an observation in every window that ever holds it."""
        for cell in self.cells[seen.kpi]:
            if cell.scenario not in (ALL, seen.cell.scenario) or cell.generation not in (ALL, seen.cell.generation):
                continue
            for width in self.widths:
                bucket = _bucket(seen.at, width)
                first, last = max(0, bucket + 1, ceil(seen.arrives)), min(self.minutes - 1, bucket + width)
                if first <= last:
                    sums = self.sums[seen.kpi, cell, width]
                    _step(sums.numerator, first, last + 1, seen.numerator)
                    _step(sums.denominator, first, last + 1, seen.denominator)

    def closed(self) -> dict[tuple[str, Cell, int], Sums]:
        """The sums themselves."""
        return {
            key: Sums(list(accumulate(sums.numerator))[:-1], list(accumulate(sums.denominator))[:-1])
            for key, sums in self.sums.items()
        }


def _bucket(at: float, width: int) -> int:
    """The start of the bucket: of a minute in windows up to 24 h, of an hour in longer ones."""
    grain = 1 if width <= DAY else HOUR
    return int(at // grain) * grain


def _step(values: list[int], first: int, end: int, amount: int) -> None:
    values[first] += amount
    values[end] -= amount


def minute_at(minute: int) -> datetime:
    """The instant of a measured minute."""
    return FIRST_DAY + timedelta(minutes=minute)


def plan_of(seed: int, days: int, calls_per_day: int = 12_000, burn_in: int = BURN_IN) -> SimulationPlan:
    """The case's "after" stream: `days` measured days from FIRST_DAY on, and the days that they remember."""
    now = FIRST_DAY + timedelta(days=days)
    return SimulationPlan(seed, now, days=days + burn_in, calls_per_day=calls_per_day, change_at=EPOCH)


def falling_back(plan: SimulationPlan, at: datetime) -> SimulationPlan:
    """The same until `at`; from then on everything is as it was before the change of wording."""
    case = replace(plan.case, before=plan.case.after, after=plan.case.before)
    return replace(plan, case=case, change_at=at)


def observations(plan: SimulationPlan, change: Change | None = None) -> Iterator[Observation]:
    """All that counts for the three KPIs; `change` may alter rows of calls before."""
    for minute in range(plan.first_minute, minute_of(plan.now)):
        yield from _of_minute(generate_minute(plan, minute), change)


def _of_minute(facts: Facts, change: Change | None) -> Iterator[Observation]:
    calls = _rows(facts, "calls")
    for call in calls:
        if change is not None:
            change(call)
    yield from _hangups(calls)
    by_id = {call["call_id"]: call for call in calls}
    yield from _contacts(calls)
    yield from _applications(_rows(facts, "credit_applications"), by_id)
    for survey in _rows(facts, "surveys"):
        arrived = survey["arrives"]
        cell = _cell(by_id[survey["call_id"]])
        yield Observation("csat", cell, _minutes(survey["responded_at"]), arrived, int(survey["satisfied"]), 1)


def _rows(facts: Facts, name: str) -> list[Row]:
    """Rows by column name: the last version of each, with the minute at which its first arrived."""
    table = next(table for table in TABLES if table.name == name)
    last = {row[0]: row for row in facts.first[name]} | {row[0]: row for row in facts.later[name]}
    return [dict(zip(table.columns, last[row[0]], strict=True), arrives=_minutes(row[-1])) for row in facts.first[name]]


def _minutes(instant: datetime) -> float:
    return (instant - FIRST_DAY).total_seconds() / 60


def _cell(call: Row) -> Cell:
    return Cell(call["scenario"], call["generation"])


def is_answered(call: Row) -> bool:
    """Answered by a person."""
    return call["answered_at"] is not None and call["answered_by"] not in (None, "machine")


def is_early(call: Row) -> bool:
    """Hung up by the customer with at most 30 s of talk time."""
    talk: timedelta = call["ended_at"] - call["answered_at"]
    return bool(call["hangup_by"] == "customer") and talk.total_seconds() <= EARLY_SECONDS


def _hangups(calls: Iterable[Row]) -> Iterator[Observation]:
    for call in calls:
        if is_answered(call):
            early = int(is_early(call))
            yield Observation("early_hangup", _cell(call), _minutes(call["ended_at"]), call["arrives"], early, 1)


def _contacts(calls: Iterable[Row]) -> Iterator[Observation]:
    """First effective contacts of acquisition customers in a campaign. A customer belongs to one minute's facts."""
    known: set[tuple[int, int]] = set()
    for call in sorted(calls, key=lambda call: (call["ended_at"], call["call_id"])):
        key = (call["customer_id"], call["campaign_id"])
        effective = is_answered(call) and (call["interaction_seconds"] or 0) >= EFFECTIVE_SECONDS
        if call["scenario"] == "acquisition" and effective and key not in known:
            known.add(key)
            yield Observation("lead_conversion", _cell(call), _minutes(call["ended_at"]), call["arrives"], 0, 1)


def _applications(rows: Iterable[Row], calls: Mapping[int, Row]) -> Iterator[Observation]:
    """The first application of a customer from a campaign, in the cell of its call."""
    known: set[tuple[int, int]] = set()
    for row in sorted(rows, key=lambda row: (row["applied_at"], row["application_id"])):
        call = calls[row["source_call_id"]]
        key = (call["customer_id"], call["campaign_id"])
        if key not in known:
            known.add(key)
            yield Observation("lead_conversion", _cell(call), _minutes(row["applied_at"]), row["arrives"], 1, 0)


def evening_hangups(seed: int, plan: SimulationPlan, rate: float) -> Change:
    """Raises the 30 s hang-up rate of elderly people dialled from 18 to 21 h local to `rate`, on every day."""
    rng = Random(f"evening:{seed}")
    normal = plan.case.after.rates["elderly"].early_hangup
    share = (rate - normal) / (1 - normal)

    def change(call: Row) -> None:
        evening = call["dialed_at"].astimezone(plan.zone).hour in EVENING
        stays = call["generation"] == "elderly" and is_answered(call) and not is_early(call)
        if evening and stays and rng.random() < share:
            written = call["arrives"] - _minutes(call["ended_at"])
            call["ended_at"] = call["answered_at"] + timedelta(seconds=5 + 25 * rng.random())
            call["arrives"] = _minutes(call["ended_at"]) + written
            call["hangup_by"] = "customer"

    return change
