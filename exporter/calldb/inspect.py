"""A thorough look at the call database before it is read for good: what `check --live` tells.

Read only and bounded: catalogue lookups, EXPLAIN, and each statement of one poll once, each in a transaction of its
own. What leaves this module names relations, columns, settings and figures, never a value of a row.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import asyncpg

from exporter.calldb.connect import TROUBLE, Access, Connection, begin, connection, describe, explain_query, is_trouble
from exporter.calldb.inspect_finding import Finding
from exporter.calldb.inspect_plan import Behind, Planner
from exporter.calldb.inspect_role import role_findings, shortened
from exporter.calldb.inspect_statements import POLLED, Moment, Statement, dependants, poll_statements
from exporter.calldb.query import RowVersion
from exporter.calldb.reader import Nets, raw_labels
from exporter.calldb.survey import survey
from exporter.errors import DatabaseError
from exporter.semantic.model import Catalogue
from exporter.semantic.names import UNKNOWN
from exporter.semantic.sqltext import relation_sql

OLDEST_SERVER = 13
# Labels of a call that occur in certain combinations only: a script belongs to a scenario.
JOINT = ("scenario", "generation", "script")
# Windows are cut by the database's clock; dashboards and alerts by that of Prometheus.
LARGEST_SKEW = 2.0

_SERVER = """
SELECT current_setting('server_version') AS version, current_database() AS database, current_user AS role,
  pg_is_in_recovery() AS is_standby, statement_timestamp() AS at,
  pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin, cardinality(current_schemas(false)) > 0 AS has_schema
"""


@dataclass(frozen=True, slots=True)
class Server:
    """Who answered: version, database, role; seconds of a round trip, and by how much our clock is ahead of its."""

    version: str
    database: str
    role: str
    is_standby: bool
    round_trip: float
    clock_skew: float


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source: the sentence that says why it is unusable (empty: it is usable), and its row version's column."""

    problem: str
    version: str | None
    relation: str


@dataclass(frozen=True, slots=True)
class Timing:
    """One statement as it ran: seconds as seen from here, rows that came back."""

    statement: Statement
    seconds: float
    rows: int


@dataclass(slots=True)
class Inspection:
    """Everything found.

    `failed` are datasets and levels that cannot be read; `values` the values seen by label, `joint` the combinations
    of JOINT seen in facts that belong to a call.
    """

    server: Server
    sources: dict[str, SourceState] = field(default_factory=dict)
    timings: list[Timing] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    values: dict[str, set[str]] = field(default_factory=dict)
    joint: set[tuple[str, ...]] = field(default_factory=set)


async def inspect(access: Access, catalogue: Catalogue, nets: Nets) -> Inspection:
    """Inspect the call database; raises DatabaseError when it cannot be reached or is lost meanwhile."""
    async with connection(access) as opened:
        try:
            return await _Inspector(opened, access, catalogue, nets).run()
        except (asyncpg.PostgresError, *TROUBLE) as error:
            problem = f"the call database was lost during the check ({describe(error)})"
            raise DatabaseError(problem, "see the server's log, and run it again") from None


