"""A call database that is a list of facts, read as the reader reads: for tests in which days pass at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporter.calldb.plan import Horizon, Range, entered_minutes, first_minute, touched_ranges
from exporter.calldb.reader import LONGEST_GAP, Filled, Reading
from exporter.semantic.model import Catalogue
from exporter.state.buckets import Mark, RawLabels, Vector

OVERLAP = 120.0


@dataclass(frozen=True, slots=True)
class Fact:
    """One row: its anchor, when it was last written (Unix seconds), its labels, and what it adds to the measures."""

    anchor: float
    written: float
    labels: RawLabels
    vector: Vector


class Platform:
    """Facts by dataset."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.facts: dict[str, list[Fact]] = {name: [] for name in catalogue.datasets}

    def poll(self, as_of: float, marks: Mapping[str, Mark | None]) -> Reading:
        """What a poll of these datasets would see."""
        horizon = Horizon.at(as_of, self.catalogue.windows)
        known = {name: mark for name, mark in marks.items() if mark and as_of - mark.as_of < LONGEST_GAP}
        reading = Reading(as_of, 1, 2, horizon, started=set(marks) - set(known))
        for name in marks:
            mark = known.get(name)
            if mark is None:
                touched = set(range(first_minute(as_of), horizon.end, 60))
            else:
                since = mark.floor - OVERLAP
                touched = set(entered_minutes(mark, horizon))
                touched |= {int(f.anchor) // 60 * 60 for f in self.facts[name] if f.written >= since}
            kept = horizon.keeping(self.catalogue.datasets[name].late_hours)
            reading.filled[name] = [self.fill(name, wanted) for wanted in touched_ranges(touched, kept)]
        return reading

    def fill(self, name: str, wanted: Range) -> Filled:
        """Every bucket of a range, as GROUP BY gives them: from the rows with anchors in [start, end)."""
        buckets: dict[int, dict[RawLabels, Vector]] = {}
        for fact in self.facts[name]:
            if wanted.start <= fact.anchor < wanted.end:
                add_fact(buckets, fact, wanted.grain)
        return Filled(wanted, buckets)


def add_fact(buckets: dict[int, dict[RawLabels, Vector]], fact: Fact, grain: int) -> None:
    """Add a fact to the bucket that its anchor lies in."""
    cells = buckets.setdefault(int(fact.anchor) // grain * grain, {})
    old = cells.get(fact.labels, (0,) * len(fact.vector))
    cells[fact.labels] = tuple(map(int.__add__, old, fact.vector))
