"""`check --live` tells what is right and wrong with a real call database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.calldb.connect import Access, connection
from exporter.calldb.inspect import LARGEST_SKEW, Inspection, Server, inspect, server_findings
from exporter.calldb.inspect_role import role_findings
from exporter.calldb.reader import Nets
from exporter.commands.check_report import live
from exporter.semantic.load import load_catalogue
from tests.commands.process import run
from tests.support.postgres import Postgres

Spoil = Callable[[str], str]
RELATIONS = {"calls", "public.calls", "call_analyses", "turns"}


async def inspected(dsn: str, own: Path | None = None, schema: str = "") -> Inspection:
    return await inspect(Access(dsn, schema), load_catalogue([own] if own else []), Nets())


def told(found: Inspection) -> str:
    """All findings, a line each."""
    return "\n".join(str(finding) for finding in found.findings)


async def test_nothing_wrong_with_our_own_tables(filled: str) -> None:
    """On the canonical schema every source is readable, with row versions, and no statement reads a table whole."""
    found = await inspected(filled)
    assert {state.version for state in found.sources.values()} == {"xmin"}
    assert {finding.place for finding in found.findings} == {"role outcall_test"}
    assert not found.failed
    assert {timing.statement.kind for timing in found.timings} == {
        "changed rows", "sweep", "minutes", "an hour", "touched", "level",
    }  # fmt: skip
    assert found.joint >= {("acquisition", "gen_y", "a"), ("collection", "gen_y", "b")}


@pytest.mark.parametrize(
    ("spoil", "advice"),
    [
        ("DROP INDEX calls_updated_at", "CREATE INDEX CONCURRENTLY ON public.calls (updated_at)"),
        ("DROP INDEX calls_ended_at", "CREATE INDEX CONCURRENTLY ON public.calls (ended_at)"),
        ("DROP INDEX calls_customer, calls_customer_ended", "CREATE INDEX CONCURRENTLY ON public.calls (customer_id)"),
        ("DROP INDEX surveys_responded_at", "CREATE INDEX CONCURRENTLY ON public.surveys (responded_at)"),
        ("DROP INDEX quality_labels_call", "CREATE INDEX CONCURRENTLY ON public.quality_labels (call_id)"),
        ("ALTER TABLE calls DROP CONSTRAINT calls_pkey", "CREATE INDEX CONCURRENTLY ON public.calls (call_id)"),
        (
            """ALTER TABLE turns RENAME TO "Antwort"; ALTER TABLE "Antwort" RENAME bot_start_at TO "Start";
            DROP INDEX turns_bot_start_at; CREATE VIEW turns AS
            SELECT call_id, seq, user_end_at, "Start" AS bot_start_at, updated_at FROM "Antwort\"""",
            'CREATE INDEX CONCURRENTLY ON public."Antwort" ("Start")',
        ),
        (
            """ALTER TABLE surveys RENAME TO s; CREATE VIEW surveys AS SELECT survey_id, call_id,
            responded_at + interval '0' AS responded_at, satisfied, updated_at FROM s""",
            "index the column or expression that stands behind surveys.responded_at",
        ),
    ],
)
async def test_missing_index(spoilt: Spoil, spoil: str, advice: str) -> None:
    """A statement that would read a large table whole is told with the index that it needs, of the table behind."""
    found = await inspected(spoilt(spoil))
    assert [finding for finding in found.findings if advice in finding.fix], told(found)
    assert not found.failed


async def test_partitioned_table(spoilt: Spoil) -> None:
    """Of a partitioned table the root is named, whose index cannot be made CONCURRENTLY."""
    found = await inspected(
        spoilt(
            "CREATE TABLE parted (LIKE incidents INCLUDING DEFAULTS) PARTITION BY RANGE (incident_id);"
            "CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (6000);"
            "CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (6000) TO (20000);"
            "INSERT INTO parted SELECT * FROM incidents; DROP TABLE incidents; ALTER TABLE parted RENAME TO incidents;"
            "CREATE INDEX ON incidents (resolved_at); ANALYZE"
        )
    )
    assert "Fix: CREATE INDEX ON public.incidents (updated_at)" in told(found)
    assert found.sources["incidents"].version == "xmin"


async def test_no_statistics(spoilt: Spoil) -> None:
    """Tables that were never analysed are read whole in spite of their indexes: the mending is ANALYZE."""
    dsn = spoilt("CREATE TABLE c (LIKE calls INCLUDING ALL); INSERT INTO c SELECT * FROM calls; DROP TABLE calls;"
                 "ALTER TABLE c RENAME TO calls; ALTER TABLE calls SET (autovacuum_enabled = off)")  # fmt: skip
    assert "CREATE INDEX" not in told(await inspected(dsn))


async def test_views_without_row_version(spoilt: Spoil) -> None:
    """A view has no xmin: what that means is said; with a column row_xmin it is as good as a table."""
    make = "ALTER TABLE {0} RENAME TO {0}_t; CREATE VIEW {0} AS SELECT *{1} FROM {0}_t"
    found = await inspected(spoilt(f"{make.format('calls', '')}; {make.format('turns', ', xmin AS row_xmin')}"))
    assert found.sources["calls"].version is None
    assert found.sources["turns"].version == "row_xmin"
    assert "source calls: no row version: a row that commits late" in told(found)
    assert "CREATE INDEX" not in told(found)


