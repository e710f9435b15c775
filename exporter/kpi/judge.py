"""Whether a value is good: against target and alarm line, and only when the numbers are large enough to say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from exporter.kpi.evaluate import Value
from exporter.semantic.model import Kpi
from exporter.semantic.spec import Severity

Verdict = Literal["ok", "warning", "critical", "below_goal", "watch", "no_target"]


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines that hold for one slice."""

    goal: float | None = None
    warning: float | None = None
    critical: float | None = None


def lines_for(kpi: Kpi, labels: Mapping[str, str]) -> Lines:
    """The most specific line of each severity whose slice contains `labels`."""
    return Lines(**{severity: _line(kpi, severity, labels) for severity in ("goal", "warning", "critical")})


def _line(kpi: Kpi, severity: Severity, labels: Mapping[str, str]) -> float | None:
    fitting = [
        target
        for target in kpi.targets
        if target.severity == severity and all(labels.get(label) == value for label, value in target.slice.items())
    ]
    return max(fitting, key=lambda target: len(target.slice)).value if fitting else None


def judge(kpi: Kpi, value: Value, lines: Lines) -> Verdict:
    """The verdict of kpis.md: the line is crossed, the good-side bound lies beyond the target, the samples suffice.

    Zero-tolerance KPIs need no statistics: one breach is a breach. `watch`: a line is crossed, but the numbers are too
    small to be sure; no alert.
    """
    if lines.warning is None and lines.critical is None and lines.goal is None:
        return "no_target"
    severities: tuple[tuple[Verdict, float | None], ...] = (("critical", lines.critical), ("warning", lines.warning))
    for severity, line in severities:
        if line is not None and crossed(kpi, value.value, line) and _is_certain(kpi, value, lines):
            return severity
    if any(line is not None and crossed(kpi, value.value, line) for _, line in severities):
        return "watch"
    if lines.goal is not None and crossed(kpi, value.value, lines.goal):
        return "below_goal"
    return "ok"


def crossed(kpi: Kpi, value: float, line: float) -> bool:
    """Whether the value lies on the bad side of a line."""
    return value < line if kpi.direction == "higher" else value > line


def _is_certain(kpi: Kpi, value: Value, lines: Lines) -> bool:
    if kpi.zero_tolerance:
        return True
    if value.samples is not None and value.samples < kpi.min_samples:
        return False
    target = lines.warning if lines.warning is not None else lines.critical
    if value.bounds is None or target is None:
        return True
    good_side = value.bounds[1] if kpi.direction == "higher" else value.bounds[0]
    return crossed(kpi, good_side, target)
