"""Which relations a statement would read from end to end, by the server's own plan, and the index that mends it.

EXPLAIN without ANALYZE: nothing is read. A source may be a view or a SELECT over other tables; what stands behind its
columns is taken from the verbose plan of reading them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from exporter.calldb.connect import Connection
from exporter.calldb.inspect_finding import Finding
from exporter.calldb.inspect_statements import Statement
from exporter.semantic.spec import SourceSpec
from exporter.semantic.sqltext import relation_sql

# Below that a sequential scan is what a good planner chooses.
MANY_ROWS = 10_000

_COLUMN = re.compile(r'\w+|"[^"]+"')
_RELATION = """
WITH found AS (SELECT c.oid, coalesce(pg_partition_root(c.oid), c.oid::regclass) AS root FROM pg_class c
  WHERE c.relname = $2 AND c.relnamespace = to_regnamespace(quote_ident($1)))
SELECT root.oid::bigint, format('%I.%I', root.relnamespace::regnamespace::text, root.relname),
  root.relkind = 'p' AS is_partitioned, part.reltuples > 0 AS is_analysed,
  CASE WHEN part.reltuples > 0 THEN part.reltuples::float8 ELSE pg_relation_size(part.oid) / 100.0 END::float8 AS rows
FROM found JOIN pg_class root ON root.oid = found.root::oid JOIN pg_class part ON part.oid = found.oid
"""
_LEADING = """
SELECT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
  WHERE i.indrelid = $1::bigint::oid AND i.indisvalid AND a.attname = $2)
"""
_INDEX = """
SELECT a.attname FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_am m ON m.oid = c.relam
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
  WHERE c.relname = $2 AND c.relnamespace = to_regnamespace(quote_ident($1))
  AND m.amname = 'btree' AND i.indpred IS NULL
"""


@dataclass(frozen=True, slots=True)
class Relation:
    """A table (of a partition: its root) by oid and quoted name; `rows` is the server's estimate, of the part."""

    oid: int
    name: str
    is_partitioned: bool
    is_analysed: bool
    rows: float


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind a source: its tables, and for each plain column the table and column it comes from."""

    relations: tuple[str, ...]
    columns: Mapping[str, tuple[str, str]]


async def plan_of(connection: Connection, sql: str, *arguments: object) -> dict[str, Any]:
    """The root node of a statement's plan."""
    text = await connection.fetchval("EXPLAIN (VERBOSE, COSTS, FORMAT JSON) " + sql, *arguments)
    plan: dict[str, Any] = json.loads(text)[0]["Plan"]
    return plan


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A plan's nodes, parents first."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def index_nodes(scan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The nodes of one scan that read an index: itself, or below a bitmap."""
    if "Index Name" in scan:
        yield scan
        return
    for child in scan.get("Plans", ()):
        if child["Node Type"].startswith("Bitmap"):
            yield from index_nodes(child)


class Planner:
    """Asks one server about plans; remembers relations."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._relations: dict[tuple[str, str], Relation | None] = {}

    async def behind(self, name: str, source: SourceSpec) -> Behind:
        """Which tables and columns a source reads; raises asyncpg's errors."""
        columns = ", ".join(f"source.{column}" for column in source.columns)
        plan = await plan_of(self._connection, f"SELECT {columns} FROM {relation_sql(name, source)} AS source")
        by_alias = {node["Alias"]: await self._relation(node) for node in nodes(plan) if "Relation Name" in node}
        by_name = {relation.name: relation for relation in by_alias.values() if relation}
        only = next(iter(by_name.values())) if len(by_name) == 1 else None
        origins: dict[str, tuple[str, str]] = {}
        # An Append puts nothing out of its own: its first part stands for all.
        outputs = next((node["Output"] for node in nodes(plan) if "Output" in node), ())
        for column, output in zip(source.columns, outputs, strict=False):
            alias, _, plain = output.rpartition(".")
            # Where there is but one table, its alias says nothing more (and may be left out).
            relation = only or by_alias.get(alias.strip('"'))
            if relation and _COLUMN.fullmatch(plain):
                origins[column] = (relation.name, plain.strip('"'))
        return Behind(tuple(by_name), origins)

    async def findings(self, statement: Statement, behind: Mapping[str, Behind]) -> list[Finding]:
        """A warning for every large relation that the statement would read whole; raises asyncpg's errors."""
        plan = await plan_of(self._connection, statement.sql, *statement.arguments)
        whole: dict[str, list[Relation]] = {}
        for node in nodes(plan):
            if "Relation Name" in node and await self._is_whole(node) and (relation := await self._relation(node)):
                whole.setdefault(relation.name, []).append(relation)
        tables = [replace(parts[0], rows=sum(part.rows for part in parts)) for parts in whole.values()]
        advice = [await self._advise(statement, table, behind) for table in tables if table.rows > MANY_ROWS]
        return [finding for finding in advice if finding]

    async def _is_whole(self, node: Mapping[str, Any]) -> bool:
        """Whether a scan reads all of its table, or all of an index whose first column it has no condition for."""
        if node["Node Type"] == "Seq Scan":
            return True
        indexes = list(index_nodes(node))
        for part in indexes:
            leading = await self._connection.fetchval(_INDEX, node["Schema"], part["Index Name"])
            if leading is None or re.search(rf"\b{re.escape(leading)}\b", part.get("Index Cond", "")):
                return False
        return bool(indexes)

    async def _advise(self, statement: Statement, relation: Relation, behind: Mapping[str, Behind]) -> Finding | None:
        """What would mend it; None when the indexes are there and the planner knew why it did without."""
        problem = f"is read whole, about {relation.rows:,.0f} rows, by '{statement.kind}: {statement.name}'"
        origins = [behind[wanted.source].columns.get(wanted.column) for wanted in statement.wanted]
        columns = [origin[1] for origin in origins if origin and origin[0] == relation.name]
        for column in columns:
            if not await self._is_leading(relation, column):
                return Finding(relation.name, problem, create_index(relation, column))
        behind_this = [w for w in statement.wanted if relation.name in behind[w.source].relations]
        unknown = [w for w in behind_this if w.column not in behind[w.source].columns]
        if unknown or not columns:
            names = ", ".join(dict.fromkeys(f"{w.source}.{w.column}" for w in unknown or statement.wanted))
            return Finding(relation.name, problem, f"index the column or expression that stands behind {names}")
        if relation.is_analysed:
            return None
        return Finding(relation.name, f"{problem} in spite of its indexes", f"run ANALYZE {relation.name}")

    async def _is_leading(self, relation: Relation, column: str) -> bool:
        return bool(await self._connection.fetchval(_LEADING, relation.oid, column))

    async def _relation(self, node: Mapping[str, Any]) -> Relation | None:
        at = (node["Schema"], node["Relation Name"])
        if at not in self._relations:
            row = await self._connection.fetchrow(_RELATION, *at)
            self._relations[at] = Relation(*row) if row else None
        return self._relations[at]


def create_index(relation: Relation, column: str) -> str:
    """The statement that makes the missing index; a partitioned table cannot have one made CONCURRENTLY."""
    quoted = column if re.fullmatch(r"[a-z_][a-z0-9_]*", column) else f'"{column}"'
    how = "CREATE INDEX" if relation.is_partitioned else "CREATE INDEX CONCURRENTLY"
    return f"{how} ON {relation.name} ({quoted})"
