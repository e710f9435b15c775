"""Cohorts against SQL of the tests' own, written from kpis.md over the raw tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import asyncpg
import pytest

from exporter.calldb.asking import Asker
from exporter.calldb.connect import Access, connection
from exporter.review.cohorts import cohorts, spans
from exporter.review.model import Cohorts, Span
from exporter.review.periods import span_of
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue

WEEK = span_of("2026-W12", "weekly", date(2026, 4, 2))
FIRST, LAST = datetime(2026, 3, 15, 16, tzinfo=UTC), datetime(2026, 3, 22, 16, tzinfo=UTC)

# When a customer applied, counted from the end of the contact that began a minute before it, and in which campaign.
CASES = [("-2 minutes", 1), ("-30 seconds", 1), ("7 days", 1), ("7 days 1 second", 1), ("1 day", 2)]

CONTACTS = """
WITH contacted AS (
    SELECT customer_id, campaign_id, generation, dialed_at, ended_at,
        row_number() OVER (PARTITION BY customer_id, campaign_id ORDER BY ended_at, call_id) AS place
    FROM calls
    WHERE scenario = 'acquisition' AND customer_id IS NOT NULL AND ended_at IS NOT NULL AND answered_at IS NOT NULL
        AND answered_by IS DISTINCT FROM 'machine' AND interaction_seconds >= 10
), applied AS (
    SELECT a.customer_id, c.campaign_id, min(a.applied_at) AS applied_at
    FROM credit_applications AS a JOIN calls AS c ON c.call_id = a.source_call_id
    WHERE c.scenario = 'acquisition' GROUP BY 1, 2
)
SELECT coalesce(generation, 'unknown') AS generation, count(*) AS contacted,
    count(*) FILTER (WHERE ripe) AS matured,
    count(*) FILTER (WHERE ripe AND in_time) AS applied,
    count(*) FILTER (WHERE NOT ripe AND in_time) AS applied_early
FROM (
    SELECT f.*, f.ended_at <= $3::timestamptz - interval '7 days' AS ripe,
        coalesce(a.applied_at >= f.dialed_at AND a.applied_at <= $3::timestamptz
            AND a.applied_at <= f.ended_at + interval '7 days', false) AS in_time
    FROM contacted AS f
    LEFT JOIN applied AS a ON a.customer_id = f.customer_id AND a.campaign_id = f.campaign_id
    WHERE place = 1 AND ended_at >= $1 AND ended_at < $2
) AS cohort
GROUP BY 1
"""
ENTRIES = """
SELECT bucket, count(*) AS cases, sum(overdue_cny) AS overdue,
    coalesce(sum(repaid), 0) AS repaid, count(*) FILTER (WHERE ripe) AS matured_cases,
    coalesce(sum(overdue_cny) FILTER (WHERE ripe), 0) AS matured_overdue,
    coalesce(sum(soon) FILTER (WHERE ripe), 0) AS repaid_within
