"""Builds snapshots aside and publishes them in one step: a scrape is handed bytes that were ready before it came."""

from __future__ import annotations

import asyncio
import logging
import time
import zlib
from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter.calldb.aside import aside
from exporter.calldb.lanes import Lanes
from exporter.expose.attribution import Attributor
from exporter.expose.board import StatusBuilder
from exporter.expose.changes import ChangeGauges
from exporter.expose.families import Exposition
from exporter.expose.health import CollectorRun, HealthCollector
from exporter.expose.snapshot import Page, Snapshot, Status
from exporter.semantic.changes import Change

log = logging.getLogger(__name__)

# Seconds between two looks at what has grown stale, and the longest time between two pages.
TICK, LONGEST = 0.5, 15.0
STATUS_SECONDS = 5.0
# Building pages takes at most a fifth of the time, however often something changes (backfill).
REST = 4.0
# prometheus_client leaves some of its functions untyped.
_render_text: Callable[[CollectorRegistry], bytes] = generate_latest
_render_openmetrics: Callable[[CollectorRegistry], bytes] = generate_openmetrics
_GZIP = 16 + zlib.MAX_WBITS
_PIECE = 1 << 18


def empty_snapshot(version: str, timezone: str) -> Snapshot:
    """What is served before the first poll."""
    page = make_page("")
    end = make_page("# EOF\n")
    return Snapshot(page, end, Status(version, timezone, None, database_up=False, ready=False, backfill=0.0))


def make_page(text: str) -> Page:
    """A page with its gzipped form."""
    return make_pages("", text)[0]


def make_pages(body: str, *tails: str) -> list[Page]:
    """A page per tail, each the common body and the tail; the body is encoded and compressed once.

    Compressed in pieces: zlib lets other threads run meanwhile, encoding one long text does not.
    """
    plain = body.encode()
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    packed = b"".join([packer.compress(plain[at : at + _PIECE]) for at in range(0, len(plain), _PIECE)])
    pages = []
    for tail in tails:
        end, rest = tail.encode(), packer.copy()
        pages.append(Page(plain + end, b"".join([packed, rest.compress(end), rest.flush()])))
    return pages


class Publisher:
    """Renders when something changed; `snapshot` is always complete."""

    def __init__(
        self,
        lanes: Lanes,
        exposition: Exposition,
        health: HealthCollector,
        registry: CollectorRegistry,
        first: Snapshot,
        changes: Sequence[Change] = (),
    ) -> None:
        self.lanes, self.exposition, self.health, self.registry = lanes, exposition, health, registry
        self.status = StatusBuilder(lanes, exposition)
        self.attribution = Attributor(lanes.catalogue)
        self.changes = ChangeGauges(lanes.catalogue, changes)
        self.snapshot = self._first = first
        self._began = time.monotonic()
        self._latest_status = first.status
        self._status_at = -STATUS_SECONDS
        self._status_key: object = None
        self._wanted = asyncio.Event()
        self._shown: frozenset[str] = frozenset()
        self._published_at = self._took = 0.0

    def changed(self) -> None:
        """Something that the page shows is different: publish soon."""
        self._wanted.set()

    async def run(self, runs: dict[str, CollectorRun]) -> None:
        """Publish whenever something changed or grew stale, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(TICK):
                    await self._wanted.wait()
            except TimeoutError:
                if self._fresh() == self._shown and time.monotonic() - self._published_at < LONGEST:
                    continue
            await asyncio.sleep(self._published_at + REST * self._took - time.monotonic())
            self._wanted.clear()
            await self.publish(runs)

    def _waits(self) -> bool:
        """Whether the page of before a reload stays up a moment more: until the first poll, or until that fails.

        It says itself what instant it is right for; gauges that old (two polls) are withdrawn in any case.
        """
        health, pace = self.lanes.health, self.lanes.pace
        untried = health.last_poll is None and not health.lost
        return self._first.status.ready and untried and time.monotonic() - self._began < 2 * pace.poll

    async def publish(self, runs: dict[str, CollectorRun]) -> None:
        """Build one snapshot and put it up."""
        if self._waits():
            return
        async with self.lanes.lock:
            began = time.monotonic()
            self.snapshot = await aside(self._build, runs)
        self._published_at = time.monotonic()
        self._took = self._published_at - began
        log.debug("page of %d series built in %.0f ms", self.health.series, 1e3 * self._took)

    def _fresh(self) -> frozenset[str]:
        now = time.monotonic()
        names = (*self.lanes.catalogue.datasets, *self.lanes.catalogue.levels)
        return frozenset(name for name in names if self.lanes.is_fresh(name, now))

    def _build(self, runs: dict[str, CollectorRun]) -> Snapshot:
        fresh = self._shown = self._fresh()
        tracker = self.lanes.tracker
        windows = {window.name: window for window in self.lanes.catalogue.windows}

        def shown(name: str, window: str) -> bool:
            return name in fresh and (not window or tracker.covers(name, windows[window], tracker.cube.as_of))

        self.exposition.update(tracker.cube, tracker.levels, shown)
        aside_made = (self.attribution.families(tracker, fresh), self.changes.families(tracker, fresh))
        effects = [family for families in aside_made for family in families.values()]
        body = self.exposition.render() + "".join([family.render() for family in effects])
        self.health.series = self.exposition.series() + sum(family.series() for family in effects)
        tails = (_render_text(self.registry).decode(), _render_openmetrics(self.registry).decode())
        text, openmetrics = make_pages(body, *tails)
        return Snapshot(text, openmetrics, self._status(runs))

    def _status(self, runs: dict[str, CollectorRun]) -> Status:
        """The status page's values: built anew every few seconds, and at once when something comes or goes."""
        now = time.monotonic()
        problems = (*self.lanes.health.source_problems, *(run.problem for run in runs.values()))
        key = (self._shown, self.lanes.health.up, problems)
        if now - self._status_at >= STATUS_SECONDS or key != self._status_key:
            self._status_key, self._status_at = key, now
            self._latest_status = self.status.build(runs)
        return self._latest_status
