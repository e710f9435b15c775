"""The throwaway cluster: it answers, survives a crash, refuses a wrong password, and goes with its owner."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests.support.postgres import Postgres

OWNER = """
import sys
from tests.support.postgres import Postgres
with Postgres() as cluster:
    print(cluster.folder, flush=True)
    sys.stdin.read()
"""


async def test_a_crash_keeps_what_was_committed(postgres: Postgres, database: str) -> None:
    """Committed rows and prepared transactions are there after an immediate stop, at the same address."""
    connection = await asyncpg.connect(database)
    await connection.execute("INSERT INTO incidents (incident_id) VALUES (1)")
    await connection.execute("BEGIN; INSERT INTO incidents (incident_id) VALUES (2); PREPARE TRANSACTION 'left'")
    postgres.stop("immediate")
    assert not postgres.running
    connection.terminate()
    postgres.start()
    connection = await asyncpg.connect(database)
    assert await connection.fetchval("SELECT count(*) FROM incidents") == 1
    assert await connection.fetchval("SELECT gid FROM pg_prepared_xacts") == "left"
    await connection.close()


async def test_databases_are_apart(postgres: Postgres, database: str) -> None:
    """A row of one database is not in the next, and one may be had without the schema."""
    connection = await asyncpg.connect(database)
    await connection.execute("INSERT INTO incidents (incident_id) VALUES (1)")
    other = await asyncpg.connect(postgres.create_database())
    assert await other.fetchval("SELECT count(*) FROM incidents") == 0
    bare = await asyncpg.connect(postgres.create_database(schema=False))
    assert await bare.fetchval("SELECT to_regclass('calls')") is None
    for each in (connection, other, bare):
        await each.close()


async def test_a_wrong_password_is_refused(postgres: Postgres) -> None:
    """Passwords are checked, so that tests can give wrong ones."""
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.dsn(password="wrong"))


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_the_cluster_goes_with_its_owner(ending: signal.Signals) -> None:
    """However the owner ends, the watcher stops the server and removes the folder."""
    root = Path(__file__).parents[2]
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    folder = Path(owner.stdout.readline().strip())
    server = int((folder / "data" / "postmaster.pid").read_text("utf-8").splitlines()[0])
    owner.send_signal(ending)
    owner.communicate()
    until(lambda: not folder.exists() and not is_running(server))


def is_running(pid: int) -> bool:
    """Whether the process lives; one that ended and was not collected by its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def until(condition: Callable[[], bool]) -> None:
    """Return as soon as the condition holds; fail when it does not within a generous time."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
