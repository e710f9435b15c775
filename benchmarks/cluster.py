"""A PostgreSQL cluster of its own for measuring: pg_stat_statements on, a realistic buffer pool, data kept in a folder.

Durability is off, which makes loading fast and changes nothing about reading.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import asyncpg

from tests.support.pgtools import HOST, PostgresError, find_bindir, free_port, server_user

SUPERUSER = "postgres"
# The role that the exporter logs in as: SELECT on the tables, nothing else.
EXPORTER = "outcall_exporter"
DEADLINE = 120.0

SETTINGS = {
    "listen_addresses": HOST,
    "shared_buffers": "6GB",
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track_planning": "on",
    "pg_stat_statements.max": "10000",
    "track_io_timing": "on",
    "timezone": "UTC",
    # Only for loading.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
}


class Cluster:
    """One cluster in `folder`; a context manager that stops the server at its end and keeps the data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "pgdata"
        self.log = folder / "server.log"
        self.port = free_port()
        self._bindir = find_bindir()
        self._user = server_user()
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._own(self.folder)
        if not (self.data / "PG_VERSION").exists():
            self._run(
                "initdb", "-D", self.data, "-A", "trust", "-U", SUPERUSER, "-E", "UTF8", "--locale=C", "--no-sync"
            )
        flags = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command = ["-D", self.data, "-p", str(self.port), "-c", f"unix_socket_directories={self.folder}", *flags]
        with self.log.open("ab") as log:
            self._server = self._spawn("postgres", *command, log=log)
        self._await_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the server; the data stay."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)  # fast: disconnects the clients
            self._server.wait(DEADLINE)

    def remove(self) -> None:
        """Stop the server and remove the data."""
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)

    def dsn(self, database: str = "postgres", user: str = SUPERUSER) -> str:
        """Connection URL of a database."""
        return f"postgresql://{user}@{HOST}:{self.port}/{database}"

    async def connect(self, database: str = "postgres") -> asyncpg.Connection[asyncpg.Record]:
        """A superuser's connection; UTC, not counted among the exporter's statements."""
        return await asyncpg.connect(self.dsn(database), command_timeout=7200)

    def _own(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _spawn(self, program: str, *words: object, log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(self._bindir / program), *map(str, words)],
            user=self._user.pw_uid,
            group=self._user.pw_gid,
            extra_groups=[] if os.geteuid() == 0 else None,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C is for the benchmark, which then stops the server
        )

    def _run(self, program: str, *words: object) -> None:
        with self.log.open("ab") as log:
            status = self._spawn(program, *words, log=log).wait()
        if status:
            raise PostgresError(f"{program} failed, see {self.log}")

    def _await_ready(self) -> None:
        """The eighth line of the postmaster's pid file says when it is ready."""
        deadline = time.monotonic() + DEADLINE
        pid_file = self.data / "postmaster.pid"
        while time.monotonic() < deadline and self._server is not None and self._server.poll() is None:
            lines = pid_file.read_text("utf-8").splitlines() if pid_file.exists() else []
            if len(lines) > 7 and lines[0] == str(self._server.pid) and lines[7].strip() == "ready":
                return
            time.sleep(0.05)
        raise PostgresError(f"the server did not start, see {self.log}")
