"""Polls, background ranges and sweeps in every order, across turning hours: the newest snapshot always wins.

No database: a list of facts stands for it, snapshots are copies of the list. The clock runs as the law wants it to.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.calldb.plan import Horizon, Range, first_minute, floor, touched_ranges
from exporter.calldb.reader import Filled, Reading
from exporter.calldb.tracker import Tracker, chunk_before
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue
from exporter.state.buckets import HOUR, MINUTE

# A fact without labels: one cell, so that only the arithmetic of time is tried.
DATASET = "incident"
DAY = 86400
START = 1_800_000_000 - 1_800_000_000 % HOUR

Facts = Counter[int]  # how many facts each minute holds


@cache
def catalogue() -> Catalogue:
    return load_catalogue((), timezone="Asia/Shanghai")


@dataclass(slots=True)
class Table:
    """The facts, and when they change."""

    facts: Facts = field(default_factory=Counter)
    changed: dict[int, float] = field(default_factory=dict)

    def add(self, minute: int, now: float) -> None:
        self.facts[minute] += 1
        self.changed[minute] = now

    def since(self, instant: float) -> set[int]:
        return {minute for minute, at in self.changed.items() if at >= instant}


def read(facts: Facts, wanted: Range, width: int) -> Filled:
    """What the aggregate of a range says of these facts: a count of one measure and of the rows."""
    buckets: Counter[int] = Counter()
    for minute, count in facts.items():
        if wanted.start <= minute < wanted.end:
            buckets[floor(minute, wanted.grain)] += count
    return Filled(wanted, {at: {(): (count, *[0] * (width - 2), count)} for at, count in buckets.items()})


class Run:
    """A tracker, the facts it should know, and at most one background range or sweep under way."""

    def __init__(self) -> None:
        self.now = float(START + 0.5)
        self.table = Table()
        self.tracker = Tracker(catalogue())
        self.width = catalogue().datasets[DATASET].width + 1
        self.seen: Facts = Counter()
        self.fill: tuple[Filled, bool] | None = None
        self.sweep: Reading | None = None
        self.polls = 0

    def horizon(self) -> Horizon:
        return Horizon.at(self.now, catalogue().windows)

    def reading(self, minutes: set[int]) -> Reading:
        horizon = self.horizon()
        filled = [read(self.table.facts, part, self.width) for part in touched_ranges(minutes, horizon)]
        return Reading(self.now, 1, 1, horizon, {DATASET: filled})

    def write(self, ago: int) -> None:
        self.table.add(floor(int(self.now) - ago, MINUTE), self.now)

    def wait(self, seconds: int) -> None:
        self.now += seconds

    def poll(self) -> None:
        mark = self.tracker.buckets[DATASET].mark
        first = range(first_minute(self.now), self.horizon().end, MINUTE)
        minutes = self.table.since(mark.as_of) if mark else set(first)
        reading = self.reading(minutes)
        if mark is None:
            reading.started.add(DATASET)
        self.tracker.apply(reading, self.now)
        self.seen = Counter(self.table.facts)
        self.polls += 1
        self.check()

    def begin_fill(self, *, covers: bool, seconds: int) -> None:
        """Backfill from what is covered downwards, or reconcile from the end; with the horizon of the last poll."""
        state = self.tracker.buckets[DATASET]
        if self.fill is not None or self.sweep is not None or state.covered_from is None:
            return
        horizon = Horizon.at(self.tracker.cube.as_of, catalogue().windows)
        end = state.covered_from if covers else horizon.end
        low = horizon.hours if covers else max(horizon.hours, state.covered_from)
        if end <= low:
            return
        wanted = chunk_before(end, seconds, max(horizon.minutes, low), low)
        self.tracker.begin_fill(DATASET)
        self.fill = read(self.table.facts, wanted, self.width), covers

    def end_fill(self) -> None:
        if self.fill is not None:
            filled, covers = self.fill
            self.fill = None
            self.tracker.end_fill(filled, covers=covers)

    def begin_sweep(self) -> None:
        if self.polls and self.fill is None and self.sweep is None:
            self.tracker.begin_sweep()
            self.sweep = self.reading(set(self.table.changed))

    def end_sweep(self) -> None:
        if self.sweep is not None:
            reading, self.sweep = self.sweep, None
            self.tracker.end_sweep(reading)

    def settle(self) -> None:
        """Everything ends, all history is read, and after one more poll all windows are right."""
        self.end_fill()
        self.end_sweep()
        while self.tracker.next_backfill(self.horizon().hours, [DATASET]):
            self.begin_fill(covers=True, seconds=10 * DAY)
            self.end_fill()
        self.poll()
        assert all(self.tracker.covers(DATASET, window, self.now) for window in catalogue().windows)

    def check(self) -> None:
        """Every covered window holds what the last poll's snapshot holds."""
        as_of = self.tracker.cube.as_of
        for window in catalogue().windows:
            if self.tracker.covers(DATASET, window, as_of):
                start, end = window.bounds(as_of)
                wanted = sum(count for minute, count in self.seen.items() if start <= minute < end)
                sums = self.tracker.cube.sums[DATASET, window.name].rolls.sums
                assert sum(row[0] for row in sums.values()) == wanted, window.name


