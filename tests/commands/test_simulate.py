"""`simulate` takes the database, the schema and the time zone from the settings."""

from __future__ import annotations

from pathlib import Path

from tests.commands.process import run
from tests.support.postgres import Postgres

WORDS = ("simulate", "--days", "1", "--calls-per-day", "50", "--no-live")


def test_settings(database: str, postgres: Postgres, tmp_path: Path) -> None:
    """Rows go to database_schema, by the configured zone's days."""
    name = database.rpartition("/")[2]
    postgres.psql("CREATE SCHEMA crm", name)
    settings = {"database_url": database, "database_schema": "crm", "timezone": "America/New_York"}
    assert run("init-db", folder=tmp_path, settings=settings).status == 0
    done = run(*WORDS, folder=tmp_path, settings=settings)
    assert (done.status, done.out) == (0, "")
    assert postgres.psql("SELECT count(*) > 20 FROM crm.calls", name) == "t\n"
    assert postgres.psql("SELECT count(*) FROM public.calls", name) == "0\n"
    # In New York by day: the case dials from 8 to 21 o'clock.
    hours = "SELECT count(*) FROM crm.calls WHERE (dialed_at AT TIME ZONE 'America/New_York')::time < '07:59'"
    assert postgres.psql(hours, name) == "0\n"


def test_help(tmp_path: Path) -> None:
    """The help says that zone and schema come from the settings."""
    done = run("simulate", "--help", folder=tmp_path)
    assert done.status == 0
    assert "(default that of the settings)" in " ".join(done.out.split())
