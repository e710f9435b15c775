"""A unit of the stream: one minute, with its own random stream, the facts made so far, and the phase in force.

Numbers of rows come from the minute: `minute << 17 | serial`. They never clash between minutes, so every minute can be
made without the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from exporter.simulate.case import Case, Phase
from exporter.simulate.draws import stream
from exporter.simulate.faults import disturbed
from exporter.simulate.plan import EPOCH, MINUTE, SimulationPlan
from exporter.simulate.tables import Facts

SERIAL_BITS = 17


@dataclass(slots=True)
class Unit:
    """One minute in the making. Times inside are seconds since `start`."""

    plan: SimulationPlan
    case: Case
    number: int
    start: datetime
    local: datetime
    faults: frozenset[str]
    rng: Random
    facts: Facts = field(default_factory=Facts)
    sparse: bool = False
    change_at: float = float("inf")
    disturbed: Phase | None = None
    serial: int = 0

    def at(self, seconds: float) -> datetime:
        """The instant `seconds` after the start of the minute."""
        return self.start + timedelta(0, seconds)

    def next_id(self) -> int:
        """A number that no other row of the stream has."""
        self.serial += 1
        return self.number << SERIAL_BITS | self.serial

    def phase(self, seconds: float) -> Phase:
        """The phase in force; faults disturb only what happens within this minute's hour, not its follow-ups."""
        if self.disturbed is not None and seconds < 3600:
            return self.disturbed
        return self.case.after if seconds >= self.change_at else self.case.before


def open_unit(plan: SimulationPlan, minute: int, faults: frozenset[str] = frozenset(), *, sparse: bool = False) -> Unit:
    """The unit of a minute (counted from EPOCH), before anything has happened in it."""
    start = EPOCH + minute * MINUTE
    local = start.astimezone(plan.zone)
    unit = Unit(plan, plan.case, minute, start, local, faults, stream(plan.seed, minute), sparse=sparse)
    if plan.change_at is not None:
        unit.change_at = (plan.change_at - start).total_seconds()
    if faults:
        unit.disturbed = disturbed(plan.phase(start), faults, local.hour)
    return unit


def local_day(unit: Unit, days_later: int = 0) -> date:
    """The local day of the unit, or one after it."""
    return unit.local.date() + timedelta(days=days_later)