# Ages at which counting goes wrong: now, the edges of a day (where minutes become hours) and of the longest window.
AGES = st.one_of(
    st.integers(0, 2 * HOUR),
    st.integers(DAY - 2 * HOUR, DAY + 2 * HOUR),
    st.integers(30 * DAY - 2 * HOUR, 30 * DAY + HOUR),
)
STEPS = st.one_of(
    st.tuples(st.just("write"), AGES),
    st.tuples(st.just("wait"), st.sampled_from([1, 15, 59, 61, 600, HOUR, 3 * HOUR])),
    st.tuples(st.just("poll"), st.just(0)),
    st.tuples(st.just("begin_backfill"), st.sampled_from([HOUR, DAY, 31 * DAY])),
    st.tuples(st.just("begin_reconcile"), st.sampled_from([HOUR, DAY, 31 * DAY])),
    st.tuples(st.just("end_fill"), st.just(0)),
    st.tuples(st.just("begin_sweep"), st.just(0)),
    st.tuples(st.just("end_sweep"), st.just(0)),
)


def play(steps: list[tuple[str, int]]) -> None:
    run = Run()
    run.poll()
    for what, size in steps:
        match what:
            case "write":
                run.write(size)
            case "wait":
                run.wait(size)
            case "poll":
                run.poll()
            case "begin_backfill":
                run.begin_fill(covers=True, seconds=size)
            case "begin_reconcile":
                run.begin_fill(covers=False, seconds=size)
            case "end_fill":
                run.end_fill()
            case "begin_sweep":
                run.begin_sweep()
            case "end_sweep":
                run.end_sweep()
    run.settle()


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_the_newest_snapshot_wins(steps: list[tuple[str, int]]) -> None:
    """However polls, background ranges and sweeps overlap, a poll leaves every covered window right."""
    play(steps)


READ_ALL = [("begin_backfill", 31 * DAY), ("end_fill", 0)] * 3


def test_a_minute_leaves_the_day_when_the_hour_turns() -> None:
    """What is forgotten at the turn of the hour is taken out of the window first."""
    last_minute = [("wait", 59 * MINUTE), ("write", 0), ("poll", 0)]
    play([*READ_ALL, *last_minute, ("wait", DAY - 30), ("poll", 0), ("wait", 95), ("poll", 0)])


def test_a_background_range_read_before_the_hour_turned() -> None:
    """Its minutes are kept no longer: their hour must not get them a second time."""
    turn = [("wait", 2 * HOUR), ("poll", 0), ("end_fill", 0)]
    play([*READ_ALL, ("write", DAY), ("poll", 0), ("begin_reconcile", 31 * DAY), *turn])


def test_a_poll_overtakes_a_sweep() -> None:
    """A sweep that began before a poll and ends after it leaves what the poll read alone."""
    change = [("wait", 1), ("write", 0), ("wait", 1), ("poll", 0), ("wait", 1)]
    play([*READ_ALL, *change, ("begin_sweep", 0), *change, ("end_sweep", 0), ("poll", 0)])
