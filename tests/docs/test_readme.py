"""The README's five steps to one's own call database, taken in its own words."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.process import run, service
from tests.docs.pages import ROOT, blocks
from tests.support.postgres import Postgres

PAGE = ROOT / "README.md"
ROLE, PASSWORD = "outcall_exporter", "for-this-test-only"
CONFIGURATION, SCRAPE = blocks(PAGE, "yaml")
MAKE, TABLES, SERVE = blocks(PAGE, "sh")


@pytest.fixture
def owner_dsn(postgres: Postgres) -> Iterator[str]:
    """An empty database, as its owner sees it."""
    postgres.start()
    dsn = postgres.create_database(schema=False)
    yield dsn
    postgres.drop_database(dsn)


def words(block: str, command: str) -> list[str]:
    """The words after `outcall-exporter COMMAND` in a block, the command included."""
    (line,) = re.findall(rf"^outcall-exporter ({command}\b.*)$", block, re.MULTILINE)
    return shlex.split(line)


def test_the_five_steps(postgres: Postgres, owner_dsn: str, tmp_path: Path) -> None:
    """Tables and role, configuration, check without a problem, a service that reads; one statement by psql left out."""
    made = run(*words(TABLES, "init-db"), folder=tmp_path, settings={"database_url": owner_dsn})
    assert (made.status, made.err) == (0, "")
    postgres.psql(f"ALTER ROLE {ROLE} PASSWORD '{PASSWORD}'")
    (tmp_path / "outcall.yaml").write_text(CONFIGURATION, "utf-8")
    reader = {"database_url": postgres.dsn(owner_dsn.rpartition("/")[2], user=ROLE, password=PASSWORD)}
    checked = run(*words(SERVE, "check"), folder=tmp_path, settings=reader)
    assert (checked.status, checked.err) == (0, "")
    assert words(SERVE, "serve") == ["serve", "--config", "outcall.yaml"]
    with service(tmp_path, reader | {"config": "outcall.yaml", "listen": "127.0.0.1:0"}) as served:
        served.await_page("outcall_up 1.0")
        assert (tmp_path / "state/state.sqlite3").exists()
    assert served.process.returncode == 0


def test_prometheus_takes_the_scrape_configuration(tmp_path: Path) -> None:
    """promtool agrees, and the target is where the exporter listens unless told otherwise."""
    file = tmp_path / "prometheus.yml"
    file.write_text(SCRAPE, "utf-8")
    done = subprocess.run(["promtool", "check", "config", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "127.0.0.1:9877" in SCRAPE


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    """`make demo` and `make test`."""
    targets = re.findall(r"^make (\w+)", MAKE, re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert targets == ["demo", "test"]
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)
