"""`init-db`: the canonical tables in a database of the operator's, and on request the exporter's role."""

from __future__ import annotations

import argparse
import asyncio
import re
from dataclasses import replace

from exporter.calldb.schema import ROLE, VIEW_SCHEMA, Made, init_db, role_sql, schema_sql
from exporter.commands.base import Command, add_config, say, settings_of
from exporter.engine import access_of
from exporter.errors import UsageError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    add = parser.add_argument
    add("--schema", metavar="NAME", help="schema of the tables (default: database_schema, or the role's search path)")
    add("--create-schema", action="store_true", help="make the schema if it is not there")
    add("--role", action="store_true", help=f"also make the role {ROLE} and its views, see docs/role.md")
    add("--print", action="store_true", dest="print_only", help="print the SQL and touch nothing")


def _run(arguments: argparse.Namespace) -> int:
    if arguments.print_only:
        say(schema_sql() + ("\n" + role_sql() if arguments.role else ""))
        return 0
    settings = settings_of(arguments)
    schema = target_schema(arguments, settings.database_schema)
    access = replace(access_of(settings), schema=schema)
    made = asyncio.run(
        init_db(access, settings.background_timeout, create_schema=arguments.create_schema, with_role=arguments.role)
    )
    say(summary(made, with_role=arguments.role))
    return 0


def target_schema(arguments: argparse.Namespace, configured: str) -> str:
    """The schema of the tables, empty for the role's own; raises UsageError."""
    schema: str = arguments.schema if arguments.schema is not None else configured
    if arguments.create_schema and not schema:
        raise UsageError("--create-schema needs the name of a schema", "add --schema NAME")
    if schema and not _NAME.fullmatch(schema):
        raise UsageError(f"{schema!r} is not the name of one schema", "use letters, digits and underscores")
    if arguments.role and schema == VIEW_SCHEMA:
        raise UsageError(
            f"the schema {VIEW_SCHEMA} is for the role's views, not for the tables", "choose another --schema"
        )
    return schema


def summary(made: Made, *, with_role: bool) -> str:
    """What was done, for people."""
    lines = [f"schema {made.schema}: {len(made.made)} tables made, {len(made.kept)} were there already"]
    if with_role:
        lines.append(f"role {ROLE}: reads the views of schema {VIEW_SCHEMA}; give it a password: \\password {ROLE}")
    return "\n".join(lines)


COMMAND = Command("init-db", "create the canonical tables in the call database", _arguments, _run)
