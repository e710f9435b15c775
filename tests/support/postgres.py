"""A throwaway PostgreSQL cluster: real binaries, a folder of its own, a free loopback port, gone when the test run is.

PostgreSQL refuses to run as root, so under root the cluster belongs to `postgres` (else `nobody`). A small shell
process holds the reading end of a pipe: when the test process ends, however it ends (`kill -9` included), the pipe
closes and the watcher stops the server and removes the folder. All methods block: call them through
`asyncio.to_thread` where a running event loop must go on.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from importlib.resources import files
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from tests.support.pgtools import HOST, PostgresError, find_bindir, free_port, server_user

__all__ = ["Postgres", "PostgresError", "StopMode"]

StopMode = Literal["smart", "fast", "immediate"]

SUPERUSER = "outcall_test"
PASSWORD = "outcall-test-password"
DEADLINE = 60.0

# Durability against a crash of the machine is of no use here; a crash of the server is still recovered from.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "120",
    "max_prepared_transactions": "64",
    "track_commit_timestamp": "off",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

# The end of the input is the end of the test process, whatever ended it. "$1" is the cluster's folder.
WATCHER = """
read -r _
if pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null); then
    kill -QUIT "$pid"
    tries=0
    while [ -e "$1/data/postmaster.pid" ] && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
fi
rm -rf "$1"
"""

# A prepared transaction that a test left behind keeps its database from being dropped.
DROP = """
SELECT count(*) > 0 AS leftover FROM pg_prepared_xacts WHERE database = '{name}' \\gset
\\if :leftover
\\connect {name}
SELECT format('ROLLBACK PREPARED %L', gid) FROM pg_prepared_xacts WHERE database = '{name}' \\gexec
\\connect postgres
\\endif
DROP DATABASE IF EXISTS {name} WITH (FORCE);
"""


class Postgres:
    """One cluster; a context manager. Its databases are made from a template that holds the canonical schema."""

    def __init__(self, *, settings: Mapping[str, str] | None = None) -> None:
        self.bindir = find_bindir()
        self.port = free_port()
        self._settings = {**SETTINGS, **(settings or {})}
        self._user = server_user()
        self._numbers = count(1)
        self._template_lock = threading.Lock()
        self._has_template = False
        self._server: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        self.folder = Path()

    # Life of the cluster -------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="outcall-pg-"))
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", WATCHER, "watcher", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C is for the tests, not for the watcher
        )
        try:
            self._make_cluster()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the server and remove the folder; harmless when done already."""
        if self.running:
            self.stop("immediate")
        if self._watcher is not None:
            self._watcher.communicate(timeout=DEADLINE)
            self._watcher = None

    @property
    def running(self) -> bool:
        """Whether the server process lives."""
        return self._server is not None and self._server.poll() is None

    @property
    def pid(self) -> int:
        """Process id of the running postmaster."""
        if self._server is None or not self.running:
            raise PostgresError("the server is not running")
        return self._server.pid

    def start(self) -> None:
        """Start the server and return when it answers; nothing to do when it runs."""
        if self.running:
            return
        flags = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "server.log").open("ab") as log:
            self._server = subprocess.Popen(
                [self.bindir / "postgres", "-D", self._data, "-p", str(self.port), *flags],
                user=self._user.pw_uid,
                group=self._user.pw_gid,
                extra_groups=[] if os.geteuid() == 0 else None,
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._await_ready()

    def stop(self, mode: StopMode = "fast") -> None:
        """Stop the server: `fast` disconnects the clients, `smart` waits for them, `immediate` is a crash."""
        signals = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
        server = self._server
        if server is not None and server.poll() is None:
            server.send_signal(signals[mode])
            server.wait(timeout=DEADLINE)

    def restart(self, mode: StopMode = "fast") -> None:
        """Stop and start on the same port, data kept."""
        self.stop(mode)
        self.start()

    # Databases -----------------------------------------------------------------------------------------------------

    def dsn(self, database: str = "postgres", *, user: str = SUPERUSER, password: str = PASSWORD) -> str:
        """Connection URL of a database of this cluster."""
        return f"postgresql://{user}:{password}@{HOST}:{self.port}/{database}"

    def create_database(self, *, schema: bool = True) -> str:
        """A new database, holding the canonical schema unless `schema` is false; returns its DSN."""
        name = f"test_{next(self._numbers)}"
        template = "template1"
        if schema:
            self._make_template()
            template = "outcall_template"
        self.psql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.dsn(name)

    def drop_database(self, dsn: str) -> None:
        """Drop a database made by `create_database`, with whatever is still connected to it or prepared in it."""
        self.psql(DROP.format(name=dsn.rpartition("/")[2]))

    def psql(self, script: str, database: str = "postgres") -> str:
        """Run a psql script as superuser; returns the unaligned tuples that it prints."""
        command = [self._client("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-", self.dsn(database)]
        done = subprocess.run(
            command, input=script, env=self._environment(), capture_output=True, text=True, timeout=DEADLINE
        )
        if done.returncode != 0:
            raise PostgresError(done.stderr.strip())
        return done.stdout

    def _make_template(self) -> None:
        with self._template_lock:
            if not self._has_template:
                self.psql("CREATE DATABASE outcall_template")
                self.psql(files("exporter").joinpath("calldb/schema.sql").read_text("utf-8"), "outcall_template")
                self._has_template = True

    # Details -------------------------------------------------------------------------------------------------------

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _client(self, tool: str) -> str:
        beside = self.bindir / tool
        found = str(beside) if beside.exists() else shutil.which(tool)
        if found is None:
            raise PostgresError(f"{tool} is neither in {self.bindir} nor on PATH")
        return found

    def _environment(self) -> dict[str, str]:
        # Nothing of the caller's: a PGSERVICE or an LC_ALL of theirs must not change what the tests see.
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
        return {**kept, "LC_ALL": "C", "TZ": "UTC", "HOME": str(self.folder)}

    def _make_cluster(self) -> None:
        password_file = self.folder / "password"
        password_file.write_text(PASSWORD, "utf-8")
        if os.geteuid() == 0:
            for path in (self.folder, password_file):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        # Passwords are checked (tests give wrong ones), but not by SCRAM, whose client side costs asyncpg 10 ms a go.
        login = ["--username", SUPERUSER, "--pwfile", str(password_file), "--auth", "password"]
        done = subprocess.run(
            [self.bindir / "initdb", "-D", self._data, "--encoding", "UTF8", "--locale", "C", "--no-sync", *login],
            user=self._user.pw_uid,
            group=self._user.pw_gid,
            extra_groups=[] if os.geteuid() == 0 else None,
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise PostgresError(f"initdb failed: {done.stderr.strip()}")

    def _await_ready(self) -> None:
        # The postmaster writes its state into the pid file, the eighth line: what pg_ctl waits for, without a client.
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            if not self.running:
                break
            if self._state() == (str(self.pid), "ready"):
                return
            time.sleep(0.01)
        log = (self.folder / "server.log").read_text("utf-8", errors="replace")
        raise PostgresError(f"the server did not start on port {self.port}:\n{log[-2000:]}")

    def _state(self) -> tuple[str, str]:
        try:
            lines = (self._data / "postmaster.pid").read_text("utf-8").splitlines()
        except FileNotFoundError:
            return "", ""
        return (lines[0], lines[7].strip()) if len(lines) > 7 else ("", "")
