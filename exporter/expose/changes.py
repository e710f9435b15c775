"""Gauges of recorded changes: when each took effect, and what those that are being verified have done so far.

Computed from the buckets (hours, 30 days), every few minutes, in a thread and without the lock: under the lock only
references to buckets are taken, which are replaced whole and never changed. The call database is not asked. The days
before a change are kept for as long as 30 days hold them too; older changes are `verify`'s and the reviews' matter.
The looks are those of `outcall-exporter verify`: one for each whole day since the change.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from exporter.calldb.aside import aside
from exporter.calldb.lanes import Lanes
from exporter.calldb.plan import Horizon
from exporter.calldb.tracker import Tracker
from exporter.expose.text import Family, label_text, number_text
from exporter.kpi.beforeafter import Sums, before_of, columns, side_of, sums_of
from exporter.kpi.otherchanges import elsewhere, meanwhile
from exporter.kpi.verification import Tested, Verdict, Verification, verify
from exporter.semantic.changes import Change
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.names import PREFIX
from exporter.state.buckets import Buckets

# Seconds between two computations, and before the first one, when nothing has been read yet.
INTERVAL, SOON = 180.0, 10.0
# The newest of the changes that can be verified; each has at most ten KPIs of ten series.
MOST_VERIFIED = 20

TIMESTAMP = f"{PREFIX}change_timestamp_seconds"
EFFECT, LOWER, UPPER = (f"{PREFIX}change_effect{side}" for side in ("", "_lower", "_upper"))
P_VALUE, VERDICT = f"{PREFIX}change_p_value", f"{PREFIX}change_verdict"
_HELP = {
    TIMESTAMP: "When a recorded change takes effect, Unix seconds",
    EFFECT: "What a change did to a KPI so far: after less before, or less what the untouched slice did too (did)",
    LOWER: "Lower bound of the effect, 95 % at all daily looks together",
    UPPER: "Upper bound of the effect, 95 % at all daily looks together",
    P_VALUE: "Always-valid p-value of a change's effect: may be looked at every day",
    VERDICT: f"Verdict on a change: {', '.join(f'{n} {verdict}' for n, verdict in enumerate(Verdict))}",
}
LABELS = {
    TIMESTAMP: ("change", "kind", "title_zh", "title_en"),
    **dict.fromkeys((EFFECT, LOWER, UPPER), ("change", "kpi", "kind")),
    **dict.fromkeys((P_VALUE, VERDICT), ("change", "kpi")),
}


@dataclass(frozen=True, slots=True)
class Captured:
    """References to what is compared: the instant, and per dataset the labels of its cells and its hours.

    `oldest`: from when on hours are kept.
    """

    as_of: float
    oldest: int
    width: Mapping[str, int]
    cells: Mapping[str, Sequence[tuple[str | None, ...]]]
    hours: Mapping[str, Mapping[int, array[int]]]
    covered_from: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """What was found of one KPI of a change, and from when on its datasets have to be covered."""

    change: Change
    found: Verification
    since: int


class ChangeGauges:
    """Computes and renders the gauges of the recorded changes of one configuration."""

    def __init__(self, catalogue: Catalogue, changes: Sequence[Change]) -> None:
        self.catalogue, self.changes = catalogue, changes
        self.shown: tuple[Shown, ...] = ()

    async def run(self, lanes: Lanes, changed: Callable[[], None]) -> None:
        """Compute every few minutes, until cancelled; nothing where there are no changes to verify."""
        while any(change.aims for change in self.changes):
            async with lanes.lock:
                captured = self.capture(lanes.tracker)
            before = self.shown
            await aside(self.compute, captured)
            if self.shown or before:
                changed()
            await asyncio.sleep(INTERVAL if self.shown else SOON)

    def capture(self, tracker: Tracker) -> Captured:
        """Take the references. Not while a reading is applied."""
        kpis = {aim.kpi for change in self.changes for aim in change.aims}
        names = {name for slug in kpis for name in self.catalogue.kpis[slug].datasets}
        held = {name: tracker.buckets[name] for name in names}
        return Captured(
            tracker.cube.as_of,
            Horizon.at(tracker.cube.as_of, self.catalogue.windows).hours,
            {name: buckets.width for name, buckets in held.items()},
            {name: tuple(buckets.cells) for name, buckets in held.items()},
            {name: dict(buckets.hours) for name, buckets in held.items()},
            {name: buckets.covered_from for name, buckets in held.items() if buckets.covered_from is not None},
        )

    def compute(self, captured: Captured) -> None:
        """Verify all changes that can be, and put the results up in one step; for a thread of its own."""
        begun = [
            change
            for change in self.changes
            if change.aims and change.at <= captured.as_of and before_of(change).start >= captured.oldest
        ]
        shown: list[Shown] = []
        for change in begun[-MOST_VERIFIED:]:
            shown += self._verified(change, captured)
        self.shown = tuple(shown)

    def _verified(self, change: Change, captured: Captured) -> Iterable[Shown]:
        since = before_of(change).start
        aims = [aim for aim in change.aims if _covers(captured, self.catalogue.kpis[aim.kpi], since)]
        kpis = [self.catalogue.kpis[aim.kpi] for aim in aims]
        hours = {name: self._hours(change, kpis, name, captured, since) for kpi in kpis for name in kpi.datasets}
        for aim, kpi in zip(aims, kpis, strict=True):
            yield Shown(change, verify(change, aim, kpi, self.catalogue, hours, captured.as_of), since)

    def _hours(self, change: Change, kpis: Sequence[Kpi], name: str, captured: Captured, since: int) -> dict[int, Sums]:
        """The sums of a dataset by hour and side; a bucket's columns are strides of its array."""
        others = elsewhere(change, meanwhile(change, self.changes, since, captured.as_of))
        side = side_of(change, self.catalogue.datasets[name].labels, others)
        sides = [side(raw) for raw in captured.cells[name]]
        step, wanted = captured.width[name] + 1, columns(kpis, name)
        return {
            start: sums_of([sides[cell] for cell in bucket[::step]], {at: bucket[at + 1 :: step] for at in wanted})
            for start, bucket in captured.hours[name].items()
            if start >= since
        }

    def families(self, tracker: Tracker, fresh: Iterable[str]) -> dict[str, Family]:
        """What may be shown now: of KPIs whose datasets are all fresh, and still cover what was compared."""
        families, known = declared(), frozenset(fresh)
        for change in self.changes:
            title = change.title
            _put(families[TIMESTAMP], (change.id, change.kind, title.zh, title.en), float(change.at))
        for shown in self.shown:
            names = self.catalogue.kpis[shown.found.kpi].datasets
            if names <= known and all(_reaches(tracker.buckets[name], shown.since) for name in names):
                _put_found(families, shown.change.id, shown.found)
        return families


