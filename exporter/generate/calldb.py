"""The reference of the call database (docs/call-database.md): sources.yaml beside the canonical schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from exporter.generate.files import head
from exporter.generate.markdown import block, code, codes, page, table
from exporter.semantic.model import Catalogue
from exporter.semantic.spec import SourceSpec

_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+) \((.*?)\n\);", re.DOTALL)
_COLUMN = re.compile(r"^\s+(\w+)\s+(\w+(?:\[\])?)([^,]*)", re.MULTILINE)
_KEY = re.compile(r"PRIMARY KEY \(([^)]+)\)")
_INDEX = re.compile(r"CREATE INDEX IF NOT EXISTS \w+ ON (\w+) (\(.*?\)(?: WHERE .*?)?);")
INTRO = """
# 通话库 The call database

导出器读取的规范模型：表名也可以是视图，任何来源都可在配置中改映射为自己的 SELECT。
只需 SELECT 权限，从不写入，从不读取电话号码、姓名或文本。
The canonical model that the exporter reads. Each name may be a table or a view, in a schema of your choice, and any
source can be mapped to your own SELECT. The exporter needs SELECT on these and nothing else; it never writes, and never
reads a phone number, a name or a transcript.

- PostgreSQL 13 or newer. Money is `numeric`, CNY; instants are `timestamptz`; NULL is "not known", never 0.
- Every table has a primary key and `updated_at timestamptz not null`, set on insert and on every update.
- Rows may be inserted late, updated days later, corrected, delivered twice (upsert) and deleted.
- A masking scan, a recording or a complaint of no known call has `call_id` NULL: it counts in the whole, in no slice.
  One whose call is not there is not counted until it is.
- A source that is missing takes down its own KPIs only; `outcall-exporter check --live` says which and why.

`outcall-exporter init-db` makes these tables with their indexes. To map a source of your own:

```yaml
sources:
  calls: {relation: crm.calls}
  surveys:
    select: >-
      SELECT id AS survey_id, call AS call_id, answered_at AS responded_at, good AS satisfied, updated_at
      FROM crm.answers
```
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the canonical schema: columns with their types, primary key, indexes."""

    columns: Mapping[str, str]
    key: tuple[str, ...]
    indexes: tuple[str, ...]


def parse_schema(sql: str) -> dict[str, Table]:
    """The tables of schema.sql, in its order."""
    indexes: dict[str, list[str]] = {}
    for name, index in _INDEX.findall(sql):
        indexes.setdefault(name, []).append(index)
    tables = {}
    for name, body in _TABLE.findall(sql):
        columns = {column: kind for column, kind, _ in _COLUMN.findall(body) if column != "PRIMARY"}
        inline = tuple(column for column, _, rest in _COLUMN.findall(body) if "PRIMARY KEY" in rest)
        declared = _KEY.search(body)
        key = tuple(re.split(r",\s*", declared[1])) if declared else inline
        tables[name] = Table(columns, key, tuple(indexes.get(name, ())))
    return tables


def call_database_reference(catalogue: Catalogue, schema_sql: str) -> str:
    """docs/call-database.md."""
    parts = [INTRO]
    for name, made in parse_schema(schema_sql).items():
        parts.append(_table(catalogue, name, made, catalogue.sources.get(name)))
    return head("docs", "exporter/catalogue/sources.yaml and exporter/calldb/schema.sql") + "\n" + page(*parts)


def _table(catalogue: Catalogue, name: str, made: Table, source: SourceSpec | None) -> str:
    read = source.columns if source else {}
    rows = [
        (code(column), code(kind), "key" if column in made.key else "", "✓" if column in read else "")
        for column, kind in made.columns.items()
    ]
    return page(
        f"## `{name}`",
        _used_by(catalogue, name),
        table(("列 Column", "类型 Type", "主键 Key", "读取 Read"), rows),
        f"索引 Indexes: {codes(made.indexes)}",
        _mapping(name, source) if source else "",
    )


def _used_by(catalogue: Catalogue, name: str) -> str:
    """KPIs that are absent when this source cannot be read."""
    datasets = {n for n, d in catalogue.datasets.items() if name in d.needs}
    datasets |= {n for n, level in catalogue.levels.items() if level.source == name}
    kpis = [kpi for kpi in catalogue.kpis.values() if kpi.datasets & datasets]
    links = " · ".join(f"[{kpi.title.zh}](kpis.md#{kpi.slug})" for kpi in kpis)
    return f"没有它就没有 Without it these are absent: {links}" if links else ""


def _mapping(name: str, source: SourceSpec) -> str:
    """The columns that a relation or SELECT of the operator's own has to offer."""
    columns = ", ".join(f"{column} {kind}" for column, kind in source.columns.items())
    return block(f"{name} (key: {', '.join(source.key)}; newest event: {source.event})\n{columns}")
