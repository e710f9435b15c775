"""Windows slide as time passes: over minutes, hours and days, gaps, restarts and half-read history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from exporter.calldb.plan import Horizon
from exporter.calldb.tracker import Tracker, chunk_before
from exporter.semantic.model import Window
from exporter.state.buckets import HOUR
from exporter.state.store import Store
from tests.calldb.platform import Fact, Platform, add_fact
from tests.state import brute, small

WINDOWS = (
    Window("5m", 300, "minute"),
    Window("2h", 7200, "minute"),
    Window("6h", 21600, "hour"),
    Window("2d", 172800, "hour"),
)
CATALOGUE = small.catalogue(WINDOWS)
NAMES = sorted(CATALOGUE.datasets)
# The clocks change in Berlin and in New York, a year ends, an hour is about to end, has just begun, is exactly full.
STARTS = tuple(
    datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    for text in (
        "2026-03-29T00:58:30",
        "2026-11-01T05:30:00",
        "2026-12-31T23:59:59.999999",
        "2027-06-01T08:59:00.000001",
        "2027-06-01T09:00:00",
    )
)
STEPS = (0.25, 15.0, 59.999999, 60.0, 61.0, 600.0, 1800.0, 3600.0, 5400.0, 9000.0, 4 * HOUR, 7 * HOUR, 80 * HOUR)
AGES = st.sampled_from((0.0, 1.0, 59.0, 299.0, 300.0, 301.0, 3600.0, 7199.0, 7260.0, 20_000.0, 90_000.0, 180_000.0))


def wrong_windows(tracker: Tracker, platform: Platform, as_of: float) -> list[str]:
    """Covered windows whose sums are not those of the facts."""
    wrong = []
    for name in NAMES:
        minutes: dict[int, dict[tuple[str | None, ...], tuple[int, ...]]] = {}
        for fact in platform.facts[name]:
            add_fact(minutes, fact, 60)
        facts = brute.Facts()
        for start, cells in minutes.items():
            facts.put_minute(start, cells)
        for window in WINDOWS:
            sums, fold = tracker.cube.sums[name, window.name], tracker.cube.folding.value
            expected = brute.tables(CATALOGUE, facts, name, window, as_of, fold)
            if tracker.covers(name, window, as_of) and [sums.cells.sums, sums.rolls.sums] != expected:
                wrong.append(f"{name} {window.name}: {sums.cells.sums} != {expected[0]}")
    return wrong


class Days(RuleBasedStateMachine):
    """Facts come in late, early and changed; polls, backfill and restarts happen at any distance."""

    @initialize(start=st.sampled_from(STARTS))
    def begin(self, start: float) -> None:
        self.folder = TemporaryDirectory()
        self.now = start
        self.platform = Platform(CATALOGUE)
        self.store = Store(Path(self.folder.name))
        self.tracker = Tracker(CATALOGUE, self.store)
        self.poll(0.0, set())

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @rule(name=st.sampled_from(NAMES), ages=st.lists(AGES, min_size=1, max_size=4), ahead=st.booleans(), data=st.data())
    def insert(self, name: str, ages: list[float], ahead: bool, data: st.DataObject) -> None:
        """Rows with anchors before now, on the edges of windows; or ahead of it."""
        labels, vector = data.draw(small.labels_of(CATALOGUE.datasets[name])), data.draw(small.VECTORS)
        for age in ages:
            anchor = self.now + age if ahead else self.now - age
            self.platform.facts[name].append(Fact(anchor, self.now, labels, vector))

    @rule(name=st.sampled_from(NAMES), which=st.integers(0, 99), vector=small.VECTORS)
    def update(self, name: str, which: int, vector: tuple[int, ...]) -> None:
        """A row changes in place."""
        facts = self.platform.facts[name]
        if facts:
            at = which % len(facts)
            facts[at] = replace(facts[at], written=self.now, vector=vector)

    @rule(seconds=st.sampled_from(STEPS), failing=st.sets(st.sampled_from(NAMES), max_size=1))
    def poll(self, seconds: float, failing: set[str]) -> None:
        """Time passes, a poll sees everything but the failing sources; all that was read is right."""
        self.now += seconds
        names = [name for name in NAMES if name not in failing]
        self.tracker.apply(self.platform.poll(self.now, self.tracker.marks(names)), self.now)
        read = Platform(CATALOGUE)
        read.facts |= {name: self.platform.facts[name] for name in names}
        wrong = wrong_windows(self.tracker, read, self.now)
        assert [text for text in wrong if text.split()[0] in names] == []

    @rule(chunk=st.sampled_from((600, 3600, 7200, 40_000)), steps=st.integers(1, 12), pause=st.sampled_from(STEPS[:8]))
    def backfill(self, chunk: int, steps: int, pause: float) -> None:
        """History is read in chunks; during the last one a poll goes by."""
        for step in range(steps):
            horizon = Horizon.at(self.tracker.cube.as_of, WINDOWS)
            name = self.tracker.next_backfill(horizon.hours, NAMES)
            end = self.tracker.buckets[name].covered_from if name else None
            if name is None or end is None:
                return
            kept = horizon.keeping(CATALOGUE.datasets[name].late_hours)
            wanted = chunk_before(end, chunk, kept.minutes, kept.hours)
            self.tracker.begin_fill(name)
            filled = self.platform.fill(name, wanted)
            if step == steps - 1:
                self.poll(pause, set())
            self.tracker.end_fill(filled, covers=True)

    @rule(name=st.sampled_from(NAMES), seconds=st.sampled_from(STEPS[:6]))
    def retry(self, name: str, seconds: float) -> None:
        """One dataset is read apart from the others: the windows stay where they are until the next poll."""
        self.now += seconds
        as_of = self.tracker.cube.as_of
        self.tracker.apply(self.platform.poll(self.now, self.tracker.marks([name])), self.now, whole=False)
        assert self.tracker.cube.as_of == as_of

    @rule()
    def restart(self) -> None:
        """Another process goes on from the state that was saved."""
        self.store.close()
        self.store = Store(Path(self.folder.name))
        before, self.tracker = self.tracker, Tracker(CATALOGUE, self.store)
        assert self.tracker.buckets == before.buckets
        assert before.cube.as_of <= self.tracker.cube.as_of <= self.now


Days.TestCase.settings = settings(max_examples=40, stateful_step_count=25)
TestDays = Days.TestCase


HOUR_START = STARTS[4]
# A second before the longest window of minutes leaves an hour behind; two seconds later its minutes are forgotten.
EDGE = HOUR_START + 59 * 60 - 1
assert Horizon.at(EDGE + 2, WINDOWS).minutes == Horizon.at(EDGE, WINDOWS).minutes + HOUR


def read_all(now: float, *facts: Fact) -> tuple[Platform, Tracker]:
    """A tracker that has polled, and read the history of `plain`."""
    platform, tracker = Platform(CATALOGUE), Tracker(CATALOGUE)
    platform.facts["plain"] = list(facts)
    tracker.apply(platform.poll(now, {"plain": None}), now)
    horizon = Horizon.at(now, WINDOWS)
    while (end := tracker.buckets["plain"].covered_from or 0) > horizon.hours:
        tracker.begin_fill("plain")
        wanted = chunk_before(end, HOUR, horizon.minutes, horizon.hours)
        tracker.end_fill(platform.fill("plain", wanted), covers=True)
    assert wrong_windows(tracker, platform, now) == []
    return platform, tracker


@pytest.mark.parametrize("covers", [False, True], ids=["reconcile", "backfill"])
def test_minutes_that_grow_old_while_they_are_read(covers: bool) -> None:
    """The hour turns between reading and applying: minutes that are no longer kept do not count a second time."""
    now = EDGE
    oldest = Horizon.at(now, WINDOWS).minutes
    platform, tracker = read_all(now, Fact(oldest + 90, 0.0, (), (1, 1, 1)), Fact(oldest + 3700, 0.0, (), (1, 2, 1)))
    tracker.begin_fill("plain")
    late = platform.fill("plain", chunk_before(oldest + 7200, 7200, oldest, 0))
    tracker.apply(platform.poll(now + 2, tracker.marks(["plain"])), now + 2)
    assert tracker.end_fill(late, covers=covers) == {}
    assert wrong_windows(tracker, platform, now + 2) == []


def test_history_that_was_only_half_read_when_the_hour_turned() -> None:
    """Minutes that were not taken over are not covered: their hour is read instead, whole."""
    now = EDGE
    oldest = Horizon.at(now, WINDOWS).minutes
    platform, tracker = Platform(CATALOGUE), Tracker(CATALOGUE)
    platform.facts["plain"] = [Fact(oldest + seconds, 0.0, (), (1, 1, 1)) for seconds in (90, 1890, 3690)]
    tracker.apply(platform.poll(now, {"plain": None}), now)
    tracker.buckets["plain"].covered_from = oldest + 1800
    for start in (oldest + 1860, oldest + 3660):
        tracker.buckets["plain"].replace_minute(start, {(): (1, 1, 1)})
    tracker.begin_fill("plain")
    late = platform.fill("plain", chunk_before(oldest + 1800, 1200, oldest, 0))
    tracker.apply(platform.poll(now + 2, tracker.marks(["plain"])), now + 2)
    tracker.end_fill(late, covers=True)
    assert tracker.buckets["plain"].covered_from == oldest + 1800
    horizon = Horizon.at(now + 2, WINDOWS)
    wanted = chunk_before(oldest + 1800, HOUR, horizon.minutes, horizon.hours)
    assert (wanted.start, wanted.end) == (oldest, oldest + HOUR)
    tracker.begin_fill("plain")
    tracker.end_fill(platform.fill("plain", wanted), covers=True)
    assert tracker.buckets["plain"].covered_from == oldest
    hours = tracker.buckets["plain"].hours
    assert [hours[oldest + at].tolist() for at in (0, HOUR)] == [[0, 2, 2, 2], [0, 1, 1, 1]]


@pytest.mark.parametrize("sweep", [False, True], ids=["range", "sweep"])
def test_what_a_poll_put_meanwhile_is_newer(sweep: bool) -> None:
    """A background result from an older snapshot leaves alone what a poll has put since, and only that."""
    now = HOUR_START + 1830
    platform, tracker = read_all(now, Fact(now - 100, 0.0, (), (1, 1, 1)), Fact(now - 200, 0.0, (), (1, 1, 1)))
    marks = tracker.marks(["plain"])
    facts = platform.facts["plain"]
    facts[1] = replace(facts[1], vector=(1, 5, 1))  # as a clock that was put back writes it: no poll sees it
    if sweep:
        tracker.begin_sweep()
        whole = [platform.fill("plain", chunk_before(int(HOUR_START) + 1860, 600, 0, 0))]
        late = replace(platform.poll(now, marks), filled={"plain": whole})
    else:
        tracker.begin_fill("plain")
        late_range = platform.fill("plain", chunk_before(int(HOUR_START) + 1860, 600, 0, 0))
    facts[0] = replace(facts[0], written=now + 1, vector=(1, 7, 1))
    tracker.apply(platform.poll(now + 2, marks), now + 2)
    if sweep:
        tracker.end_sweep(late)
    else:
        minute = int(facts[1].anchor) // 60 * 60
        assert tracker.end_fill(late_range, covers=False) == {(60, minute): 1}
    assert wrong_windows(tracker, platform, now + 2) == []


def test_a_failed_background_read_changes_nothing() -> None:
    """None stands for it; a later range is not mistaken for it."""
    now = HOUR_START + 1830
    platform, tracker = read_all(now, Fact(now - 100, 0.0, (), (1, 1, 1)))
    before = (dict(tracker.buckets["plain"].minutes), tracker.buckets["plain"].covered_from)
    tracker.begin_fill("plain")
    assert tracker.end_fill(None, covers=True) == {}
    stray = platform.fill("plain", chunk_before(int(HOUR_START), 600, 0, 0))
    assert tracker.end_fill(stray, covers=True) == {}
    tracker.begin_sweep()
    tracker.end_sweep(None)
    assert (tracker.buckets["plain"].minutes, tracker.buckets["plain"].covered_from) == before


@pytest.mark.parametrize("step", [15.0, 65.0, 601.0, 1800.0, 3600.0, 7100.0, 5 * 3600.0])
def test_a_fact_enters_and_leaves_each_window_once(step: float) -> None:
    """A fact is in a window exactly while ceil(T) - W <= its bucket < ceil(T), at whatever pace T goes on."""
    platform, tracker = Platform(CATALOGUE), Tracker(CATALOGUE)
    start = STARTS[3] - 2 * HOUR
    now = start - 3 * 86400
    while now < start + 3 * 86400:
        if abs(now - start) < step:
            platform.facts["plain"] = [Fact(start + 30.0, now, (), (1, 1, 1))]
        tracker.apply(platform.poll(now, {"plain": tracker.buckets["plain"].mark}), now)
        for window in WINDOWS:
            grain = 60 if window.grain == "minute" else HOUR
            first, end = brute.bounds(window, now)
            inside = bool(platform.facts["plain"]) and first <= (start + 30.0) // grain * grain < end
            if tracker.covers("plain", window, now):
                assert bool(tracker.cube.sums["plain", window.name].cells.sums) == inside, (window.name, now - start)
        now += step if abs(now - start) < 2 * HOUR else max(step, 1800.0)
