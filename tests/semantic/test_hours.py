"""Business hours: by the local clock through both changes of daylight saving time, over midnight, by the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.semantic.hours import BusinessHours, business_hours, day, minutes, span
from exporter.semantic.load import load_catalogue

DAY = BusinessHours()
NIGHT = BusinessHours(((22 * 60, 6 * 60),), frozenset({5}))
HOLIDAYS = Path(__file__).parents[2] / "docs/examples/holidays.example.yaml"
SHANGHAI = ZoneInfo("Asia/Shanghai")
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
        day, night = BusinessHours(((start, until),)), BusinessHours(((until % 1440, start or 1440),))
        assert day.open_at(instant, ZoneInfo(zone)) is not night.open_at(instant, ZoneInfo(zone))


@given(
    instant=st.integers(10**9, 2 * 10**9),
    spans=st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)), min_size=1, max_size=3),
    shut=st.sets(st.integers(-2, 2)),
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC"]),
)
def test_closed_days_are_weekdays_that_are_not_worked(
    instant: int, spans: list[tuple[int, int]], shut: set[int], zone: str
) -> None:
    """A day that is closed is like one of a weekday that is not worked, an extra one like one that is; span by span."""
    today = datetime.fromtimestamp(instant, ZoneInfo(zone)).date()
    near = {today + timedelta(days=days) for days in range(-2, 3)}
    closed = frozenset(today + timedelta(days=days) for days in shut)
    hours = tuple(spans)
    weekdays = frozenset(found.isoweekday() for found in near - closed)
    found = BusinessHours(hours, closed=closed).open_at(instant, ZoneInfo(zone))
    assert found is BusinessHours(hours, weekdays).open_at(instant, ZoneInfo(zone))
    assert found is BusinessHours(hours, frozenset(), extra=frozenset(near - closed)).open_at(instant, ZoneInfo(zone))
    assert found is any(BusinessHours((of,), weekdays).open_at(instant, ZoneInfo(zone)) for of in hours)


@pytest.mark.parametrize(
    ("wall", "is_open"),
    [
        ("2026-02-13 08:00", True),  # Friday
        ("2026-02-13 11:59", True),
        ("2026-02-13 12:00", False),
        ("2026-02-13 14:00", True),
        ("2026-02-14 10:00", True),  # a Saturday that is worked
        ("2026-02-17 10:00", False),  # Spring Festival, a Tuesday
        ("2026-02-23 10:00", False),
        ("2026-02-24 10:00", True),
        ("2026-03-01 10:00", False),  # Sunday
        ("2026-10-07 19:59", False),
        ("2026-10-08 08:00", True),
    ],
)
def test_example_of_holidays(wall: str, is_open: bool) -> None:
    """The shipped example: a lunch break, weekends, the State Council's days of 2026."""
    hours = load_catalogue([HOLIDAYS]).business_hours
    assert hours.open_at(datetime.fromisoformat(wall).replace(tzinfo=SHANGHAI).timestamp(), SHANGHAI) is is_open


def test_a_closed_day_ends_with_its_night() -> None:
    """What begins on Thursday is open until Friday's morning, though Friday is closed; Saturday's morning is not."""
    hours = BusinessHours(((22 * 60, 6 * 60),), closed=frozenset({date(2026, 3, 6)}))
    walls = ("2026-03-06 05:59", "2026-03-06 22:00", "2026-03-07 05:59", "2026-03-07 22:00")
    instants = [datetime.fromisoformat(wall).replace(tzinfo=UTC).timestamp() for wall in walls]
    assert [hours.open_at(instant, UTC) for instant in instants] == [True, False, False, True]


def test_parameters() -> None:
    """As the catalogue says; the whole day is written 00:00-24:00."""
    assert load_catalogue().business_hours == business_hours({}) == DAY
    own = business_hours({
        "business_hours": "00:00-24:00", "business_weekdays": "12345",
        "closed_dates": "2026-10-01\n2026-10-02 ", "extra_open_dates": "2026-10-10",
    })  # fmt: skip
    closed, extra = frozenset({date(2026, 10, 1), date(2026, 10, 2)}), frozenset({date(2026, 10, 10)})
    assert own == BusinessHours(((0, 1440),), frozenset({1, 2, 3, 4, 5}), closed, extra)


def test_words() -> None:
    """What is a time of day, a span, a date, and what is not."""
    assert [minutes(text) for text in ("00:00", "08:30", "24:00", "24:01", "8:00", "0800", "٠8:00")] == [
        0, 510, 1440, None, None, None, None,
    ]  # fmt: skip
    assert [span(text) for text in ("08:00-12:30", "22:00-06:00", "00:00-24:00")] == [
        (480, 750),
        (1320, 360),
        (0, 1440),
    ]
    assert {span(text) for text in ("08:00", "08:00-08:00", "24:00-00:00", "08:00-12:00-14:00", "8-12")} == {None}
    assert day("2028-02-29") == date(2028, 2, 29)
    assert {day(text) for text in ("2026-02-29", "20260228", "2026-W08-6", "26-02-28", "")} == {None}
