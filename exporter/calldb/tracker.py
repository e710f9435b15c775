"""What is known of the call database: buckets, marks and levels, moved by readings.

Two readers work at the same time: the poll (fast) and one background range (backfill, reconcile). A background result
may be older than what a poll put meanwhile; such buckets are left alone, so the newest snapshot always wins.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product

from exporter.calldb.plan import Range, first_minute, floor
from exporter.calldb.query import fingerprints
from exporter.calldb.reader import Filled, Reading
from exporter.errors import StateError
from exporter.semantic.model import Catalogue, Dataset, Level, Window
from exporter.semantic.names import ALL, SLICE_LABELS
from exporter.state.buckets import HOUR, MINUTE, Buckets, Delta, Mark, Vector
from exporter.state.cube import Cube
from exporter.state.store import Changes, Store

log = logging.getLogger(__name__)

# Reading this many rows more costs about as much as planning and running one statement more.
ROWS_FOR_A_STATEMENT = 60

Key = tuple[str, ...]


class UnfitError(ValueError):
    """Figures of a dataset that cannot be kept (a sum beyond 64 bits): nothing of the range was taken over."""


@dataclass(slots=True)
class Background:
    """What is being read in the background (a range of one dataset, or a sweep), and what polls have put since."""

    dataset: str = ""
    overtaken: dict[str, set[tuple[int, int]]] = field(default_factory=dict)


class Tracker:
    """Applies readings. Not thread safe: one call at a time."""

    def __init__(self, catalogue: Catalogue, store: Store | None = None) -> None:
        self.catalogue = catalogue
        self.store = store
        self.fingerprints = fingerprints(catalogue)
        shapes = {name: (d.width + 1, len(d.slices)) for name, d in catalogue.datasets.items()}
        saved = store.load(self.fingerprints, shapes) if store else {}
        self.restored = frozenset(saved)
        self.buckets: dict[str, Buckets] = {n: saved.get(n) or Buckets(*shape) for n, shape in shapes.items()}
        self.cube = Cube(catalogue, self.buckets)
        self.levels: dict[str, dict[Key, Vector]] = {}
        self.level_marks: dict[str, Mark] = {}
        self.rejected: Counter[tuple[str, str]] = Counter()
        self.corrections: Counter[str] = Counter()
        self.newest: dict[str, float] = {}
        self.relations: dict[str, str] = store.relations() if store else {}
        self.save_problem = ""
        self._unsaved = Changes()
        self._unsaved_names: set[str] = set()
        self._background: Background | None = None
        self._minutes_from: dict[str, int] = {}
        if marks := [state.mark.as_of for state in self.buckets.values() if state.mark]:
            self.cube.advance(max(marks))

    def clear(self, identity: str) -> None:
        """Start over: another call database, or one that went back in time."""
        for name in self.catalogue.datasets:
            self._reset(name)
        self.levels.clear()
        self.level_marks.clear()
        self.newest.clear()
        if self.store:
            self.store.clear(identity)

    def take_relations(self, found: Mapping[str, str]) -> list[str]:
        """Note the relations behind sources; what was read from others is forgotten. Returns those datasets.

        The datasets go first: should the process end before the relations are noted, they are compared again.
        """
        known = self.relations
        moved = {source for source, relation in found.items() if known.get(source) != relation}
        reads = {name: dataset.needs for name, dataset in self.catalogue.datasets.items() if self.buckets[name].mark}
        stale = [name for name, needs in reads.items() if not moved.isdisjoint(needs)]
        for name in stale:
            self._reset(name)
        for name, level in self.catalogue.levels.items():
            if level.source in moved:
                self.level_marks.pop(name, None)
        self.relations = {**known, **found}
        if self.store and moved:
            self.store.save_relations({source: found[source] for source in moved})
        return stale

    def marks(self, names: Iterable[str]) -> dict[str, Mark | None]:
        """The marks of datasets, as a poll wants them."""
        return {name: self.buckets[name].mark for name in names}

    def gaps(self) -> dict[str, int]:
        """Per dataset, over how many seconds about `ROWS_FOR_A_STATEMENT` rows are spread, by its last full hour."""
        last = floor(int(self.cube.as_of), HOUR) - HOUR
        result = {}
        for name, state in self.buckets.items():
            rows = sum(vector[-1] for _, vector in state.rows(state.hours.get(last)))
            result[name] = HOUR // 2 if not rows else min(HOUR // 2, ROWS_FOR_A_STATEMENT * HOUR // rows)
        return result

    def apply(self, reading: Reading, floor_at: float, *, whole: bool = True) -> list[str]:
        """Take over a poll: replace buckets, move marks (to the floor `floor_at`), slide the windows, save.

        Only a poll of the `whole` may move the instant that the gauges stand for. Returns the datasets whose figures
        cannot be kept: their marks stay, so that the same rows are read again.
        """
        changes = Changes()
        mark = Mark(reading.as_of, floor_at, reading.xmin)
        for name in reading.started:
            self._reset(name)
            self.buckets[name].covered_from = first_minute(reading.as_of)
        unfit = self._put_all(reading, changes)
        for name in unfit & reading.started:
            self._reset(name)
        for name in reading.filled.keys() - unfit:
            self.buckets[name].mark = mark
        for name, cells in reading.levels.items():
            self.levels[name] = self._level_cells(self.catalogue.levels[name], cells)
        self.level_marks |= {n: mark for n in reading.checked if n in self.levels}
        for source, at in reading.newest.items():
            self.note_newest(source, at)
        if whole:
            # First the windows slide, for they take out what is then forgotten.
            self.cube.advance(max(reading.as_of, self.cube.as_of))
            self._forget(reading, changes)
        self._save(reading.filled, changes)
        return sorted(unfit)

    def _put_all(self, reading: Reading, changes: Changes) -> set[str]:
        """Put what a poll read; returns the datasets of which not all could be kept."""
        unfit = set()
        for name, filled in reading.filled.items():
            try:
                for part in filled:
                    self._put(name, part, (), changes)
                    self._overtake(name, part.range)
            except UnfitError:
                unfit.add(name)
        return unfit

    def _overtake(self, name: str, put: Range) -> None:
        """A background reading that began before is older than what has just been put."""
        if self._background is not None:
            overtaken = self._background.overtaken.setdefault(name, set())
            overtaken.update((put.grain, start) for start in range(put.start, put.end, put.grain))

    def begin_sweep(self) -> None:
        """A sweep is about to be read in the background."""
        self._background = Background()

    def end_sweep(self, reading: Reading | None) -> list[str]:
        """Take over a sweep (None: it failed): buckets only, less those that a poll has put meanwhile.

        Returns the datasets whose figures cannot be kept.
        """
        background, self._background = self._background, None
        if background is None or reading is None:
            return []
        changes, unfit = Changes(), []
        for name, filled in reading.filled.items():
            try:
                for part in filled:
                    self._put(name, part, background.overtaken.get(name, ()), changes)
            except UnfitError:
                unfit.append(name)
        self._save(reading.filled, changes)
        return unfit

    def begin_fill(self, name: str) -> None:
        """A range of `name` is about to be read in the background."""
        self._background = Background(name)

    def note_newest(self, source: str, at: float) -> None:
        """The platform wrote an event of `source` at this instant (Unix seconds)."""
        self.newest[source] = max(at, self.newest.get(source, at))

    def end_fill(self, filled: Filled | None, *, covers: bool) -> dict[tuple[int, int], int]:
        """Take over a background range (None: it failed); returns by (grain, start) how many cells differed.

        Raises UnfitError.
        """
        background, self._background = self._background, None
        if background is None or filled is None or self.buckets[background.dataset].mark is None:
            return {}
        changes = Changes()
        name = background.dataset
        differing = self._put(name, filled, background.overtaken.get(name, ()), changes)
        state, wanted = self.buckets[name], filled.range
        if covers and state.covered_from is not None and wanted.start < state.covered_from <= wanted.end:
            kept_from = max(wanted.start, self._minutes_from.get(name, 0)) if wanted.grain == MINUTE else wanted.start
            state.covered_from = min(state.covered_from, kept_from)
        self._save([name], changes)
        return differing

    def next_backfill(self, horizon_hours: int, names: Iterable[str]) -> str | None:
        """The dataset whose coverage is the shortest, or None when all reach the horizon."""
        behind = [n for n in names if (at := self.buckets[n].covered_from) is not None and at > horizon_hours]
        return max(behind, key=lambda name: self.buckets[name].covered_from or 0, default=None)

    def covers(self, name: str, window: Window, as_of: float) -> bool:
        """Whether every bucket of the window has been read."""
        start = self.buckets[name].covered_from
        return start is not None and start <= window.bounds(as_of)[0]

    def start_over(self, name: str) -> None:
        """Forget a dataset that cannot catch up from its mark; the next poll begins it anew."""
        self._reset(name)

    def _reset(self, name: str) -> None:
        old = self.buckets[name]
        self.buckets[name] = Buckets(old.width, old.labels)
        self.cube.rebuild(name)
        if self.store:
            self.store.drop(name)

    def _put(
        self, name: str, filled: Filled, skip: Iterable[tuple[int, int]], changes: Changes
    ) -> dict[tuple[int, int], int]:
        """Replace every bucket of a range; returns how many cells changed, by (grain, start). Raises UnfitError."""
        state, grain = self.buckets[name], filled.range.grain
        before = dict(state.minutes), dict(state.hours)
        try:
            deltas = self._replace(name, filled, set(skip))
        except (ArithmeticError, TypeError):
            state.minutes, state.hours = before
            raise UnfitError(name) from None
        for start, delta in deltas:
            changes.add(name, grain, start)
            changes.add(name, HOUR, floor(start, HOUR))
            self._count_rejected(self.catalogue.datasets[name], delta)
        self.cube.change(name, "minute" if grain == MINUTE else "hour", deltas)
        return {(grain, start): len(delta) for start, delta in deltas}

    def _replace(self, name: str, filled: Filled, left_alone: set[tuple[int, int]]) -> list[tuple[int, Delta]]:
        """Replace the buckets of a range but those left alone; by start what became different."""
        state, grain = self.buckets[name], filled.range.grain
        held = state.minutes if grain == MINUTE else state.hours
        starts = set(filled.buckets) | {start for start in held if filled.range.start <= start < filled.range.end}
        deltas: list[tuple[int, Delta]] = []
        minutes_from = self._minutes_from.get(name, 0)
        for start in sorted(starts):
            # Minutes that the turn of the hour made obsolete while they were read: their hour has them already.
            if (grain, start) in left_alone or (grain == MINUTE and start < minutes_from):
                continue
            cells = filled.buckets.get(start, {})
            delta = state.replace_minute(start, cells) if grain == MINUTE else state.replace_hour(start, cells)
            if delta:
                deltas.append((start, delta))
        return deltas

    def _count_rejected(self, dataset: Dataset, delta: Delta) -> None:
        first = dataset.width - len(dataset.rejects)
        for at, (reason, _) in enumerate(dataset.rejects, start=first):
            grown = sum(row[at] for row in delta.values() if row[at] > 0)
            if grown:
                self.rejected[dataset.source, reason] += grown

    def _forget(self, reading: Reading, changes: Changes) -> None:
        """Drop what no window needs; hours one longer, since a window's edge lies within them."""
        for name, state in self.buckets.items():
            kept = reading.horizon.keeping(self.catalogue.datasets[name].late_hours)
            state.forget(kept.minutes, kept.hours - HOUR)
            changes.forget[name] = (kept.minutes, kept.hours - HOUR)
            self._minutes_from[name] = kept.minutes

    def _save(self, names: Iterable[str], changes: Changes) -> None:
        """Save; what could not be saved (a full disk) is kept for the next time, for marks and buckets go together."""
        if not self.store:
            return
        self._unsaved.merge(changes)
        self._unsaved_names.update(names)
        try:
            self.store.save(
                {name: self.buckets[name] for name in self._unsaved_names}, self._unsaved, self.fingerprints
            )
        except StateError as error:
            if not self.save_problem:
                log.error("%s; going on without saving", error)  # noqa: TRY400 - for the operator, no traceback
            self.save_problem = str(error)
            return
        self.save_problem = ""
        self._unsaved = Changes()
        self._unsaved_names.clear()

    def _level_cells(self, level: Level, cells: Mapping[tuple[str | None, ...], Vector]) -> dict[Key, Vector]:
        """A level's cells under full keys (SLICE_LABELS)."""
        result = self._zeros(level)
        for raw, vector in cells.items():
            given = dict(zip(level.labels, raw, strict=True))
            key = tuple(self._exposed(label, given) for label in SLICE_LABELS)
            old = result.get(key)
            result[key] = vector if old is None else tuple(map(int.__add__, old, vector))
        return result

    def _zeros(self, level: Level) -> dict[Key, Vector]:
        """0 for every declared value: of what is counted at each poll, no row is known to be none."""
        if level.when != "poll":
            return {}
        width = sum(len(measure.columns) for measure in level.measures) + len(level.rejects) + 1
        declared = product(*(self.catalogue.dimensions[label].values for label in level.labels))
        cells = (dict(zip(level.labels, values, strict=True)) for values in declared)
        return {tuple(cell.get(label, ALL) for label in SLICE_LABELS): (0,) * width for cell in cells}

    def _exposed(self, label: str, given: Mapping[str, str | None]) -> str:
        return self.cube.folding.value(label, given[label]) if label in given else ALL


def chunk_before(end: int, seconds: int, minutes_from: int, hours_from: int) -> Range:
    """The range of up to `seconds` that ends at `end`: minutes while those are kept, below that hours."""
    if end > minutes_from:
        return Range(MINUTE, max(minutes_from, end - max(MINUTE, floor(seconds, MINUTE))), end)
    end = -(-end // HOUR) * HOUR
    return Range(HOUR, max(hours_from, end - max(HOUR, floor(seconds, HOUR))), end)
