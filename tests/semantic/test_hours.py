"""Business hours follow the local clock: through both changes of daylight saving time, over midnight, by weekday."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.semantic.hours import BusinessHours, business_hours, minutes
from exporter.semantic.load import load_catalogue

DAY = BusinessHours(8 * 60, 20 * 60)
NIGHT = BusinessHours(22 * 60, 6 * 60, frozenset({5}))
# (zone, local time as it stands on the wall, its offset in hours, open from 08:00 to 20:00)
INSTANTS = [
    ("Asia/Shanghai", "2026-03-02 07:59:59", 8, False),
    ("Asia/Shanghai", "2026-03-02 08:00:00", 8, True),
    ("Asia/Shanghai", "2026-03-02 19:59:59", 8, True),
    ("Asia/Shanghai", "2026-03-02 20:00:00", 8, False),
    # The day on which the clock goes forward: 08:00 comes an hour earlier.
    ("Europe/Berlin", "2026-03-28 08:00:00", 1, True),
    ("Europe/Berlin", "2026-03-29 08:00:00", 2, True),
    ("Europe/Berlin", "2026-03-29 07:59:59", 2, False),
    # And back.
    ("Europe/Berlin", "2026-10-24 20:00:00", 2, False),
    ("Europe/Berlin", "2026-10-25 19:59:59", 1, True),
    ("Europe/Berlin", "2026-10-25 20:00:00", 1, False),
    ("America/New_York", "2026-11-01 08:00:00", -5, True),
]


@pytest.mark.parametrize(("zone", "wall", "offset", "is_open"), INSTANTS)
def test_by_the_clock_on_the_wall(zone: str, wall: str, offset: int, is_open: bool) -> None:
    local = datetime.fromisoformat(wall).replace(tzinfo=UTC) - timedelta(hours=offset)
    assert DAY.open_at(local.timestamp(), ZoneInfo(zone)) is is_open


@pytest.mark.parametrize(
    ("instant", "is_open"),
    [
        ("2026-03-06T21:59:59", False),  # Friday
        ("2026-03-06T22:00:00", True),
        ("2026-03-07T05:59:59", True),  # Saturday, of Friday's night
        ("2026-03-07T06:00:00", False),
        ("2026-03-07T22:30:00", False),
        ("2026-03-06T03:00:00", False),  # Friday, of Thursday's night
    ],
)
def test_over_midnight_the_weekday_is_that_of_the_evening(instant: str, is_open: bool) -> None:
    at = datetime.fromisoformat(instant).replace(tzinfo=UTC).timestamp()
    assert NIGHT.open_at(at, ZoneInfo("UTC")) is is_open


@given(
    instant=st.integers(0, 4 * 10**9),
    start=st.integers(0, 1439),
    until=st.integers(0, 1440),
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC"]),
)
def test_what_is_not_day_is_night(instant: int, start: int, until: int, zone: str) -> None:
    """Every instant lies in the hours or in those between their end and their beginning, never in both."""
    if start != until % 1440:
        day, night = BusinessHours(start, until), BusinessHours(until % 1440, start or 1440)
        assert day.open_at(instant, ZoneInfo(zone)) is not night.open_at(instant, ZoneInfo(zone))


def test_parameters() -> None:
    """As the catalogue says; the whole day is written 00:00 to 24:00."""
    assert load_catalogue().business_hours == DAY
    own = business_hours({"business_from": "00:00", "business_until": "24:00", "business_weekdays": "12345"})
    assert own == BusinessHours(0, 1440, frozenset({1, 2, 3, 4, 5}))
    assert [minutes(text) for text in ("00:00", "08:30", "24:00", "24:01", "8:00", "0800", "٠8:00")] == [
        0, 510, 1440, None, None, None, None,
    ]  # fmt: skip
