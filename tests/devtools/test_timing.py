"""Ranges and steps."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.grafana.errors import GrafanaError
from devtools.grafana.timing import MAX_POINTS, Interval, Span, duration, interval_of, parse_span, rounded, spell

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 18, 15, 30, tzinfo=ZONE).timestamp()  # a Wednesday


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [
        ("now-24h", "now", ("2026-03-17 15:30:00", "2026-03-18 15:30:00")),
        ("now/d", "now/d", ("2026-03-18 00:00:00", "2026-03-18 23:59:59")),
        ("now-1w/w", "now-1w/w", ("2026-03-09 00:00:00", "2026-03-15 23:59:59")),
        ("now-1M/M", "now-1M/M", ("2026-02-01 00:00:00", "2026-02-28 23:59:59")),
        ("2026-03-01T00:00:00+08:00", "now-1d", ("2026-03-01 00:00:00", "2026-03-17 15:30:00")),
    ],
)
def test_ranges(start: str, end: str, wanted: tuple[str, str]) -> None:
    span = parse_span(start, end, NOW, ZONE)
    assert tuple(f"{datetime.fromtimestamp(at, ZONE):%Y-%m-%d %H:%M:%S}" for at in (span.start, span.end)) == wanted


def test_no_range() -> None:
    with pytest.raises(GrafanaError, match="empty"):
        parse_span("now", "now-1h", NOW, ZONE)
    with pytest.raises(GrafanaError, match="now-1z"):
        parse_span("now-1z", "now", NOW, ZONE)


@pytest.mark.parametrize(
    ("hours", "points", "minimum", "wanted"),
    [(24, 1500, "", 60), (6, 1500, "", 15), (24, 780, "", 120), (24, 1500, "5m", 300), (24 * 30, 1000, "1h", 3600)],
)
def test_intervals(hours: int, points: int, minimum: str, wanted: float) -> None:
    assert interval_of(Span(0, hours * 3600), points, minimum).seconds == wanted


@given(st.floats(1, 1e8), st.integers(1, 5000))
def test_never_more_points_than_a_server_gives(seconds: float, points: int) -> None:
    found = interval_of(Span(0, seconds), points)
    assert seconds / found.seconds <= MAX_POINTS * 1.5
    assert found.rate >= 4 * found.scrape
    assert rounded(found.seconds) >= 0.001


def test_rate_interval() -> None:
    assert Interval(15, 15).rate == 60
    assert Interval(300, 15).rate == 315


def test_durations() -> None:
    assert duration("1h30m") == 5400
    assert duration("250ms") == 0.25
    assert [spell(each) for each in (0.5, 15, 90, 7200, 86400)] == ["500ms", "15s", "1m", "2h", "1d"]
    with pytest.raises(GrafanaError):
        duration("soon")
