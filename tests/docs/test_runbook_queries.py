"""What a runbook says can be run as it stands: PromQL by promtool, SQL by PostgreSQL on a database that holds rows."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest
import yaml

from exporter.simulate.history import fill_history
from exporter.simulate.plan import SimulationPlan
from tests.docs.runbook_pages import NAMES, PAGES, page_of, queries, statements

if TYPE_CHECKING:
    from exporter.simulate.write import Connection

# Of a person, or a way to one: never in a result that is pasted into a ticket.
PERSONAL = {"birth_date", "sha256", "phone", "name", "id_number", "card_number", "transcript", "path", "url"}
# Where an instant becomes a day, a month, an hour.
CUTS = re.compile(
    r"date_trunc\((?:[^()]|\([^()]*\))*\)|(?:\b[\w.]+|\((?:[^()]|\([^()]*\))*\))::date\b|to_char\([^()]*\)"
)
# Rows that are breaches of 20 days ago and were written just now, and two neighbours of each that are none.
LATE = """
INSERT INTO calls (call_id, customer_id, scenario, dialed_at, ended_at, updated_at)
SELECT n, n, 'collection', now() - interval '20 days', now() - interval '20 days', now() - n * interval '1 minute'
FROM generate_series(1, 4) AS n;
INSERT INTO do_not_call (customer_id, added_at, removed_at, updated_at) VALUES
    (1, now() - interval '21 days', NULL, now() - interval '20 days'),
    (2, now() - interval '21 days', now() - interval '19 days', now()),
    (3, now() - interval '21 days', now() - interval '20 days 1 hour', now()),
    (4, now() - interval '19 days', NULL, now());
INSERT INTO masking_scans (scan_id, call_id, scanned_at, sensitive, masked, updated_at) VALUES
    (1, 1, now() - interval '20 days', 3, 2, now() - interval '1 minute'),
    (2, NULL, now() - interval '20 days', 3, 0, now()),
    (3, NULL, now() - interval '20 days', 3, 3, now()),
    (4, 1, now() - interval '20 days', 0, 0, now());
INSERT INTO recordings (recording_id, call_id, started_at, deleted_at, updated_at) VALUES
    (1, 1, now() - interval '50 days', now() - interval '20 days', now() - interval '1 minute'),
    (2, NULL, now() - interval '50 days', now() - interval '20 days', now()),
    (3, NULL, now() - interval '1 year', now() - interval '20 days', now()),
    (4, 1, now() - interval '50 days', NULL, now());
"""
BREACHES = [
    ("OutcallBlockedRedialBreach", "call_id", [2, 1]),
    ("OutcallMaskingBreach", "scan_id", [2, 1]),
    ("OutcallRecordingRetentionBreach", "recording_id", [2, 1]),
]


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    """To a database with the canonical schema and no rows."""
    opened: Connection = await asyncpg.connect(database)
    try:
        yield opened
    finally:
        await opened.close()


def test_promql_parses(tmp_path: Path) -> None:
    """Each query as a rule, by promtool."""
    rules = [
        {"record": f"{name}:{number}", "expr": query}
        for name, page in zip(NAMES, PAGES, strict=True)
        for number, query in enumerate(queries(page))
    ]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "runbooks", "rules": rules}]}), "utf-8")
    promtool = shutil.which("promtool")
    assert promtool is not None, "promtool is not installed; run `make system-packages`"
    found = subprocess.run([promtool, "check", "rules", str(file)], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    assert f"{len(rules)} rules found" in found.stdout


async def test_sql_runs_and_only_reads(connection: Connection) -> None:
    """On some days of the simulator's and without a row, in transactions that may not write; nothing of a person."""
    await _run_all(connection)
    plan = SimulationPlan(seed=5, now=datetime.now(UTC), days=3, calls_per_day=600, night_share=0.1)
    await fill_history(connection, plan, progress=lambda _done, _text: None)
    await connection.execute(LATE)
    await _run_all(connection)


async def _run_all(connection: Connection) -> None:
    for page in PAGES:
        for statement in statements(page):
            try:
                async with connection.transaction(readonly=True):
                    prepared = await connection.prepare(statement)
                    await prepared.fetch()
            except asyncpg.PostgresError as error:
                pytest.fail(f"{page.stem}: {error}\n{statement}")
            shown = {column.name for column in prepared.get_attributes()}
            assert not shown & PERSONAL, f"{page.stem}: {shown & PERSONAL}\n{statement}"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_sql_names_its_columns_and_cuts_time_in_the_business_zone(page: Path) -> None:
    """A server in UTC would cut days at 08:00 local; `*` would show whatever a table holds besides."""
    for statement in statements(page):
        assert not re.search(r"(?<!count\()\*\s*(?:,|\bFROM\b)|\.\*", statement), statement
        cuts = CUTS.findall(statement)
        assert all("AT TIME ZONE 'Asia/Shanghai'" in cut for cut in cuts), statement


@pytest.mark.parametrize(("alert", "key", "expected"), BREACHES, ids=[alert for alert, _, _ in BREACHES])
async def test_late_breaches_come_first(connection: Connection, alert: str, key: str, expected: list[int]) -> None:
    """Those of weeks ago too, of a call or of none, what was written last on top; and nothing that is no breach."""
    await connection.execute(LATE)
    listed = await connection.fetch(statements(page_of(alert))[0])
    assert [row[key] for row in listed] == expected


async def test_the_cost_of_a_calendar_month_is_not_that_of_the_window(connection: Connection) -> None:
    """Two monthly bookings: each month has its own, and its own first grants; other scenarios cost nothing here."""
    await connection.execute("""
        CREATE TEMP TABLE month AS SELECT at AS began, at + interval '12 hours' AS noon FROM (VALUES
            (date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai' - interval '1 day'),
            (date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai')) AS days (at);
        INSERT INTO calls (call_id, customer_id, scenario, ended_at, cost_cny)
            SELECT 2 * row_number() OVER (ORDER BY began), 1, 'acquisition', began, 343 FROM month
            UNION ALL SELECT 2 * row_number() OVER (ORDER BY began) + 1, 2, 'collection', began, 1000 FROM month;
        INSERT INTO cost_ledger (entry_id, booked_at, scenario, amount_cny)
            SELECT row_number() OVER (ORDER BY began), noon, 'acquisition', 147 FROM month;
        INSERT INTO credit_applications (application_id, customer_id, source_call_id, granted_at)
            SELECT n, 1, 2 * n, noon FROM (SELECT row_number() OVER (ORDER BY began) AS n, noon FROM month) AS numbered;
        INSERT INTO credit_applications (application_id, customer_id, source_call_id, granted_at)
            SELECT 9, 7, 4, max(noon) FROM month;
    """)
    found = await connection.fetch(statements(page_of("OutcallAcquisitionCostHigh"))[1])
    assert [(int(row["granted"]), int(row["cost_cny"])) for row in found] == [(1, 490), (1, 490)]


def test_the_checks_can_fail() -> None:
    """What counts as a query of its own, and as a cut of time."""
    text = statements(page_of("OutcallComplaintHigh"))
    assert len(text) == 2
    assert all(part.startswith("SELECT") for part in text)
    assert CUTS.findall("date_trunc('month', now()) + a.b::date") == ["date_trunc('month', now())", "a.b::date"]
