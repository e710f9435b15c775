"""Weeks, months and ranges of local days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import UsageError
from exporter.review.periods import before, period_of, span_of

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "cadence", "first", "last"),
    [
        (None, "weekly", date(2026, 11, 16), date(2026, 11, 22)),
        (None, "monthly", date(2026, 10, 1), date(2026, 10, 31)),
        ("2026-W01", "weekly", date(2025, 12, 29), date(2026, 1, 4)),
        ("2024-02", "monthly", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-11-01..2026-11-01", "weekly", date(2026, 11, 1), date(2026, 11, 1)),
    ],
)
def test_what_is_asked_for(text: str | None, cadence: str, first: date, last: date) -> None:
    """Both days belong to it."""
    span = span_of(text, cadence, TODAY)  # type: ignore[arg-type]
    assert (span.first, span.last) == (first, last)


@pytest.mark.parametrize(
    "text",
    [
        "2026-W54",
        "2026-13",
        "2026",
        "last",
        "2026-11-02..2026-11-01",
        "2026-12",
        "2020-01-01..2026-01-01",
        "0001-01",
        "",
    ],
)
def test_what_is_no_period(text: str) -> None:
    """One sentence and the fix; never a traceback."""
    with pytest.raises(UsageError) as error:
        span_of(text, "weekly", TODAY)
    assert error.value.fix


@given(
    st.dates(date(2001, 1, 1), date(2026, 11, 20)), st.sampled_from(["weekly", "monthly", "range"]), st.integers(1, 60)
)
def test_the_period_before_ends_where_this_one_begins(day: date, kind: str, days: int) -> None:
    """Without gap or overlap, of the same kind, in a zone with daylight saving too."""
    year, week, _ = day.isocalendar()
    last = min(day + timedelta(days=days), TODAY)
    text = {"weekly": f"{year:04}-W{week:02}", "monthly": f"{day:%Y-%m}", "range": f"{day}..{last}"}[kind]
    span = span_of(text, "weekly", TODAY)
    earlier = before(span)
    for zone in ("Asia/Shanghai", "Europe/Berlin"):
        assert period_of(earlier, zone).end == period_of(span, zone).start
    assert earlier.last + timedelta(days=1) == span.first
    if kind != "monthly":
        assert earlier.days == span.days


def test_days_are_local() -> None:
    """The week in which clocks go forward has an hour less."""
    span = span_of("2026-W13", "weekly", TODAY)
    assert period_of(span, "Europe/Berlin").seconds == 7 * 86400 - 3600
    assert period_of(span, "Asia/Shanghai").start % 86400 == 16 * 3600
