"""Whether a value is good: against target and alarm line, and only when the numbers are large enough to say so."""

from __future__ import annotations

from typing import Literal

from exporter.kpi.evaluate import Value
from exporter.semantic.lines import Lines as Lines
from exporter.semantic.lines import line_for as line_for
from exporter.semantic.lines import lines_for as lines_for
from exporter.semantic.model import Kpi

Verdict = Literal["ok", "warning", "critical", "below_goal", "watch", "no_target"]
# As numbers (`outcall_kpi_state`): the place in this row, worse the farther on.
STATES: tuple[Verdict, ...] = ("ok", "below_goal", "watch", "warning", "critical")


def judge(kpi: Kpi, value: Value, lines: Lines) -> Verdict:
    """The verdict of kpis.md: the line is crossed, the good-side bound lies beyond the target, the samples suffice.

    The target is the goal where there is one: that is what the KPI is to reach, whichever line is crossed.

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
    if value.bounds is None or lines.target is None:
        return True
    good_side = value.bounds[1] if kpi.direction == "higher" else value.bounds[0]
    return crossed(kpi, good_side, lines.target)
