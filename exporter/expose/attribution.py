"""Gauges of attribution: which slices moved a KPI in the last hour and day, against the hour and day before.

Computed from the buckets, at most once a minute, in a thread and without the lock: under the lock only references to
buckets are taken, which are replaced whole and never changed. Sums per slice move with the buckets that are others than
a minute ago, so what a minute costs follows from what changed, not from the number of cells.

1h is compared by the minute, up to the same minute as the gauges; not by period, for the hour before may lie in
another. A day of minutes is all that is kept, so 24h is compared by the hour: the last 24 whole hours with the 24
before. `outcall_attribution_end_timestamp_seconds` says where each ends. Absent where not both periods are covered.

The effects are those of one breakdown, which `by` tells: by the labels that explain the change best, by all where none
does; what it is not broken down by is `all`. So they add up to the change, whoever sums them.
"""

from __future__ import annotations

import asyncio
import math
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import add, sub
from typing import TypeAlias

from exporter.calldb.aside import aside
from exporter.calldb.lanes import Lanes
from exporter.calldb.plan import floor
from exporter.calldb.tracker import Tracker
from exporter.expose.text import Family, label_text, number_text
from exporter.kpi.attribution import Attribution, Effect, is_attributable, named
from exporter.kpi.breakdown import comparable, explain
from exporter.kpi.slices import Key, Slices, divisible
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.names import ALL, OTHER, PREFIX
from exporter.state.buckets import HOUR, MINUTE, Buckets, RawLabels

BY = ("scenario", "generation", "period")
# The window's name, its grain and length in seconds.
SPANS = {"1h": (MINUTE, HOUR), "24h": (HOUR, 24 * HOUR)}
TOP = 5
# Seconds between two computations, and before the first one, when nothing has been read yet.
INTERVAL, SOON = 60.0, 2.0

NAMES = {part: f"{PREFIX}attribution_{part}" for part in ("effect", "change", "q_value", "reversal")}
END_NAME = f"{PREFIX}attribution_end_timestamp_seconds"
_HELP = {
    "effect": "What the slices that matter most did to a KPI against the period before, rate and mix effect apart",
    "change": "Change of a KPI against the period before: the sum of all its effects",
    "q_value": "Adjusted p-value of the slice that explains the change of a KPI; absent where none stands out",
    "reversal": "1 where the slices of a KPI moved one way and the whole the other (Simpson's paradox)",
}
# Buckets by their starts, as they are at an instant.
Held: TypeAlias = "dict[int, array[int]]"


@dataclass(frozen=True, slots=True)
class Captured:
    """References to what is to be compared: per window its end; per dataset and window both sides' buckets."""

    ends: Mapping[str, int]
    kept: Mapping[str, frozenset[str]]
    fold: Callable[[str, str | None], str]
    buckets: Mapping[str, Buckets]
    sides: Mapping[tuple[str, str], tuple[Held, Held]]


