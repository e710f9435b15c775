"""The relay as a process of its own: signals, reload, shutdown."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable

from exporter.errors import OutcallError
from exporter.relay.channels.print import Say
from exporter.relay.service import Relay, RelaySetup, start_relay
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue
from exporter.settings import Settings

log = logging.getLogger(__name__)
Load = Callable[[], Settings]


def catalogue_of(settings: Settings) -> Catalogue:
    """For the titles of KPIs; raises ConfigError(s)."""
    return load_catalogue(settings.catalogue_files, timezone=settings.timezone)


class Standalone:
    """Runs until SIGTERM or SIGINT; SIGHUP and POST /-/reload load the configuration again."""

    def __init__(self, load: Load, say: Say, *, rehearse: bool) -> None:
        self._load, self._say, self._rehearse = load, say, rehearse
        self._stop = asyncio.Event()
        self._relay: Relay | None = None
        self._tasks: set[asyncio.Task[str]] = set()

    async def run(self, announce: Callable[[str], None]) -> None:
        """`announce` is told the URL; raises OutcallError."""
        settings = self._load()
        catalogue = await asyncio.to_thread(catalogue_of, settings)
        self._relay = await start_relay(settings, catalogue, self.reload, self._say, rehearse=self._rehearse)
        self._watch_signals(self._relay)
        if self._relay.server is not None:
            announce(self._relay.server.url)
        try:
            await self._stop.wait()
        finally:
            await self._relay.close()

    async def reload(self) -> str:
        """Empty on success, else the errors, with the last good configuration kept."""
        try:
            setup = await asyncio.to_thread(self._setup)
        except OutcallError as error:
            log.warning("relay: reload: %s", error)
            return str(error)
        if self._relay is not None:
            await self._relay.replace(setup)
        log.info("relay: configuration reloaded")
        return ""

    def _setup(self) -> RelaySetup:
        settings = self._load()
        return RelaySetup.from_settings(settings, catalogue_of(settings))

    def _watch_signals(self, relay: Relay) -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._stop.set)

        def hangup() -> None:
            if relay.server is not None:
                task = asyncio.create_task(relay.server.reload())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

        loop.add_signal_handler(signal.SIGHUP, hangup)


def run_relay(load: Load, announce: Callable[[str], None], say: Say, *, rehearse: bool) -> None:
    """Run the relay in this thread until it is told to stop; raises OutcallError."""

    async def main() -> None:
        await Standalone(load, say, rehearse=rehearse).run(announce)

    asyncio.run(main())
