"""The demo from its beginning to its end: server, schema, call stream, exporter; and nothing of it left behind.

session ─► postgres (embedded server, its guard)
        ├► feeder ─► stream (a process: history, newest first, then live calls; switches of faults)
        ├► app (the exporter, in this process, as a reader without other rights; the switches on its page)
        └► alerting, if wanted (Prometheus and Alertmanager under the guard, a relay in this process)
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Mapping

from exporter.app import App
from exporter.demo.alerting import AlertServers, Programs, alerts_page, first_end, relaying
from exporter.demo.controls import SWITCHES
from exporter.demo.feeder import Feeder, feeding
from exporter.demo.options import BASE_BYTES, BYTES_PER_CALL, Options, check_alerts, demo_settings, with_evening
from exporter.demo.panel import FaultPanel
from exporter.demo.place import Place, prepare, reachable
from exporter.demo.postgres import EmbeddedPostgres
from exporter.demo.stream import News
from exporter.expose.wording import Link

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]


class Demo:
    """One demo; `say` is given lines for the person who watches."""

    def __init__(self, options: Options, environment: Mapping[str, str], say: Say) -> None:
        self._environment = with_evening(environment) if options.alerts else dict(environment)
        self._settings = demo_settings(self._environment)
        options.check(self._settings.timezone)
        self._programs = check_alerts(self._settings) if options.alerts else None
        self._options, self._say = options, say
        self._stop = asyncio.Event()
        self._tenth = 0
        self._written = asyncio.Event()

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

        def turn(name: str, on: bool) -> None:
            feeder.turn(name, on=on)
            self._tell_fault(name, on=on)

        panel = FaultPanel(turn, self._settings.timezone, self._options.faults)
        app = App(lambda: place.settings(self._environment), panel)
        works: list[Coroutine[object, object, object]] = [app.run(lambda url: self._announce(url, place))]
        if self._programs is not None:
            works.append(self._alert(self._programs, place, app, panel))
        await until_first(*works)

    async def _alert(self, programs: Programs, place: Place, app: App, panel: FaultPanel) -> None:
        """Until one of the servers ends, which is an error (RunError)."""
        settings = place.settings(self._environment)
        servers = AlertServers(programs, place.server.supervisor, place.server.folder / "alerts")
        async with relaying(settings, servers.files, self._say) as relay_at:
            alertmanager = await servers.alertmanager(f"http://{relay_at}", settings.timezone)
            await app.started.wait()
            if app.server is None:
                raise AssertionError("a started app listens")
            # Rows of days ago that arrive now are late rows, and a breach among them is rightly told.
            self._say("alerting begins when the history is written")
            await self._written.wait()
            prometheus = await servers.prometheus(reachable(app.server.url), relay_at, alertmanager)
            page = await alerts_page(prometheus)
            panel.more = (Link(page, "告警规则", "Alerts in Prometheus"),)
            self._announce_alerts(app.server.url, page, alertmanager.url)
            await first_end(prometheus, alertmanager)

    def _announce(self, url: str, place: Place) -> None:
        self._take_signals()
        self._say(f"\n  status page   {url}\n  metrics       {url}metrics\n  call database {place.psql()}\n")
        for name in self._options.faults:
            self._tell_fault(name, on=True)
        self._say("Ctrl-C ends the demo and removes everything it made")

    def _announce_alerts(self, url: str, prometheus: str, alertmanager: str) -> None:
        self._say(
            f"\n  alerts        {prometheus}\n"
            f"  incidents     amtool --alertmanager.url={alertmanager} alert query\n"
            "  messages      are printed here, as a chat and a telephone would get them\n"
            f"\nSwitch a fault on at {url}#switches and wait for its message: 3 to 5 minutes, most of which the alert "
            f"takes to be sure\n(dialects about 20, a silent platform 12 and not before 17). "
            f"The business time zone is {self._settings.timezone}."
        )

    def _tell_fault(self, name: str, *, on: bool) -> None:
        effect = next(fault.effect for fault in SWITCHES if fault.name == name)
        self._say(f"fault {name} is on: {effect}" if on else f"fault {name} is off")

    def _hear(self, news: News) -> None:
        if news.problem:
            self._say(news.problem)
        elif news.age == news.days:
            self._written.set()
            self._say(f"history: all {news.days} days written; live calls go on")
        elif (tenth := 10 * news.age // news.days) > self._tenth:
            self._tenth = tenth
            self._say(f"history: {news.age} of {news.days} days written")


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