@dataclass(slots=True)
class SliceSums:
    """The sums per slice of a dataset in a period, moved by the buckets that were exchanged."""

    labels: tuple[str, ...]
    sums: dict[Key, list[int]] = field(default_factory=dict)
    held: Held = field(default_factory=dict)
    keys: list[Key] = field(default_factory=list)
    of: Buckets | None = None
    kept: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def bring(self, captured: Captured, buckets: Buckets, wanted: Held) -> None:
        """To what the wanted buckets hold."""
        if self.of is not buckets or self.kept != captured.kept:
            self.sums, self.held, self.keys = {}, {}, []
            self.of, self.kept = buckets, captured.kept
        self._intern(buckets.cells, captured.fold)
        step = buckets.width + 1
        for start, bucket in list(self.held.items()):
            if wanted.get(start) is not bucket:
                self._add(bucket, step, sub)
                del self.held[start]
        for start in wanted.keys() - self.held.keys():
            self._add(wanted[start], step, add)
            self.held[start] = wanted[start]

    def _intern(self, cells: Sequence[RawLabels], fold: Callable[[str, str | None], str]) -> None:
        places = [(label, self.labels.index(label)) if label in self.labels else None for label in BY]
        for raw in cells[len(self.keys) :]:
            self.keys.append(tuple(ALL if at is None else fold(at[0], raw[at[1]]) for at in places))

    def _add(self, bucket: array[int], step: int, move: Callable[[int, int], int]) -> None:
        keys, all_sums = self.keys, self.sums
        for at in range(0, len(bucket), step):
            key = keys[bucket[at]]
            sums = all_sums.get(key)
            if sums is None:
                sums = all_sums[key] = [0] * (step - 1)
            sums[:] = map(move, sums, bucket[at + 1 : at + step])


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of a KPI in a window, by family; `since`: from when on its datasets have to be covered."""

    lines: Mapping[str, tuple[str, ...]]
    since: int


class Attributor:
    """Computes and renders the gauges of one catalogue: those of KPIs that have lines."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.kpis = {
            (kpi.slug, window): kpi
            for kpi in catalogue.kpis.values()
            for window in SPANS
            if kpi.targets and is_attributable(kpi) and window in {own.name for own in kpi.windows}
        }
        self.blocks: Mapping[tuple[str, str], Block] = {}
        self.ends: Mapping[str, int] = {}
        self._by = {
            (slug, window): comparable(divisible(catalogue, kpi, BY), SPANS[window][1])
            for (slug, window), kpi in self.kpis.items()
        }
        self._sums: dict[tuple[str, str, int], SliceSums] = {}

    async def run(self, lanes: Lanes, changed: Callable[[], None]) -> None:
        """Compute once a minute, until cancelled."""
        while True:
            async with lanes.lock:
                captured = self.capture(lanes.tracker)
            await aside(self.compute, captured)
            if self.blocks:
                changed()
            await asyncio.sleep(INTERVAL if self.blocks else SOON)

    def capture(self, tracker: Tracker) -> Captured:
        """Take the references to all that is covered. Not while a reading is applied."""
        cube = tracker.cube
        ends = {window: _end(cube.as_of, grain) for window, (grain, _) in SPANS.items()}
        sides: dict[tuple[str, str], tuple[Held, Held]] = {}
        for (_, window), kpi in self.kpis.items():
            grain, seconds = SPANS[window]
            first, middle, end = ends[window] - 2 * seconds, ends[window] - seconds, ends[window]
            for name in kpi.datasets:
                buckets = tracker.buckets[name]
                if (name, window) not in sides and _covers(buckets, first):
                    held = buckets.minutes if grain == MINUTE else buckets.hours
                    sides[name, window] = _part(held, first, middle, grain), _part(held, middle, end, grain)
        kept = {label: cube.folding.kept[label] for label in BY if label in cube.folding.kept}
        return Captured(ends, kept, cube.folding.value, dict(tracker.buckets), sides)

    def compute(self, captured: Captured) -> None:
        """Bring all sums up to date and put up new lines in one step; for a thread of its own."""
        for (name, window), sides in captured.sides.items():
            buckets = captured.buckets[name]
            for side, wanted in enumerate(sides):
                at = (name, window, side)
                if at not in self._sums:
                    self._sums[at] = SliceSums(self.catalogue.datasets[name].labels)
                self._sums[at].bring(captured, buckets, wanted)
        blocks = {}
        for (slug, window), kpi in self.kpis.items():
            if all((name, window) in captured.sides for name in kpi.datasets):
                before, after = (self._slices(kpi, window, side) for side in (0, 1))
                found = explain(kpi, before, after, self._by[slug, window])
                if found is not None:
                    since = captured.ends[window] - 2 * SPANS[window][1]
                    blocks[slug, window] = Block(_lines(slug, window, found.by, found.attribution), since)
        self.blocks, self.ends = blocks, captured.ends

    def _slices(self, kpi: Kpi, window: str, side: int) -> Slices:
        """The sums of what a KPI needs, by slice."""
        places = [BY.index(label) for label in self._by[kpi.slug, window]]
        slices: dict[Key, dict[str, Sequence[int]]] = {}
        for name in kpi.datasets:
            for key, sums in self._sums[name, window, side].sums.items():
                at = tuple(key[place] for place in places)
                vectors = slices.setdefault(at, {})
                vectors[name] = [a + b for a, b in zip(vectors[name], sums, strict=True)] if name in vectors else sums
        return slices

    def families(self, tracker: Tracker, fresh: Iterable[str]) -> dict[str, Family]:
        """What may be shown now: of KPIs whose datasets are all fresh, and still cover what was compared."""
        blocks, known = self.blocks, frozenset(fresh)
        found = declared()
        ends = set()
        for (slug, window), block in blocks.items():
            names = self.kpis[slug, window].datasets
            if names <= known and all(_covers(tracker.buckets[name], block.since) for name in names):
                ends.add(window)
                for part, lines in block.lines.items():
                    for line in lines:
                        found[NAMES[part]].block(window).put((line,), line)
        for window in ends:
            line = f"{END_NAME}{label_text(('window',), (window,))} {self.ends[window]}\n"
            found[END_NAME].block(window).put((line,), line)
        return found


