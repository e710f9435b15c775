"""The relay as a whole: configuration, queue, workers and server; started, reloaded and stopped."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from exporter.errors import ConfigError, Place, RunError, StateError
from exporter.expose.health import make_registry
from exporter.relay.build import build_channel, wording_of
from exporter.relay.channels.base import Channel
from exporter.relay.channels.print import Rehearsal, Say
from exporter.relay.config import RelayConfig, check_reviews, load_relay_file
from exporter.relay.deliver import LONGEST_SLEEP, Pace, Worker
from exporter.relay.message import Notice, parse_webhook
from exporter.relay.metrics import RelayMetrics
from exporter.relay.queue import KEEP_SECONDS, Queue, Target
from exporter.relay.server import RelayBoard, RelayServer, serve_relay
from exporter.relay.text import Wording
from exporter.relay.transport import HttpTransport
from exporter.semantic.model import Catalogue
from exporter.settings import Settings, read_secret

log = logging.getLogger(__name__)
T = TypeVar("T")

SWEEP_SECONDS = 60.0
# What is being sent when the relay stops is waited for, a little longer than the longest usual time-out.
STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class RelaySetup:
    """Everything that a reload may change: validated together, swapped together."""

    config: RelayConfig
    wording: Wording
    timezone: str

    @classmethod
    def from_settings(cls, settings: Settings, catalogue: Catalogue) -> RelaySetup:
        """Raises ConfigError(s)."""
        if settings.relay_file is None:
            raise ConfigError(Place("relay_file"), "the relay has no file", "set relay_file; see docs/relay.md")
        config = load_relay_file(settings.relay_file)
        if settings.reviews_receiver:
            check_reviews(config, settings.reviews_receiver)
        titles = {slug: (kpi.title.zh, kpi.title.en) for slug, kpi in catalogue.kpis.items()}
        return cls(config, wording_of(config, settings.timezone, titles), settings.timezone)


class Relay:
    """One relay on one queue. `folder` None: a queue in memory, and nothing is sent, only told to `say`."""

    def __init__(self, setup: RelaySetup, folder: Path | None, say: Say) -> None:
        """Raises StateError."""
        self._setup, self._say, self._rehearse = setup, say, folder is None
        self._claim = _claim(folder) if folder is not None else None
        self.queue = Queue(folder)
        self._installation = self.queue.installation
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="relay")
        self._channels = self._build(setup)
        self._people = self._adopt()
        self._paces: dict[str, Pace] = {}
        self._workers: dict[str, Worker] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._keeper: asyncio.Task[None] | None = None
        self._problem = ""
        self._transport = HttpTransport()
        self._registry = make_registry()
        self._metrics = RelayMetrics(self._registry, self.queue, lambda: self._paces)
        self.server: RelayServer | None = None

    async def start(
        self, listen: str, *, web_config: Path | None, token: str | None, reload: Callable[[], Awaitable[str]]
    ) -> None:
        """Deliver what waits, and listen; raises ConfigError(s), UsageError or RunError."""
        board = RelayBoard(self._registry, self._setup.timezone, self.health, reload)
        self.server = await serve_relay(board, self, listen, web_config=web_config, token=token)
        await self._begin()

    async def replace(self, setup: RelaySetup) -> None:
        """Go on with another configuration; what is being sent is waited for."""
        channels = self._build(setup)
        await self._halt()
        self._setup, self._channels = setup, channels
        self._people = {name: channel.people(self._installation) for name, channel in channels.items()}
        await self._begin()

    async def close(self) -> None:
        """Stop listening, let what is being sent come to its end, release the queue."""
        if self.server is not None:
            await self.server.close()
        await self._halt()
        self._thread.shutdown(wait=True)
        self.queue.close()
        # Once: closed again, the number may be another file's.
        claim, self._claim = self._claim, None
        if claim is not None:
            os.close(claim)

    def health(self) -> str:
        """Empty when every channel has a worker that lives and works."""
        found = [f"channel {name}: {problem}" for name in self._channels if (problem := self._trouble(name))]
        return "; ".join(([self._problem] if self._problem else []) + found)

    def _trouble(self, name: str) -> str:
        task = self._tasks.get(name)
        return "no worker runs" if task is None or task.done() else self._workers[name].problem

    @property
    def receivers(self) -> frozenset[str]:
        return frozenset(self._setup.config.receivers)

    def counted(self, receiver: str, code: int) -> None:
        self._metrics.request(receiver, code)

    def refusal(self, receiver: str, notice: Notice) -> str:
        """Why a receiver does not take a notice: a review to a telephone, or as a sign of life; else empty."""
        return self._setup.config.review_problem(receiver) if notice.is_review else ""

    async def accept(self, receiver: str, notice: Notice, body: str) -> int:
        """Queue a notice for the channels of a receiver; on disk when this returns."""
        names = self._setup.config.receivers[receiver]
        targets = [Target(name, self._people[name], self._channels[name].sms) for name in names]
        # A review is told once; nobody is reminded of it.
        remind_after = KEEP_SECONDS if notice.is_review else self._setup.config.remind_after
        beat = receiver in self._setup.config.heartbeats
        queued = await self._aside(
            lambda: self.queue.accept(receiver, notice, body, targets, time.time(), remind_after, beat=beat)
        )
        for worker in self._workers.values():
            worker.wake()
        return queued

    async def take(self, receiver: str, body: str) -> None:
        """Take a notice of this process as if it had come by HTTP; raises RunError when it is not queued."""
        if receiver not in self.receivers:
            raise RunError(f"the relay has no receiver '{receiver}'", "name one of relay_file in reviews_receiver")
        notice = parse_webhook(body)
        if problem := self.refusal(receiver, notice):
            raise RunError(problem, "name another receiver in reviews_receiver")
        try:
            await self.accept(receiver, notice, body)
        except (sqlite3.Error, OSError) as error:
            problem = f"the relay could not store the notice ({type(error).__name__})"
            raise RunError(problem, "free space on the disk of state_dir") from None

    def _build(self, setup: RelaySetup) -> dict[str, Channel]:
        found: dict[str, Channel] = {}
        for name, configured in setup.config.channels.items():
            channel = build_channel(configured, setup.wording, self._say, self._installation)
            found[name] = Rehearsal(name, channel, self._say) if self._rehearse else channel
        return found

    def _adopt(self) -> dict[str, tuple[str, ...]]:
        """Who hears of each channel; before the first webhook, so that it is known who was told by an older release."""
        people = {name: channel.people(self._installation) for name, channel in self._channels.items()}
        try:
            self.queue.adopt({name: names for name, names in people.items() if self._channels[name].sms})
        except sqlite3.Error as error:
            fix = "free space on the disk of state_dir, and stop what else uses the file"
            raise StateError(f"the relay's queue cannot be written ({type(error).__name__})", fix) from None
        return people

    async def _begin(self) -> None:
        """Workers for the configuration of the moment; they begin once the queue is in order."""
        zone, first = self._setup.wording.zone, self._setup.config.retry_after
        specs = {name: found.spec for name, found in self._setup.config.channels.items()}
        self._paces = {name: Pace(spec.per_minute, spec.daily_budget, zone, first) for name, spec in specs.items()}
        self._transport = HttpTransport(self._setup.config.tls)
        await self._transport.open()
        common = (self.queue, self._transport, self._aside, self._metrics.observe)
        self._workers = {
            name: Worker(name, channel, self._people[name], self._paces[name], *common)
            for name, channel in self._channels.items()
        }
        if await self._recover():
            self._go()
        self._keeper = asyncio.create_task(self._keep())

    def _go(self) -> None:
        self._tasks = {name: asyncio.create_task(worker.run()) for name, worker in self._workers.items()}

    async def _recover(self) -> bool:
        """Put back what was being sent; False, and said by `health`, when the disk does not take it."""
        try:
            doubtful = await self._aside(lambda: self.queue.recover(time.time()))
        except (sqlite3.Error, OSError) as error:
            self._problem = f"the queue cannot be put in order ({type(error).__name__})"
            log.warning("relay: %s; nothing is delivered until it can", self._problem)
            return False
        self._problem = ""
        if doubtful:
            log.warning("relay: %d messages were being sent when the process ended; they are sent again", doubtful)
        return True

    async def _keep(self) -> None:
        """Begin as soon as the disk allows it, then sweep from time to time."""
        while not self._tasks:
            await asyncio.sleep(LONGEST_SLEEP)
            if await self._recover():
                self._go()
        await self._sweep()

    async def _halt(self) -> None:
        """What is being sent may come to its end; what takes too long is in doubt."""
        for worker in self._workers.values():
            worker.stop()
        if self._keeper is not None:  # first, lest it begin anew what is being stopped
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=STOP_SECONDS)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks, self._keeper = {}, None
        await self._transport.close()

    async def _sweep(self) -> None:
        while True:
            try:
                await self._aside(lambda: self.queue.sweep(time.time(), self._setup.config.give_up_after))
            except Exception as error:  # the disk may be full; the next time is a minute away
                log.warning("relay: the queue cannot be swept (%s)", type(error).__name__)
            await asyncio.sleep(SWEEP_SECONDS)

    async def _aside(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _claim(folder: Path) -> int:
    """Two relays on one queue would send everything twice. The kernel drops the lock with its holder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        claim = os.open(folder / "relay.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        fix = "make it writable, or set state_dir (OUTCALL_STATE_DIR) to another folder"
        raise StateError(f"the state folder {folder} cannot be used ({reason})", fix) from None
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(claim)
        fix = "stop it, or give this one its own state_dir"
        raise StateError(f"another relay uses the queue in {folder}", fix) from None
    return claim


def token_of(settings: Settings) -> str:
    """What Alertmanager must present; raises ConfigError when there is none."""
    place, fix = (
        Place("relay_token_file"),
        "name a file with a token of your own, which Alertmanager presents as bearer",
    )
    if settings.relay_token_file is None:
        raise ConfigError(place, "the relay has no token", fix)
    token = read_secret(settings.relay_token_file, "relay_token_file")
    if not token:
        raise ConfigError(place, f"the file {settings.relay_token_file} is empty", fix)
    return token


async def start_relay(
    settings: Settings, catalogue: Catalogue, reload: Callable[[], Awaitable[str]], say: Say, *, rehearse: bool = False
) -> Relay:
    """A running relay; raises OutcallError."""
    setup, token = RelaySetup.from_settings(settings, catalogue), token_of(settings)
    relay = Relay(setup, None if rehearse else settings.state_dir, say)
    try:
        await relay.start(settings.relay_listen, web_config=settings.web_config_file, token=token, reload=reload)
    except BaseException:
        await relay.close()
        raise
    return relay
