"""What a throwaway cluster needs from the machine: server binaries, a user to run as, a free port."""

from __future__ import annotations

import os
import pwd
import random
import shutil
import socket
import subprocess
from pathlib import Path

HOST = "127.0.0.1"
ENV_BINDIR = "OUTCALL_TEST_PGBIN"


class PostgresError(RuntimeError):
    """The cluster could not be made, started or asked; the text carries the tool's own words."""


def find_bindir() -> Path:
    """The folder that holds `initdb` and `postgres`.

    In this order: the environment variable OUTCALL_TEST_PGBIN, PATH, `pg_config --bindir`, Debian's newest version.
    """
    candidates = [Path(value) for value in [os.environ.get(ENV_BINDIR)] if value]
    if on_path := shutil.which("initdb"):
        candidates.append(Path(on_path).resolve().parent)
    if pg_config := shutil.which("pg_config"):
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=True)
        candidates.append(Path(answer.stdout.strip()))
    debian = Path("/usr/lib/postgresql")
    versions = [entry for entry in debian.glob("*") if entry.name.isdigit()]
    candidates += [entry / "bin" for entry in sorted(versions, key=lambda entry: int(entry.name), reverse=True)]
    for candidate in candidates:
        if (candidate / "initdb").exists() and (candidate / "postgres").exists():
            return candidate
    raise PostgresError(f"no PostgreSQL server binaries found; install them or set {ENV_BINDIR} to their folder")


def server_user() -> pwd.struct_passwd:
    """Who runs the server: ourselves, or under root an unprivileged user."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def free_port() -> int:
    """A TCP port on the loopback that nobody holds at this moment.

    Below the range from which the kernel serves outgoing connections: none of these takes it while the server is down.
    """
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise PostgresError("no free port on the loopback")