def declared() -> dict[str, Family]:
    """The families, empty, in the order of the page."""
    help_of = {NAMES[part]: text for part, text in _HELP.items()}
    help_of[END_NAME] = "Where the period ends that attribution explains, Unix seconds; it is as long as the window"
    return {name: Family(name, text) for name, text in help_of.items()}


def _end(as_of: float, grain: int) -> int:
    """Minutes end with the gauges' own, which is running; of hours only whole ones can be compared."""
    return -floor(-math.ceil(as_of), grain) if grain == MINUTE else floor(int(as_of), grain)


def _covers(buckets: Buckets, start: int) -> bool:
    return buckets.covered_from is not None and buckets.covered_from <= start


def _part(held: Mapping[int, array[int]], start: int, end: int, grain: int) -> Held:
    return {at: bucket for at in range(start, end, grain) if (bucket := held.get(at)) is not None}


def _lines(slug: str, window: str, by: tuple[str, ...], found: Attribution) -> dict[str, tuple[str, ...]]:
    """Of one KPI and window, by family."""

    def labels(key: Key, **more: str) -> str:
        given = {"kpi": slug, "window": window, **more, "by": ",".join(by)}
        return label_text((*given, *BY), (*given.values(), *_widened(key, by)))

    effects = []
    for key, rate, mix in shown(found, len(by)):
        for kind, value in (("rate", rate), ("mix", mix)):
            effects.append(f"{NAMES['effect']}{labels(key, effect=kind)} {number_text(value)}\n")
    top = named(found)
    likely = () if top is None or top.q_excess is None else ((labels(top.key), top.q_excess),)
    whole = label_text(("kpi", "window"), (slug, window))
    return {
        "effect": tuple(effects),
        "change": (f"{NAMES['change']}{whole} {number_text(float(found.change))}\n",),
        "q_value": tuple(f"{NAMES['q_value']}{of} {number_text(q)}\n" for of, q in likely),
        "reversal": (f"{NAMES['reversal']}{whole} {int(bool(found.reversals))}\n",),
    }


def _widened(key: Key, by: tuple[str, ...]) -> Key:
    """With `all` for each label that the change is not broken down by."""
    known = dict(zip(by, key, strict=True))
    return tuple(known.get(label, ALL) for label in BY)


def shown(found: Attribution, labels: int) -> list[tuple[Key, float, float]]:
    """(slice, rate, mix) of those that matter most, and of the one to be named; the others together as `other`.

    So all of them add up to the change.
    """
    pool = (OTHER,) * labels
    kept = [effect for effect in found.effects if effect.rate or effect.mix]
    top = _most(kept, named(found))
    rest = [effect for effect in kept if effect not in top or effect.key == pool]
    rows = [(effect.key, float(effect.rate), float(effect.mix)) for effect in top if effect.key != pool]
    if rest:
        rows.append((pool, math.fsum(effect.rate for effect in rest), math.fsum(effect.mix for effect in rest)))
    return rows


def _most(effects: Sequence[Effect], name: Effect | None) -> Sequence[Effect]:
    """The first few, the one to be named among them."""
    top = effects[:TOP]
    return top if name is None or name in top else (*top[:-1], name)
