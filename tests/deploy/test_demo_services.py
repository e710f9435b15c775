"""The demo's `database` and `simulator`, run as the compose file runs them, on a real PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.deploy.stack import DEPLOY, services
from tests.support.postgres import Postgres

HERE = DEPLOY / "compose"
DEADLINE = 120
PASSWORD = "word-of-the-exporter"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    """A cluster of its own: the role is one for all databases of a cluster."""
    with Postgres() as made:
        yield made


@pytest.fixture
def environment(cluster: Postgres, tmp_path: Path) -> dict[str, str]:
    """What the services are told, for an empty database."""
    (tmp_path / "database_url").write_text(cluster.create_database(schema=False) + "\n", "utf-8")
    (tmp_path / "exporter_password").write_text(PASSWORD + "\n", "utf-8")
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "OUTCALL_DATABASE_URL_FILE": str(tmp_path / "database_url"),
        "EXPORTER_PASSWORD_FILE": str(tmp_path / "exporter_password"),
        "LIVE_FILE": str(tmp_path / "live"),
    }


def make_database(environment: dict[str, str]) -> None:
    command = [sys.executable, "-I", str(HERE / "database.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0, done.stderr
    assert PASSWORD not in done.stdout + done.stderr


def database_name(environment: dict[str, str]) -> str:
    return Path(environment["OUTCALL_DATABASE_URL_FILE"]).read_text("utf-8").strip().rpartition("/")[2]


async def test_the_exporters_role_reads_and_nothing_else(cluster: Postgres, environment: dict[str, str]) -> None:
    """Twice, as at a second `up`: the role logs in with its password, reads the views, and can write nothing."""
    make_database(environment)
    make_database(environment)
    name = database_name(environment)
    connection = await asyncpg.connect(cluster.dsn(name, user="outcall_exporter", password=PASSWORD))
    try:
        assert await connection.fetchval("SELECT count(*) FROM calls") == 0
        assert await connection.fetchval("SELECT current_schema()") == "outcall"
        for refused in ("DELETE FROM outcall.calls", "SELECT FROM calls.calls", "CREATE TABLE outcall.x ()"):
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
                await connection.execute(refused)
    finally:
        await connection.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(cluster.dsn(name, user="outcall_exporter", password="another"))


async def test_only_a_hash_is_stored_and_sent(cluster: Postgres, environment: dict[str, str]) -> None:
    """The verifier is the server's own form, which it would else take for a password in the clear."""
    make_database(environment)
    stored = cluster.psql("SELECT rolpassword FROM pg_authid WHERE rolname = 'outcall_exporter'")
    assert stored.startswith("SCRAM-SHA-256$4096:")
    assert PASSWORD not in stored


def simulate(environment: dict[str, str], *more: str, until: str = "feeding live") -> tuple[int, str]:
    """The simulator until it says some words, then stopped as Compose stops it: exit status and what it said."""
    options = services()["simulator"]["command"] + ["--days", "1", "--calls-per-day", "300", *more]
    command = [sys.executable, "-I", str(HERE / "simulate.py"), *options]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = ""
        for line in process.stderr:
            said += line
            if until in line:
                process.send_signal(signal.SIGTERM)
        status = process.wait(timeout=DEADLINE)
    return status, said


def test_the_simulator_writes_a_history_once(cluster: Postgres, environment: dict[str, str]) -> None:
    """It is healthy when the history is there; a restart feeds on where it is."""
    make_database(environment)
    live = Path(environment["LIVE_FILE"])
    name = database_name(environment)
    status, said = simulate(environment)
    assert (status, "history:" in said, live.exists()) == (0, True, True)
    calls = int(cluster.psql("SELECT count(*) FROM calls.calls", name))
    assert calls > 0
    status, said = simulate(environment)
    assert (status, "history:" in said, live.exists()) == (0, False, True)
    assert int(cluster.psql("SELECT count(*) FROM calls.calls", name)) >= calls


def test_a_stop_during_the_history_is_told(environment: dict[str, str]) -> None:
    """By the status too, since the older days are missing; and the container was never healthy."""
    make_database(environment)
    status, said = simulate(environment, "--days", "30", "--calls-per-day", "3000", until="history written back to")
    assert (status, Path(environment["LIVE_FILE"]).exists()) == (1, False)
    assert "stopped before the history was written in full" in said


def test_the_exporter_waits_for_the_history() -> None:
    """Else it would read what the history brings as if it had been written years late."""
    assert services()["exporter"]["depends_on"]["simulator"]["condition"] == "service_healthy"
    assert services()["simulator"]["healthcheck"]["test"][1:3] == ["test", "-e"]
    assert services()["simulator"]["healthcheck"]["test"][3] in (HERE / "simulate.py").read_text("utf-8")
