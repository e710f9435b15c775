"""From a folder to a listening server with an empty database: initdb, postgres, two roles."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from exporter.demo.account import Account
from exporter.demo.binaries import Installation
from exporter.demo.folder import OTHER_PLACE, DemoFolder
from exporter.demo.supervise import Supervisor
from exporter.errors import RunError

HOST = "127.0.0.1"
DATABASE = "calls"
OWNER = "outcall_demo"
READER = "outcall_reader"

_SUPERUSER = "postgres"
_START_SECONDS = 60.0
_RETRY_SECONDS = 0.02
_PORTS_TRIED = 5
_TAIL_BYTES = 8192
_LONGEST_REASON = 200
_REASON = re.compile(r"(?:FATAL|PANIC|ERROR|error):\s+(.+)")
_PORT_TAKEN = "could not bind"
_CONNECTION_TROUBLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

# The data is thrown away, so nothing is spent on its safety; and the demo is a guest on somebody's machine, so it takes
# little memory, and nothing outside its folder (no socket file, no POSIX shared memory). Of rows it logs nothing.
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "20",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "dynamic_shared_memory_type": "mmap",
    "jit": "off",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


def _password() -> str:
    return secrets.token_hex(24)


@dataclass(frozen=True, slots=True)
class Passwords:
    """Random, for one server alone."""

    superuser: str = field(repr=False, default_factory=_password)
    owner: str = field(repr=False, default_factory=_password)
    reader: str = field(repr=False, default_factory=_password)


def dsn(role: str, password: str, port: int) -> str:
    """TLS is off because nothing leaves the loopback interface."""
    return f"postgresql://{role}:{password}@{HOST}:{port}/{DATABASE}?sslmode=disable"


@dataclass(frozen=True, slots=True)
class Server:
    """What is needed to run one: its binaries, its place, and the supervisor that runs it as `account`."""

    installation: Installation
    folder: DemoFolder
    account: Account | None
    supervisor: Supervisor

    async def initialise(self, password: str) -> None:
        """Fill the data folder. The password travels in a file, because everybody can read a command line."""
        password_file = self.folder.path / "password"
        _write_private(password_file, password, self.account)
        status = await self.supervisor.run(
            str(self.installation.bin / "initdb"),
            f"--pgdata={self.folder.data}",
            f"--username={_SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        )
        password_file.unlink()
        if status != 0:
            raise self._failure("could not be initialised")

    async def listen(self, password: str) -> tuple[int, asyncpg.Connection, asyncio.Task[int]]:
        """Start it on a free port. Returns the port, a superuser's connection, and the task that ends with the server.

        Another program may take the port between our look and the server's: then the next one is tried.
        """
        for _ in range(_PORTS_TRIED):
            port = free_port()
            running = asyncio.create_task(self.supervisor.run(*self._command(port)))
            connection = await _connect_when_ready(running, self.folder.data, port, password)
            if connection:
                return port, connection, running
            if not running.done() or _PORT_TAKEN not in tail(self.folder.log):
                break
        raise self._failure("did not start")

    def _command(self, port: int) -> list[str]:
        settings = {**_SETTINGS, "port": str(port)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self.installation.bin / "postgres"), "-D", str(self.folder.data), *options]

    def _failure(self, what: str) -> RunError:
        reason = last_reason(tail(self.folder.log))
        return RunError(f"The demo's PostgreSQL {self.installation.major} {what}: {reason}", _fix_for(reason))


async def create_database(superuser: asyncpg.Connection, passwords: Passwords) -> None:
    """An empty database that belongs to OWNER, and READER who can connect to it.

    `superuser` is connected to the template, whose schema the database inherits: before PostgreSQL 15 everybody may
    create tables there.
    """
    try:
        await superuser.execute(
            f"CREATE ROLE {OWNER} LOGIN PASSWORD '{passwords.owner}';"
            f"CREATE ROLE {READER} LOGIN PASSWORD '{passwords.reader}';"
            f"ALTER SCHEMA public OWNER TO {OWNER};"
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC;"
        )
        await superuser.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER} TEMPLATE template1")
    except _CONNECTION_TROUBLE as error:
        state = getattr(error, "sqlstate", None) or "no SQLSTATE"
        problem = f"The demo's database could not be created: {type(error).__name__} ({state})"
        raise RunError(problem, "start the demo again") from None


def last_reason(log: str) -> str:
    """The last line of a log that says what went wrong, else its last line, cut to a readable length."""
    lines = log.strip().splitlines() or ["it left no message"]
    reasons = [match.group(1) for line in lines if (match := _REASON.search(line))]
    return (reasons or lines)[-1].strip()[:_LONGEST_REASON]


def _fix_for(reason: str) -> str:
    if "No space left" in reason or "Permission denied" in reason:
        return OTHER_PLACE
    if "shared memory" in reason or "semaphore" in reason:
        return "raise the kernel's or the container's limits of shared memory and semaphores"
    return "install another version of PostgreSQL, or run `outcall-exporter serve` on a server of your own"


async def _connect_when_ready(
    running: asyncio.Task[int], data: Path, port: int, password: str
) -> asyncpg.Connection | None:
    """None when the server ends first, takes too long, or cannot be connected to."""
    deadline = asyncio.get_running_loop().time() + _START_SECONDS
    while not _says_ready(data):
        await asyncio.wait({running}, timeout=_RETRY_SECONDS)
        if running.done() or asyncio.get_running_loop().time() > deadline:
            return None
    try:
        return await asyncpg.connect(
            host=HOST, port=port, user=_SUPERUSER, password=password, database="template1", ssl=False
        )
    except _CONNECTION_TROUBLE:
        return None


def _says_ready(data: Path) -> bool:
    """The eighth line of `postmaster.pid` is its status. Knocking at the port instead could reach somebody else's."""
    try:
        return (data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready"
    except (OSError, IndexError):
        return False


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _write_private(path: Path, text: str, reader: Account | None) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        if reader:
            os.fchown(descriptor, reader.uid, reader.gid)
        file.write(text)


def tail(log: Path) -> str:
    """The end of a log; empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
