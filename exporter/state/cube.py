"""Windows x slices: the sums that gauges are made of, moved by deltas.

For each dataset and window the cube keeps two tables of integer vectors: `cells` (finest, for measure gauges) and
`rolls` (every combination of the grouping sets, for KPIs). A replaced bucket adds its delta to the windows that hold
it; a window that slides adds the buckets that enter and takes away those that leave. What changed is remembered as
`dirty`, so that only that is rendered again. Keys are full: SLICE_LABELS, then the dataset's own labels, `all` where a
label is rolled up or the dataset has none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations
from operator import add

from exporter.semantic.model import GRAIN_SECONDS, Catalogue, Dataset, GroupingSet, Window
from exporter.semantic.names import ALL, SLICE_LABELS
from exporter.semantic.spec import Grain
from exporter.state.buckets import HOUR, Buckets, Delta, RawLabels
from exporter.state.folding import Folding

Key = tuple[str, ...]


@dataclass(slots=True)
class Table:
    """Sums by key, and the keys that changed since they were last taken."""

    sums: dict[Key, list[int]] = field(default_factory=dict)
    dirty: set[Key] = field(default_factory=set)

    def add(self, key: Key, row: Sequence[int]) -> None:
        old = self.sums.get(key)
        self.dirty.add(key)
        if old is None:
            self.sums[key] = list(row)
            return
        old[:] = map(add, old, row)
        # The last column counts rows: over nothing nothing is kept.
        if not old[-1] and not any(old):
            del self.sums[key]

    def take_dirty(self) -> set[Key]:
        dirty, self.dirty = self.dirty, set()
        return dirty

    def clear(self) -> None:
        self.dirty.update(self.sums)
        self.sums.clear()


@dataclass(slots=True)
class Sums:
    """One dataset in one window: [start, end) in Unix seconds, and its two tables."""

    start: int = 0
    end: int = 0
    cells: Table = field(default_factory=Table)
    rolls: Table = field(default_factory=Table)


def masks(labels: Iterable[str], groups: Iterable[GroupingSet], window: str) -> list[frozenset[str]]:
    """The sets of labels that are kept (not rolled up) in a window; own labels are crossed with every set."""
    present = set(labels)
    own = present - set(SLICE_LABELS)
    result: dict[frozenset[str], None] = {}
    for group in groups:
        if window in group.windows:
            for kept in _subsets([label for label in group.by if label in present]):
                for extra in _subsets(sorted(own)):
                    result[frozenset((*kept, *extra))] = None
    return list(result) or [frozenset()]


def _subsets(items: list[str]) -> Iterable[tuple[str, ...]]:
    return chain.from_iterable(combinations(items, size) for size in range(len(items) + 1))


def full_labels(dataset: Dataset) -> tuple[str, ...]:
    """The labels of a dataset's keys."""
    return (*SLICE_LABELS, *(label for label in dataset.labels if label not in SLICE_LABELS))


def add_up(parts: Iterable[Iterable[tuple[int, Sequence[int]]]]) -> dict[int, Sequence[int]]:
    """The sum per cell of several sets of rows."""
    total: dict[int, Sequence[int]] = {}
    for part in parts:
        for cell, row in part:
            old = total.get(cell)
            total[cell] = row if old is None else list(map(add, old, row))
    return total


