"""The statements of a poll, as they would be sent now: every kind once for everything that the catalogue reads.

Pure. What is wanted of an index follows from the SQL itself: the column that bounds a statement, and for every other
relation in it the column by which its rows are looked up.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from exporter.calldb import query
from exporter.calldb.query import RowVersion
from exporter.semantic.model import Catalogue, Dataset
from exporter.semantic.sqltext import relation_sql

# Kinds that polls send, with the planner settings of polls; the others belong to the background.
POLLED = ("changed rows", "minutes", "touched", "level")
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column of a source that an index should lead with."""

    source: str
    column: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with its arguments; `owners` are the datasets and levels that fail with it."""

    kind: str
    name: str
    source: str
    owners: tuple[str, ...]
    sql: str
    arguments: tuple[object, ...]
    wanted: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """The instant of a poll and the oldest transaction id of its snapshot; seconds of overlap, sweep and horizon."""

    as_of: datetime
    xmin: int
    overlap: float
    sweep: int
    horizon: float


def poll_statements(
    catalogue: Catalogue, versions: Mapping[str, RowVersion], usable: Collection[str], moment: Moment
) -> Iterator[Statement]:
    """Every statement that reads usable sources only, with the narrow bounds of a steady poll."""
    for name in catalogue.sources:
        if name in usable:
            yield from _source_statements(catalogue, name, versions[name], moment)
    for name, dataset in catalogue.datasets.items():
        if usable_by(dataset, usable):
            yield from _dataset_statements(catalogue, name, versions, moment)
    for name, level in catalogue.levels.items():
        if level.source in usable:
            sql = query.level_sql(level, catalogue.sources[level.source])
            yield Statement("level", name, level.source, (name,), sql, (), tuple(_level_wanted(catalogue, sql)))


def usable_by(dataset: Dataset, usable: Collection[str]) -> bool:
    """Whether every source that a dataset needs can be read."""
    return all(source in usable for source in dataset.needs)


def dependants(catalogue: Catalogue, source: str) -> tuple[str, ...]:
    """The datasets and levels that a source's failure takes down."""
    datasets = [name for name, dataset in catalogue.datasets.items() if source in dataset.needs]
    return (*datasets, *(name for name, level in catalogue.levels.items() if level.source == source))


def _source_statements(catalogue: Catalogue, name: str, version: RowVersion, moment: Moment) -> Iterator[Statement]:
    source = catalogue.sources[name]
    since = (moment.as_of - timedelta(seconds=moment.overlap), moment.xmin)
    datasets = [d for d in catalogue.datasets.values() if d.source == name]
    anchors = list(dict.fromkeys(dataset.anchor for dataset in datasets))
    bounds = _horizon(moment) if anchors else ()
    changed = query.changed_sql(name, source, version)
    sql = query.probe_sql(name, source, changed, anchors)
    owners = dependants(catalogue, name)
    yield Statement("changed rows", name, name, owners, sql, (*since, *bounds), (Wanted(name, "updated_at"),))
    if version.column is not None:
        columns = query.instants(catalogue, name)
        leaked = query.leaked_sql(name, source, version, moment.sweep, columns)
        sql = query.probe_sql(name, source, leaked, anchors)
        yield Statement(
            "sweep", name, name, owners, sql, (*since, *bounds), tuple(Wanted(name, column) for column in columns)
        )


def _dataset_statements(
    catalogue: Catalogue, name: str, versions: Mapping[str, RowVersion], moment: Moment
) -> Iterator[Statement]:
    dataset = catalogue.datasets[name]
    source = catalogue.sources[dataset.source]
    end = moment.as_of.replace(second=0, microsecond=0) + timedelta(minutes=1)
    hour = moment.as_of.replace(minute=0, second=0, microsecond=0)
    for kind, grain, low, high in (
        ("minutes", "minute", end - timedelta(minutes=2), end),
        ("an hour", "hour", hour - _HOUR, hour),
    ):
        sql = query.aggregate_sql(dataset, source, "minute" if grain == "minute" else "hour")
        wanted = (Wanted(dataset.source, dataset.anchor.column), *_looked_up(catalogue, sql))
        yield Statement(kind, name, dataset.source, (name,), sql, (low, high), wanted)
    since = (moment.as_of - timedelta(seconds=moment.overlap), moment.xmin)
    for touch in dataset.touches:
        changed = query.changed_sql(touch.source, catalogue.sources[touch.source], versions[touch.source])
        sql = query.touch_sql(changed, {touch.from_clause: [dataset.anchor]})
        wanted = (Wanted(touch.source, "updated_at"), *_looked_up(catalogue, sql))
        yield Statement(
            "touched", f"{name} by {touch.source}", touch.source, (name,), sql, (*since, *_horizon(moment)), wanted
        )


def _horizon(moment: Moment) -> tuple[datetime, datetime]:
    end = moment.as_of.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return end - timedelta(seconds=moment.horizon), end


def _aliases(catalogue: Catalogue, sql: str) -> dict[str, str]:
    """alias -> source, for every relation that a statement names."""
    found = {}
    for name, source in catalogue.sources.items():
        pattern = rf"(?<![\w.]){re.escape(relation_sql(name, source))}\s+AS\s+(\w+)"
        found.update(dict.fromkeys(re.findall(pattern, sql), name))
    return found


def _looked_up(catalogue: Catalogue, sql: str) -> Iterator[Wanted]:
    """The first column by which each relation of a statement is joined to another one."""
    for alias, source in _aliases(catalogue, sql).items():
        columns = catalogue.sources[source].columns
        pattern = (
            rf"(?<![\w.]){alias}\.(\w+)\s*=\s*(?!{alias}\.)\w+\.\w|(?<![\w.])(?!{alias}\.)\w+\.\w+\s*=\s*{alias}\.(\w+)"
        )
        for match in re.finditer(pattern, sql):
            column = match[1] or match[2]
            if column in columns:
                yield Wanted(source, column)
                break


def _level_wanted(catalogue: Catalogue, sql: str) -> Iterator[Wanted]:
    """As `_looked_up`; and the column that is null in the rows that a level counts (an index holds nulls too)."""
    yield from _looked_up(catalogue, sql)
    for alias, source in _aliases(catalogue, sql).items():
        for column in re.findall(rf"(?<![\w.]){alias}\.(\w+) IS NULL", sql):
            if column in catalogue.sources[source].columns:
                yield Wanted(source, column)
