"""What is due and what is missing: every period exactly once, whenever the service runs."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from exporter.review.model import Cadence
from exporter.review.periods import period_of
from exporter.review.schedule import LOOK_BACK, Plan, lately, missing, next_due
from exporter.semantic.timetable import Timetable, parse_monthly, parse_weekly
from tests.semantic.test_timetable import MONTHS, WEEKS, ZONES

WEEK = 7 * 86400.0


def at(zone: str, *, month: int, day: int, hour: int) -> float:
    return datetime(2026, month, day, hour, tzinfo=ZoneInfo(zone)).timestamp()


def plan_of(weekly: str = "", monthly: str = "", zone: str = "Asia/Shanghai") -> Plan:
    return planned(zone, parse_weekly(weekly), parse_monthly(monthly))


def planned(zone: str, weekly: Timetable | None, monthly: Timetable | None) -> Plan:
    tables: dict[Cadence, Timetable | None] = {"weekly": weekly, "monthly": monthly}
    return Plan(zone, {cadence: table for cadence, table in tables.items() if table is not None})


def stems(plan: Plan, now: float, *written: str) -> list[str]:
    return [due.stem for due in missing(plan, now, written)]


def test_a_new_folder_begins_with_the_newest() -> None:
    """On Monday at eight the last week, a moment before that the week before it."""
    plan = plan_of("mon 08:00", "1 08:00")
    monday = at("Asia/Shanghai", month=11, day=16, hour=8)
    assert stems(plan, monday) == ["review-monthly-2026-10", "review-weekly-2026-W46"]
    assert stems(plan, monday - 1) == ["review-monthly-2026-10", "review-weekly-2026-W45"]
    assert stems(plan_of("wed 08:00"), monday) == ["review-weekly-2026-W45"]
    assert next_due(plan, monday - 1) == monday
    assert next_due(plan_of(), monday) is None
    assert stems(plan_of(), monday) == []


def test_an_outage_leaves_no_gap() -> None:
    """All since the oldest that is there, not from before it, and not for ever."""
    plan, now = plan_of("mon 08:00"), at("Asia/Shanghai", month=11, day=18, hour=12)
    weeks = [f"review-weekly-2026-W{number}" for number in range(30, 47)]
    assert stems(plan, now, weeks[-4]) == weeks[-3:]
    assert stems(plan, now, weeks[-4], weeks[-2]) == [weeks[-3], weeks[-1]]
    assert len(stems(plan, now, weeks[-LOOK_BACK["weekly"]])) == LOOK_BACK["weekly"] - 1
    assert stems(plan, now, weeks[0]) == weeks[-LOOK_BACK["weekly"] :]
    assert stems(plan, now, weeks[0], weeks[-2]) == [*weeks[-LOOK_BACK["weekly"] : -2], weeks[-1]]


def test_what_was_written_by_hand_is_no_beginning() -> None:
    """Other days than a timetable's, and the other cadence, tell nothing; one before it is due is the oldest."""
    plan, now = plan_of("wed 08:00"), at("Asia/Shanghai", month=11, day=17, hour=12)
    newest = "review-weekly-2026-W45"
    others = ("review-weekly-2026-08-01..2026-08-14", "review-weekly-2026-08", "review-monthly-2026-08")
    assert stems(plan, now, *others) == [newest]
    assert stems(plan, now, "review-weekly-2026-W46") == []
    assert stems(plan, now + WEEK, "review-weekly-2026-W46") == []
    assert stems(plan, now + 2 * WEEK, "review-weekly-2026-W46") == ["review-weekly-2026-W47"]


@given(
    st.sampled_from(ZONES),
    st.none() | WEEKS,
    st.none() | MONTHS,
    st.floats(min_value=1.2e9, max_value=1.8e9),
    st.lists(st.floats(min_value=0.0, max_value=5 * WEEK), min_size=1, max_size=12),
)
def test_every_period_exactly_once(
    zone: str, weekly: Timetable | None, monthly: Timetable | None, start: float, pauses: list[float]
) -> None:
    """Over any sequence of runs and outages: nothing twice, nothing before it is over, no gap."""
    plan = planned(zone, weekly, monthly)
    written: dict[str, float] = {}
    now = start
    for pause in pauses:
        for due in missing(plan, now, written):
            assert due.stem not in written
            assert period_of(due.span, zone).end <= now
            written[due.stem] = now
        assert missing(plan, now, written) == []
        now += pause
    for cadence in plan.tables:
        spans = [due.span for due in reversed(lately(plan, now - pauses[-1])) if due.cadence == cadence]
        known = [span for span in spans if f"review-{cadence}-{span.name}" in written]
        # From the oldest of those that are looked for, each one follows the one before.
        assert known == spans[len(spans) - len(known) :]
        assert all((after.first - span.last).days == 1 for span, after in pairwise(known))
        assert known


@given(st.sampled_from(ZONES), WEEKS, st.floats(min_value=1.2e9, max_value=1.8e9))
def test_each_is_written_soon_after_it_is_due(zone: str, weekly: Timetable, now: float) -> None:
    """Asleep until the next instant that is told, one finds exactly the next period."""
    plan = Plan(zone, {"weekly": weekly})
    [first] = missing(plan, now, ())
    wake = next_due(plan, now)
    assert wake is not None
    # Where a clock leaps over midnight the week may be over an hour later.
    [second] = missing(plan, wake + 3600, {first.stem})
    assert (second.span.first - first.span.last).days == 1


def test_a_day_is_that_of_the_business_time_zone() -> None:
    """Eight in the morning of Shanghai is midnight of UTC."""
    now = datetime(2026, 11, 16, 0, 0, tzinfo=UTC).timestamp()
    assert stems(plan_of("mon 08:00"), now) == ["review-weekly-2026-W46"]
    assert stems(plan_of("mon 08:00", zone="UTC"), now) == ["review-weekly-2026-W45"]
