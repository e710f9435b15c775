"""False alarms and detection delay: in theory, and of the shipped rules on the case's call stream.

Three parts. (1) Rules on windows of 30, 100 and 500 calls, by chance alone. (2) The case's "after" stream over 30 days:
what the shipped rules raise on hang-up, conversion and satisfaction, and what ratio-beyond-line would have. (3) A jump
of the elderly's hang-up rate to 0.60 from 18 to 21 h on every day: minutes until an alert fires, at the case's volume
and at ten times that; and what other windows and bounds would do. Gauges by brute force, alerts by a real Prometheus.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks import (
    false_alarms_chance,
    false_alarms_counts,
    false_alarms_grids,
    false_alarms_pasts,
    false_alarms_rules,
)
from benchmarks.base import Bench
from benchmarks.false_alarms_gates import lines, naive
from benchmarks.false_alarms_pasts import SPIKE_RATE, Past, evening_delays
from benchmarks.false_alarms_rules import Alert, Firing
from benchmarks.false_alarms_stream import minute_at, plan_of
from benchmarks.report import save, show

SEEDS = (1, 2, 3)
# For what happens once in months.
MANY_SEEDS = range(1, 10)
DAYS = 30
# Dials a day, and days to simulate of them.
SPIKED_DAYS = {12_000: 20, 120_000: 4}

# KPI, severity, window, level
Kind = tuple[str, ...]


async def run(bench: Bench) -> None:
    """Print all tables and save the figures."""
    figures: dict[str, Any] = {"chance": false_alarms_chance.run(), "counts": false_alarms_counts.run()}
    _, alerts = false_alarms_rules.shipped()
    calm = [false_alarms_pasts.calm(seed, DAYS) for seed in SEEDS]
    figures["calm"] = show_calm(alerts, calm)
    spiked = {volume: false_alarms_pasts.spiked(SEEDS[0], days, volume) for volume, days in SPIKED_DAYS.items()}
    figures["delays"] = show_delays(spiked)
    figures["fast"] = false_alarms_grids.fast(calm, spiked)
    many = (false_alarms_pasts.quiet(seed, DAYS, false_alarms_grids.RARE_WIDTHS) for seed in MANY_SEEDS)
    figures["rare"] = false_alarms_grids.rare(many, DAYS * len(MANY_SEEDS))
    figures["slow"] = false_alarms_grids.slow(calm, [false_alarms_pasts.fallen(seed) for seed in SEEDS])
    save(bench.out, "false_alarms", figures)


def show_calm(alerts: Sequence[Alert], pasts: Sequence[Past]) -> dict[str, Any]:
    """Every firing of the shipped rules, and counts beside the naive rule's."""
    ours = [Counter(map(_kind, one.firings)) for one in pasts]
    theirs = [Counter(map(_kind, naive(alerts, one.sums))) for one in pasts]
    rows: list[tuple[object, ...]] = [
        (*kind, *(found[kind] for found in (*ours, *theirs))) for kind in sorted(_kinds(alerts))
    ]
    rows.append(("all", "", "", "", *(found.total() for found in (*ours, *theirs))))
    counted = [f"{whose}, seed {one.seed}" for whose in ("shipped", "naive") for one in pasts]
    days = pasts[0].days
    show(f"Alerts in {days} days of the case's after stream", ("KPI", "severity", "window", "level", *counted), rows)
    listed = [_described(one.seed, firing) for one in pasts for firing in one.firings]
    head = ("seed", "alert", "severity", "window", "scenario/generation", "from", "minutes")
    show("Every alert of the shipped rules", head, listed)
    return {"days": days, "alerts": rows, "firings": listed}


def _kinds(alerts: Iterable[Alert]) -> set[Kind]:
    """Every combination that an alert may fire with."""
    return {
        (line.kpi, line.severity, alert.window, line.level)
        for alert in alerts
        for line in lines()
        if (alert.kpi, alert.severity) == (line.kpi, line.severity)
    }


def _kind(firing: Firing) -> Kind:
    return firing.alert.kpi, firing.alert.severity, firing.alert.window, firing.level


def _described(seed: int, firing: Firing) -> tuple[object, ...]:
    alert, cell = firing.alert, "/".join(firing.cell)
    at = minute_at(firing.start).astimezone(plan_of(seed, 1).zone)
    return seed, alert.name, alert.severity, alert.window, cell, f"{at:%a %d %b %H:%M}", firing.end - firing.start + 1


def show_delays(spiked: Mapping[int, Past]) -> list[dict[str, Any]]:
    """Minutes from 18:00 until an alert of each kind fires."""
    found = []
    for volume, one in spiked.items():
        for kind, firings in sorted(_by_kind(one.firings).items()):
            delays = evening_delays(firings, one.days)
            known = [delay if math.isfinite(delay) else None for delay in delays]
            columns = (f"{volume:,}", *kind, one.days, *false_alarms_grids.delay_columns(delays))
            found.append({"row": columns, "delays": known})
    head = ("dials a day", "severity", "window", "level", "evenings", "seen", "median min", "90 %", "longest")
    show(f"Minutes from 18:00 until the elderly's jump to {SPIKE_RATE} is alerted", head, [one["row"] for one in found])
    return found


def _by_kind(firings: Iterable[Firing]) -> dict[Kind, list[Firing]]:
    """By severity, window and level; and of each severity all together."""
    found: dict[Kind, list[Firing]] = {}
    for firing in firings:
        for kind in (_kind(firing)[1:], (firing.alert.severity, "any", "any")):
            found.setdefault(kind, []).append(firing)
    return found
