"""The role of role.sql reads what the exporter reads, and nothing else; on real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from exporter.calldb.connect import Access, Connection, connection
from exporter.calldb.inspect import inspect
from exporter.calldb.plan import Range
from exporter.calldb.reader import Nets, Reader
from exporter.calldb.schema import ROLE, VIEW_SCHEMA, canonical_tables, init_db
from exporter.calldb.survey import fits, survey
from exporter.semantic.load import load_catalogue
from exporter.state.buckets import HOUR
from tests.support.postgres import Postgres

PASSWORD = "read-only"
CATALOGUE = load_catalogue()
# Connections of one exporter: polls, and the background.
LANES = 2


@pytest.fixture
async def restricted(filled: str, postgres: Postgres) -> AsyncIterator[Access]:
    """Access as the role, made by init-db over tables with rows, twice as an upgrade would."""
    for _ in range(2):
        made = await init_db(Access(filled), 60, with_role=True)
        assert made.kept == canonical_tables()
    postgres.psql(f"ALTER ROLE {ROLE} PASSWORD '{PASSWORD}'")
    yield Access(postgres.dsn(filled.rpartition("/")[2], user=ROLE, password=PASSWORD))
    postgres.psql(
        f"DROP SCHEMA {VIEW_SCHEMA} CASCADE; DROP OWNED BY {ROLE}; DROP ROLE {ROLE}", filled.rpartition("/")[2]
    )


async def test_reads_what_the_exporter_reads(restricted: Access, filled: str) -> None:
    """As the role every source is readable with its row version; one poll reads the same as the owner's."""
    async with connection(restricted) as opened, connection(Access(filled)) as owners:
        found = await survey(opened, CATALOGUE)
        assert found.problems == {}
        assert {version.column for version in found.versions.values()} == {"row_xmin"}
        marks = dict.fromkeys(CATALOGUE.datasets), dict.fromkeys(CATALOGUE.levels)
        reader = Reader(CATALOGUE, found.versions, Nets(), unheard)
        owners_reader = Reader(CATALOGUE, (await survey(owners, CATALOGUE)).versions, Nets(), unheard)
        ours = await reader.poll(opened, restricted, *marks)
        theirs = await owners_reader.poll(owners, Access(filled), *marks)
        assert ours.failed == {}
        assert ours.levels.keys() == CATALOGUE.levels.keys()
        assert ours.levels["ltv"] == theirs.levels["ltv"]
        # The rows may be older than the minutes that a first poll reads.
        newest = int((await owners.fetchval("SELECT max(ended_at) FROM calls")).timestamp()) // HOUR * HOUR
        day = Range(HOUR, newest - 23 * HOUR, newest + HOUR)
        read = await reader.fill(opened, restricted, "dial", day, 60)
        assert read.buckets
        assert read == await owners_reader.fill(owners, Access(filled), "dial", day, 60)


async def test_views_show_the_columns_of_the_catalogue(restricted: Access) -> None:
    """Column for column: the views have what sources.yaml reads, of these types, and the row version; no more."""
    async with connection(restricted) as opened:
        rows = await opened.fetch(
            """SELECT c.relname, a.attname, t.typname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
            JOIN pg_type t ON t.oid = a.atttypid WHERE c.relnamespace = $1::regnamespace AND a.attnum > 0
            ORDER BY c.oid, a.attnum""",
            VIEW_SCHEMA,
        )
    views: dict[str, dict[str, str]] = {}
    for view, column, kind in rows:
        views.setdefault(view, {})[column] = kind
    assert views.keys() == CATALOGUE.sources.keys()
    for name, source in CATALOGUE.sources.items():
        assert list(views[name]) == [*source.columns, "row_xmin"], name
        assert all(fits(views[name][column], wanted) for column, wanted in source.columns.items()), name


async def test_reads_nothing_else(restricted: Access) -> None:
    """The tables, their other columns and every other schema's relations are closed; writing and creating too."""
    async with connection(restricted) as opened:
        # The settings of a session can be undone by the session: what remains are the grants.
        await opened.execute("SET default_transaction_read_only = off; SET search_path = outcall")
        for table in canonical_tables():
            await refused(opened, f"SELECT count(*) FROM public.{table}")
            await refused(opened, f"INSERT INTO {table} DEFAULT VALUES")
            await refused(opened, f"UPDATE {table} SET updated_at = now()")
            await refused(opened, f"DELETE FROM {table}")
        for sql in ("CREATE TABLE outcall.x ()", "CREATE SCHEMA x", "CREATE ROLE x", "SELECT * FROM pg_authid"):
            await refused(opened, sql)
        with pytest.raises(asyncpg.UndefinedColumnError):
            await opened.fetch("SELECT sha256 FROM recordings")


async def refused(opened: Connection, sql: str) -> None:
    """Assert that the role has no right to that."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await opened.execute(sql)


async def test_seat_belts(restricted: Access) -> None:
    """The role's own settings: read only, bounded in time, the views' schema; dead peers are noticed."""
    opened = await asyncpg.connect(restricted.url)
    try:
        names = ("default_transaction_read_only", "statement_timeout", "lock_timeout",
                 "idle_in_transaction_session_timeout", "search_path")  # fmt: skip
        settings = [await opened.fetchval("SELECT current_setting($1)", name) for name in names]
        assert settings == ["on", "1min", "2s", "1min", VIEW_SCHEMA]
        limit = await opened.fetchval("SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user")
        # Two replicas, `check --live`, and what both replicas left behind when they were cut off.
        assert limit >= 2 * LANES + 1 + 2 * LANES
        waits = ("keepalives_idle", "keepalives_interval", "keepalives_count", "user_timeout")
        noticed = [await opened.fetchval("SELECT current_setting($1)", f"tcp_{name}") for name in waits]
        assert noticed == ["60", "10", "6", "120000"]
    finally:
        await opened.close()


async def test_plans_use_the_indexes_below(restricted: Access) -> None:
    """Through the views every statement of a poll is planned as without them, and the role is not remarked upon."""
    found = await inspect(restricted, CATALOGUE, Nets())
    assert [str(finding) for finding in found.findings] == []
    assert not found.failed


async def test_by_hand(database: str, postgres: Postgres) -> None:
    """The file works with psql too, over the schema on the search path, by an owner who is no superuser."""
    name = database.rpartition("/")[2]
    postgres.psql("CREATE ROLE keeper LOGIN CREATEROLE PASSWORD 'k'")
    postgres.psql(f"ALTER DATABASE {name} OWNER TO keeper; CREATE SCHEMA crm AUTHORIZATION keeper", name)
    keeper = Access(postgres.dsn(name, user="keeper", password="k"), "crm")
    made = await init_db(keeper, 60, with_role=True)
    assert (made.schema, made.made) == ("crm", canonical_tables())
    postgres.psql(f"ALTER ROLE {ROLE} PASSWORD '{PASSWORD}'; INSERT INTO crm.incidents (incident_id) VALUES (7)", name)
    as_role = replace(keeper, url=postgres.dsn(name, user=ROLE, password=PASSWORD), schema="")
    async with connection(as_role) as opened:
        assert await opened.fetchval("SELECT incident_id FROM incidents") == 7
    postgres.psql(f"DROP SCHEMA outcall, crm CASCADE; DROP OWNED BY {ROLE}; DROP ROLE {ROLE}", name)
    postgres.psql(f"ALTER DATABASE {name} OWNER TO CURRENT_USER; DROP OWNED BY keeper; DROP ROLE keeper", name)


def unheard(source: str, status: str, seconds: float, rows: int) -> None:
    """Statistics that nobody looks at."""