def _covers(captured: Captured, kpi: Kpi, since: int) -> bool:
    known = captured.covered_from
    return captured.oldest <= since and all(name in known and known[name] <= since for name in kpi.datasets)


def _reaches(buckets: Buckets, since: int) -> bool:
    return buckets.covered_from is not None and buckets.covered_from <= since


def _put_found(families: Mapping[str, Family], change: str, found: Verification) -> None:
    for tested in (found.difference, found.did):
        if tested is not None and tested.look is not None:
            _put_tested(families, (change, found.kpi, tested.kind), tested)
    if found.basis is not None and found.basis.look is not None:
        _put(families[P_VALUE], (change, found.kpi), found.basis.look.p_value)
        _put(families[VERDICT], (change, found.kpi), float(list(Verdict).index(found.verdict)))


def _put_tested(families: Mapping[str, Family], labels: tuple[str, ...], tested: Tested) -> None:
    look = tested.look
    if look is not None:
        for name, value in ((EFFECT, look.estimate), (LOWER, look.lower), (UPPER, look.upper)):
            _put(families[name], labels, value)


def _put(family: Family, values: tuple[str, ...], number: float) -> None:
    labels = label_text(LABELS[family.name], values)
    family.block("").put(values, f"{family.name}{labels} {number_text(number)}\n")


def declared() -> dict[str, Family]:
    """The families, empty, in the order of the page."""
    return {name: Family(name, text) for name, text in _HELP.items()}
