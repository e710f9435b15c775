"""What else a review reads of the call database: incidents, how late rows are, snapshots."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from exporter.calldb.asking import Asker
from exporter.calldb.period import Period
from exporter.calldb.query import level_sql, newest_sql
from exporter.calldb.reader import instant
from exporter.calldb.statements import StatementFailure
from exporter.review.model import Incident, Incidents, SourceQuality
from exporter.semantic.model import Level

LATE = "interval '1 day'"
MOST_INCIDENTS = 20
_SECONDS = "extract(epoch FROM {})::double precision"


async def newest_call(asker: Asker) -> float | None:
    """The newest end of a call, Unix seconds; None when there is none, or calls cannot be read."""
    try:
        rows = await asker.ask("calls", newest_sql("calls", asker.catalogue.sources["calls"]))
    except StatementFailure:
        return None
    return None if rows[0][0] is None else float(rows[0][0])


async def incidents(asker: Asker, period: Period) -> Incidents:
    """Incidents of a period: opened, resolved, still open at its end; those that took longest listed."""
    relation = asker.relation("incidents")
    bounds = instant(period.start), instant(period.end)
    opened = "opened_at >= $1::timestamptz AND opened_at < $2::timestamptz"
    resolved = "resolved_at >= $1::timestamptz AND resolved_at < $2::timestamptz"
    still = "opened_at < $2::timestamptz AND (resolved_at IS NULL OR resolved_at >= $2::timestamptz)"
    sane = f"{resolved} AND isfinite(opened_at) AND resolved_at >= opened_at"
    took = _SECONDS.format("resolved_at - opened_at")
    counts = (
        f"-- outcall: incidents of a period\nSELECT avg({took}) FILTER (WHERE {sane}),"
        f" max({took}) FILTER (WHERE {sane}), count(*) FILTER (WHERE {opened}), count(*) FILTER (WHERE {resolved}),"
        f" count(*) FILTER (WHERE {still}) FROM {relation} AS incidents WHERE isfinite(opened_at)"
    )
    listed = (
        f"-- outcall: incidents, one by one\nSELECT {_SECONDS.format('opened_at')},"
        f" CASE WHEN isfinite(resolved_at) THEN {_SECONDS.format('resolved_at')} END, incident_id"
        f" FROM {relation} AS incidents WHERE isfinite(opened_at) AND (({opened}) OR ({resolved}) OR ({still}))"
        " ORDER BY CASE WHEN isfinite(resolved_at) THEN resolved_at - opened_at END DESC NULLS FIRST, incident_id"
        f" LIMIT {MOST_INCIDENTS}"
    )
    try:
        (mean, longest, *numbers), *_ = await asker.ask("incidents", counts, *bounds)
        rows = await asker.ask("incidents", listed, *bounds)
    except StatementFailure as failure:
        return Incidents(problem=failure.problem)
    found = tuple(Incident(number, begun, over) for begun, over, number in rows)
    opened_count, resolved_count, open_count = numbers
    return Incidents(opened_count, resolved_count, open_count, mean, longest, found)


async def lateness(
    asker: Asker, period: Period, datasets: Collection[str]
) -> tuple[tuple[SourceQuality, ...], dict[str, str]]:
    """Rows of the sources of datasets in a period, and how many were written or corrected over a day after their event.

    `updated_at` knows the last writing only: a correction looks like lateness. Also why a source could not be counted.
    """
    sources = asker.catalogue.sources
    wanted = {asker.catalogue.datasets[name].source for name in datasets}
    found: list[SourceQuality] = []
    failed: dict[str, str] = {}
    for source in (name for name in sources if name in wanted and sources[name].event != "updated_at"):
        try:
            found.append(await _late(asker, period, source, sources[source].event))
        except StatementFailure as failure:
            failed[source] = failure.problem
    return tuple(found), failed


async def _late(asker: Asker, period: Period, source: str, column: str) -> SourceQuality:
    sql = (
        f"-- outcall: how late rows of {source} are\n"
        f"SELECT count(*) FILTER (WHERE source.updated_at > source.{column} + {LATE}), count(*)"
        f" FROM {asker.relation(source)} AS source"
        f" WHERE source.{column} >= $1::timestamptz AND source.{column} < $2::timestamptz"
    )
    late = rows = 0
    async for found in asker.parts(source, sql, period):
        late, rows = late + found[0][0], rows + found[0][1]
    return SourceQuality(source, rows, late)


async def levels(asker: Asker, names: Collection[str], last: date) -> tuple[dict[str, Sequence[int]], dict[str, str]]:
    """Levels over the whole as of the end of a local day, and why some are missing."""
    found: dict[str, Sequence[int]] = {}
    failed: dict[str, str] = {}
    for name in sorted(names):
        level = dated(asker, asker.catalogue.levels[name], last)
        sql = level_sql(level, asker.catalogue.sources[level.source])
        try:
            rows = await asker.ask(level.source, sql)
        except StatementFailure as failure:
            failed[name] = failure.problem
            continue
        nothing = (0,) * (sum(len(measure.columns) for measure in level.measures) + len(level.rejects) + 1)
        vectors = (tuple(row[len(level.slices) :]) for row in rows)
        found[name] = tuple(map(sum, zip(nothing, *vectors, strict=True)))
    return found, failed


def dated(asker: Asker, level: Level, last: date) -> Level:
    """A level whose newest snapshot is the newest up to a day: sub-queries of its source see nothing later.

    The latest snapshot is found by sub-queries over the source itself; a source without `as_of` stays as it is.
    """
    if "as_of" not in asker.catalogue.sources[level.source].columns:
        return level
    relation = asker.relation(level.source)
    past = f"FROM (SELECT * FROM {relation} AS dated WHERE dated.as_of <= DATE '{last:%Y-%m-%d}') AS "
    return replace(level, where=level.where.replace(f"FROM {relation} AS ", past))
