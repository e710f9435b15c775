"""Laws of the plan: every touched minute is read once, history is tiled, an open transaction is waited for."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from exporter.calldb.plan import (
    MOST_RANGES,
    History,
    Horizon,
    Range,
    entered_minutes,
    first_minute,
    floor,
    touched_ranges,
)
from exporter.calldb.tracker import chunk_before
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Window
from exporter.state.buckets import HOUR, MINUTE, Mark
from tests.state import brute

WINDOWS = load_catalogue().windows
BASE = 1_790_000_000 // HOUR * HOUR
# Anywhere within two days, exactly on the edges too, to the microsecond.
INSTANTS = st.one_of(
    st.integers(BASE, BASE + 2 * 86400).map(float),
    st.integers(BASE // MINUTE, BASE // MINUTE + 2 * 1440).map(lambda minute: float(minute * MINUTE)),
    st.integers(BASE // HOUR, BASE // HOUR + 48).map(lambda hour: float(hour * HOUR)),
    st.integers(BASE * 1_000_000, (BASE + 7200) * 1_000_000).map(lambda micro: micro / 1_000_000),
)


@given(INSTANTS, st.sampled_from(WINDOWS))
def test_bounds_are_those_of_the_contract(as_of: float, window: Window) -> None:
    """[ceil(T) - W, ceil(T)) to the grain; T itself lies in the window's last bucket or on its end."""
    start, end = window.bounds(as_of)
    assert (start, end) == brute.bounds(window, as_of)
    grain = MINUTE if window.grain == "minute" else HOUR
    assert end - start == window.seconds
    assert end - grain < as_of <= end


@given(INSTANTS)
def test_the_horizon_holds_every_window(as_of: float) -> None:
    """Minutes in whole hours, hours up to the end of the running one; neither an hour more than is needed."""
    horizon = Horizon.at(as_of, WINDOWS)
    for window in WINDOWS:
        start, end = brute.bounds(window, as_of)
        kept = horizon.minutes if window.grain == "minute" else horizon.hours
        assert kept <= start
        assert end <= horizon.end
    assert horizon.minutes % HOUR == horizon.hours % HOUR == horizon.end % HOUR == 0
    assert 0 <= brute.bounds(WINDOWS[2], as_of)[0] - horizon.minutes < HOUR
    assert horizon.hours == brute.bounds(WINDOWS[4], as_of)[0]
    assert as_of < horizon.end <= as_of + HOUR


@given(INSTANTS, st.integers(0, 900))
def test_a_dataset_may_keep_minutes_longer(as_of: float, hours: int) -> None:
    """At least so many whole hours, never fewer than the windows need, never beyond the hours that are kept."""
    horizon = Horizon.at(as_of, WINDOWS)
    kept = horizon.keeping(hours)
    assert (kept.hours, kept.end, kept.minutes % HOUR) == (horizon.hours, horizon.end, 0)
    assert kept.minutes == max(horizon.hours, min(horizon.minutes, horizon.end - hours * HOUR))


def buckets_of(ranges: list[Range]) -> list[tuple[int, int]]:
    """(grain, start) of every bucket of the ranges."""
    return [(r.grain, start) for r in ranges for start in range(r.start, r.end, r.grain)]


