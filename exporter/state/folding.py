"""From raw label values to exposed ones: declared domains, budgets, and what becomes `other`.

A pure function of what is stored, so that neither the order of rows nor a restart changes it: in an open domain the
declared values and then the busiest keep their names, ties by name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from exporter.semantic.names import ALL, OTHER, UNKNOWN
from exporter.semantic.spec import DimensionSpec

_SOUND = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,64}")


@dataclass(slots=True)
class Folding:
    """The exposed value of each raw value, per label."""

    dimensions: Mapping[str, DimensionSpec]
    kept: dict[str, frozenset[str]] = field(default_factory=dict)
    known: dict[str, frozenset[str]] = field(default_factory=dict)

    def value(self, label: str, raw: str | None) -> str:
        """The exposed value of `raw`."""
        if raw is None or raw == "":
            return UNKNOWN
        return raw if raw in self._kept(label) or raw in (UNKNOWN, OTHER) else OTHER

    def refresh(self, volumes: Mapping[str, Counter[str]]) -> bool:
        """Decide anew from the volume of each raw value; True when a value already exposed goes by another name."""
        before = {(label, raw): self.value(label, raw) for label, values in self.known.items() for raw in values}
        self.kept = {label: self._keep(label, volume) for label, volume in volumes.items()}
        self.known = {label: frozenset(volume) for label, volume in volumes.items()}
        return any(self.value(label, raw) != exposed for (label, raw), exposed in before.items())

    @property
    def folded(self) -> dict[str, frozenset[str]]:
        """Per label, the raw values that became `other`."""
        return {
            label: frozenset(raw for raw in values if raw != OTHER and self.value(label, raw) == OTHER)
            for label, values in self.known.items()
        }

    def _kept(self, label: str) -> Collection[str]:
        """Declared values keep their names before any row was seen: levels have values that no dataset has."""
        return self.kept[label] if label in self.kept else self.dimensions[label].values

    def _keep(self, label: str, volume: Counter[str]) -> frozenset[str]:
        dimension = self.dimensions[label]
        declared = set(dimension.values)
        if dimension.budget is None:
            return frozenset(declared)
        named = declared | {UNKNOWN, OTHER}
        candidates = (value for value in volume if value not in named and is_sound(value))
        ranked = sorted(candidates, key=lambda value: (-volume[value], value))
        return frozenset(declared | set(ranked[: max(0, dimension.budget - len(declared))]))


def is_sound(value: str) -> bool:
    """Whether a raw value may become a label value at all (`all` is the roll-up's name)."""
    return value != ALL and _SOUND.fullmatch(value) is not None
