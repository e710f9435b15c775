"""Where a KPI is watched: the whole, each scenario, and the slices that have a line of their own.

A slice is watched for its own lines only. What it shares with the whole is the whole's matter, and its scenarios'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from exporter.generate.rules.promql import regex
from exporter.semantic.lines import Lines, lines_for, slice_of
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.names import ALL
from exporter.semantic.spec import Severity

Level = Literal["whole", "scenario", "slice"]


@dataclass(frozen=True, slots=True)
class Place:
    """Series of a KPI that share their lines: every label with its matcher (see `promql.selector`)."""

    level: Level
    labels: Mapping[str, str]

    @property
    def named(self) -> dict[str, str]:
        """The labels that single it out."""
        return {label: value for label, value in self.labels.items() if value != ALL}


@dataclass(frozen=True, slots=True)
class Watched:
    """A line, its target, and the places for which both hold."""

    severity: Severity
    line: float
    target: float
    places: tuple[Place, ...]


def places(catalogue: Catalogue, kpi: Kpi) -> list[Place]:
    """All of a KPI's."""
    whole = dict.fromkeys(kpi.labels, ALL)
    slices = _slices(kpi)
    found = [Place("whole", whole)]
    if has_scenarios(catalogue, kpi):
        # A scenario with a line of its own is a slice.
        own = [of["scenario"] for of in slices if set(of) == {"scenario"}]
        matcher = f"!~{regex((ALL, *own))}" if own else f"!={ALL}"
        found.append(Place("scenario", whole | {"scenario": matcher}))
    return found + [Place("slice", whole | of) for of in slices]


def has_scenarios(catalogue: Catalogue, kpi: Kpi) -> bool:
    """Whether it differs by scenario: a KPI of one scenario, or of facts without one, does not."""
    if kpi.scenario is not None or kpi.kind == "uplift":
        return False
    return all(
        any("scenario" in catalogue.datasets[measure.dataset].labels for measure in part)
        for part in (kpi.numerator, kpi.denominator)
    )


def watched(catalogue: Catalogue, kpi: Kpi) -> list[Watched]:
    """Every line with where it holds; the whole and the scenarios together where their lines are the same."""
    general: dict[Lines, list[Place]] = {}
    result = []
    for place in places(catalogue, kpi):
        if place.level != "slice":
            general.setdefault(lines_for(kpi, place.labels), []).append(place)
    for lines, at in general.items():
        result += _of(lines, tuple(at), ("warning", "critical"))
    for place in (place for place in places(catalogue, kpi) if place.level == "slice"):
        own = [t.severity for t in kpi.targets if slice_of(t) == place.named]
        result += _of(lines_for(kpi, place.labels), (place,), own)
    return result


def _of(lines: Lines, at: tuple[Place, ...], severities: Sequence[Severity]) -> list[Watched]:
    held: dict[Severity, float | None] = {"warning": lines.warning, "critical": lines.critical}
    return [
        Watched(severity, line, line if lines.target is None else lines.target, at)
        for severity, line in held.items()
        if severity in severities and line is not None
    ]


def _slices(kpi: Kpi) -> list[dict[str, str]]:
    """Those with a warning or critical line of their own, in the catalogue's order."""
    found: list[dict[str, str]] = []
    for target in kpi.targets:
        labels = slice_of(target)
        if labels and target.severity != "goal" and labels not in found:
            found.append(labels)
    return found
