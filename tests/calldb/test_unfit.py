"""Sums beyond 64 bits take down the dataset that has them, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from exporter.calldb.plan import Horizon, Range
from exporter.calldb.reader import Cells, Filled, Reading
from exporter.calldb.tracker import Tracker, UnfitError
from exporter.state.buckets import HOUR, MINUTE
from exporter.state.store import Store
from tests.state import small
from tests.support.gauges import stepper
from tests.support.history import History

OWN = """
kpis:
  stakes:
    title: {zh: 金额, en: Stakes}
    definition: {zh: 金额/外呼, en: stakes / dials}
    dimension: business
    kind: mean
    unit: cny
    direction: higher
    cadence: weekly
    numerator: [stakes]
    denominator: [dials]
    targets: [{severity: warning, value: 1}]
    measures:
      stakes: {fact: dial, sum: "calls.campaign_id", scale: 12, help: Sum of stakes}
"""
DATASET = "dial.stakes"
# Each fits into 64 bits, two of them do not: one a minute, in one hour of yesterday.
ABSURD = """
INSERT INTO calls (call_id, campaign_id, scenario, dialed_at, ended_at, result)
SELECT 900000 + number, 5000000, 'collection', at, at, 'busy' FROM generate_series(1, 2) AS number,
    LATERAL (SELECT date_trunc('hour', now()) - interval '20 hours' + number * interval '10 minutes' AS at) AS place
"""
MEND = "UPDATE calls SET campaign_id = 1, updated_at = clock_timestamp() WHERE call_id > 900000"

AS_OF = 1_790_000_000 // HOUR * HOUR + 1800.5
HALF = 2**62


def overflowing() -> Filled:
    """Three minutes of one hour, of which the third does not fit into it; the first alone would have."""
    start = int(AS_OF) // HOUR * HOUR
    labels: tuple[str | None, ...] = ("collection", "gen_z", "noon", "A")
    buckets: dict[int, Cells] = {start + MINUTE * number: {labels: (1, HALF, 1)} for number in range(3)}
    return Filled(Range(MINUTE, start, start + 3 * MINUTE), buckets)


def reading(filled: Filled, *, started: bool = False) -> Reading:
    """A poll that has read a range of `dial`, and nothing of `plain`."""
    found = Reading(AS_OF, 1, 2, Horizon.at(AS_OF, small.WINDOWS))
    found.filled = {"dial": [filled], "plain": []}
    found.started = {"dial", "plain"} if started else set()
    return found


def test_nothing_of_it_is_taken_over(tmp_path: Path) -> None:
    """The buckets, the windows and the mark are as before, in memory and on disk; other datasets go on."""
    catalogue = small.catalogue()
    fits = Filled(overflowing().range, {})
    with Store(tmp_path) as store:
        tracker = Tracker(catalogue, store)
        assert tracker.apply(reading(fits, started=True), AS_OF) == []
        mark = tracker.buckets["dial"].mark
        later = reading(overflowing())
        later.as_of += 15
        assert tracker.apply(later, AS_OF + 15) == ["dial"]
        dial, plain = tracker.buckets["dial"], tracker.buckets["plain"]
        assert (dial.mark, dial.minutes, dial.hours) == (mark, {}, {})
        assert not any(sums.cells.sums for (name, _), sums in tracker.cube.sums.items() if name == "dial")
        assert plain.mark is not None
        assert plain.mark.as_of == AS_OF + 15
    with Store(tmp_path) as store:
        assert Tracker(catalogue, store).buckets["dial"].minutes == {}


def test_a_dataset_that_begins_with_it_is_not_begun() -> None:
    tracker = Tracker(small.catalogue())
    assert tracker.apply(reading(overflowing(), started=True), AS_OF) == ["dial"]
    assert tracker.buckets["dial"].mark is None
    assert tracker.buckets["dial"].covered_from is None


def test_background_ranges(tmp_path: Path) -> None:
    """Backfill and sweep tell it too, and may be tried again."""
    tracker = Tracker(small.catalogue())
    tracker.apply(reading(Filled(overflowing().range, {}), started=True), AS_OF)
    tracker.begin_fill("dial")
    with pytest.raises(UnfitError):
        tracker.end_fill(overflowing(), covers=True)
    tracker.begin_sweep()
    assert tracker.end_sweep(reading(overflowing())) == ["dial"]
    assert tracker.buckets["dial"].minutes == {}


async def test_only_its_own_gauges_are_gone(database: str, tmp_path: Path) -> None:
    """Found by a poll, after a restart too; when the rows are mended, the dataset is read again."""
    own = tmp_path / "own.yaml"
    own.write_text(OWN, "utf-8")
    writer = await asyncpg.connect(database)
    history = History(11, datetime.now(UTC))
    await history.apply(writer, history.operations(60))
    async with stepper(database, own_files=[own], state_dir=tmp_path / "state") as exporter:
        await exporter.poll()
        await exporter.backfill()
        await writer.execute(ABSURD)
        await exporter.poll()
        out = exporter.lanes.health.quarantined
        assert set(out) == {DATASET}
        assert out[DATASET].problem.startswith("calls has figures too large to add up")
        assert await exporter.differences() == []
        assert not [name for name, _ in exporter.gauges() if name.startswith("outcall_stakes")]
    async with stepper(database, own_files=[own], state_dir=tmp_path / "state") as exporter:
        await exporter.poll()
        assert set(exporter.lanes.health.quarantined) == {DATASET}
        await writer.execute(MEND)
        await exporter.lanes.background._retry(exporter.opened, [DATASET])
        await exporter.poll()
        assert exporter.lanes.health.quarantined == {}
        assert await exporter.differences() == []
        assert [name for name, _ in exporter.gauges() if name.startswith("outcall_stakes")]
    await writer.close()


async def test_history_that_does_not_fit(database: str, tmp_path: Path) -> None:
    """Found by the backfill: the rest of the history is read all the same."""
    own = tmp_path / "own.yaml"
    own.write_text(OWN, "utf-8")
    writer = await asyncpg.connect(database)
    await writer.execute(ABSURD)
    async with stepper(database, own_files=[own]) as exporter:
        await exporter.poll()
        await exporter.backfill()
        assert set(exporter.lanes.health.quarantined) == {DATASET}
        assert await exporter.differences() == []
    await writer.close()
