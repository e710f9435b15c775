"""`attribute --cohort` follows those who began in each period, and says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.commands.process import Done, run
from tests.oracle.attribution import effects

# A first contact every ten minutes for four days before the first of April, in two campaigns. Of the last two days'
# contacts more apply: half by a second call, of another script. One in eight applies after eight days, too late.
CONTACTS = """
INSERT INTO calls (call_id, customer_id, campaign_id, scenario, generation, script, dialed_at, answered_at, ended_at,
    answered_by, interaction_seconds)
SELECT n, n, n % 2, 'acquisition', (ARRAY['gen_z', 'elderly', 'elderly', NULL])[1 + n % 4], 'old',
    at - interval '1 minute', at - interval '1 minute', at, 'human', 20
FROM generate_series(1, 4 * 144) AS n
CROSS JOIN LATERAL (SELECT '2026-04-01 00:00+08'::timestamptz - make_interval(mins => 10 * n)) AS due (at);
INSERT INTO calls (call_id, customer_id, campaign_id, scenario, generation, script, dialed_at, answered_at, ended_at,
    answered_by, interaction_seconds)
SELECT call_id + 10000, customer_id, campaign_id, scenario, generation, 'new', at, at, at, 'human', 20
FROM calls CROSS JOIN LATERAL (SELECT ended_at + interval '3 hours') AS due (at) WHERE call_id % 2 = 0;
INSERT INTO credit_applications (application_id, customer_id, source_call_id, applied_at)
SELECT call_id, customer_id, call_id + CASE WHEN call_id % 2 = 0 THEN 10000 ELSE 0 END,
    ended_at + CASE WHEN call_id % 8 = 1 THEN interval '8 days' ELSE make_interval(hours => 4 + call_id::int % 48) END
FROM calls WHERE call_id <= 10000 AND call_id % 10 < CASE WHEN call_id <= 2 * 144 THEN 4 ELSE 2 END;
"""
# The same pace up to now, nobody applies; no contact is within five minutes of an edge.
RECENT = """
INSERT INTO calls (call_id, customer_id, campaign_id, scenario, dialed_at, answered_at, ended_at, answered_by,
    interaction_seconds)
SELECT n, n, 1, 'acquisition', at, at, at, 'human', 20 FROM generate_series(0, 12 * 144) AS n
CROSS JOIN LATERAL (SELECT now() - make_interval(mins => 5 + 10 * n)) AS due (at);
"""
# Two cases an hour; M1 repays more in the last two days. Some repay too late, some not at all, some are reversed.
CASES = """
INSERT INTO collection_cases (case_id, customer_id, generation, entered_at, bucket, overdue_cny)
SELECT n, n, (ARRAY['gen_z', 'elderly'])[1 + n % 2], '2026-04-01 00:00+08'::timestamptz - make_interval(mins => 30 * n),
    (ARRAY['M1', 'M1', 'M2'])[1 + n % 3], 100 + n % 7
FROM generate_series(1, 4 * 48) AS n;
INSERT INTO repayments (repayment_id, case_id, amount_cny, paid_at, reversed_at)
SELECT case_id, case_id, overdue_cny, entered_at + CASE WHEN case_id % 11 = 0 THEN interval '31 days' ELSE '5 days' END,
    CASE WHEN case_id % 13 = 0 THEN entered_at + interval '9 days' END
FROM collection_cases WHERE case_id % 5 < CASE WHEN case_id <= 96 AND bucket = 'M1' THEN 4 ELSE 2 END;
"""
END = 1774972800  # 2026-04-01 00:00+08
DAY = 86400
BEFORE, AFTER = (END - 4 * DAY, END - 2 * DAY), (END - 2 * DAY, END)


@pytest.fixture
async def opened(database: str) -> asyncpg.Connection[asyncpg.Record]:
    """A connection to the filled database."""
    connection = await asyncpg.connect(database)
    await connection.execute(CONTACTS)
    await connection.execute(CASES)
    return connection


def attribute(database: str, folder: Path, *words: str) -> Done:
    return run("attribute", *words, "--window", "2d", folder=folder, settings={"database_url": database})


def found(database: str, folder: Path, *words: str) -> dict[str, Any]:
    done = attribute(database, folder, *words, "--format", "json")
    assert (done.status, done.err) == (0, "")
    result: dict[str, Any] = json.loads(done.out)
    return result


@pytest.mark.parametrize(
    ("slug", "section", "by"),
    [
        ("lead_conversion", "contact_cohort", ("generation",)),
        ("lead_conversion", "contact_cohort", ("scenario", "generation", "period")),
        ("lead_conversion", "contact_cohort", ("script",)),
        ("recovery", "entry_cohort", ("generation", "bucket")),
    ],
)
async def test_effects_are_the_oracles(
    database: str,
    opened: asyncpg.Connection[asyncpg.Record],
    tmp_path: Path,
    slug: str,
    section: str,
    by: tuple[str, ...],
) -> None:
    """Every slice's, under the labels of the contact or case; they add up to the change."""
    words = ("--cohort", "--at", "2026-04-01", "--by", ",".join(by))
    result = found(database, tmp_path, slug, *words)
    expected, change = await effects(opened, section, by, BEFORE, AFTER)
    slices = {tuple(each["labels"].values()): (each["rate"], each["mix"]) for each in result["slices"]}
    assert slices.keys() == expected.keys()
    assert slices == {key: pytest.approx((float(r), float(m)), abs=1e-9) for key, (r, m) in expected.items()}
    assert sum(map(sum, slices.values())) == pytest.approx(result["change"], abs=1e-12)
    assert result["change"] == pytest.approx(float(change), abs=1e-9)
    assert result["change"] > 0.05
    await opened.close()


