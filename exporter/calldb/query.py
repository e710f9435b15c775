"""SQL from the catalogue: pure functions from a dataset to statements, with bounds as parameters.

Every statement says in a comment what it is for. Buckets are cut in UTC with `date_trunc` on a plain timestamp, which
is immutable (so it is pushed down to partitions and shards) and exists in every PostgreSQL version from 13 on.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.semantic.model import Anchor, Catalogue, Dataset, Level
from exporter.semantic.spec import Grain, SourceSpec
from exporter.semantic.sqltext import relation_sql

# Month arithmetic clamps at the ends of months and shifts with daylight saving; the index range is widened by this.
_MONTH_SLACK = "interval '4 days'"


@dataclass(frozen=True, slots=True)
class RowVersion:
    """How a source tells which transaction wrote a row: the `column` with its xmin, or None where there is none."""

    column: str | None


def bucket_sql(anchor: str, grain: Grain) -> str:
    """The start of the anchor's bucket, in Unix seconds."""
    return f"extract(epoch FROM date_trunc('{grain}', {anchor} AT TIME ZONE 'UTC'))::bigint"


def aggregate_sql(dataset: Dataset, source: SourceSpec, grain: Grain) -> str:
    """Buckets of a dataset with anchors in [$1, $2): bucket, labels, measures, rejects, row count."""
    columns = [f"{bucket_sql(dataset.anchor.sql, grain)} AS bucket"]
    columns += [f"{item.sql} AS {item.label}" for item in dataset.slices]
    columns += [f"{column} AS {m.name}_{i}" for m in dataset.measures for i, column in enumerate(m.columns)]
    columns += [f"count(*) FILTER (WHERE {sql}) AS rejected_{reason}" for reason, sql in dataset.rejects]
    groups = ", ".join(str(1 + i) for i in range(1 + len(dataset.slices)))
    return (
        f"-- outcall: {dataset.name}, every cell of each {grain}\n"
        f"SELECT {', '.join(columns)}, count(*) AS row_count\n"
        f"FROM {relation_sql(dataset.source, source)} AS {dataset.source} {dataset.join}\n"
        f"WHERE {_anchor_range(dataset.anchor, dataset.source, 1, 2)} AND ({dataset.where})\n"
        f"GROUP BY {groups}"
    )


def _anchor_range(anchor: Anchor, source: str, low: int, high: int) -> str:
    column = f"{source}.{anchor.column}"
    if not anchor.after_months:
        return f"{column} >= ${low}::timestamptz AND {column} < ${high}::timestamptz"
    shift = f"make_interval(months => {anchor.after_months})"
    return (
        f"{column} >= ${low}::timestamptz - {shift} - {_MONTH_SLACK} "
        f"AND {column} < ${high}::timestamptz - {shift} + {_MONTH_SLACK} "
        f"AND {anchor.sql} >= ${low}::timestamptz AND {anchor.sql} < ${high}::timestamptz"
    )


def instants(catalogue: Catalogue, name: str) -> tuple[str, ...]:
    """The columns that place rows of a source in time: its event, and the anchors of its facts."""
    anchors = [dataset.anchor for dataset in catalogue.datasets.values() if dataset.source == name]
    columns = [anchor.column for anchor in anchors if not anchor.after_months]
    return tuple(dict.fromkeys([catalogue.sources[name].event, *columns]))


def _recent_sql(columns: Sequence[str], seconds: int) -> str:
    return " OR ".join(f"source.{column} >= statement_timestamp() - interval '{seconds} seconds'" for column in columns)


def changed_sql(
    name: str, source: SourceSpec, version: RowVersion, sweep: int | None = None, columns_in_time: Sequence[str] = ()
) -> str:
    """Rows changed since $1, less those that an earlier snapshot (whose xmin is $2) had surely seen.

    What a snapshot S1 sees and S0 did not was written by a transaction not finished at S0, so its id is at least
    S0's xmin; a sub-transaction's id is larger than its parent's, a prepared transaction counts as running. With
    `sweep`, rows of which one of `columns_in_time` lies within so many seconds count whatever their `updated_at` says.
    """
    columns = ", ".join(f"source.{column}" for column in source.columns)
    recent = "source.updated_at >= $1"
    if sweep is not None and version.column is not None:
        recent = f"({recent} OR {_recent_sql(columns_in_time or (source.event,), sweep)})"
    # Without row versions $2 still has to appear, or PostgreSQL does not know its type.
    seen = "$2::xid IS NULL OR true" if version.column is None else newer_sql(version)
    return f"SELECT {columns} FROM {relation_sql(name, source)} AS source WHERE {recent} AND ({seen})"


def newer_sql(version: RowVersion) -> str:
    """Written by a transaction that was not finished at the snapshot whose xmin is $2 (unknown counts as newer)."""
    return f"(age(source.{version.column}) <= age($2::xid)) IS NOT FALSE"


