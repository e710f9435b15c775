"""A plan that makes no stream is refused with a sentence that names the value and the fix."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import UsageError
from exporter.simulate.calendar import add_months, hour_start
from exporter.simulate.faults import FAULTS, Faults
from exporter.simulate.generate import minutes_of
from exporter.simulate.plan import EPOCH, MINUTE, SimulationPlan, minute_of

NOW = datetime(2026, 4, 1, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"days": -1}, "days is -1"),
        ({"days": 100_000}, "days is 100000"),
        ({"calls_per_day": 0}, "calls per day is 0"),
        ({"calls_per_day": 10**9}, "calls per day is 1e.09"),
        ({"timezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"timezone": "../etc/passwd"}, "unknown time zone"),
        ({"now": datetime(2026, 4, 1)}, "now has no time zone"),  # noqa: DTZ001 - that is the mistake
        ({"change_at": datetime(2026, 4, 1)}, "change_at has no time zone"),  # noqa: DTZ001
        ({"now": datetime(1970, 1, 1, tzinfo=UTC)}, "before 2022"),
        ({"night_share": -0.5}, "night share is -0.5"),
    ],
)
def test_refused(wrong: dict[str, object], named: str) -> None:
    """The error names the wrong value."""
    values: dict[str, object] = {"seed": 1, "now": NOW, **wrong}
    with pytest.raises(UsageError, match=named) as error:
        SimulationPlan(**values)  # type: ignore[arg-type]
    assert error.value.fix


def test_unknown_fault() -> None:
    """A fault that does not exist is refused, and the error lists those that do."""
    with pytest.raises(UsageError, match="elderly_hangup"):
        Faults(["earthquake"])


def test_fault_switches() -> None:
    """Faults are switched on and off one by one, and each has a title in both languages."""
    faults = Faults(["violations"])
    faults.switch("dialect_asr", on=True)
    assert faults.active == {"violations", "dialect_asr"}
    faults.switch("violations", on=False)
    assert faults.active == {"dialect_asr"}
    assert all(fault.title_zh and fault.title_en and fault.effect for fault in FAULTS)


def test_history_begins_at_a_local_midnight() -> None:
    """Days are those of the business time zone."""
    plan = SimulationPlan(seed=1, now=NOW, days=2, timezone="America/New_York")
    assert EPOCH + plan.first_minute * MINUTE == datetime(2026, 3, 30, 4, tzinfo=UTC)


@pytest.mark.parametrize(("day", "hours"), [(8, 23), (9, 24)])
def test_days_of_a_clock_change(day: int, hours: int) -> None:
    """A day on which the clocks change has as many minutes as it has."""
    plan = SimulationPlan(seed=1, now=NOW, timezone="America/New_York")
    assert len(minutes_of(plan, date(2026, 3, day))) == hours * 60


@given(st.datetimes(datetime(2022, 1, 1), datetime(2040, 1, 1)), st.integers(0, 30))  # noqa: DTZ001 - made aware below
def test_add_months(naive: datetime, months: int) -> None:
    """The month is that many months later, the day the same or the month's last."""
    instant = naive.replace(tzinfo=UTC)
    later = add_months(instant, months)
    assert (later.year - instant.year) * 12 + later.month - instant.month == months
    assert later.day == instant.day or (later.day < instant.day and (later + timedelta(days=1)).day == 1)
    assert later.time() == instant.time()


@given(st.integers(0, 20 * 366 * 1440))
def test_minutes(number: int) -> None:
    """A minute and its number belong to each other."""
    assert minute_of(EPOCH + number * MINUTE + timedelta(seconds=59)) == number


def test_hours_are_instants_of_the_business_day() -> None:
    """Local hours become UTC."""
    assert hour_start("Asia/Shanghai", date(2026, 3, 1), 8) == datetime(2026, 3, 1, tzinfo=UTC)
