"""The lines (goal, target, alarm line) that hold for a slice of a KPI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporter.semantic.model import Kpi
from exporter.semantic.names import ALL
from exporter.semantic.spec import Severity, TargetSpec


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines that hold for one slice."""

    goal: float | None = None
    warning: float | None = None
    critical: float | None = None

    @property
    def target(self) -> float | None:
        """What the KPI is to reach, whichever line is crossed: the goal where there is one."""
        return next((line for line in (self.goal, self.warning, self.critical) if line is not None), None)


def lines_for(kpi: Kpi, labels: Mapping[str, str]) -> Lines:
    """The most specific line of each severity whose slice contains `labels`."""
    return Lines(**{severity: line_for(kpi, severity, labels) for severity in ("goal", "warning", "critical")})


def line_for(kpi: Kpi, severity: Severity, labels: Mapping[str, str]) -> float | None:
    """The most specific line of one severity whose slice contains `labels`."""
    fitting = [
        target
        for target in kpi.targets
        if target.severity == severity and all(labels.get(label) == value for label, value in target.slice.items())
    ]
    return max(fitting, key=lambda target: len(target.slice)).value if fitting else None


def slice_of(target: TargetSpec) -> dict[str, str]:
    """The labels of a target that are not `all`; empty for the whole."""
    return {label: value for label, value in target.slice.items() if value != ALL}
