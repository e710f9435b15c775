"""What is kept of a dataset: for each bucket, the integers of each cell; replaced whole, never added to.

Representation. A *cell* is a tuple of raw label values, interned to a small integer. A *bucket* is one `array('q')`
of rows `[cell, v0, v1, ...]` in ascending order of cell, so that 30 days fit into tens of megabytes and are saved as
bytes. Minute buckets cover the last day (whole hours of it); hour buckets cover everything. The hour of a kept minute
is its minutes' sum and moves with them; an older hour is replaced by itself.

Replacing returns the *delta* per cell (new less old), which is all that the windows need. Integers: no drift.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from operator import add, sub

MINUTE, HOUR = 60, 3600

RawLabels = tuple[str | None, ...]
Vector = tuple[int, ...]
Cells = Mapping[RawLabels, Vector]
Delta = dict[int, list[int]]

# A safety net, far above any label budget: one dataset keeps at most this many distinct cells by name.
MAX_CELLS = 50_000


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a dataset has been read: the next poll asks for what changed since.

    `as_of` and `floor` are Unix seconds: the snapshot's instant, and the earliest `updated_at` that a row invisible to
    it may carry. `xmin` is the oldest transaction then running.
    """

    as_of: float
    floor: float
    xmin: int


@dataclass(slots=True)
class Buckets:
    """The buckets of one dataset and how far they reach: every bucket from `covered_from` on is right as of `mark`."""

    width: int
    labels: int
    minutes: dict[int, array[int]] = field(default_factory=dict)
    hours: dict[int, array[int]] = field(default_factory=dict)
    cells: list[RawLabels] = field(default_factory=list)
    mark: Mark | None = None
    covered_from: int | None = None
    _ids: dict[RawLabels, int] = field(default_factory=dict)

    def cell_id(self, labels: RawLabels) -> int:
        """The integer of a cell, new or known; past the safety net all labels become `other`."""
        known = self._ids.get(labels)
        if known is None:
            if len(self.cells) >= MAX_CELLS:
                labels = ("other",) * self.labels
                if labels in self._ids:
                    return self._ids[labels]
            known = self._ids[labels] = len(self.cells)
            self.cells.append(labels)
        return known

    def restore_cells(self, cells: Iterable[RawLabels]) -> None:
        """Take over saved cells, in their order."""
        self.cells = list(cells)
        self._ids = {labels: number for number, labels in enumerate(self.cells)}

    def replace_minute(self, start: int, cells: Cells) -> Delta:
        """Put a minute bucket in place of the old one; its hour moves by the same delta."""
        delta = self._replace(self.minutes, start, cells)
        if delta:
            self._add(self.hours, start - start % HOUR, delta)
        return delta

    def replace_hour(self, start: int, cells: Cells) -> Delta:
        """Put an hour bucket, older than the kept minutes, in place of the old one."""
        return self._replace(self.hours, start, cells)

    def forget(self, minutes_before: int, hours_before: int) -> None:
        """Drop what no window needs any more; an hour stays when its minutes go."""
        for start in [start for start in self.minutes if start < minutes_before]:
            del self.minutes[start]
        for start in [start for start in self.hours if start < hours_before]:
            del self.hours[start]

    def rows(self, bucket: array[int] | None) -> Iterator[tuple[int, Vector]]:
        """(cell, vector) of one bucket."""
        if bucket is not None:
            step = self.width + 1
            for at in range(0, len(bucket), step):
                yield bucket[at], tuple(bucket[at + 1 : at + step])

    def _replace(self, buckets: dict[int, array[int]], start: int, cells: Cells) -> Delta:
        new: dict[int, Vector] = {}
        for labels, vector in cells.items():
            cell = self.cell_id(labels)
            # Past the safety net several cells are one.
            new[cell] = tuple(map(add, new[cell], vector)) if cell in new else vector
        delta: Delta = {cell: list(vector) for cell, vector in new.items()}
        for cell, vector in self.rows(buckets.get(start)):
            delta[cell] = list(map(sub, delta.get(cell) or repeat(0, self.width), vector))
        _store(buckets, start, new)
        return {cell: row for cell, row in delta.items() if any(row)}

    def _add(self, buckets: dict[int, array[int]], start: int, delta: Delta) -> None:
        total = dict(self.rows(buckets.get(start)))
        for cell, row in delta.items():
            old = total.get(cell)
            total[cell] = tuple(row) if old is None else tuple(map(add, old, row))
        _store(buckets, start, {cell: vector for cell, vector in total.items() if any(vector)})


def _store(buckets: dict[int, array[int]], start: int, rows: Mapping[int, Vector]) -> None:
    """Pack rows; OverflowError when a value leaves 64 bits (an absurd sum of money)."""
    if not rows:
        buckets.pop(start, None)
        return
    packed = array("q")
    for cell in sorted(rows):
        packed.append(cell)
        packed.extend(rows[cell])
    buckets[start] = packed
