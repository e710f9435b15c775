"""The engine: everything that depends on settings and catalogue, from the call database to the page; one per reload."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import asyncpg

from exporter.calldb.connect import Access, Connection, explain_query, is_trouble
from exporter.calldb.lanes import Lanes, Pace
from exporter.calldb.reader import Nets, instant
from exporter.calldb.tracker import Tracker
from exporter.collectors.base import Collector, CollectorError
from exporter.collectors.host import HostCollector
from exporter.collectors.pathtemplate import DEFAULT_TEMPLATE
from exporter.collectors.recordings import RecordingsCollector
from exporter.collectors.sample import RecordingRow, sample_query
from exporter.errors import ConfigError, Place, UsageError
from exporter.expose.families import Exposition
from exporter.expose.health import CollectorRun, HealthCollector, QueryStats, Reloads, make_registry
from exporter.expose.publish import Publisher
from exporter.expose.snapshot import Snapshot
from exporter.semantic.changes import Change, load_changes
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue
from exporter.semantic.sqltext import relation_sql
from exporter.settings import Settings
from exporter.state.store import Store

log = logging.getLogger(__name__)

# How long the poller may be stuck before the process gives up for its supervisor to start it anew.
WEDGED_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings with the catalogue and the changes they name: validated together, swapped together."""

    settings: Settings
    catalogue: Catalogue
    changes: tuple[Change, ...] = ()

    @classmethod
    def from_settings(cls, settings: Settings) -> Loaded:
        """Raises ConfigError(s)."""
        catalogue = load_catalogue(settings.catalogue_files, timezone=settings.timezone)
        return cls(settings, catalogue, load_changes(settings.changes_file, catalogue))


def access_of(settings: Settings) -> Access:
    """How to reach the call database."""
    return Access(
        url=settings.dsn(),
        schema=settings.database_schema,
        connect_timeout=settings.connect_timeout,
        statement_timeout=settings.statement_timeout,
        lock_timeout=settings.lock_timeout,
        pooled=settings.database_pooled,
    )


def collectors_of(settings: Settings) -> list[Collector]:
    """The collectors beside the call database; a new one is named here. Raises ConfigError."""
    found: list[Collector] = [HostCollector(settings.host_interval, settings.link_capacity)]
    if settings.recordings_dir is not None:
        template = settings.recordings_template or DEFAULT_TEMPLATE
        try:
            recordings = RecordingsCollector(
                settings.recordings_dir, ZoneInfo(settings.timezone), template, settings.recordings_interval
            )
        except UsageError as error:
            raise ConfigError(Place("recordings_template"), error.problem, error.fix) from None
        found.append(recordings)
    return found


def sampler(catalogue: Catalogue, collector: RecordingsCollector) -> Callable[[Connection, float], Awaitable[None]]:
    """Hands the collector a random sample of the recordings that the call database says are stored, or why not."""
    relation = relation_sql("recordings", catalogue.sources["recordings"])

    async def sample(connection: Connection, as_of: float) -> None:
        sql, arguments = sample_query(f"{relation} AS recordings", instant(as_of))
        try:
            rows = await connection.fetch(sql, *arguments)
            collector.offer([RecordingRow.from_record(row) for row in rows])
        except CollectorError as error:
            collector.refuse(str(error))
        except asyncpg.PostgresError as error:
            if is_trouble(error):
                raise
            collector.refuse(explain_query(error, "recordings"))

    return sample


def _failed(run: CollectorRun, name: str, error: Exception) -> None:
    """Note a failed run; logged when it is news. Only our own words are shown: others' may quote values."""
    problem = str(error) if isinstance(error, CollectorError) else f"cannot be read ({type(error).__name__})"
    if problem != run.problem:
        log.warning("collector %s: %s", name, problem)
    run.success, run.problem, run.metrics = False, problem, ()


class Engine:
    """Everything that depends on settings and catalogue; replaced as a whole by a reload."""

    def __init__(self, loaded: Loaded, store: Store | None, reloads: Reloads, first: Snapshot) -> None:
        settings, catalogue = loaded.settings, loaded.catalogue
        self.loaded = loaded
        self.runs: dict[str, CollectorRun] = {"calldb": CollectorRun()}
        registry = make_registry()
        stats = QueryStats(registry, catalogue.sources)
        always = settings.sweep_interval == 0
        self.lanes = Lanes(
            catalogue,
            access_of(settings),
            Tracker(catalogue, store),
            Pace(
                settings.poll_interval,
                settings.reconcile_interval,
                settings.sweep_interval,
                settings.background_timeout,
            ),
            Nets(settings.overlap, settings.sweep_range, always),
            stats.observe,
            self._changed,
        )
        health = HealthCollector(self.lanes, self.runs, reloads)
        registry.register(health)
        self.publisher = Publisher(self.lanes, Exposition(catalogue), health, registry, first, loaded.changes)
        self.collectors = collectors_of(settings)

    def _changed(self) -> None:
        health = self.lanes.health
        run = self.runs["calldb"]
        run.success, run.problem = health.up, health.problem
        run.duration = health.poll_seconds
        if health.up:
            run.last_success = time.time()
        self.publisher.changed()

    async def run(self) -> None:
        """Read and publish until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.lanes.run())
            group.create_task(self.publisher.run(self.runs))
            group.create_task(self.publisher.attribution.run(self.lanes, self.publisher.changed))
            group.create_task(self.publisher.changes.run(self.lanes, self.publisher.changed))
            group.create_task(self._watchdog())
            for collector in self.collectors:
                group.create_task(self._collect(collector))
                if isinstance(collector, RecordingsCollector):
                    self.lanes.every(collector.interval, "recordings", sampler(self.loaded.catalogue, collector))

    async def _collect(self, collector: Collector) -> None:
        """Run one collector at its interval; its failure is its own."""
        run = self.runs.setdefault(collector.name, CollectorRun())
        while True:
            began = time.monotonic()
            try:
                run.metrics = tuple(await asyncio.to_thread(lambda: tuple(collector.collect())))
                run.success, run.problem, run.last_success = True, "", time.time()
            except Exception as error:  # a bug of one collector ends neither the others nor the service
                _failed(run, collector.name, error)
            run.duration = time.monotonic() - began
            self.publisher.changed()
            await asyncio.sleep(max(0.1, collector.interval - run.duration))

    async def _watchdog(self) -> None:
        """A poller that is stuck for good ends the process, so that its supervisor starts a new one."""
        while True:
            await asyncio.sleep(5)
            if self.lanes.wedged() > WEDGED_SECONDS:
                log.critical("the poller has been stuck for %.0f s; exiting", self.lanes.wedged())
                os._exit(1)
