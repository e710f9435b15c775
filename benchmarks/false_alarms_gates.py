"""Other rules on the same windows: the naive one, and the shipped gate with other windows, bounds and waits.

Worked out from the sums alone, without Prometheus: what a change of window, z or `for` would bring and cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from benchmarks.false_alarms_chance import LEAST_SAMPLES, certain
from benchmarks.false_alarms_gauges import WINDOWS, AllSums
from benchmarks.false_alarms_rules import KPIS, Alert, Firing, episodes
from benchmarks.false_alarms_stream import ALL, SCENARIOS, Cell, Sums
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Kpi


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the catalogue, the target behind it, and the cells for which both hold."""

    kpi: str
    severity: str
    level: str
    line: float
    target: float
    lower_is_better: bool
    cells: tuple[Cell, ...]

    def is_beyond(self, value: float, line: float) -> bool:
        """Whether a value is on the bad side."""
        return value > line if self.lower_is_better else value < line


@lru_cache(maxsize=1)
def lines() -> tuple[Line, ...]:
    """The targets and alarm lines of the three KPIs: of the whole, of the scenarios, of slices with their own."""
    catalogue = load_catalogue()
    return tuple(line for kpi in KPIS for line in _lines(catalogue.kpis[kpi]))


def _lines(kpi: Kpi) -> Iterator[Line]:
    for target in kpi.targets:
        if target.severity == "goal":
            continue
        generation = target.slice.get("generation", ALL)
        lower = kpi.direction == "lower"
        cells = {"slice": (Cell(ALL, generation),)} if generation != ALL else _general(kpi)
        for level, of in cells.items():
            yield Line(kpi.slug, target.severity, level, target.value, _target(kpi, generation), lower, of)


def _general(kpi: Kpi) -> dict[str, tuple[Cell, ...]]:
    if kpi.scenario is not None:
        return {"whole": (Cell(),)}
    return {"whole": (Cell(),), "scenario": tuple(Cell(scenario) for scenario in SCENARIOS)}


def _target(kpi: Kpi, generation: str) -> float:
    """The goal if there is one, else the warning line, else the critical one; the slice's own before the general."""
    for severity in ("goal", "warning", "critical"):
        values = {of.slice.get("generation", ALL): of.value for of in kpi.targets if of.severity == severity}
        if values:
            return values.get(generation, values.get(ALL, next(iter(values.values()))))
    raise RuntimeError(f"{kpi.slug} has no line")


def cells() -> dict[str, list[Cell]]:
    """All cells that are watched, by KPI."""
    found: dict[str, list[Cell]] = {}
    for line in lines():
        known = found.setdefault(line.kpi, [])
        known += [cell for cell in line.cells if cell not in known]
    return found


def gated(line: Line, sums: Sums, z: float | None) -> Iterator[int]:
    """The minutes at which the gate is open: beyond the line, the bound beyond the target, samples enough.

    Without z the naive rule: beyond the line.
    """
    for minute, (numerator, denominator) in enumerate(zip(sums.numerator, sums.denominator, strict=True)):
        if not denominator or not line.is_beyond(numerator / denominator, line.line):
            continue
        if z is None or (denominator >= LEAST_SAMPLES and _is_certain(line, numerator, denominator, z)):
            yield minute


def _is_certain(line: Line, numerator: int, denominator: int, z: float) -> bool:
    if numerator > denominator:
        return False
    if line.lower_is_better:
        return certain(numerator, denominator, z) > line.target
    return certain(denominator - numerator, denominator, z) > 1 - line.target


def naive(alerts: Sequence[Alert], sums: AllSums) -> list[Firing]:
    """What ratio-beyond-line alone raises, on the windows and with the waits of the shipped alerts."""
    found = []
    # The shipped rules have one for each group of levels; the naive one needs but one for all.
    shapes = {(alert.kpi, alert.severity, alert.window): alert for alert in alerts}
    for line in lines():
        for alert in shapes.values():
            if (alert.kpi, alert.severity) == (line.kpi, line.severity):
                found += fired(line, alert, sums, WINDOWS[alert.window], None)
    return found


def fired(line: Line, alert: Alert, sums: AllSums, width: int, z: float | None) -> list[Firing]:
    """The firings of a line on windows of `width` minutes, with the waits of `alert`."""
    return [
        Firing(alert, line.level, cell, *episode)
        for cell in line.cells
        for episode in episodes(gated(line, sums[line.kpi, cell, width], z), alert.wait, alert.keep)
    ]
