"""What the call database holds from before the history: old calls with recordings, and the panel's first value.

Recordings are judged six months after they were made. So that this shows in a history of weeks, a few calls of each day
stand there from the months before, for the whole of the windows now and for the days of live feeding to come.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from exporter.simulate.background import panel_customers, snapshots
from exporter.simulate.calendar import hour_start
from exporter.simulate.experience import LOOKAHEAD, RETENTION_MONTHS
from exporter.simulate.generate import generate_minute
from exporter.simulate.plan import SimulationPlan, minute_of
from exporter.simulate.tables import Facts

ARCHIVED_HOURS = (10, 11, 15, 19)
LONGEST_WINDOW = timedelta(days=31)


def founding(plan: SimulationPlan) -> Facts:
    """The panel of customers with the snapshots of the month in which the history begins."""
    facts = Facts()
    facts.first["customers"] += panel_customers(plan)
    facts.first["ltv_snapshots"] += snapshots(plan, plan.first_day.replace(day=1))
    return facts


def archived_minutes(plan: SimulationPlan) -> Iterator[int]:
    """The minutes, newest first, whose calls are kept from before the history."""
    # A month is at most 31 days; a few days too many do no harm.
    retention = timedelta(days=31 * RETENTION_MONTHS)
    today = plan.now.astimezone(plan.zone).date()
    newest = min(plan.first_day - timedelta(days=1), today - retention + LOOKAHEAD)
    for number in range((newest - _oldest(today, retention)).days + 1):
        for hour in reversed(ARCHIVED_HOURS):
            yield minute_of(hour_start(plan.timezone, newest - timedelta(days=number), hour))


def archived(plan: SimulationPlan, minute: int) -> Facts:
    """The old calls of one minute."""
    return generate_minute(plan, minute, sparse=True)


def _oldest(today: date, retention: timedelta) -> date:
    return today - retention - LONGEST_WINDOW
