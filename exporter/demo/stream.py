"""The demo's call stream: a process of its own, since making calls is CPU-bound and must not hold up polls and scrapes.

python -m exporter.demo.stream
    stdin    one line, an Order as JSON (it holds a password); then end of file, which ends the stream at once
    stdout   one line of JSON for each News
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from exporter.demo.history import NEWEST_DAYS, RECENT_DAYS, History
from exporter.errors import OutcallError
from exporter.simulate.calendar import hour_start
from exporter.simulate.command import connected, connector
from exporter.simulate.faults import Faults
from exporter.simulate.live import feed_live
from exporter.simulate.plan import SimulationPlan, zone

# So many dials at night that there is something to see at any hour.
NIGHT_SHARE = 0.8
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

    def dump(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, line: str) -> Self:
        """The order of such a line."""
        data = json.loads(line)
        return cls(**{**data, "faults": tuple(data["faults"])})

    def plan(self, now: datetime) -> SimulationPlan:
        """The plan, with the change of wording in its middle, at a local midnight. Raises UsageError."""
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
    """The history reaches `age` of `days` days back; `problem`: what went wrong, in one sentence."""

    age: int = 0
    days: int = 0
    problem: str = ""

    @property
    def newest_is_in(self) -> bool:
        """Whether there is enough to begin serving."""
        return not self.problem and self.age >= min(NEWEST_DAYS - 1, self.days)


Tell = Callable[[News], None]


async def run(order: Order, tell: Tell) -> None:
    """Fill the history, and feed live as soon as its recent days are in. Ends only by an error, an OutcallError."""
    plan = order.plan(datetime.now(UTC))
    connect, faults = connector(order.dsn, None), Faults(order.faults)
    feeding: asyncio.Task[object] | None = None
    async with connected(connect) as connection:
        history = History(connection, plan)
        async for age in history.write():
            if age in _milestones(plan.days):
                await connection.execute("ANALYZE")
            tell(News(age, plan.days))
            if feeding is None and age >= min(RECENT_DAYS, plan.days):
                live = feed_live(
                    connect,
                    plan,
                    stop=asyncio.Event(),
                    faults=faults,
                    arriving=tuple(history.arriving),
                    report=lambda problem: tell(News(problem=problem)),
                )
                feeding = asyncio.create_task(live)
    if feeding is not None:
        await feeding


def _milestones(days: int) -> set[int]:
    """Ages at which the planner's statistics are brought up to date."""
    return {min(NEWEST_DAYS - 1, days), min(RECENT_DAYS, days), days}


def tell_parent(news: News) -> None:
    """One line on stdout; nobody reads it any more when the demo is gone."""
    with suppress(OSError):
        print(json.dumps(asdict(news)), flush=True)


def _end_with_stdin() -> None:
    """The demo is gone, or done with us. Nothing is worth saving: the database goes too."""
    sys.stdin.read()
    os._exit(0)


def main() -> int:
    """Read the order and carry it out; returns the exit status."""
    order = Order.parse(sys.stdin.readline())
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    os.nice(NICENESS)
    try:
        asyncio.run(run(order, tell_parent))
    except OutcallError as error:
        tell_parent(News(problem=str(error)))
    return 1


if __name__ == "__main__":
    sys.exit(main())
