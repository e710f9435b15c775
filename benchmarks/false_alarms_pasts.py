"""The simulated pasts that the rules are tried on: calm, with spikes in the evening, and one that falls back."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks import false_alarms_gauges, false_alarms_rules
from benchmarks.false_alarms_gates import cells
from benchmarks.false_alarms_gauges import WINDOWS, AllSums
from benchmarks.false_alarms_rules import KPIS, Firing
from benchmarks.false_alarms_server import Prometheus
from benchmarks.false_alarms_stream import (
    DAY,
    EVENING,
    FIRST_DAY,
    Cell,
    Observation,
    Windows,
    evening_hangups,
    falling_back,
    observations,
    plan_of,
)

SPIKE_RATE = 0.60
# Beside the exporter's own windows, those of the grid.
FAST_WIDTHS = (5, 10, 15, 30, 60)
WIDTHS = tuple(sorted({*FAST_WIDTHS, *WINDOWS.values()}))
# When and how long the past that falls back does so, in days.
FALL, FALLEN = 3, 9


@dataclass(frozen=True, slots=True)
class Past:
    """A simulated stream: its windows, and what the shipped rules did in it."""

    seed: int
    days: int
    sums: AllSums
    firings: list[Firing]


def calm(seed: int, days: int) -> Past:
    """The case's "after" stream."""
    windows = _windows(days, KPIS, observations(plan_of(seed, days)))
    return Past(seed, days, windows.closed(), fired_in(windows))


def quiet(seed: int, days: int, widths: Sequence[int]) -> AllSums:
    """The "after" stream's hang-ups alone, without Prometheus: quick, so that rare false alarms can be counted."""
    return _windows(days, ["early_hangup"], observations(plan_of(seed, days, burn_in=1)), widths).closed()


def spiked(seed: int, days: int, calls_per_day: int, widths: Sequence[int] = WIDTHS) -> Past:
    """The same with the elderly hanging up from 18 to 21 h every day. Hang-ups only."""
    plan = plan_of(seed, days, calls_per_day, burn_in=1)
    stream = observations(plan, evening_hangups(seed, plan, SPIKE_RATE))
    windows = _windows(days, ["early_hangup"], stream, widths)
    return Past(seed, days, windows.closed(), fired_in(windows))


def fallen(seed: int) -> AllSums:
    """Satisfaction that falls back to "before", FALL days after FIRST_DAY."""
    days = FALL + FALLEN
    plan = falling_back(plan_of(seed, days, burn_in=WINDOWS["30d"] // DAY), FIRST_DAY + timedelta(days=FALL))
    return _windows(days, ["csat"], observations(plan)).closed()


def _windows(
    days: int, kpis: Collection[str], stream: Iterable[Observation], widths: Sequence[int] = WIDTHS
) -> Windows:
    watched: Mapping[str, Sequence[Cell]] = {kpi: of for kpi, of in cells().items() if kpi in kpis}
    windows = Windows(days * DAY, watched, widths)
    for seen in stream:
        if seen.kpi in watched:
            windows.add(seen)
    return windows


def fired_in(windows: Windows) -> list[Firing]:
    """What the shipped rules on the windows' KPIs raise, in a Prometheus that has seen nothing else."""
    records, alerts = false_alarms_rules.shipped()
    asked = [alert for alert in alerts if alert.kpi in windows.cells]
    with tempfile.TemporaryDirectory() as folder, Prometheus(Path(folder)) as server:
        server.load(false_alarms_gauges.text(windows.closed(), windows.minutes))
        false_alarms_rules.record(server, records, windows.minutes)
        return false_alarms_rules.firings(server, asked, windows.minutes)


def evening_delays(firings: Iterable[Firing], days: int) -> list[float]:
    """Minutes from each evening's first to the first firing within it; inf where none fires."""
    starts = sorted(firing.start for firing in firings)
    evenings = [day * DAY + 60 * EVENING[0] for day in range(days)]
    return [
        next((start - evening for start in starts if 0 <= start - evening <= 60 * len(EVENING)), math.inf)
        for evening in evenings
    ]
