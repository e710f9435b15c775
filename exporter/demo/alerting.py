"""The demo's way from a gauge to a message: Prometheus, Alertmanager, and a relay that prints.

The two servers run under the guard, as the database does: however the demo ends, they end with it. The relay runs in
the demo's own process.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from exporter.demo.alertfiles import AlertFiles, lay_out, write_alertmanager, write_prometheus
from exporter.demo.server import HOST, free_port, last_reason, tail
from exporter.demo.supervise import Supervisor
from exporter.errors import RunError, UsageError
from exporter.relay.service import Relay, start_relay
from exporter.semantic.load import load_catalogue
from exporter.settings import Settings

PACKAGES = "apt-get install prometheus prometheus-alertmanager"
# What went wrong, in the log of the two servers.
_ERROR = re.compile(r'\berr="((?:[^"\\]|\\.)*)"')
START_SECONDS, RETRY_SECONDS, PORTS_TRIED = 60.0, 0.1, 5

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Programs:
    """The two servers."""

    prometheus: str
    alertmanager: str


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers; `end` is done when it has ended."""

    name: str
    at: str
    end: asyncio.Task[int]

    @property
    def url(self) -> str:
        return f"http://{self.at}/"


def find_programs(search_path: str | None = None) -> Programs:
    """The servers on PATH; raises UsageError, with what to install."""
    prometheus = shutil.which("prometheus", path=search_path)
    # Debian gives it another name than its authors do.
    names = ("alertmanager", "prometheus-alertmanager")
    alertmanager = next((found for name in names if (found := shutil.which(name, path=search_path))), None)
    if prometheus and alertmanager:
        return Programs(prometheus, alertmanager)
    missing = [name for name, found in (("prometheus", prometheus), ("alertmanager", alertmanager)) if not found]
    raise UsageError(f"--alerts needs {' and '.join(missing)}, not found on PATH", f"{PACKAGES} (Debian, Ubuntu)")


class AlertServers:
    """Starts the servers of one demo in `folder`, which is made."""

    def __init__(self, programs: Programs, supervisor: Supervisor, folder: Path) -> None:
        """Raises RunError."""
        self.files: AlertFiles = lay_out(folder, supervisor.account)
        self._programs, self._supervisor = programs, supervisor

    async def alertmanager(self, relay_url: str, timezone: str) -> Running:
        """Alertmanager on the shipped configuration; raises RunError."""
        write_alertmanager(self.files, relay_url, timezone)
        flags = {
            "config.file": str(self.files.alertmanager),
            "storage.path": str(self.files.folder / "alertmanager"),
            "cluster.listen-address": "",
            "log.level": "warn",
        }
        # Its templates show local time, which is that of its process.
        return await self._start("Alertmanager", self._programs.alertmanager, flags, {"TZ": timezone})

    async def prometheus(self, exporter_at: str, relay_at: str, alertmanager: Running) -> Running:
        """Prometheus on the shipped rules; raises RunError."""
        write_prometheus(self.files, exporter_at, relay_at, alertmanager.at)
        flags = {
            "config.file": str(self.files.prometheus),
            "storage.tsdb.path": str(self.files.folder / "prometheus"),
            "storage.tsdb.retention.time": "2d",
            "log.level": "warn",
        }
        return await self._start("Prometheus", self._programs.prometheus, flags, {})

    async def _start(
        self, name: str, program: str, flags: Mapping[str, str], environment: Mapping[str, str]
    ) -> Running:
        """On a free port; when another program takes it between our look and the server's, on the next one."""
        log = self.files.folder / f"{name.lower()}.log"
        for _ in range(PORTS_TRIED):
            at = f"{HOST}:{free_port()}"
            all_flags = {**flags, "web.listen-address": at, "web.external-url": f"http://{at}/"}
            argv = [program, *(f"--{flag}={value}" for flag, value in all_flags.items())]
            run = self._supervisor.run(*argv, log=log, stop=signal.SIGKILL, environment=environment)
            running = Running(name, at, asyncio.create_task(run))
            if await _is_ready(running):
                return running
            if not running.end.done() or "address already in use" not in tail(log):
                break
        raise RunError(f"{name} did not start: {reason(tail(log))}", f"check {program}, or leave out --alerts")


def reason(log: str) -> str:
    """The last error in a log of key=value pairs, else its last line."""
    errors = _ERROR.findall(log)
    return last_reason(errors[-1].replace("\\n", " ") if errors else log)


async def _is_ready(server: Running) -> bool:
    """Whether it answers before it ends and before our patience does."""
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    async with aiohttp.ClientSession() as session:
        while not server.end.done() and asyncio.get_running_loop().time() < deadline:
            if await _answers(session, f"{server.url}-/ready"):
                return not server.end.done()
            await asyncio.wait({server.end}, timeout=RETRY_SECONDS)
    return False


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


async def alerts_page(prometheus: Running) -> str:
    """Where Prometheus shows its alerts: Debian's has the old pages only."""
    async with aiohttp.ClientSession() as session:
        old = f"{prometheus.url}classic/alerts"
        return old if await _answers(session, old) else f"{prometheus.url}alerts"


@asynccontextmanager
async def relaying(settings: Settings, files: AlertFiles, say: Say) -> AsyncIterator[str]:
    """A relay that prints, for the length of a block: its address."""
    own = {
        "relay_listen": f"{HOST}:0",
        "relay_file": files.relay,
        "relay_token_file": files.token,
        "web_config_file": None,
    }

    async def no_reload() -> str:
        return ""

    catalogue = load_catalogue(settings.catalogue_files, timezone=settings.timezone)
    relay: Relay = await start_relay(settings.model_copy(update=own), catalogue, no_reload, say)
    try:
        if relay.server is None:
            raise AssertionError("a started relay listens")
        yield f"{HOST}:{relay.server.port}"
    finally:
        await relay.close()


async def first_end(*servers: Running) -> None:
    """Wait until one of the servers ends, which none does by itself: RunError."""
    await asyncio.wait({server.end for server in servers}, return_when=asyncio.FIRST_COMPLETED)
    ended = next(server for server in servers if server.end.done())
    raise RunError(f"{ended.name} of the demo has ended", "start the demo again")