def leaked_sql(
    name: str, source: SourceSpec, version: RowVersion, seconds: int, columns_in_time: Sequence[str] = ()
) -> str:
    """Rows with an instant in the last `seconds`, written after snapshot $2, whose `updated_at` lies before $1.

    These are the ones that the net by `updated_at` cannot see: long transactions, skewed or untouched clocks.
    """
    columns = ", ".join(f"source.{column}" for column in source.columns)
    recent = _recent_sql(columns_in_time or (source.event,), seconds)
    return (
        f"SELECT {columns} FROM {relation_sql(name, source)} AS source "
        f"WHERE ({recent}) AND source.updated_at < $1 AND {newer_sql(version)}"
    )


def probe_sql(name: str, source: SourceSpec, changed: str, anchors: Sequence[Anchor]) -> str:
    """Minutes (anchor number, bucket) of changed rows with anchors in [$3, $4); row -1: newest event and count."""
    newest = f"SELECT -1 AS anchor, {newest_event(name, source)} AS bucket, count(*) AS row_count"
    statement = (
        f"-- outcall: what changed in {name}\nWITH changed AS MATERIALIZED ({changed})\n{newest} FROM changed AS {name}"
    )
    if anchors:
        values = ", ".join(f"({number}, {anchor.sql})" for number, anchor in enumerate(anchors))
        statement += (
            f"\nUNION ALL SELECT at.anchor, {bucket_sql('at.instant', 'minute')}, count(*) FROM changed AS {name},"
            f" LATERAL (VALUES {values}) AS at (anchor, instant)"
            " WHERE at.instant >= $3::timestamptz AND at.instant < $4::timestamptz GROUP BY 1, 2"
        )
    return statement


def newest_event(name: str, source: SourceSpec) -> str:
    """The latest event up to now, in Unix seconds: one from the future (or infinity) says nothing about today."""
    event = f"{name}.{source.event}"
    sane = f"isfinite({event}) AND {event} <= statement_timestamp()"
    return f"extract(epoch FROM max({event}) FILTER (WHERE {sane}))::bigint"


def newest_sql(name: str, source: SourceSpec) -> str:
    """The latest event of a source, for the start; by the index on it."""
    return (
        f"-- outcall: newest event of {name}\nSELECT extract(epoch FROM max({name}.{source.event}))::bigint"
        f" FROM {relation_sql(name, source)} AS {name}"
        f" WHERE {name}.{source.event} <= statement_timestamp() AND {name}.{source.event} > '-infinity'"
    )


def touch_sql(changed: str, touched: Mapping[str, Sequence[Anchor]]) -> str:
    """Minutes that hold facts touched by changed rows of another source: place, bucket, row count.

    `touched` has the anchors of facts by the FROM clause that finds them; places number them in that order. Facts of
    several datasets that are found in the same way are looked up once. Anchors in [$3, $4).
    """
    places = itertools.count()
    parts = [
        f"SELECT at.place, {bucket_sql('at.instant', 'minute')} AS bucket, count(*) AS row_count FROM {from_clause},"
        f" LATERAL (VALUES {', '.join(f'({next(places)}, {anchor.sql})' for anchor in anchors)}) AS at (place, instant)"
        " WHERE at.instant >= $3::timestamptz AND at.instant < $4::timestamptz GROUP BY 1, 2"
        for from_clause, anchors in touched.items()
    ]
    found = "\nUNION ALL ".join(parts)
    return f"-- outcall: facts touched by other rows\nWITH changed AS MATERIALIZED ({changed})\n{found}"


def level_sql(level: Level, source: SourceSpec) -> str:
    """The cells of a level: labels, measures, rejects, row count."""
    columns = [f"{item.sql} AS {item.label}" for item in level.slices]
    columns += [f"{column} AS {m.name}_{i}" for m in level.measures for i, column in enumerate(m.columns)]
    columns += [f"count(*) FILTER (WHERE {sql}) AS rejected_{reason}" for reason, sql in level.rejects]
    groups = ", ".join(str(1 + i) for i in range(len(level.slices)))
    return (
        f"-- outcall: {level.name}\nSELECT {', '.join(columns)}, count(*) AS row_count\n"
        f"FROM {relation_sql(level.source, source)} AS {level.source}\nWHERE {level.where}"
        + (f"\nGROUP BY {groups}" if groups else "")
    )


def columns_sql(name: str, source: SourceSpec) -> str:
    """No rows, all columns: preparing it tells whether the relation and its columns exist and may be read."""
    columns = ", ".join(f"source.{column}" for column in source.columns)
    return f"SELECT {columns} FROM {relation_sql(name, source)} AS source LIMIT 0"


def version_sql(name: str, source: SourceSpec, column: str) -> str:
    """No rows, the row version column: preparing it tells whether the source has one."""
    return f"SELECT age(source.{column}) FROM {relation_sql(name, source)} AS source LIMIT 0"


def fingerprints(catalogue: Catalogue) -> Mapping[str, str]:
    """Per dataset, what its stored buckets depend on; a changed fingerprint means: read it again."""
    result = {}
    for name, dataset in catalogue.datasets.items():
        relations = [relation_sql(need, catalogue.sources[need]) for need in dataset.needs]
        text = "\n".join([aggregate_sql(dataset, catalogue.sources[dataset.source], "minute"), *relations])
        members = repr([item.members for item in dataset.slices])
        result[name] = hashlib.sha256(f"{text}{members}{dataset.late_hours}".encode()).hexdigest()
    return result
