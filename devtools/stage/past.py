"""The past of the exporter's gauges, as OpenMetrics text for promtool: what its page would have shown, less the delay.

At each instant the exporter's own cube and families are brought to it over buckets that hold the whole past. As the
call database is read now, facts that came late (a survey, a label) are known from their own instant on, and verdicts
are the corrected ones: what a page showed at the time was in these respects a little behind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import add
from zoneinfo import ZoneInfo

from devtools.stage.schedule import Job, Labels, Tier
from exporter.calldb.reader import Cells
from exporter.expose.families import Exposition, LevelCells
from exporter.expose.text import label_text
from exporter.semantic.model import Catalogue, Window
from exporter.semantic.names import ALL, PREFIX, SLICE_LABELS
from exporter.state.buckets import Buckets, RawLabels, Vector
from exporter.state.cube import Cube

NEVER = 1 << 62
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(slots=True)
class Writer:
    """Lines of a page as samples of a scrape target; remembers how each series is written, and from when on."""

    target: Labels
    tier: Tier
    taken: frozenset[str]
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)

    def sample(self, line: str, at: int) -> str:
        """`name{...} value` at an instant; nothing for a series that is not wanted there."""
        head, _, value = line.rstrip("\n").rpartition(" ")
        known = self.heads.get(head)
        if known is None:
            known = self.heads[head] = self._learn(head)
        since, series = known
        return f"{series} {value} {at}\n" if at >= since else ""

    def _learn(self, head: str) -> tuple[int, str]:
        name, _, text = head.partition("{")
        labels = dict(_LABEL.findall(text))
        since = None if head in self.taken else self.tier.since(name, labels)
        own = label_text(self.target, self.target.values())[1:-1]
        series = f"{head[:-1]},{own}}}" if text else f"{name}{{{own}}}"
        return (NEVER if since is None else since), series

    def written(self) -> frozenset[str]:
        """The series that may have been written."""
        return frozenset(head for head, (since, _) in self.heads.items() if since < NEVER)


@dataclass(frozen=True, slots=True)
class Source:
    """What a job is computed from: the buckets, the levels of each instant, and from when on the tables are filled."""

    buckets: Mapping[str, Buckets]
    levels: Mapping[int, Mapping[str, Cells]]
    covered_from: int


def samples(job: Job, source: Source, target: Labels) -> Iterator[str]:
    """The lines of a job, without the end mark."""
    taken: frozenset[str] = frozenset()
    for number, tier in enumerate(job.tiers):
        writer = Writer(target, tier, taken)
        buckets = source.buckets if tier.sliced else _whole(tier.catalogue, source.buckets)
        cube, exposition = Cube(tier.catalogue, buckets), Exposition(tier.catalogue)
        for at in tier.instants:
            _bring(cube, exposition, tier.catalogue, source, at)
            for line in _lines(exposition):
                yield writer.sample(line, at)
            # The instants stand beside the gauges once.
            for line in instants(tier.catalogue, source, at) if number == 0 else ():
                yield writer.sample(line, at)
        taken |= writer.written()


def _bring(cube: Cube, exposition: Exposition, catalogue: Catalogue, source: Source, at: int) -> None:
    """The families to an instant, as a page after a poll would show them."""
    windows = {window.name: window for window in catalogue.windows}
    levels: LevelCells = {name: _level_keys(catalogue, name, cells) for name, cells in source.levels[at].items()}

    def shown(name: str, window: str) -> bool:
        return _covers(windows[window], at, source) if window else name in levels

    cube.advance(at)
    exposition.update(cube, levels, shown)


def _whole(catalogue: Catalogue, given: Mapping[str, Buckets]) -> dict[str, Buckets]:
    """The hours of every dataset with the cells put together that differ in the labels of slices only."""
    result = {}
    for name, buckets in given.items():
        own = [label not in SLICE_LABELS for label in catalogue.datasets[name].labels]
        result[name] = Buckets(buckets.width, buckets.labels)
        for at, hour in buckets.hours.items():
            sums: dict[RawLabels, Vector] = {}
            for cell, vector in buckets.rows(hour):
                labels = tuple(v if is_own else None for v, is_own in zip(buckets.cells[cell], own, strict=True))
                sums[labels] = tuple(map(add, sums[labels], vector)) if labels in sums else vector
            result[name].replace_hour(at, sums)
    return result


def _lines(exposition: Exposition) -> Iterator[str]:
    for family in exposition.families.values():
        for block in family.blocks.values():
            yield from block.lines.values()


def _covers(window: Window, at: int, source: Source) -> bool:
    return window.bounds(at)[0] >= source.covered_from


def _level_keys(catalogue: Catalogue, name: str, cells: Cells) -> dict[tuple[str, ...], tuple[int, ...]]:
    labels = catalogue.levels[name].labels
    given = ((dict(zip(labels, raw, strict=True)), vector) for raw, vector in cells.items())
    return {tuple(known.get(label) or ALL for label in SLICE_LABELS): vector for known, vector in given}


def instants(catalogue: Catalogue, source: Source, at: int) -> Iterator[str]:
    """What the page says of the instant itself; alerts and dashboards ask for it."""
    zone = ZoneInfo(catalogue.timezone)
    ahead = datetime.fromtimestamp(at, zone).utcoffset() or timedelta()
    yield f"{PREFIX}as_of_timestamp_seconds {at}"
    yield f"{PREFIX}business_open {float(catalogue.business_hours.open_at(at, zone))}"
    yield f"{PREFIX}business_utc_offset_seconds {ahead.total_seconds()}"
    for window in catalogue.windows:
        yield f'{PREFIX}window_start_timestamp_seconds{{window="{window.name}"}} {window.bounds(at)[0]}'
        complete = float(_covers(window, at, source))
        for name in catalogue.sources:
            yield f'{PREFIX}window_complete{{source="{name}",window="{window.name}"}} {complete}'
