"""Every statement that the shipped catalogue sends, and a form of it that reads well in a difference."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.calldb import query
from exporter.calldb.query import RowVersion
from exporter.semantic.model import Anchor, Catalogue

XMIN = RowVersion("xmin")
SWEEP = 7200
MARGIN = 100


def by_file(catalogue: Catalogue) -> dict[str, list[str]]:
    """Name of a snapshot -> its statements: one for each dataset, level and source."""
    files = {f"dataset-{name}": list(dataset_statements(catalogue, name)) for name in catalogue.datasets}
    files |= {
        f"level-{name}": [query.level_sql(level, catalogue.sources[level.source])]
        for name, level in catalogue.levels.items()
    }
    return files | {f"source-{name}": list(source_statements(catalogue, name)) for name in catalogue.sources}


def dataset_statements(catalogue: Catalogue, name: str) -> Iterator[str]:
    """Its buckets by the minute, and the facts that rows of other sources touch."""
    dataset = catalogue.datasets[name]
    yield query.aggregate_sql(dataset, catalogue.sources[dataset.source], "minute")
    for touch in dataset.touches:
        changed = query.changed_sql(touch.source, catalogue.sources[touch.source], XMIN)
        yield query.touch_sql(changed, {touch.from_clause: [dataset.anchor]})


def source_statements(catalogue: Catalogue, name: str) -> Iterator[str]:
    """What changed: by `updated_at`, without row versions, with the sweep in the same statement, by the sweep alone."""
    source, anchors = catalogue.sources[name], own_anchors(catalogue, name)
    columns = query.instants(catalogue, name)
    yield query.columns_sql(name, source)
    for changed in (
        query.changed_sql(name, source, XMIN),
        query.changed_sql(name, source, RowVersion(None)),
        query.changed_sql(name, source, XMIN, SWEEP, columns),
        query.leaked_sql(name, source, XMIN, SWEEP, columns),
    ):
        yield query.probe_sql(name, source, changed, anchors)


def own_anchors(catalogue: Catalogue, source: str) -> list[Anchor]:
    return list(dict.fromkeys(item.anchor for item in catalogue.datasets.values() if item.source == source))


def readable(sql: str) -> str:
    """The same statement, broken at the commas and conditions of long lines."""
    return "\n".join(part for line in sql.splitlines() for part in broken(line))


def broken(line: str) -> Iterator[str]:
    """A line in parts: after a comma outside of any bracket or text, before a word that begins a clause."""
    if len(line) <= MARGIN or line.startswith("--"):
        yield line
        return
    depth, quoted, begin = 0, False, 0
    for at, sign in enumerate(line):
        quoted ^= sign == "'"
        depth += 0 if quoted else (sign == "(") - (sign == ")")
        if quoted or depth or sign not in ", " or line[:at].endswith(("CROSS", "LEFT")):
            continue
        if sign == "," or line.startswith(CLAUSES, at + 1):
            yield ("    " if begin else "") + line[begin : at + 1].strip()
            begin = at + 1
    yield ("    " if begin else "") + line[begin:].strip()


CLAUSES = ("FROM ", "WHERE ", "AND ", "JOIN ", "LEFT JOIN ", "CROSS JOIN ", "GROUP BY ", "UNION ALL ")
