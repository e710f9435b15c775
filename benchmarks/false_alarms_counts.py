"""How soon faults and violations are seen: rare things, of which an hour holds a few.

On average, without chance: the last hour holds what came before the jump at the usual rate, what came since at the new
one. Looked at every minute, with the rule's gate on the 1 h window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmarks.false_alarms_chance import LEAST_SAMPLES, Z95, certain
from benchmarks.report import show

WINDOW = 60


@dataclass(frozen=True, slots=True)
class Rare:
    """A KPI with a small budget: its critical line, its target, its usual rate, and what it is counted of."""

    title: str
    line: float
    target: float
    usual: float
    of: str


RARE = {
    Rare("system_failure", 0.01, 0.005, 0.003, "dials"): ((900, 1_350, 9_000), (0.02, 0.03, 0.05)),
    Rare("violation", 0.01, 0.001, 0.0005, "checks"): ((400, 4_000), (0.02, 0.05, 0.15)),
}
BOUNDS = (Z95, 3.0, 4.0, 5.0)


def minutes_until_certain(rare: Rare, per_hour: int, rate: float, z: float) -> int | None:
    """Minutes from the jump to `rate` until line, bound and samples are passed; None where an hour does not show it."""
    for minute in range(1, WINDOW + 1):
        bad = per_hour * (rate * minute + rare.usual * (WINDOW - minute)) / WINDOW
        is_enough = per_hour >= LEAST_SAMPLES and bad / per_hour > rare.line
        if is_enough and certain(math.floor(bad), per_hour, z) > rare.target:
            return minute
    return None


def run() -> list[tuple[object, ...]]:
    """Print the table; returns its rows."""
    rows: list[tuple[object, ...]] = [
        (rare.title, f"{per_hour:,} {rare.of}", f"{rate:.0%}", *(_shown(rare, per_hour, rate, z) for z in BOUNDS))
        for rare, (volumes, rates) in RARE.items()
        for per_hour in volumes
        for rate in rates
    ]
    head = ("KPI", "an hour", "jumps to", *(f"z = {z:.3g}" for z in BOUNDS))
    show("Minutes until the 1 h window is certain of faults and violations, on average", head, rows)
    return rows


def _shown(rare: Rare, per_hour: int, rate: float, z: float) -> str:
    found = minutes_until_certain(rare, per_hour, rate, z)
    return "–" if found is None else str(found)
