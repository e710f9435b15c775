"""The embedded server while it runs: private, unprivileged, on the loopback interface; and when it cannot run."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import pytest_asyncio

from exporter.demo import server as server_module
from exporter.demo.binaries import Installation
from exporter.demo.postgres import EmbeddedPostgres, RunningServer
from exporter.demo.server import HOST, last_reason
from exporter.errors import RunError
from tests.demo.conftest import write_tools


@pytest_asyncio.fixture
async def running(base: Path) -> AsyncIterator[RunningServer]:
    async with EmbeddedPostgres(base=base) as server:
        yield server


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def server_process(server: RunningServer) -> psutil.Process:
    return psutil.Process(int((server.folder / "data" / "postmaster.pid").read_text().split()[0]))


async def refused(dsn: str, statement: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    except asyncpg.PostgresError as error:
        return type(error).__name__
    finally:
        await connection.close()
    return "allowed"


async def test_owner_is_no_superuser_and_has_an_empty_database(running: RunningServer) -> None:
    connection = await asyncpg.connect(running.dsn)
    row = await connection.fetchrow(
        "SELECT current_database(), rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls AS mighty,"
        " current_setting('server_encoding') AS encoding, current_setting('jit') AS jit,"
        " (SELECT count(*) FROM pg_tables WHERE schemaname = 'public') AS tables"
        " FROM pg_roles WHERE rolname = current_user"
    )
    await connection.execute("CREATE TABLE calls (script text); INSERT INTO calls VALUES ('您好')")
    await connection.close()
    assert row is not None
    assert tuple(row) == ("calls", False, "UTF8", "off", 0)


async def test_reader_can_do_nothing_until_it_is_granted(running: RunningServer) -> None:
    assert await refused(running.dsn, "CREATE TABLE calls ()") == "allowed"
    for statement in ("SELECT FROM calls", "CREATE TABLE mine ()", "COPY (SELECT 1) TO PROGRAM 'true'"):
        assert await refused(running.readonly_dsn, statement) == "InsufficientPrivilegeError"


async def test_password_is_needed_and_stands_in_no_command_line(running: RunningServer) -> None:
    for wrong in ("", "guess"):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(running.dsn, password=wrong, passfile=os.devnull)
    passwords = [dsn.split(":")[2].split("@")[0] for dsn in (running.dsn, running.readonly_dsn)]
    shown = [repr(running), *(word for process in psutil.process_iter() for word in command_line(process))]
    assert not [word for word in shown for password in passwords if password in word]
    assert not (running.folder / "password").exists()


def command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


async def test_it_listens_on_the_loopback_interface_alone(running: RunningServer) -> None:
    process = server_process(running)
    listening = [c.laddr[:2] for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert listening == [(HOST, running.port)]
    assert not any(str(connection.laddr) for connection in process.net_connections("unix"))


async def test_it_is_an_ordinary_users_and_closed_to_others(running: RunningServer) -> None:
    process = server_process(running)
    assert 0 not in process.uids()
    assert 0 not in process.gids()
    assert mode(running.folder / "data") == 0o700
    assert mode(running.folder / "server.log") == 0o600
    assert mode(running.folder) == (0o711 if os.geteuid() == 0 else 0o700)


async def test_log_holds_no_statement_and_no_row(running: RunningServer) -> None:
    """Neither of a failing statement, nor the key that the error's detail quotes."""
    number = "13800138000"
    statement = f"CREATE TEMP TABLE t (phone text UNIQUE); INSERT INTO t VALUES ('{number}'), ('{number}')"
    assert await refused(running.dsn, statement) == "UniqueViolationError"
    log = (running.folder / "server.log").read_text()
    assert "duplicate key" in log
    assert number not in log


async def test_progress_names_version_and_place(base: Path) -> None:
    steps: list[str] = []
    async with EmbeddedPostgres(steps.append, base=base) as server:
        pass
    assert steps[0].startswith(f"starting PostgreSQL {server.installation.major} from {server.installation.bin}")
    assert steps[1:] == [f"PostgreSQL listens on {HOST}:{server.port}"]


async def test_next_port_is_tried_when_one_is_taken(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between our look at a port and the server's bind another program may take it."""
    with socket.create_server((HOST, 0)) as taken:
        taken_port = taken.getsockname()[1]
        free_port = server_module.free_port
        ports = iter([taken_port, taken_port])
        monkeypatch.setattr(server_module, "free_port", lambda: next(ports, None) or free_port())
        async with EmbeddedPostgres(base=base) as server:
            assert server.port != taken_port
            assert next(ports, None) is None


@pytest.mark.parametrize(
    ("tools", "message"),
    [
        (
            {"initdb": "echo 'initdb: error: could not write file: No space left on device'; exit 1"},
            "PostgreSQL 15 could not be initialised: could not write file: No space left on device. Fix: make room, or",
        ),
        (
            {"postgres": "echo '2026-01-01 [1] FATAL:  could not map shared memory'; echo 'LOG:  shut down'; exit 1"},
            "PostgreSQL 15 did not start: could not map shared memory. Fix: raise the kernel's or the container's",
        ),
        (
            {"postgres": "echo 'FATAL:  could not bind'; exit 1"},
            "PostgreSQL 15 did not start: could not bind. Fix: install another version",
        ),
        ({"postgres": "kill -9 $$"}, "PostgreSQL 15 did not start: it left no message. Fix: install another"),
    ],
)
async def test_failing_server_is_one_sentence_with_its_reason(
    base: Path, tmp_path: Path, tools: dict[str, str], message: str
) -> None:
    """Whatever fails, the reason from its log and a fix; and nothing is left (see `base`)."""
    broken = Installation(write_tools(tmp_path / "bin", scripts=tools), 15)
    with pytest.raises(RunError) as caught:
        async with EmbeddedPostgres(base=base, installations=[broken]):
            pytest.fail("it started")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_full_disk_is_told_beforehand(base: Path) -> None:
    with pytest.raises(RunError, match=r"MiB free, the demo needs \d+ MiB. Fix: make room"):
        async with EmbeddedPostgres(base=base, min_free_bytes=1 << 60):
            pytest.fail("it started")


async def test_unusable_temporary_folder_is_told(base: Path) -> None:
    with pytest.raises(RunError, match=r"cannot be used: No such file or directory. Fix: .* TMPDIR"):
        async with EmbeddedPostgres(base=base / "missing"):
            pytest.fail("it started")


async def test_temporary_folder_closed_to_the_servers_user_is_told(base: Path) -> None:
    """Root's private TMPDIR: its permissions stay, and the error says what to do. Others' own folder is no trouble."""
    os.chmod(base, 0o700)  # noqa: PTH101 - nothing else runs in this loop
    try:
        async with EmbeddedPostgres(base=base):
            outcome = "started"
    except RunError as error:
        outcome = str(error)
    assert "TMPDIR" in outcome if os.geteuid() == 0 else outcome == "started"
    assert mode(base) == 0o700


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ("", "it left no message"),
        ("LOG:  a\nFATAL:  b\nLOG:  c\n", "b"),
        ("only\nthis", "this"),
        ("FATAL:  " + "x" * 999, "x" * 200),
    ],
)
def test_last_reason(log: str, reason: str) -> None:
    assert last_reason(log) == reason
