"""`init-db` makes the canonical tables once, in the schema asked for, all or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.calldb.connect import Access
from exporter.calldb.schema import canonical_tables, init_db, role_sql, schema_sql
from exporter.errors import DatabaseError
from exporter.semantic.load import load_catalogue
from tests.commands.process import run
from tests.support.postgres import Postgres

TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = '{}'"


@pytest.fixture
def empty(postgres: Postgres) -> str:
    """DSN of a database without tables."""
    return postgres.create_database(schema=False)


def test_tables_are_those_of_the_catalogue() -> None:
    """Every source of the catalogue has its canonical table."""
    assert set(canonical_tables()) == set(load_catalogue().sources)


def test_twice(empty: str, postgres: Postgres, tmp_path: Path) -> None:
    """The first time makes all tables, the second keeps them and their rows."""
    settings = {"database_url": empty}
    name = empty.rpartition("/")[2]
    first = run("init-db", folder=tmp_path, settings=settings)
    assert (first.status, first.out, first.err) == (0, "schema public: 18 tables made, 0 were there already\n", "")
    postgres.psql("INSERT INTO incidents (incident_id) VALUES (1)", name)
    second = run("init-db", folder=tmp_path, settings=settings)
    assert second.out == "schema public: 0 tables made, 18 were there already\n"
    assert postgres.psql("SELECT incident_id FROM incidents", name) == "1\n"


def test_schema(empty: str, postgres: Postgres, tmp_path: Path) -> None:
    """`--schema` goes before database_schema; `--create-schema` makes it; the tables are there and nowhere else."""
    settings = {"database_url": empty, "database_schema": "other"}
    done = run("init-db", "--schema", "Crm", "--create-schema", folder=tmp_path, settings=settings)
    assert done.out == "schema Crm: 18 tables made, 0 were there already\n"
    name = empty.rpartition("/")[2]
    assert [postgres.psql(TABLES.format(schema), name) for schema in ("Crm", "public")] == ["18\n", "0\n"]
    # updated_at moves on every update there too.
    moved = postgres.psql(
        """INSERT INTO "Crm".incidents (incident_id, updated_at) VALUES (1, '2020-01-01');
        UPDATE "Crm".incidents SET opened_at = now(); SELECT updated_at > '2021-01-01' FROM "Crm".incidents""",
        name,
    )
    assert moved == "t\n"


async def test_all_or_nothing(empty: str, postgres: Postgres) -> None:
    """What fails half way leaves nothing behind."""
    name = empty.rpartition("/")[2]
    postgres.psql("CREATE TABLE incidents (incident_id bigint)", name)
    with pytest.raises(DatabaseError, match="lacks a column of the canonical model; nothing was changed"):
        await init_db(Access(empty), 60)
    assert postgres.psql(TABLES.format("public"), name) == "1\n"


async def test_locked(database: str, postgres: Postgres) -> None:
    """A table in use is waited for as long as lock_timeout says, then told."""
    name = database.rpartition("/")[2]
    postgres.psql("BEGIN; LOCK TABLE calls; PREPARE TRANSACTION 'held'", name)
    with pytest.raises(DatabaseError, match="a table is in use; nothing was changed"):
        await init_db(Access(database, lock_timeout=0.05), 60)


def test_print(tmp_path: Path) -> None:
    """`--print` shows the SQL, needs no database, and touches none."""
    assert run("init-db", "--print", folder=tmp_path).out == schema_sql() + "\n"
    both = run("init-db", "--print", "--role", folder=tmp_path)
    assert (both.status, both.out) == (0, f"{schema_sql()}\n{role_sql()}\n")
    assert "PASSWORD '" not in both.out
