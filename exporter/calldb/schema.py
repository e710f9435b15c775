"""The canonical tables and the exporter's role, made in an operator's database: all of it or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources

import asyncpg

from exporter.calldb.connect import TROUBLE, Access, Connection, begin, connection, describe
from exporter.errors import DatabaseError

# Where role.sql puts its views, and so no place for the tables.
VIEW_SCHEMA = "outcall"
ROLE = "outcall_exporter"

_OPERATOR = "connect as the owner of the database, whom only init-db needs"


@dataclass(frozen=True, slots=True)
class Made:
    """What `init_db` did: the tables it made and those that were there already, in this schema."""

    schema: str
    made: tuple[str, ...]
    kept: tuple[str, ...]


def schema_sql() -> str:
    """The canonical tables, indexes and triggers; unqualified names, no transaction of its own."""
    return _script("schema.sql")


def role_sql() -> str:
    """The least-privilege role and its views over the canonical tables; no transaction of its own."""
    return _script("role.sql")


def _script(name: str) -> str:
    return resources.files("exporter.calldb").joinpath(name).read_text(encoding="utf-8")


def canonical_tables() -> tuple[str, ...]:
    """The names of the canonical tables, in the order of the script."""
    return tuple(re.findall(r"^CREATE TABLE IF NOT EXISTS (\w+)", schema_sql(), re.MULTILINE))


async def init_db(access: Access, limit: float, *, create_schema: bool = False, with_role: bool = False) -> Made:
    """Make the tables in `access.schema` (empty: the role's own), in one transaction; raises DatabaseError.

    `limit` bounds each statement, in seconds: an index on a full table takes its time.
    """
    async with connection(access, statement_timeout=limit) as opened:
        try:
            async with opened.transaction():
                # Sessions of the exporter are read only; this is the one transaction that is not.
                await opened.execute("SET TRANSACTION READ WRITE")
                await begin(opened, access, limit)
                return await _make(opened, access.schema, create_schema, with_role)
        except (asyncpg.PostgresError, *TROUBLE) as error:
            raise explain_schema(error) from None


async def _make(opened: Connection, schema: str, create_schema: bool, with_role: bool) -> Made:
    if schema:
        quoted = await opened.fetchval("SELECT quote_ident($1)", schema)
        if create_schema:
            await opened.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted}")
        await opened.execute("SELECT set_config('search_path', $1, true)", quoted)
    tables = canonical_tables()
    before = {row[0] for row in await opened.fetch(_EXISTING, tables)}
    await opened.execute(schema_sql())
    if with_role:
        await opened.execute(role_sql())
    made = tuple(table for table in tables if table not in before)
    return Made(
        str(await opened.fetchval("SELECT current_schema()")), made, tuple(table for table in tables if table in before)
    )


_EXISTING = """
SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(current_schema())) AND relname = ANY($1)
"""


def explain_schema(error: BaseException) -> DatabaseError:
    """One sentence for a script that the database refused; nothing has been changed then."""
    cases: tuple[tuple[type[BaseException], str, str], ...] = (
        (asyncpg.InvalidSchemaNameError, "the schema does not exist", "name another one, or add --create-schema"),
        (asyncpg.InsufficientPrivilegeError, "the role may not make what init-db makes", _OPERATOR),
        (asyncpg.ReadOnlySQLTransactionError, "the server is read only", "connect to the primary server"),
        (asyncpg.FeatureNotSupportedError, "the server is a standby", "connect to the primary server"),
        (
            asyncpg.WrongObjectTypeError,
            "a view stands where a canonical table is to be made, or a table where a view is",
            "choose another --schema, or keep what is there and run `outcall-exporter check --live`",
        ),
        (
            asyncpg.UndefinedColumnError,
            "a table of that name exists and lacks a column of the canonical model",
            "choose another --schema, or keep what is there and run `outcall-exporter check --live`",
        ),
        (asyncpg.LockNotAvailableError, "a table is in use", "run it again at a quiet moment"),
        (
            asyncpg.QueryCanceledError,
            "a statement took too long",
            "raise background_timeout: an index on a full table takes its time",
        ),
    )
    for kind, problem, fix in cases:
        if isinstance(error, kind):
            return DatabaseError(f"{problem}; nothing was changed", fix)
    return DatabaseError(f"the call database refused ({describe(error)}); nothing was changed", "see the server's log")
