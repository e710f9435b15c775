"""Windows in time and the slices of each: which cells a fact is counted in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product

ALL = "all"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Window:
    """A rolling window: facts of `width` before the instant, cut at multiples of `grain`."""

    name: str
    width: timedelta
    grain: timedelta
    by_period: bool

    def bounds(self, as_of: datetime) -> tuple[datetime, datetime]:
        """First instant inside and first instant after the window at `as_of`, whose own grain counts in full."""
        end = EPOCH - (EPOCH - as_of) // self.grain * self.grain  # -(-x // g) * g rounds up
        return end - self.width, end


WINDOWS: tuple[Window, ...] = (
    Window("5m", timedelta(minutes=5), MINUTE, by_period=True),
    Window("1h", timedelta(hours=1), MINUTE, by_period=True),
    Window("24h", timedelta(hours=24), MINUTE, by_period=True),
    Window("7d", timedelta(days=7), HOUR, by_period=False),
    Window("30d", timedelta(days=30), HOUR, by_period=False),
)
DAY_AND_LONGER = ("24h", "7d", "30d")


@dataclass(frozen=True, slots=True)
class Slice:
    """The slice labels of a fact or of a cell; `own` is the label that only its KPI has (bucket, dialect, task)."""

    scenario: str
    generation: str
    period: str
    script: str
    own: str


@cache
def cells(fact: Slice, by_period: bool) -> frozenset[Slice]:
    """Every cell that counts the fact: scenario x generation (x period), scenario x script, all rolled up, x own."""
    scenarios = (fact.scenario, ALL)
    generations = (fact.generation, ALL)
    periods = (fact.period, ALL) if by_period else (ALL,)
    scripts = (fact.script, ALL)
    drill_down = {(s, g, p, ALL) for s, g, p in product(scenarios, generations, periods)}
    comparison = {(s, ALL, ALL, script) for s, script in product(scenarios, scripts)}
    return frozenset(Slice(*labels, own) for labels in drill_down | comparison for own in (fact.own, ALL))