async def test_counts_are_of_the_contacts(
    database: str, opened: asyncpg.Connection[asyncpg.Record], tmp_path: Path
) -> None:
    """By cohort applications of a second call are the first one's; by period they are the second one's."""
    cohort = found(database, tmp_path, "lead_conversion", "--cohort", "--at", "2026-04-01", "--by", "script")
    period = found(database, tmp_path, "lead_conversion", "--at", "2026-04-01", "--by", "script")
    assert (cohort["basis"], cohort["cohort"]["of"], cohort["cohort"]["days"]) == ("cohort", "contact", 7)
    assert (period["basis"], period["cohort"]) == ("period", None)
    assert [each["labels"] for each in cohort["slices"]] == [{"script": "old"}]
    assert {each["labels"]["script"] for each in period["slices"]} == {"old", "new"}
    rows = await opened.fetch(
        """SELECT ended_at >= $1, count(*), count(*) FILTER (WHERE call_id % 8 <> 1
             AND call_id % 10 < CASE WHEN call_id <= 2 * 144 THEN 4 ELSE 2 END)
           FROM calls WHERE call_id <= 4 * 144 GROUP BY 1 ORDER BY 1""",
        await opened.fetchval("SELECT to_timestamp($1::int)", AFTER[0]),
    )
    sides = [(cohort[side]["denominator"], cohort[side]["numerator"]) for side in ("before", "after")]
    assert sides == [(of, applied) for _, of, applied in rows]
    await opened.close()


async def test_text_names_the_basis(database: str, opened: asyncpg.Connection[asyncpg.Record], tmp_path: Path) -> None:
    """In both languages; by period it says that there is a cohort, where there is one."""
    await opened.close()
    cohort = attribute(database, tmp_path, "lead_conversion", "--cohort", "--at", "2026-04-01")
    period = attribute(database, tmp_path, "lead_conversion", "--at", "2026-04-01")
    other = attribute(database, tmp_path, "effective_contact", "--at", "2026-04-01")
    assert [done.status for done in (cohort, period, other)] == [0, 0, 0]
    assert "口径 basis: 触达队列（窗口内首次有效触达的客户），跟踪 7 天 contact cohort (customers" in cohort.out
    assert "期间（窗口内发生的） by period (what happened then)" in period.out
    assert "--cohort 跟踪同一批人" in period.out
    assert "--cohort" not in cohort.out + other.out


async def test_the_young_are_left_out_and_told(database: str, tmp_path: Path) -> None:
    """Of a window that reaches a day into the last seven; without --at it ends where these begin."""
    connection = await asyncpg.connect(database)
    await connection.execute(RECENT)
    instant = await connection.fetchval("SELECT now() - interval '6 days'")
    await connection.close()
    at = ("lead_conversion", "--cohort", "--at", instant.isoformat())
    result = found(database, tmp_path, *at)
    assert result["cohort"]["not_matured"] == {"before": 0, "after": 144}
    assert [result[side]["denominator"] for side in ("before", "after")] == [288, 144]
    assert "7 days not being over: 0 in the reference, 144 in the window" in attribute(database, tmp_path, *at).out
    matured = found(database, tmp_path, "lead_conversion", "--cohort")
    assert matured["cohort"]["not_matured"] == {"before": 0, "after": 0}
    assert [matured[side]["denominator"] for side in ("before", "after")] == [288, 288]


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (("csat", "--cohort"), 2, "csat has no cohort. Fix: choose lead_conversion or recovery, or leave --cohort out"),
        (
            ("lead_conversion", "--cohort", "--at", "2026-01-01"),
            1,
            "only those count who began 7 days ago or earlier. Fix: end them at least 7 days ago with --at, or choose",
        ),
    ],
)
async def test_errors(database: str, tmp_path: Path, words: tuple[str, ...], status: int, text: str) -> None:
    """One sentence, with the fix."""
    done = attribute(database, tmp_path, *words)
    assert (done.status, done.out) == (status, "")
    assert text in done.err
    assert len(done.err.splitlines()) == 1


async def test_a_table_that_is_missing(database: str, tmp_path: Path) -> None:
    """Told without a traceback."""
    connection = await asyncpg.connect(database)
    await connection.execute("DROP TABLE repayments")
    await connection.close()
    done = attribute(database, tmp_path, "recovery", "--cohort", "--at", "2026-04-01")
    assert (done.status, done.out) == (1, "")
    assert "repayments does not exist: create it, or map it under sources" in done.err