@given(INSTANTS, st.sets(st.integers(-40 * 1440, 90)), st.sampled_from((0, 60, 600)), st.integers(0, 72))
def test_touched_minutes_are_read_once(as_of: float, offsets: set[int], gap: int, late_hours: int) -> None:
    """As minutes where those are kept, below as whole hours, beyond the horizon not at all; no bucket twice."""
    horizon = Horizon.at(as_of, WINDOWS).keeping(late_hours)
    touched = {int(as_of) // MINUTE * MINUTE + offset * MINUTE for offset in offsets}
    ranges = touched_ranges(touched, horizon, gap)
    read = buckets_of(ranges)
    assert len(read) == len(set(read))
    for start in touched:
        hour = start // HOUR * HOUR
        kept, old = horizon.minutes <= start < horizon.end, horizon.hours <= start < horizon.minutes
        assert [(MINUTE, start) in read, (HOUR, hour) in read] == [kept, old]
    for wanted in ranges:
        assert wanted.start % wanted.grain == wanted.end % wanted.grain == 0
        first, last = (horizon.minutes, horizon.end) if wanted.grain == MINUTE else (horizon.hours, horizon.minutes)
        assert first <= wanted.start < wanted.end <= last


def test_neighbours_are_one_statement() -> None:
    """Joined where they touch, and over gaps that are cheaper to read than another statement."""
    horizon = Horizon.at(BASE + 30.0, WINDOWS)
    minutes = [BASE - MINUTE * at for at in (1, 2, 3, 7)]
    whole = [Range(MINUTE, BASE - 7 * MINUTE, BASE - 6 * MINUTE), Range(MINUTE, BASE - 3 * MINUTE, BASE)]
    assert touched_ranges(minutes, horizon) == whole
    assert touched_ranges(minutes, horizon, gap=3 * MINUTE) == [Range(MINUTE, BASE - 7 * MINUTE, BASE)]


def test_a_mass_update_is_a_bounded_number_of_statements() -> None:
    """However scattered: every other minute and every other hour."""
    horizon = Horizon.at(BASE + 30.0, WINDOWS)
    minutes = [*range(horizon.minutes, horizon.end, 2 * MINUTE), *range(horizon.hours, horizon.minutes, 2 * HOUR)]
    ranges = touched_ranges(minutes, horizon)
    for grain in (MINUTE, HOUR):
        assert 0 < sum(r.grain == grain for r in ranges) <= MOST_RANGES
    assert {start for grain, start in buckets_of(ranges) if grain == MINUTE} >= set(minutes[:10])


@given(INSTANTS, st.floats(0, 6 * HOUR))
def test_minutes_of_hours_that_began_are_read_again(before: float, gap: float) -> None:
    """Rows with an anchor ahead were beyond the horizon of the poll before: each such minute comes up once."""
    then, now = Horizon.at(before, WINDOWS), Horizon.at(before + gap, WINDOWS)
    assert list(entered_minutes(Mark(before, before, 1), now)) == list(range(then.end, now.end, MINUTE))


@given(INSTANTS)
def test_the_first_poll_covers_the_shortest_window(as_of: float) -> None:
    """5 minutes are there at once, and not much more is read for it."""
    start = brute.bounds(WINDOWS[0], as_of)[0]
    assert start - MINUTE <= first_minute(as_of) <= start


@given(INSTANTS, st.lists(st.integers(1, 40 * 86400), min_size=1, max_size=60), st.integers(0, 72))
def test_chunks_tile_the_horizon(as_of: float, sizes: list[int], late_hours: int) -> None:
    """Whatever their sizes: from the first minute down to the oldest hour without gap or overlap, and to an end."""
    horizon = Horizon.at(as_of, WINDOWS).keeping(late_hours)
    end = first_minute(as_of)
    chunks: list[Range] = []
    while end > horizon.hours:
        size = sizes[len(chunks) % len(sizes)]
        chunk = chunk_before(end, size, horizon.minutes, horizon.hours)
        chunks.append(chunk)
        assert chunk.end - chunk.start <= max(size, chunk.grain)
        end = chunk.start
        if len(chunks) > 400:
            return  # many small chunks: the law has been seen to hold for a while
    assert chunks[-1].start == horizon.hours
    assert all(earlier.start == later.end for earlier, later in pairwise(chunks))
    assert chunks[0].end == first_minute(as_of)
    for chunk in chunks:
        assert (chunk.grain == MINUTE) == (chunk.start >= horizon.minutes)
        assert chunk.start % chunk.grain == chunk.end % chunk.grain == 0


@given(INSTANTS, st.integers(1, 59), st.integers(1, 20 * HOUR))
def test_a_chunk_below_the_minutes_is_of_whole_hours(as_of: float, minute: int, size: int) -> None:
    """Also where reading stopped in the middle of an hour whose minutes are no longer kept: that hour comes again."""
    horizon = Horizon.at(as_of, WINDOWS)
    stopped = horizon.minutes - HOUR + minute * MINUTE
    chunk = chunk_before(stopped, size, horizon.minutes, horizon.hours)
    assert (chunk.grain, chunk.end) == (HOUR, horizon.minutes)
    assert chunk.start % HOUR == 0
    assert chunk.start < stopped


@given(st.integers(-(10**10), 10**10), st.sampled_from((MINUTE, HOUR)))
def test_floor_is_the_bucket_of_an_instant(instant: int, grain: int) -> None:
    """Before 1970 too."""
    assert floor(instant, grain) <= instant < floor(instant, grain) + grain
    assert floor(instant, grain) % grain == 0


LONGEST = 3600.0


@given(st.data())
def test_no_transaction_is_left_behind(data: st.DataObject) -> None:
    """A row that a poll could not see is stamped no earlier than the floor that the poll returned.

    Transactions take their ids in the order in which they begin and stamp rows from then on; polls happen in between.
    """
    history, next_id, now = History(LONGEST, []), 100, float(BASE)
    running: dict[int, float] = {}
    for _ in range(data.draw(st.integers(1, 25))):
        now += data.draw(st.floats(0.001, 300))
        action = data.draw(st.sampled_from(("begin", "begin", "end", "poll", "poll")))
        if action == "begin":
            running[next_id] = now
            next_id += 1
        elif action == "end" and running:
            del running[data.draw(st.sampled_from(sorted(running)))]
        elif action == "poll":
            result = history.floor(now, min(running, default=next_id), next_id)
            young = [began for began in running.values() if began >= now - LONGEST]
            assert now - LONGEST <= result <= min([now, *young])


def test_nothing_running_means_now() -> None:
    """Then the next poll has to look back no further than the overlap."""
    history = History(LONGEST, [])
    assert history.floor(BASE, 7, 7) == BASE
    assert history.floor(BASE + 15.0, 7, 9) == BASE


def test_what_was_running_before_the_first_poll_may_be_old() -> None:
    """Nobody knows since when: the longest transaction that is expected."""
    assert History(LONGEST, []).floor(BASE, 5, 7) == BASE - LONGEST


def test_a_long_transaction_holds_the_floor_back() -> None:
    """As long as it is open, and no longer than the limit."""
    history = History(LONGEST, [])
    assert history.floor(BASE, 7, 7) == BASE
    assert [history.floor(BASE + at, 7, 9) for at in (15.0, 600.0, 3600.0)] == [BASE] * 3
    assert history.floor(BASE + 4000.0, 7, 9) == BASE + 400.0
    assert history.floor(BASE + 4010.0, 9, 9) == BASE + 4010.0


def test_the_memory_of_ids_is_bounded() -> None:
    """By age, and by number where polls follow each other closely."""
    history = History(LONGEST, [(BASE + number / 10, number) for number in range(20_000)])
    history.floor(BASE + 2000.0, 20_000, 20_000)
    assert len(history.seen) == 10_001
    history.floor(BASE + 1999.9 + LONGEST, 20_001, 20_001)
    assert [at for at, _ in history.seen] == [BASE + 1999.9, BASE + 2000.0, BASE + 1999.9 + LONGEST]
