"""Timetables of reviews: what may be written, and when they strike, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.semantic.timetable import (
    Monthly,
    Timetable,
    Weekly,
    following,
    instants,
    parse_monthly,
    parse_weekly,
)

# Clocks that leap by an hour, by half an hour, over midnight, and over a whole day (Apia, at the end of 2011).
ZONES = ("Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia")
MOMENTS = st.floats(min_value=1.2e9, max_value=1.9e9).map(lambda at: round(at, 3))
CLOCKS = st.times(min_value=time(0), max_value=time(23, 59)).map(lambda at: at.replace(second=0, microsecond=0))
WEEKS, MONTHS = st.builds(Weekly, st.integers(0, 6), CLOCKS), st.builds(Monthly, st.integers(1, 28), CLOCKS)


def test_what_may_be_written() -> None:
    assert parse_weekly("mon 08:00") == Weekly(0, time(8))
    assert parse_weekly(" SUN 23:59 ") == Weekly(6, time(23, 59))
    assert parse_monthly("1 08:00") == Monthly(1, time(8))
    assert parse_monthly("28 00:00") == Monthly(28, time(0))
    assert [parse("never") for parse in (parse_weekly, parse_monthly)] == [None, None]
    assert [parse("") for parse in (parse_weekly, parse_monthly)] == [None, None]


@pytest.mark.parametrize(
    "text", ["monday 08:00", "mon 8:00", "mon 24:00", "mon 08:60", "08:00", "mon", "1 08:00", "no"]
)
def test_what_may_not_of_a_week(text: str) -> None:
    with pytest.raises(ValueError, match=r"^is no weekday and time of the form 'mon 08:00' \('never': none\)$"):
        parse_weekly(text)


@pytest.mark.parametrize("text", ["mon 08:00", "1st 08:00", "1 8:00", "1 24:00", "1", "-1 08:00"])
def test_what_may_not_of_a_month(text: str) -> None:
    with pytest.raises(ValueError, match="is no day of the month and time of the form '1 08:00'"):
        parse_monthly(text)


@pytest.mark.parametrize("text", ["0 08:00", "29 08:00", "99 08:00"])
def test_a_day_that_not_every_month_has(text: str) -> None:
    with pytest.raises(ValueError, match="the day of the month is not 1 to 28"):
        parse_monthly(text)


@given(WEEKS | MONTHS, st.sampled_from(ZONES), MOMENTS)
def test_it_strikes_once_each_time(table: Timetable, zone_name: str, now: float) -> None:
    """No week and no month is left out or comes twice; the next one is the first after now."""
    zone = ZoneInfo(zone_name)
    found = instants(table, zone, now, 6)
    days = [day for day, _ in found]
    assert all(at <= now for _, at in found)
    assert [at for _, at in found] == sorted((at for _, at in found), reverse=True)
    for day, before in pairwise(days):
        if isinstance(table, Weekly):
            assert day - before == timedelta(days=7)
        else:
            assert (day.year * 12 + day.month) - (before.year * 12 + before.month) == 1
    then = following(table, zone, now)
    assert then > now
    assert instants(table, zone, then, 2)[1] == found[0]


def test_a_time_that_the_clock_leaps_over_or_repeats() -> None:
    """Half past two in Berlin: not there at the end of March, there twice at the end of October."""
    zone, table = ZoneInfo("Europe/Berlin"), Weekly(6, time(2, 30))
    [(day, at)] = instants(table, zone, datetime(2026, 3, 29, 12, tzinfo=UTC).timestamp(), 1)
    assert (day, datetime.fromtimestamp(at, zone).time()) == (date(2026, 3, 29), time(3, 30))
    [(day, at)] = instants(table, zone, datetime(2026, 10, 25, 12, tzinfo=UTC).timestamp(), 1)
    assert (day, datetime.fromtimestamp(at, UTC).time()) == (date(2026, 10, 25), time(0, 30))
