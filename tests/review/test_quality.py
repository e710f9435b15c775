"""Late, missing and rejected rows, and incidents, over a handful of rows written by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from exporter.review.document import document
from exporter.review.markdown import markdown
from exporter.review.model import Rejected, Review
from exporter.review.words import Words
from exporter.semantic.model import Catalogue
from tests.review.conftest import read

MONDAY = datetime(2026, 3, 15, 16, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
async def review(database: str, catalogue: Catalogue) -> Review:
    """A month with calls on two days of a week, one of them written late, and five incidents."""
    writer = await asyncpg.connect(database)
    for number, (ended, written) in enumerate(
        [(MONDAY + HOUR, 2 * HOUR), (MONDAY + HOUR, DAY + HOUR), (MONDAY + 2 * DAY, HOUR)], start=1
    ):
        await writer.execute(
            "INSERT INTO calls (call_id, customer_id, scenario, dialed_at, ended_at, result, updated_at)"
            " VALUES ($1, 1, 'operations', $2, $2, 'busy', $3)",
            number,
            ended,
            ended + written,
        )
    incidents = [
        (MONDAY, MONDAY + HOUR),
        (MONDAY - DAY, MONDAY + 2 * HOUR),  # opened before the week
        (MONDAY + DAY, None),  # open still
        (MONDAY + DAY, MONDAY + 30 * DAY),  # open at the week's end
        (MONDAY + DAY, MONDAY + HOUR),  # over before it began
    ]
    for number, (opened, resolved) in enumerate(incidents, start=1):
        await writer.execute("INSERT INTO incidents VALUES ($1, $2, $3)", number, opened, resolved)
    await writer.close()
    return await read(database, catalogue, "monthly", "2026-03-16..2026-03-22")


async def test_incidents_of_a_period(review: Review) -> None:
    """Counted by opening and by resolution; a resolution before the opening is no time."""
    found = review.incidents
    assert (found.opened, found.resolved, found.open_at_end) == (4, 3, 2)
    assert found.mean == pytest.approx(3600 * (1 + 26) / 2)
    assert found.longest == 26 * 3600
    assert {each.number for each in found.listed[:1]} == {3}


async def test_late_missing_and_rejected(review: Review, catalogue: Catalogue) -> None:
    """One of three calls was late; five days have none; one incident makes no sense."""
    calls = next(each for each in review.quality.sources if each.source == "calls")
    assert (calls.rows, calls.late) == (3, 1)
    monday = date(2026, 3, 16)
    assert review.quality.silent == tuple(monday + n * DAY for n in (1, 3, 4, 5, 6))
    assert Rejected("incident", "resolved_before_opened", 1) in review.quality.rejected
    text = markdown(document(Words(catalogue, "zh"), review, None))
    assert "没有通话的日子：2026-03-17, 2026-03-19" in text
    assert "| incident | resolved\\_before\\_opened | 1 |" in text
