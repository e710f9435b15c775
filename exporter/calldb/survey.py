"""A look at the call database before reading it: who it is, which sources are there, what their rows can tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from exporter.calldb import query
from exporter.calldb.connect import TROUBLE, Connection, explain_query, is_trouble
from exporter.calldb.query import RowVersion
from exporter.semantic.model import Catalogue
from exporter.semantic.spec import ColumnType, SourceSpec
from exporter.semantic.sqltext import relation_sql

_SAME_TYPE: Mapping[ColumnType, set[str]] = {
    "bigint": {"int8", "int4", "int2"},
    "int": {"int4", "int2", "int8"},
    "real": {"float4", "float8", "numeric", "int4", "int8"},
    "numeric": {"numeric", "float8", "int4", "int8"},
    "text": {"text", "varchar", "bpchar", "name"},
    "timestamptz": {"timestamptz"},
    "date": {"date"},
    "boolean": {"bool"},
    "text[]": {"text[]", "varchar[]", "_text", "_varchar"},
}


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found: `identity` of the database, per source its row version and its relation, problems by source."""

    identity: str
    relations: Mapping[str, str]
    versions: Mapping[str, RowVersion]
    problems: Mapping[str, str]


async def survey(connection: Connection, catalogue: Catalogue) -> Survey:
    """Look at every source; raises connection trouble only."""
    versions: dict[str, RowVersion] = {}
    problems: dict[str, str] = {}
    relations: dict[str, str] = {}
    for name, source in catalogue.sources.items():
        problem = await check_source(connection, name, source)
        if problem:
            problems[name] = problem
        else:
            relations[name] = await relation(connection, name, source)
        versions[name] = RowVersion(None) if problem else await row_version(connection, name, source)
    return Survey(await identity(connection), relations, versions, problems)


async def relation(connection: Connection, name: str, source: SourceSpec) -> str:
    """Which table or view stands behind a source now: its oid; what a SELECT names depends on the search path.

    A table that was dropped and made anew, or one of another schema, differs. The file of a table would tell TRUNCATE
    too, but changes with VACUUM FULL and CLUSTER, after which nothing has to be read again.
    """
    if source.select is not None:
        return str(await connection.fetchval("SELECT current_schemas(false)::text"))
    return str(await connection.fetchval("SELECT to_regclass($1)::oid::text", relation_sql(name, source)))


async def identity(connection: Connection) -> str:
    """Which database this is: a restored, failed-over or other one differs, and the state starts over."""
    row = await connection.fetchrow(
        "-- outcall: which database this is\nSELECT d.oid::text, current_database(), pg_is_in_recovery()::text"
        " FROM pg_database d WHERE d.datname = current_database()"
    )
    parts = [str(value) for value in row or ()]
    for sql in (
        "SELECT system_identifier::text FROM pg_control_system()",
        "SELECT timeline_id::text FROM pg_control_checkpoint()",
    ):
        try:
            parts.append(str(await connection.fetchval(sql)))
        except asyncpg.PostgresError:
            parts.append("unknown")
    return "/".join(parts)


async def check_source(connection: Connection, name: str, source: SourceSpec) -> str:
    """Empty when the source can be read and its columns have usable types, else one sentence."""
    try:
        prepared = await connection.prepare(query.columns_sql(name, source))
        # Preparing finds the names; only running, though it reads no row, asks for the right to read them.
        await prepared.fetch()
    except (asyncpg.PostgresError, *TROUBLE, ValueError) as error:
        if is_trouble(error):
            raise
        return await _which_column(connection, name, source, error)
    columns = zip(source.columns.items(), prepared.get_attributes(), strict=True)
    types = [(column, wanted, attribute.type.name) for (column, wanted), attribute in columns]
    wrong = [
        f"{name}.{column} is {found}, not {wanted}"
        for column, wanted, found in types
        if found not in _SAME_TYPE[wanted]
    ]
    return f"{', '.join(wrong)}: cast in a SELECT under sources" if wrong else ""


def fits(found: str, wanted: ColumnType) -> bool:
    """Whether a column of PostgreSQL's type `found` serves where `wanted` is declared."""
    return found in _SAME_TYPE[wanted]


async def _which_column(connection: Connection, name: str, source: SourceSpec, error: BaseException) -> str:
    """Name the columns that are missing or may not be read, where that is what is wrong."""
    if not isinstance(error, asyncpg.UndefinedColumnError | asyncpg.InsufficientPrivilegeError):
        return explain_query(error, name)
    bad = []
    for column in source.columns:
        try:
            await connection.fetch(f"SELECT source.{column} FROM {relation_sql(name, source)} AS source LIMIT 0")
        except asyncpg.PostgresError as refused:
            if isinstance(refused, type(error)):
                bad.append(column)
    if not bad or len(bad) == len(source.columns):
        return explain_query(error, name)
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return (
            f"{name} has columns that may not be read ({', '.join(bad)}): GRANT SELECT on them to the exporter's role"
        )
    add = "add it, set on insert and on every update" if "updated_at" in bad else "add it"
    return f"{name} has no column {', '.join(bad)}: {add}, or map the source to a SELECT that has it"


async def row_version(connection: Connection, name: str, source: SourceSpec) -> RowVersion:
    """`xmin` on tables, `row_xmin` on views and mappings that offer it, else nothing."""
    plain = source.select is None and await connection.fetchval(
        "SELECT relkind IN ('r', 'p', 'm') FROM pg_class WHERE oid = to_regclass($1)", relation_sql(name, source)
    )
    try:
        column = "xmin" if plain else "row_xmin"
        await connection.fetch(query.version_sql(name, source, column))
    except asyncpg.PostgresError:
        return RowVersion(None)
    return RowVersion(column)