class _Inspector:
    def __init__(self, opened: Connection, access: Access, catalogue: Catalogue, nets: Nets) -> None:
        self.opened, self.access, self.catalogue, self.nets = opened, access, catalogue, nets
        self.planner = Planner(opened)
        # By table and mending: the first statement's finding, and how many there were.
        self.scans: dict[tuple[str, str], tuple[Finding, int]] = {}

    async def run(self) -> Inspection:
        server, row = await self._server()
        result = Inspection(server, findings=server_findings(server, self.opened.get_server_version().major))
        if not row["has_schema"]:
            fix = "set database_schema to the schema of the tables, or the role's search_path"
            result.findings.append(
                Finding("database_schema", "no schema of the search path exists", fix, is_error=True)
            )
            result.failed.update((*self.catalogue.datasets, *self.catalogue.levels))
            return result
        versions = await self._sources(result)
        usable = {name for name, state in result.sources.items() if not state.problem}
        behind = {name: await self.planner.behind(name, self.catalogue.sources[name]) for name in usable}
        result.findings += await role_findings(self.opened, self._relations(usable, behind))
        horizon = max((window.seconds for window in self.catalogue.windows), default=0)
        moment = Moment(row["at"], row["xmin"] & 0xFFFFFFFF, self.nets.overlap, self.nets.sweep, horizon)
        for statement in poll_statements(self.catalogue, versions, usable, moment):
            await self._try(statement, behind, result)
        result.findings += [several(first, count) for first, count in self.scans.values()]
        return result

    async def _server(self) -> tuple[Server, asyncpg.Record]:
        await self.opened.fetchrow(_SERVER)  # the first time, the server fills its caches
        began = time.time()
        row = await self.opened.fetchrow(_SERVER)
        assert row is not None  # noqa: S101 - a SELECT without FROM has one row
        ended = time.time()
        skew = (began + ended) / 2 - row["at"].timestamp()
        names = (str(row["version"]), str(row["database"]), str(row["role"]))
        return Server(*names, bool(row["is_standby"]), ended - began, skew), row

    async def _sources(self, result: Inspection) -> Mapping[str, RowVersion]:
        found = await survey(self.opened, self.catalogue)
        for name, source in self.catalogue.sources.items():
            problem = found.problems.get(name, "")
            relation = "SELECT" if source.select is not None else relation_sql(name, source)
            result.sources[name] = SourceState(problem, found.versions[name].column, relation)
            if problem:
                result.findings.append(Finding.from_sentence(f"source {name}", name, problem))
                result.failed.update(dependants(self.catalogue, name))
        result.findings += version_findings(result.sources)
        return found.versions

    def _relations(self, usable: set[str], behind: Mapping[str, Behind]) -> set[str]:
        """The relations named by sources, and the tables behind them."""
        named = {relation_sql(n, s) for n, s in self.catalogue.sources.items() if n in usable and s.select is None}
        return named | {relation for item in behind.values() for relation in item.relations}

    async def _try(self, statement: Statement, behind: Mapping[str, Behind], result: Inspection) -> None:
        """Plan and run one statement; what is wrong with it concerns its owner alone."""
        try:
            for scan in await self.planner.findings(statement, behind):
                first, count = self.scans.get((scan.place, scan.fix), (scan, 0))
                self.scans[scan.place, scan.fix] = first, count + 1
            began = time.perf_counter()
            async with self.opened.transaction(readonly=True):
                polling = statement.kind in POLLED
                await begin(self.opened, self.access, self.access.statement_timeout, polling=polling)
                rows = await self.opened.fetch(statement.sql, *statement.arguments)
            result.timings.append(Timing(statement, time.perf_counter() - began, len(rows)))
        except (asyncpg.PostgresError, *TROUBLE, ValueError) as error:
            if is_trouble(error):
                raise
            place = f"source {statement.source}, statement '{statement.kind}: {statement.name}'"
            problem = explain_query(error, statement.source)
            result.findings.append(Finding.from_sentence(place, statement.source, problem))
            result.failed.update(statement.owners)
        else:
            self._see(statement, rows, result)

    def _see(self, statement: Statement, rows: Sequence[asyncpg.Record], result: Inspection) -> None:
        """Remember which label values there are, and which occur together."""
        if statement.kind not in ("minutes", "an hour"):
            return
        dataset = self.catalogue.datasets[statement.name]
        for row in rows:
            labels = dict(zip(dataset.labels, raw_labels(dataset.slices, row, 1), strict=True))
            for label, value in labels.items():
                result.values.setdefault(label, set()).add(value or UNKNOWN)
            if labels.keys() >= set(JOINT):
                result.joint.add(tuple(labels[label] or UNKNOWN for label in JOINT))


def version_findings(sources: Mapping[str, SourceState]) -> list[Finding]:
    """A warning for the usable sources whose rows do not tell which transaction wrote them."""
    without = [name for name, state in sources.items() if not state.problem and state.version is None]
    if not without:
        return []
    place = f"source{'s' if len(without) > 1 else ''} {shortened(without)}"
    problem = "no row version: a row that commits late or has a wrong updated_at is missed until the next reconcile"
    return [Finding(place, problem, "add `xmin AS row_xmin` to the view or SELECT, from the table that changes")]


def several(finding: Finding, count: int) -> Finding:
    """The finding, saying how many statements share it."""
    if count == 1:
        return finding
    return replace(finding, problem=f"{finding.problem} and by {count - 1} more")


def server_findings(server: Server, major: int) -> list[Finding]:
    """What is wrong with the server as such."""
    found = []
    if major < OLDEST_SERVER:
        problem = f"PostgreSQL {server.version} is too old"
        found.append(Finding("server", problem, f"use PostgreSQL {OLDEST_SERVER} or newer", is_error=True))
    if abs(server.clock_skew) > LARGEST_SKEW:
        side = "behind" if server.clock_skew > 0 else "ahead of"
        problem = f"its clock is {abs(server.clock_skew):.1f} s {side} this machine's"
        found.append(Finding("server", problem, "synchronise both with NTP: windows are cut by the database's clock"))
    return found