FROM (
    SELECT c.*, c.entered_at <= $3::timestamptz - interval '30 days' AS ripe,
        (SELECT sum(r.amount_cny) FROM repayments AS r
         WHERE r.case_id = c.case_id AND r.reversed_at IS NULL AND r.paid_at <= $3) AS repaid,
        (SELECT sum(r.amount_cny) FROM repayments AS r
         WHERE r.case_id = c.case_id AND r.reversed_at IS NULL
         AND r.paid_at <= c.entered_at + interval '30 days') AS soon
    FROM collection_cases AS c WHERE entered_at >= $1 AND entered_at < $2
) AS cohort
GROUP BY 1
"""


async def read(dsn: str, catalogue: Catalogue, as_of: datetime, fold: Callable[[str, str | None], str]) -> Cohorts:
    access = Access(dsn)
    async with connection(access) as opened:
        return await cohorts(Asker(catalogue, opened, access, 30), WEEK, as_of.timestamp(), fold)


def same(_label: str, raw: str | None) -> str:
    return raw or "unknown"


@pytest.mark.parametrize(
    "as_of",
    [datetime(2026, 3, 26, 4, tzinfo=UTC), datetime(2026, 4, 2, 2, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)],
    ids=["half-matured", "contacts-matured", "all-matured"],
)
async def test_both_cohorts_equal_plain_sql(past: str, catalogue: Catalogue, as_of: datetime) -> None:
    """Generations and buckets, matured or not, as of three instants."""
    found = await read(past, catalogue, as_of, same)
    plain = await asyncpg.connect(past)
    contacts = {row["generation"]: tuple(row)[1:] for row in await plain.fetch(CONTACTS, FIRST, LAST, as_of)}
    entries = {row["bucket"]: tuple(row)[1:] for row in await plain.fetch(ENTRIES, FIRST, LAST, as_of)}
    await plain.close()
    (span, rows), *_ = found.contacts
    assert span == WEEK
    assert {r.generation: (r.contacted, r.matured, r.applied, r.applied_early) for r in rows} == contacts
    assert sum(row[0] for row in contacts.values()) > 100
    assert sum(row[2] + row[3] for row in contacts.values()) > 10
    (_, cases), *_ = found.entries
    assert {
        r.bucket: (r.cases, r.overdue, r.repaid, r.matured_cases, r.matured_overdue, r.repaid_within) for r in cases
    } == {
        bucket: (n, _micro(overdue), _micro(repaid), ripe, _micro(of), _micro(soon))
        for bucket, (n, overdue, repaid, ripe, of, soon) in entries.items()
    }
    assert sum(r.repaid for r in cases) > 0
    assert not found.problems


def _micro(amount: object) -> int:
    return int(amount * 10**6)  # type: ignore[operator]


def test_a_young_cohort_is_joined_by_the_newest_matured_one() -> None:
    """Four days after a week neither its contacts nor its cases have matured."""
    as_of = datetime(2026, 3, 26, 4, tzinfo=UTC).timestamp()
    assert [span.name for span in spans(WEEK, 7, as_of, "Asia/Shanghai")] == ["2026-W12", "2026-W11"]
    assert [span.name for span in spans(WEEK, 30, as_of, "Asia/Shanghai")] == ["2026-W12", "2026-W08"]
    late = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
    assert [span.name for span in spans(WEEK, 30, late, "Asia/Shanghai")] == ["2026-W12"]


async def test_a_contact_is_followed_for_seven_days(database: str) -> None:
    """An application while talking or within 7 days counts; none earlier or later, nor of another campaign."""
    ended = datetime(2026, 3, 17, 4, tzinfo=UTC)
    writer = await asyncpg.connect(database)
    for number, (offset, campaign) in enumerate(CASES, start=1):
        await writer.execute(
            "INSERT INTO calls (call_id, customer_id, campaign_id, scenario, dialed_at, answered_at, ended_at,"
            " answered_by, interaction_seconds, result) SELECT $1 + n * 100, $1, n, 'acquisition',"
            " $2::timestamptz - interval '1 minute', $2, CASE n WHEN 1 THEN $2::timestamptz ELSE NULL END,"
            " 'human', 20, 'answered' FROM generate_series(1, 2) AS n",
            number,
            ended,
        )
        await writer.execute(
            f"INSERT INTO credit_applications (application_id, customer_id, source_call_id, applied_at)"
            f" VALUES ($1, $1, $2, $3::timestamptz + interval '{offset}')",
            number,
            number + campaign * 100,
            ended,
        )
    await writer.close()
    found = await read(database, load_catalogue(), datetime(2026, 6, 1, tzinfo=UTC), same)
    ((_, rows),) = found.contacts
    assert [(row.contacted, row.matured, row.applied) for row in rows] == [(len(CASES), len(CASES), 2)]


def test_a_span_of_days_is_its_own_cohort() -> None:
    """Ranges go back in steps of their own length."""
    span = Span("2026-03-16..2026-03-25", date(2026, 3, 16), date(2026, 3, 25))
    as_of = datetime(2026, 3, 27, tzinfo=UTC).timestamp()
    assert spans(span, 7, as_of, "Asia/Shanghai")[1].first == date(2026, 3, 6)
