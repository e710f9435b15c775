"""The service: one engine at a time, one HTTP server, one state folder; signals and reloads."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from exporter import __version__
from exporter.engine import Engine, Loaded, collectors_of
from exporter.errors import OutcallError, RunError
from exporter.expose.health import Reloads
from exporter.expose.panel import Panel
from exporter.expose.publish import empty_snapshot
from exporter.expose.reviews import ReviewRoutes, Shelf
from exporter.expose.server import HttpServer, serve
from exporter.expose.snapshot import Snapshot
from exporter.relay.channels.print import to_stdout
from exporter.relay.service import Relay, RelaySetup, start_relay
from exporter.review.post import post
from exporter.review.runner import Reviewer
from exporter.review.setup import ReviewSetup
from exporter.settings import Settings, read_secret
from exporter.state.store import Store

log = logging.getLogger(__name__)

# CPU-bound work runs in threads; a scrape waits at most about this long for the interpreter.
SWITCH_SECONDS = 0.0005

LoadSettings = Callable[[], Settings]


class App:
    """The service: one engine at a time, one HTTP server, one state folder."""

    def __init__(self, load: LoadSettings, panel: Panel | None = None, config: Sequence[str] = ()) -> None:
        """`config`: the words of the command line that name the configuration file, for reviews."""
        self._load, self._panel = load, panel
        self._loaded = Loaded.from_settings(load())
        self._reviews = ReviewSetup.from_settings(self._loaded.settings, self._loaded.catalogue)
        self._reviewer = Reviewer(config, self._tell, lambda: self._engine.publisher.changed())
        self.reloads = Reloads()
        self._first = empty_snapshot(__version__, self._loaded.settings.timezone)
        self._store = Store(self._loaded.settings.state_dir)
        if self._store.set_aside is not None:
            kept = self._store.set_aside.name
            log.warning("the state file is damaged or of another version; it is kept as %s and built anew", kept)
        self._engine = Engine(self._loaded, self._store, self.reloads, self._first)
        self._running: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self.started = asyncio.Event()
        self.server: HttpServer | None = None
        self.relay: Relay | None = None

    @property
    def snapshot(self) -> Snapshot:
        return self._engine.publisher.snapshot

    def health(self) -> str:
        stuck = self._engine.lanes.wedged()
        limit = max(60.0, 10 * self._loaded.settings.poll_interval)
        return f"no poll has finished for {stuck:.0f} s" if stuck > limit else ""

    async def reload(self) -> str:
        """Load settings and catalogue anew; what is wrong changes nothing and is told."""
        # The server answers before all of it runs: what is started then must not be of before the reload.
        await self.started.wait()
        try:
            loaded = Loaded.from_settings(await asyncio.to_thread(self._load))
            collectors_of(loaded.settings)
            reviews = ReviewSetup.from_settings(loaded.settings, loaded.catalogue)
            setup = (
                await asyncio.to_thread(RelaySetup.from_settings, loaded.settings, loaded.catalogue)
                if self.relay is not None
                else None
            )
        except OutcallError as error:
            self.reload_failed(str(error))
            return str(error)
        await self._reviewer.adopt(reviews)
        await self._replace(loaded)
        if self.relay is not None and setup is not None:
            await self.relay.replace(setup)
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
        self._start_engine()

    def _start_engine(self) -> None:
        self._engine.runs |= self._reviewer.runs
        self._running = asyncio.create_task(self._engine.run())

    def _shelf(self) -> Shelf:
        return Shelf(self._loaded.settings.reviews_dir, self._loaded.settings.timezone)

    async def _tell(self, receiver: str, body: str) -> None:
        """A notice of a review to the relay: the one inside, else the one at relay_url. Raises OutcallError."""
        settings = self._loaded.settings
        if self.relay is not None:
            await self.relay.take(receiver, body)
        elif settings.relay_url and settings.relay_token_file is not None:
            token = await asyncio.to_thread(read_secret, settings.relay_token_file, "relay_token_file")
            await post(settings.relay_url, token, receiver, body)
        else:
            raise RunError("the relay was turned on after the start", "start the service anew")

    async def _halt(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def run(self, announce: Callable[[str], None]) -> None:
        """Serve until SIGTERM or SIGINT; SIGHUP reloads. `announce` is told the URL."""
        sys.setswitchinterval(SWITCH_SECONDS)
        settings = self._loaded.settings
        token = read_secret(settings.bearer_token_file, "bearer_token_file") if settings.bearer_token_file else None
        self.server = await serve(
            self,
            settings.listen,
            web_config=settings.web_config_file,
            bearer_token=token,
            panel=self._panel,
            reviews=ReviewRoutes(self._shelf),
        )
        try:
            if settings.relay:
                self.relay = await start_relay(settings, self._loaded.catalogue, self.server.reload, to_stdout)
            self._watch_signals()
            await self._reviewer.adopt(self._reviews)
            self._start_engine()
            announce(self.server.url)
            self.started.set()
            await self._until_stopped()
        finally:
            await self._reviewer.close()
            if self.relay is not None:
                await self.relay.close()
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


def run_service(load: LoadSettings, announce: Callable[[str], None], config: Sequence[str] = ()) -> None:
    """Run the service in this thread until it is told to stop; raises OutcallError. `config`: as for App."""

    async def main() -> None:
        await App(load, config=config).run(announce)

    asyncio.run(main())
