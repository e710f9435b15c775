"""The demo from its beginning to its end: server, schema, call stream, exporter; and nothing of it left behind.

session ─► postgres (embedded server, its guard)
        ├► feeder ─► stream (a process: history, newest first, then live calls)
        └► app (the exporter, in this process, as a reader without other rights)
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
from pydantic import SecretStr

from exporter.app import App
from exporter.calldb.schema import schema_sql
from exporter.demo.feeder import Feeder, feeding
from exporter.demo.postgres import EmbeddedPostgres, RunningServer
from exporter.demo.server import DATABASE, HOST, READER
from exporter.demo.stream import News, Order
from exporter.errors import DatabaseError, UsageError
from exporter.settings import Settings, load_settings
from exporter.simulate.faults import FAULTS, Faults

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# What a demo wants otherwise than a service, unless the environment says it. While the history comes in, a poll has
# weeks of it to read at once. Progress is told instead of logged.
DEFAULTS = {
    "OUTCALL_POLL_INTERVAL": "10",
    "OUTCALL_STATEMENT_TIMEOUT": "30",
    "OUTCALL_RECORDINGS_INTERVAL": "10",
    "OUTCALL_LOG_LEVEL": "warning",
}
BASE_BYTES, BYTES_PER_CALL = 1 << 30, 2_000

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What to show. `days` of history, the change of wording in their middle; `duration` in seconds, None: no end."""

    days: int = 60
    calls_per_day: int = 4_000
    seed: int = 1
    faults: tuple[str, ...] = ()
    duration: float | None = None

    def order(self, dsn: str, timezone: str, recordings_dir: Path) -> Order:
        """What the call stream has to do."""
        return Order(
            dsn,
            self.days,
            self.calls_per_day,
            self.seed,
            timezone,
            recordings_dir=str(recordings_dir),
            faults=self.faults,
        )

    def check(self, timezone: str) -> None:
        """Raises UsageError for what cannot be shown, before anything is started."""
        if self.days < 1:
            raise UsageError(f"--days is {self.days}", "choose 1 or more")
        if self.duration is not None and not self.duration > 0:
            raise UsageError(f"--duration is {self.duration:g}", "choose a number of seconds above 0")
        Faults(self.faults)
        self.order("", timezone, Path()).plan(datetime.now(UTC))


def demo_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from the environment, with a demo's defaults. Raises ConfigError(s)."""
    return load_settings(None, {**DEFAULTS, **environment})


@dataclass(frozen=True, slots=True)
class Place:
    """Where things are in the demo's folder; whatever the environment says, a demo keeps to it."""

    server: RunningServer

    @property
    def recordings(self) -> Path:
        return self.server.folder / "recordings"

    @property
    def pgpass(self) -> Path:
        return self.server.folder / "pgpass"

    def settings(self, environment: Mapping[str, str]) -> Settings:
        """The demo's settings on this server."""
        own = {
            "database_url": SecretStr(self.server.readonly_dsn),
            "database_url_file": None,
            "database_schema": "",
            "database_pooled": False,
            "state_dir": self.server.folder / "state",
            "recordings_dir": self.recordings,
            "recordings_template": "",
        }
        return demo_settings(environment).model_copy(update=own)

    def psql(self) -> str:
        """How to look into the call database; the password stays in a file that only its owner reads."""
        return f"PGPASSFILE={self.pgpass} psql -h {HOST} -p {self.server.port} -U {READER} {DATABASE}"


class Demo:
    """One demo; `say` is given lines for the person who watches."""

    def __init__(self, options: Options, environment: Mapping[str, str], say: Say) -> None:
        self._settings = demo_settings(environment)
        options.check(self._settings.timezone)
        self._options, self._environment, self._say = options, environment, say
        self._stop = asyncio.Event()
        self._tenth = 0

    async def run(self) -> None:
        """Until a signal, the end of its duration, or an error (OutcallError)."""
        self._take_signals()
        works = [self._stop.wait(), self._show()]
        if self._options.duration is not None:
            works.append(asyncio.sleep(self._options.duration))
        await until_first(*works)
        self._say("the demo ends; everything it made is removed")

    def _take_signals(self) -> None:
        """All of them end the demo. Called again when the exporter has taken them for itself."""
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)

    async def _show(self) -> None:
        options = self._options
        room = BASE_BYTES + options.days * options.calls_per_day * BYTES_PER_CALL
        async with EmbeddedPostgres(self._say, min_free_bytes=room) as server:
            place = Place(server)
            await prepare(place)
            order = options.order(server.dsn, self._settings.timezone, place.recordings)
            self._say(f"writing {options.days} days of simulated calls, the newest first")
            async with feeding(order) as feeder:
                await until_first(feeder.watch(self._hear), self._serve(feeder, place))

    async def _serve(self, feeder: Feeder, place: Place) -> None:
        await feeder.newest_is_in.wait()
        await App(lambda: place.settings(self._environment)).run(lambda url: self._announce(url, place))

    def _announce(self, url: str, place: Place) -> None:
        self._take_signals()
        self._say(f"\n  status page   {url}\n  metrics       {url}metrics\n  call database {place.psql()}\n")
        for fault in FAULTS:
            if fault.name in self._options.faults:
                self._say(f"fault {fault.name} is on: {fault.effect}")
        self._say("Ctrl-C ends the demo and removes everything it made")

    def _hear(self, news: News) -> None:
        if news.problem:
            self._say(news.problem)
        elif news.age == news.days:
            self._say(f"history: all {news.days} days written; live calls go on")
        elif (tenth := 10 * news.age // news.days) > self._tenth:
            self._tenth = tenth
            self._say(f"history: {news.age} of {news.days} days written")


async def prepare(place: Place) -> None:
    """Tables that the reader may read, the folder of the recordings, the password file for psql."""
    try:
        connection = await asyncpg.connect(place.server.dsn)
        try:
            await connection.execute(schema_sql())
            await connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}")
        finally:
            await connection.close()
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise DatabaseError(f"The demo's tables could not be made ({type(error).__name__})", "start it again") from None
    place.recordings.mkdir(mode=0o700)
    password = urlsplit(place.server.readonly_dsn).password
    place.pgpass.touch(mode=0o600)
    place.pgpass.write_text(f"{HOST}:{place.server.port}:{DATABASE}:{READER}:{password}\n")


async def until_first(*works: Coroutine[object, object, object]) -> None:
    """Run all until the first ends, then end the others; raises what the first raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def run_demo(options: Options, environment: Mapping[str, str], say: Say) -> None:
    """Run a demo in this thread; raises OutcallError."""

    async def main() -> None:
        await Demo(options, environment, say).run()

    asyncio.run(main())
