"""What the role may do beyond reading its sources. Grants are the boundary: settings can be undone by the session."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import asyncpg

from exporter.calldb.connect import Connection
from exporter.calldb.inspect_finding import Finding

_LEAST = "use the role that role.sql makes (docs/role.md)"

_ROLE = """
SELECT r.oid::bigint AS oid, rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolconnlimit,
  EXISTS (SELECT FROM pg_db_role_setting s, unnest(s.setconfig) AS setting
    WHERE s.setrole IN (0, r.oid) AND lower(setting) ~ '^default_transaction_read_only=(on|true|yes|1)$'
    AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))) AS is_read_only
FROM pg_roles r WHERE rolname = current_user
"""
_MEMBER_OF = """
SELECT rolname FROM pg_roles WHERE rolname ~ '^pg_' AND pg_has_role(current_user, oid, 'MEMBER') ORDER BY rolname
"""
_CREATE = """
SELECT 'database ' || quote_ident(current_database()) WHERE has_database_privilege(current_database(), 'CREATE')
UNION ALL SELECT 'schema ' || quote_ident(nspname) FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND has_schema_privilege(oid, 'CREATE')
"""
# to_regclass raises where the role may not use the schema; CASE keeps it from being asked then.
_SCHEMA_OF = """(SELECT oid FROM pg_namespace
    WHERE cardinality(parse_ident(name)) = 2 AND nspname = (parse_ident(name))[1])"""
_RELATIONS = f"""(SELECT DISTINCT CASE WHEN has_schema_privilege({_SCHEMA_OF}, 'USAGE') IS NOT FALSE
    THEN to_regclass(name) END AS relation FROM unnest($1::text[]) AS name) AS given"""
_WRITE = f"""
SELECT privilege, array_agg(relation::text ORDER BY relation::text)
FROM {_RELATIONS}, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS privilege
WHERE CASE WHEN privilege IN ('INSERT', 'UPDATE') THEN has_any_column_privilege(relation, privilege)
  ELSE has_table_privilege(relation, privilege) END GROUP BY privilege
"""
_HIDDEN_ROWS = f"SELECT relation::text FROM {_RELATIONS} WHERE row_security_active(relation) ORDER BY 1"

# Attributes of a role that reading does not need: the column of pg_roles, and what it allows.
_ATTRIBUTES = (
    ("rolcreaterole", "make and change roles", "NOCREATEROLE"),
    ("rolcreatedb", "make databases", "NOCREATEDB"),
    ("rolreplication", "copy the whole server by replication", "NOREPLICATION"),
    ("rolbypassrls", "pass by row-level security", "NOBYPASSRLS"),
)


async def role_findings(connection: Connection, relations: Collection[str]) -> list[Finding]:
    """Warnings about the role, given the relations (quoted names) that it reads; raises asyncpg's errors."""
    row = await connection.fetchrow(_ROLE)
    assert row is not None  # noqa: S101 - whoever is connected has a role
    place = f"role {row['rolname']}"
    found = [] if row["rolsuper"] else await _rights(connection, place, sorted(relations))
    return [*_attributes(place, row), *found]


def _attributes(place: str, row: asyncpg.Record) -> list[Finding]:
    found = []
    if row["rolsuper"]:
        found.append(Finding(place, "is a superuser and may do anything", _LEAST))
    else:
        alter = f"ALTER ROLE {row['rolname']} "
        found += [Finding(place, f"may {what}", alter + fix) for column, what, fix in _ATTRIBUTES if row[column]]
    if row["rolconnlimit"] < 0:
        fix = f"ALTER ROLE {row['rolname']} CONNECTION LIMIT 10"
        found.append(Finding(place, "has no connection limit", fix))
    if not row["is_read_only"]:
        fix = f"ALTER ROLE {row['rolname']} SET default_transaction_read_only = on"
        found.append(Finding(place, "is not read only by default", fix))
    return found


async def _rights(connection: Connection, place: str, relations: Sequence[str]) -> list[Finding]:
    found = []
    if groups := [str(row[0]) for row in await connection.fetch(_MEMBER_OF)]:
        found.append(
            Finding(place, f"is a member of {', '.join(groups)}", "REVOKE it: reading the sources needs none of it")
        )
    found += [
        Finding(place, f"may create objects in {row[0]}", f"REVOKE CREATE ON {row[0]} FROM it and from PUBLIC")
        for row in await connection.fetch(_CREATE)
    ]
    names: dict[tuple[str, ...], list[str]] = {}
    for privilege, tables in await connection.fetch(_WRITE, relations):
        names.setdefault(tuple(tables), []).append(privilege)
    for tables, privileges in names.items():
        found.append(Finding(place, f"may {', '.join(sorted(privileges))} on {shortened(tables)}", _LEAST))
    if hidden := [str(row[0]) for row in await connection.fetch(_HIDDEN_ROWS, relations)]:
        problem = f"sees only some rows of {shortened(hidden)}: row-level security hides the others"
        found.append(
            Finding(place, problem, "give it a policy that shows all rows, or views whose owner sees them all")
        )
    return found


def shortened(names: Sequence[str], most: int = 4) -> str:
    """The first names, and how many more."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
