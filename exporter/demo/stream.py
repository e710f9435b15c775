"""The demo's call stream: a process of its own, since making calls is CPU-bound and must not hold up polls and scrapes.

    python -m exporter.demo.stream
        stdin    one line, an Order as JSON (it holds a password); then end of file, which ends the stream at once
        stdout   one line for each News, as JSON
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from exporter.demo.history import NEWEST_DAYS, RECENT_DAYS, History
from exporter.errors import OutcallError
from exporter.simulate.calendar import hour_start
from exporter.simulate.command import connected, connector
from exporter.simulate.faults import Faults
from exporter.simulate.live import feed_live
from exporter.simulate.plan import SimulationPlan, zone
from exporter.simulate.write import TROUBLE, Connection, Connector, refused

# So many dials at night that there is something to see at any hour.
NIGHT_SHARE = 0.5
# Polls and scrapes go first.
NICENESS = 10


@dataclass(frozen=True, slots=True)
class Order:
    """What to make, and where to write it. `dsn` is the owner's; `calls_per_day` is that of an ordinary weekday."""

    dsn: str = field(repr=False)
    days: int
    calls_per_day: int
    seed: int
    timezone: str
    recordings_dir: str
    faults: tuple[str, ...] = ()

    def plan(self, now: datetime) -> SimulationPlan:
        """The plan with the change of wording in its middle, at a local midnight. Raises UsageError."""
        change_day = now.astimezone(zone(self.timezone)).date() - timedelta(days=self.days // 2)
        return SimulationPlan(
            seed=self.seed,
            now=now,
            days=self.days,
            calls_per_day=self.calls_per_day,
            change_at=hour_start(self.timezone, change_day, 0),
            timezone=self.timezone,
            recordings_dir=Path(self.recordings_dir),
            night_share=NIGHT_SHARE,
        )


@dataclass(frozen=True, slots=True)
class News:
    """How far the history reaches (days back, of how many), whether the newest part is in; or what went wrong."""

    age: int = 0
    days: int = 0
    newest_in: bool = False
    problem: str = ""

    @property
    def complete(self) -> bool:
        return not self.problem and self.age == self.days


Tell = Callable[[News], None]


async def run(order: Order, tell: Tell) -> None:
    """Fill the history, and feed live as soon as its recent days are in. Ends only by an error."""
    plan = order.plan(datetime.now(UTC))
    connect = connector(order.dsn, None)
    async with connected(connect) as connection, asyncio.TaskGroup() as group:
        history = History(connection, plan)
        async for age in history.write():
            if age in (min(NEWEST_DAYS - 1, plan.days), plan.days):
                await connection.execute("ANALYZE")
            tell(News(age, plan.days, newest_in=age >= min(NEWEST_DAYS - 1, plan.days)))
            if age == min(RECENT_DAYS, plan.days):
                group.create_task(_feed(connect, plan, order, history, tell))


async def _feed(connect: Connector, plan: SimulationPlan, order: Order, history: History, tell: Tell) -> None:
    await feed_live(
        connect,
        plan,
        stop=asyncio.Event(),
        faults=Faults(order.faults),
        arriving=history.arriving,
        report=lambda problem: tell(News(problem=problem)),
    )


def main() -> int:
    """Read the order, work until told to end; returns the exit status."""
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    os.nice(NICENESS)
    ...
    return 0


if __name__ == "__main__":
    sys.exit(main())
