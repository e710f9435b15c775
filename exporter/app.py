"""The wiring: settings and catalogue to lanes, collectors, pages and the HTTP server. The only place that knows all."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import psutil

from exporter import __version__
from exporter.calldb.connect import Access, Connection
from exporter.calldb.lanes import Lanes, Pace
from exporter.calldb.reader import Nets, instant
from exporter.calldb.tracker import Tracker
from exporter.collectors.base import Collector
from exporter.collectors.host import HostCollector
from exporter.collectors.pathtemplate import DEFAULT_TEMPLATE
from exporter.collectors.recordings import RecordingsCollector
from exporter.collectors.sample import RecordingRow, sample_query
from exporter.errors import ConfigError, OutcallError, Place, UsageError
from exporter.expose.families import Exposition
from exporter.expose.health import CollectorRun, HealthCollector, QueryStats, Reloads, make_registry
from exporter.expose.publish import Publisher, empty_snapshot
from exporter.expose.server import HttpServer, serve
from exporter.expose.snapshot import Snapshot
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue
from exporter.semantic.sqltext import relation_sql
from exporter.settings import Settings, read_secret
from exporter.state.store import Store

log = logging.getLogger(__name__)

# How long the poller may be stuck before the process gives up for its supervisor to start it anew.
WEDGED_SECONDS = 600.0
# CPU-bound work runs in threads; a scrape waits at most about this long for the interpreter.
SWITCH_SECONDS = 0.0005

LoadSettings = Callable[[], Settings]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings with the catalogue they name: validated together, swapped together."""

    settings: Settings
    catalogue: Catalogue

    @classmethod
    def from_settings(cls, settings: Settings) -> Loaded:
        """Raises ConfigError(s)."""
        return cls(settings, load_catalogue(settings.catalogue_files, timezone=settings.timezone))


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
    """Hands the collector a random sample of the recordings that the call database says are stored."""
    relation = relation_sql("recordings", catalogue.sources["recordings"])

    async def sample(connection: Connection, as_of: float) -> None:
        sql, arguments = sample_query(f"{relation} AS recordings", instant(as_of))
        collector.offer([RecordingRow.from_record(row) for row in await connection.fetch(sql, *arguments)])

    return sample


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
        self.publisher = Publisher(self.lanes, Exposition(catalogue), health, registry, first)
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
            group.create_task(self._watchdog())
            for collector in self.collectors:
                group.create_task(self._collect(collector))
                if isinstance(collector, RecordingsCollector):
                    self.lanes.every(collector.interval, sampler(self.loaded.catalogue, collector))

    async def _collect(self, collector: Collector) -> None:
        """Run one collector at its interval; its failure is its own."""
        run = self.runs.setdefault(collector.name, CollectorRun())
        while True:
            began = time.monotonic()
            try:
                run.metrics = tuple(await asyncio.to_thread(lambda: tuple(collector.collect())))
                run.success, run.problem, run.last_success = True, "", time.time()
            except (OSError, psutil.Error) as error:
                run.success, run.problem, run.metrics = False, f"cannot be read ({type(error).__name__})", ()
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


class App:
    """The service: one engine at a time, one HTTP server, one state folder."""

    def __init__(self, load: LoadSettings) -> None:
        self._load = load
        self._loaded = Loaded.from_settings(load())
        self.reloads = Reloads()
        self._first = empty_snapshot(__version__, self._loaded.settings.timezone)
        self._store = Store(self._loaded.settings.state_dir)
        if self._store.set_aside is not None:
            log.warning("the state file was damaged; it is kept as %s and built anew", self._store.set_aside.name)
        self._engine = Engine(self._loaded, self._store, self.reloads, self._first)
        self._running: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self.started = asyncio.Event()
        self.server: HttpServer | None = None

    @property
    def snapshot(self) -> Snapshot:
        return self._engine.publisher.snapshot

    def health(self) -> str:
        stuck = self._engine.lanes.wedged()
        limit = max(60.0, 10 * self._loaded.settings.poll_interval)
        return f"no poll has finished for {stuck:.0f} s" if stuck > limit else ""

    async def reload(self) -> str:
        """Load settings and catalogue anew; what is wrong changes nothing and is told."""
        try:
            loaded = Loaded.from_settings(await asyncio.to_thread(self._load))
            collectors_of(loaded.settings)
        except OutcallError as error:
            self.reload_failed(str(error))
            return str(error)
        await self._replace(loaded)
        self.reloads.successful, self.reloads.success_at = True, time.time()
        log.info("configuration reloaded")
        return ""

    def reload_failed(self, errors: str) -> None:
        """What is wrong is logged and shows in a metric; the last good configuration stays."""
        self.reloads.successful = False
        self._engine.publisher.changed()
        log.error("reload: %s", errors)

    async def _replace(self, loaded: Loaded) -> None:
        """Stop the old engine, start the new one on the same state: only what changed is read again."""
        before = self.snapshot
        await self._halt()
        if loaded.settings.state_dir != self._loaded.settings.state_dir:
            self._store.close()
            self._store = Store(loaded.settings.state_dir)
        self._loaded = loaded
        self._engine = Engine(loaded, self._store, self.reloads, before)
        self._running = asyncio.create_task(self._engine.run())

    async def _halt(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def run(self, announce: Callable[[str], None]) -> None:
        """Serve until SIGTERM or SIGINT; SIGHUP reloads. `announce` is told the URL."""
        sys.setswitchinterval(SWITCH_SECONDS)
        settings = self._loaded.settings
        token = read_secret(settings.bearer_token_file, "bearer_token_file") if settings.bearer_token_file else None
        self.server = await serve(self, settings.listen, web_config=settings.web_config_file, bearer_token=token)
        self._watch_signals()
        self._running = asyncio.create_task(self._engine.run())
        announce(self.server.url)
        self.started.set()
        try:
            await self._until_stopped()
        finally:
            await self._halt()
            await self.server.close()
            self._store.close()

    async def _until_stopped(self) -> None:
        """Wait for a signal; an engine that ends by itself is a bug and must not be hidden."""
        stop = asyncio.create_task(self._stop.wait())
        while not stop.done():
            running = self._running
            await asyncio.wait({stop, *([running] if running else [])}, return_when=asyncio.FIRST_COMPLETED)
            if running is not None and running is self._running and running.done() and not running.cancelled():
                stop.cancel()
                self._explain(running)

    @staticmethod
    def _explain(ended: asyncio.Task[None]) -> None:
        """Raise what ended the engine: the user's problem alone if it is one, else the bug as it is."""
        try:
            ended.result()
        except BaseExceptionGroup as group:
            for error in _leaves(group):
                if isinstance(error, OutcallError):
                    raise error from None
            raise

    def stop(self) -> None:
        """End `run`."""
        self._stop.set()

    def _watch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self.stop)
        server = self.server
        if server is not None:
            tasks: set[asyncio.Task[str]] = set()

            def hangup() -> None:
                task = asyncio.create_task(server.reload())
                tasks.add(task)
                task.add_done_callback(tasks.discard)

            loop.add_signal_handler(signal.SIGHUP, hangup)


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def run_service(load: LoadSettings, announce: Callable[[str], None]) -> None:
    """Run the service in this thread until it is told to stop; raises OutcallError."""

    async def main() -> None:
        await App(load).run(announce)

    asyncio.run(main())
