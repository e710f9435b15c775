"""Time of a snapshot: update, render, compress; beside prometheus_client with as many gauges.

Times are CPU time of this process, so that other work on the machine does not show.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from benchmarks.base import Bench
from benchmarks.report import number, save, show, spread
from exporter.calldb.connect import Access
from exporter.calldb.lanes import Lanes, Pace
from exporter.calldb.plan import Horizon, Range
from exporter.calldb.reader import Filled, Nets, Reading
from exporter.calldb.tracker import Tracker
from exporter.expose.families import Exposition
from exporter.expose.health import CollectorRun, HealthCollector, Reloads, make_registry
from exporter.expose.publish import Publisher, empty_snapshot, make_page
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue, Dataset
from exporter.state.buckets import MINUTE, RawLabels, Vector

SERIES = (30_000, 100_000)
ROUNDS = 9
# Of the cells, how many a poll of a busy table changes: those of the calls that ended in its seconds.
TYPICAL = 0.05
_VALUES = {
    "scenario": ("acquisition", "collection", "operations"),
    "generation": ("gen_z", "gen_y", "gen_x", "elderly", "unknown"),
    "period": ("morning", "noon", "afternoon", "evening", "off_hours"),
    "script": tuple(f"v{number}" for number in range(28)),
    "dialect": ("mandarin", "cantonese", "sichuanese", "minnan"),
    "bucket": ("M1", "M2", "M3", "M3+"),
    "task": ("limit_change", "repayment_plan_change"),
    "rule_code": ("R1", "R2", "R3"),
}


@dataclass(slots=True)
class Stage:
    """An exporter without a database: a tracker that is fed readings, and the publisher that shows it."""

    catalogue: Catalogue
    tracker: Tracker
    lanes: Lanes
    publisher: Publisher
    runs: dict[str, CollectorRun]
    as_of: float

    @classmethod
    def make(cls) -> Stage:
        catalogue = load_catalogue()
        tracker = Tracker(catalogue)
        lanes = Lanes(catalogue, Access(""), tracker, Pace(3600.0), Nets(), lambda *_: None, lambda: None)
        runs: dict[str, CollectorRun] = {}
        registry = make_registry()
        health = HealthCollector(lanes, runs, Reloads())
        registry.register(health)
        publisher = Publisher(lanes, Exposition(catalogue), health, registry, empty_snapshot("bench", "UTC"))
        return cls(catalogue, tracker, lanes, publisher, runs, time.time())

    def feed(self, cells: int, version: int, minutes_ago: int) -> None:
        """Replace one minute of every dataset: `cells` cells whose values depend on `version`."""
        minute = int(self.as_of) // MINUTE * MINUTE - minutes_ago * MINUTE
        reading = Reading(self.as_of, 1, 1, Horizon.at(self.as_of, self.catalogue.windows))
        for name, dataset in self.catalogue.datasets.items():
            drawn = dict(itertools.islice(_cells(dataset, version), cells))
            reading.filled[name] = [Filled(Range(MINUTE, minute, minute + MINUTE), {minute: drawn})]
        self.tracker.apply(reading, self.as_of)
        for name in (*self.catalogue.datasets, *self.catalogue.levels):
            self.lanes.health.fresh[name] = time.monotonic()
        for state in self.tracker.buckets.values():
            state.covered_from = reading.horizon.hours


def _cells(dataset: Dataset, version: int) -> Iterator[tuple[RawLabels, Vector]]:
    """Cells in an order that spreads them over all labels."""
    domains = [_VALUES[label] for label in dataset.labels]
    for place, labels in enumerate(itertools.product(*reversed(domains))):
        yield (
            tuple(reversed(labels)),
            tuple(100 + (place * 7 + at * 3 + version) % 50 for at in range(dataset.width + 1)),
        )


async def run(bench: Bench) -> None:
    """Measure both sizes and print the comparison."""
    figures = [await _measure(target) for target in SERIES]
    save(bench.out, "render", figures)
    rows = []
    for figure in figures:
        theirs = statistics.median(figure["prometheus_client"])
        for what in ("everything", "typical"):
            ours = figure[what]
            rows.append(
                (
                    f"{figure['series']:,}",
                    what,
                    f"{figure['lines_changed'][what]:,}",
                    spread(ours["page"]),
                    spread(ours["gzip"]),
                    spread(ours["snapshot"]),
                    spread(figure["prometheus_client"]),
                    number(theirs / statistics.median(ours["page"])),
                )
            )
    head = (
        "series",
        "changed",
        "lines",
        "update + render ms",
        "gzip ms",
        "whole snapshot ms (2 formats, gzip, status)",
        "generate_latest ms",
        "ratio to update + render",
    )
    show("Snapshot", head, rows)


async def _measure(target: int) -> dict[str, Any]:
    stage, cells = await _sized(target)
    figure: dict[str, Any] = {"series": stage.publisher.exposition.series(), "lines_changed": {}}
    for what, share in (("everything", 1.0), ("typical", TYPICAL)):
        rounds = [await _round(stage, cells, share, version) for version in range(1, ROUNDS + 1)]
        figure[what] = {part: [one[part] for one in rounds] for part in ("page", "gzip", "snapshot")}
        figure["lines_changed"][what] = int(statistics.median(one["lines"] for one in rounds))
    figure["prometheus_client"] = _timed(_their_page(figure["series"]))
    return figure


async def _sized(target: int) -> tuple[Stage, int]:
    """A stage with about `target` series, and its cells per dataset."""
    low, high = 1, 3_000
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        stage = Stage.make()
        stage.feed(middle, 0, minutes_ago=2)
        await stage.publisher.publish(stage.runs)
        low, high = (middle, high) if stage.publisher.exposition.series() < target else (low, middle)
    stage = Stage.make()
    stage.feed(high, 0, minutes_ago=2)
    await stage.publisher.publish(stage.runs)
    return stage, high


async def _round(stage: Stage, cells: int, share: float, version: int) -> dict[str, float]:
    """Change a share of the cells, and time the parts of a page and then a whole snapshot of the same change."""
    exposition, cube = stage.publisher.exposition, stage.tracker.cube
    _change(stage, cells, share, 2 * version)
    before = _lines(exposition)
    began = time.process_time()
    exposition.update(cube, stage.tracker.levels, lambda *_: True)
    body = exposition.render()
    rendered = time.process_time()
    make_page(body)
    packed = time.process_time()
    lines = len(_lines(exposition) - before)
    _change(stage, cells, share, 2 * version + 1)
    again = time.process_time()
    await stage.publisher.publish(stage.runs)
    done = time.process_time()
    return {
        "page": 1000 * (rendered - began),
        "gzip": 1000 * (packed - rendered),
        "snapshot": 1000 * (done - again),
        "lines": lines,
    }


def _change(stage: Stage, cells: int, share: float, version: int) -> None:
    """Change every cell, or a share of them in a later minute of their own."""
    if share < 1:
        stage.feed(max(1, int(cells * share)), version, minutes_ago=1)
    else:
        stage.feed(cells, version, minutes_ago=2)


def _lines(exposition: Exposition) -> set[str]:
    return {
        line
        for family in exposition.families.values()
        for block in family.blocks.values()
        for line in block.lines.values()
    }


def _their_page(series: int) -> Callable[[], bytes]:
    """As many gauges with our labels in prometheus_client's registry."""
    registry = CollectorRegistry()
    names = ("window", "scenario", "generation", "period", "script")
    windows = ("5m", "1h", "24h", "7d", "30d")
    combinations = list(itertools.product(windows, *(_VALUES[name] for name in names[1:])))
    left = series
    for number_ in itertools.count():
        gauge = Gauge(f"outcall_their_{number_:03d}_ratio", "As many gauges", names, registry=registry)
        for labels in combinations[: min(left, 250)]:
            gauge.labels(*labels).set(left * 7919 % 10007 / 10007)
            left -= 1
        if not left:
            return lambda: generate_latest(registry)
    raise AssertionError


def _timed(work: Callable[[], object]) -> list[float]:
    found = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        found.append(1000 * (time.process_time() - began))
    return found


if __name__ == "__main__":
    asyncio.run(run(None))  # type: ignore[arg-type]