async def test_mapped_source(spoilt: Spoil, tmp_path: Path) -> None:
    """An operator's own SELECT is looked through: its table's missing index is named."""
    own = tmp_path / "own.yaml"
    own.write_text(
        "sources: {surveys: {select: 'SELECT id AS survey_id, c AS call_id, t AS responded_at, ok AS satisfied,"
        " moved AS updated_at, xmin AS row_xmin FROM crm.answers WHERE ok IS NOT NULL'}}"
    )
    found = await inspected(
        spoilt(
            "CREATE SCHEMA crm; CREATE TABLE crm.answers AS SELECT survey_id AS id, call_id AS c, responded_at AS t,"
            "satisfied AS ok, updated_at AS moved FROM surveys; CREATE INDEX ON crm.answers (t);"
            "CREATE INDEX ON crm.answers (c); DROP TABLE surveys; ANALYZE"
        ),
        own,
    )
    assert found.sources["surveys"].version == "row_xmin"
    assert "crm.answers: is read whole" in told(found)
    assert "Fix: CREATE INDEX CONCURRENTLY ON crm.answers (moved)" in told(found)


async def test_failing_statement(spoilt: Spoil) -> None:
    """What only running shows takes down the KPIs concerned, and says no value of a row."""
    found = await inspected(
        spoilt(
            "ALTER TABLE incidents RENAME TO i; CREATE VIEW incidents AS SELECT incident_id, opened_at, updated_at,"
            " ('x' || incident_id)::timestamptz AS resolved_at FROM i"
        )
    )
    assert "source incidents, statement 'minutes: incident': cannot be read" in told(found)
    assert "SQLSTATE 22007" in told(found)
    assert "x12" not in told(found)
    assert found.failed == {"incident", "incident_open"}
    report = live(found, load_catalogue())
    assert "1 of 33 KPIs are down: incident_resolution 故障处理时效" in report


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("ALTER ROLE probe SUPERUSER", "is a superuser and may do anything"),
        ("ALTER ROLE probe CREATEDB", "may make databases. Fix: ALTER ROLE probe NOCREATEDB"),
        ("ALTER ROLE probe CREATEROLE", "may make and change roles"),
        ("ALTER ROLE probe REPLICATION", "may copy the whole server"),
        ("ALTER ROLE probe BYPASSRLS", "may pass by row-level security"),
        ("ALTER ROLE probe CONNECTION LIMIT -1", "has no connection limit. Fix: ALTER ROLE probe CONNECTION LIMIT 10"),
        ("ALTER ROLE probe RESET default_transaction_read_only", "is not read only by default"),
        ("GRANT pg_monitor TO probe", "is a member of pg_monitor"),
        ("GRANT pg_read_all_data TO probe", "is a member of pg_read_all_data"),
        ("GRANT CREATE ON SCHEMA public TO probe", "may create objects in schema public"),
        ("GRANT UPDATE (script), DELETE ON calls TO probe", "may DELETE, UPDATE on calls"),
        ("GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO probe", "may TRUNCATE on call_analyses, calls, turns"),
        ("ALTER TABLE calls ENABLE ROW LEVEL SECURITY", "sees only some rows of calls"),
    ],
)
async def test_role_that_may_too_much(postgres: Postgres, database: str, sql: str, says: str) -> None:
    """A careful role is not remarked upon; each right beyond reading is."""
    name = database.rpartition("/")[2]
    postgres.psql(
        """CREATE ROLE probe LOGIN PASSWORD 'p' CONNECTION LIMIT 10;
        ALTER ROLE probe SET default_transaction_read_only = on;
        GRANT SELECT ON ALL TABLES IN SCHEMA public TO probe""",
        name,
    )
    try:
        async with connection(Access(postgres.dsn(name, user="probe", password="p"))) as opened:
            assert await role_findings(opened, RELATIONS) == []
            postgres.psql(sql, name)
            told = [str(finding) for finding in await role_findings(opened, RELATIONS)]
            assert any(text.startswith(f"role probe: {says}") for text in told), told
    finally:
        postgres.psql("DROP OWNED BY probe; DROP ROLE probe", name)


def test_old_server_and_clock() -> None:
    """A server before 13 is an error, a clock that differs a warning."""
    server = Server("12.4", "x", "y", is_standby=False, round_trip=0.001, clock_skew=0.0)
    assert [str(f) for f in server_findings(server, 12) if f.is_error] == [
        "server: PostgreSQL 12.4 is too old. Fix: use PostgreSQL 13 or newer"
    ]
    assert server_findings(server, 13) == []
    ahead, behind = (
        server_findings(replace(server, clock_skew=skew), 18) for skew in (LARGEST_SKEW + 1, -LARGEST_SKEW - 1)
    )
    assert "its clock is 3.0 s behind this machine's" in str(ahead[0])
    assert "its clock is 3.0 s ahead of this machine's" in str(behind[0])
    assert not ahead[0].is_error


def test_report(spoilt: Spoil, tmp_path: Path) -> None:
    """The command prints a table with Chinese titles, warnings, times and series; errors on stderr; status 1."""
    dsn = spoilt("DROP TABLE incidents; DROP INDEX calls_updated_at")
    done = run("check", "--live", "--statements", folder=tmp_path, settings={"database_url": dsn})
    assert done.status == 1
    assert "incidents            incidents            UNUSABLE  -            故障处理时效" in done.out
    assert "calls                calls                readable  xmin\n" in done.out
    assert "changed rows  calls\n" in done.out
    assert "Fix: CREATE INDEX CONCURRENTLY ON public.calls (updated_at)" in done.out
    assert "series: up to about" in done.out
    assert "1 problems, 4 warnings; 1 of 33 KPIs are down: incident_resolution 故障处理时效" in done.out
    assert done.err == "outcall-exporter: source incidents: does not exist. Fix: create it, or map it under sources\n"


def test_warnings_only(filled: str, tmp_path: Path) -> None:
    """With warnings only the status is 0, and nothing is said on stderr."""
    done = run("check", "--live", folder=tmp_path, settings={"database_url": filled})
    assert (done.status, done.err) == (0, "")
    assert "all 33 KPIs can be read" in done.out
