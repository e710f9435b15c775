"""The demo's call stream: a process of its own, since making calls is CPU-bound and must not hold up polls and scrapes.

python -m exporter.demo.stream
    stdin    one line, an Order as JSON (it holds a password); then a line for each Turn of a switch; end of file ends
             the stream at once
    stdout   one line of JSON for each News
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from exporter.demo.controls import Controls
from exporter.demo.history import NEWEST_DAYS, RECENT_DAYS, History
from exporter.errors import OutcallError, UsageError
from exporter.simulate.calendar import hour_start
from exporter.simulate.command import connected, connector
from exporter.simulate.live import feed_live
from exporter.simulate.plan import SimulationPlan, zone

# So many dials at night that there is something to see at any hour.
NIGHT_SHARE = 0.8
# Polls and scrapes go first.
NICENESS = 10


@dataclass(frozen=True, slots=True)
class Order:
    """What to make, and where to write it. `dsn` is the owner's; `calls_per_day` is that of an ordinary weekday.

    `live_factor`: live calls as a multiple of the history's.
    """

    dsn: str = field(repr=False)
    days: int
    calls_per_day: int
    seed: int
    timezone: str
    recordings_dir: str
    faults: tuple[str, ...] = ()
    live_factor: float = 1.0

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

    def live(self, plan: SimulationPlan) -> SimulationPlan:
        """The plan of the live stream. Raises UsageError."""
        if not 0 < self.live_factor < 1e6:
            raise UsageError(f"--rate-factor is {self.live_factor:g}", "choose a number above 0")
        return replace(plan, calls_per_day=max(1, round(plan.calls_per_day * self.live_factor)))


@dataclass(frozen=True, slots=True)
class Turn:
    """A switch is turned."""

    fault: str
    on: bool

    def dump(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self))


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


async def run(order: Order, controls: Controls, tell: Tell) -> None:
    """Fill the history, and feed live as soon as its recent days are in. Ends only by an error, an OutcallError."""
    plan = order.plan(datetime.now(UTC))
    connect = connector(order.dsn, None)
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
                    order.live(plan),
                    stop=asyncio.Event(),
                    faults=controls.faults,
                    clock=controls.clock,
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


def obey(lines: Iterable[str], controls: Controls) -> None:
    """Turn switches as the lines say, until there are no more."""
    for line in lines:
        turn = Turn(**json.loads(line))
        controls.turn(turn.fault, on=turn.on)


def _obey_until_the_end(controls: Controls) -> None:
    """At the end of the input the demo is gone, or done with us. Nothing is worth saving: the database goes too."""
    obey(sys.stdin, controls)
    os._exit(0)


def main() -> int:
    """Read the order and carry it out; returns the exit status."""
    order = Order.parse(sys.stdin.readline())
    controls = Controls(order.faults)
    threading.Thread(target=_obey_until_the_end, args=(controls,), daemon=True).start()
    os.nice(NICENESS)
    try:
        asyncio.run(run(order, controls, tell_parent))
    except OutcallError as error:
        tell_parent(News(problem=str(error)))
    return 1


if __name__ == "__main__":
    sys.exit(main())