class Cube:
    """The sums of every dataset in every window, as of one instant."""

    def __init__(self, catalogue: Catalogue, buckets: Mapping[str, Buckets]) -> None:
        self.catalogue = catalogue
        self.buckets = buckets
        self.as_of: float = 0.0
        self.folding = Folding(catalogue.dimensions)
        self.sums: dict[tuple[str, str], Sums] = {
            (name, window.name): Sums() for name in catalogue.datasets for window in catalogue.windows
        }
        self._masks = {
            (name, window.name): masks(dataset.labels, catalogue.grouping_sets, window.name)
            for name, dataset in catalogue.datasets.items()
            for window in catalogue.windows
        }
        self._cell_keys: dict[str, list[Key]] = {name: [] for name in catalogue.datasets}
        self._roll_keys: dict[tuple[str, str], list[list[Key]]] = {key: [] for key in self.sums}
        self._refold()

    def change(self, name: str, grain: Grain, deltas: Sequence[tuple[int, Delta]]) -> None:
        """Buckets (start, delta) of one grain were replaced; the windows that hold them move.

        A minute moves windows of both grains, an hour only those of its own. Deltas are added up per cell first:
        rolling up is what costs.
        """
        if not deltas or self._meet(name):
            return
        for window in self.catalogue.windows:
            if window.grain == grain or grain == "minute":
                sums = self.sums[name, window.name]
                step = GRAIN_SECONDS[window.grain]
                held = (delta for start, delta in deltas if sums.start <= start - start % step < sums.end)
                self._add(name, window, add_up(delta.items() for delta in held), 1)

    def _meet(self, name: str) -> bool:
        """Make the keys of new cells; True when that renamed others, so that all was built again, this change too."""
        return len(self.buckets[name].cells) > len(self._cell_keys[name]) and self._refold()

    def advance(self, as_of: float) -> None:
        """Slide every window to the instant `as_of` (Unix seconds)."""
        new_hour = int(as_of // HOUR) != int(self.as_of // HOUR)
        self.as_of = as_of
        if new_hour:
            self._refold()
        for name in self.catalogue.datasets:
            for window in self.catalogue.windows:
                self._slide(name, window)

    def _slide(self, name: str, window: Window) -> None:
        sums = self.sums[name, window.name]
        start, end = window.bounds(self.as_of)
        if (start, end) == (sums.start, sums.end):
            return
        if start < sums.start or end < sums.end or start >= sums.end:
            self._rebuild(name, window)
            return
        self._add_range(name, window, sums.start, start, -1)
        self._add_range(name, window, sums.end, end, 1)
        sums.start, sums.end = start, end

    def _add_range(self, name: str, window: Window, start: int, end: int, sign: int) -> None:
        buckets = self.buckets[name]
        held = buckets.minutes if window.grain == "minute" else buckets.hours
        found = (held.get(at) for at in range(start, end, GRAIN_SECONDS[window.grain]))
        self._add(name, window, add_up(buckets.rows(bucket) for bucket in found if bucket is not None), sign)

    def _add(self, name: str, window: Window, total: Mapping[int, Sequence[int]], sign: int) -> None:
        sums = self.sums[name, window.name]
        cell_keys, roll_keys = self._cell_keys[name], self._roll_keys[name, window.name]
        for cell, row in total.items():
            signed = row if sign > 0 else [-value for value in row]
            sums.cells.add(cell_keys[cell], signed)
            for key in roll_keys[cell]:
                sums.rolls.add(key, signed)

    def rebuild(self, name: str) -> None:
        """A dataset's buckets were replaced as a whole: forget its keys and sums, and add up again."""
        self._cell_keys[name].clear()
        for window in self.catalogue.windows:
            self._roll_keys[name, window.name].clear()
        self._intern(name)
        for window in self.catalogue.windows:
            if self.sums[name, window.name].end:
                self._rebuild(name, window)

    def _rebuild(self, name: str, window: Window) -> None:
        sums = self.sums[name, window.name]
        sums.cells.clear()
        sums.rolls.clear()
        sums.start, sums.end = window.bounds(self.as_of)
        self._add_range(name, window, sums.start, sums.end, 1)

    def _refold(self) -> bool:
        """Decide which label values keep their names; True when one changed and everything was built again."""
        renamed = self.folding.refresh(self._volumes())
        if renamed:
            for keys in self._cell_keys.values():
                keys.clear()
            for lists in self._roll_keys.values():
                lists.clear()
        for name in self.catalogue.datasets:
            self._intern(name)
        for name, window in ((n, w) for n in self.catalogue.datasets for w in self.catalogue.windows if renamed):
            if self.sums[name, window.name].end:
                self._rebuild(name, window)
        return renamed

    def _volumes(self) -> dict[str, Counter[str]]:
        """Rows per raw value of each label; only which values there are, while no budget is exceeded."""
        seen: dict[str, Counter[str]] = {}
        for name, dataset in self.catalogue.datasets.items():
            for raw in self.buckets[name].cells:
                for label, value in zip(dataset.labels, raw, strict=True):
                    seen.setdefault(label, Counter())[value or ""] += 0
        over = {label for label, values in seen.items() if self._exceeds(label, values)}
        for name, dataset in self.catalogue.datasets.items():
            if over.intersection(dataset.labels):
                for raw, rows in self._rows_by_cell(name).items():
                    for label, value in zip(dataset.labels, raw, strict=True):
                        seen[label][value or ""] += rows
        return seen

    def _exceeds(self, label: str, values: Iterable[str]) -> bool:
        """Whether a label has more values than its budget; declared ones take their places, seen or not."""
        dimension = self.catalogue.dimensions[label]
        return dimension.budget is not None and len({*values, *dimension.values}) > dimension.budget

    def _rows_by_cell(self, name: str) -> Counter[RawLabels]:
        """Rows of the longest window: hours that are kept beyond it must not matter, or a restart would."""
        buckets = self.buckets[name]
        oldest = min(window.bounds(self.as_of)[0] for window in self.catalogue.windows)
        total: Counter[RawLabels] = Counter()
        for bucket in (bucket for start, bucket in buckets.hours.items() if start >= oldest):
            for cell, vector in buckets.rows(bucket):
                total[buckets.cells[cell]] += vector[-1]
        return total

    def _intern(self, name: str) -> None:
        """Keys for the cells that came since."""
        dataset = self.catalogue.datasets[name]
        names = full_labels(dataset)
        cell_keys = self._cell_keys[name]
        for raw in self.buckets[name].cells[len(cell_keys) :]:
            given = {label: self.folding.value(label, value) for label, value in zip(dataset.labels, raw, strict=True)}
            cell_keys.append(tuple(given.get(label, ALL) for label in names))
        for window in self.catalogue.windows:
            lists = self._roll_keys[name, window.name]
            kept_sets = self._masks[name, window.name]
            for key in cell_keys[len(lists) :]:
                pairs = list(zip(names, key, strict=True))
                rolled = [tuple(v if label in kept else ALL for label, v in pairs) for kept in kept_sets]
                lists.append(list(dict.fromkeys(rolled)))
