"""The values of the status page, built from a small call center whose figures are known (tests/golden/world.py)."""

from __future__ import annotations

import math

import pytest

from exporter.expose.board import StatusBuilder
from exporter.expose.snapshot import KpiStatus, Status
from exporter.kpi.value import wilson
from exporter.state.buckets import HOUR, RawLabels, Vector
from tests.golden.world import AS_OF, World, shown, world


@pytest.fixture
def made() -> World:
    return world()


def build(made: World) -> Status:
    return StatusBuilder(made.lanes, made.exposition).build(made.runs)


def kpi(made: World, slug: str) -> KpiStatus:
    return next(item for item in build(made).kpis if item.slug == slug)


def test_every_kpi_is_there(made: World) -> None:
    """In the catalogue's order, also those without a value."""
    assert [item.slug for item in build(made).kpis] == list(made.lanes.catalogue.kpis)


STATES = {
    "early_hangup": ("critical", "24h", 436 / 1360),
    "system_failure": ("ok", "24h", 0.004),
    "effective_contact": ("ok", "24h", 0.6),
    "connect": ("no_target", "24h", 0.68),
    "escalation": ("watch", "24h", 300 / 1360),
    "lead_conversion": ("below_goal", "5m", 89 / 590),
    "csat": ("critical", "5m", 86 / 125),
    "acquisition_cost": ("ok", "5m", 466.375),
    "recovery": ("no_target", "5m", 40500.5 / 90000),
    "violation_detection": ("ok", "5m", 1.0),
    "blocked_redial": ("critical", "5m", 0.001),
    "tts_mos": ("warning", "5m", 210.5 / 54),
    "ltv_uplift": ("ok", "", 0.175),
    "recording_coverage": ("no_target", "24h", 1358 / 1360),
    "masking": ("withdrawn", "", None),
}


@pytest.mark.parametrize("slug", STATES)
def test_states(made: World, slug: str) -> None:
    """The longest window that has been read, its value over the whole, and the verdict of kpis.md."""
    found = kpi(made, slug)
    state, window, value = STATES[slug]
    assert (found.state, found.window) == (state, window)
    assert found.value is None if value is None else math.isclose(found.value or 0, value)
    assert bool(found.reason_zh) == bool(found.reason_en) == (state not in ("ok", "no_target"))


def test_bounds_samples_and_lines(made: World) -> None:
    """Those of the whole."""
    found = kpi(made, "early_hangup")
    assert (found.lower, found.upper) == wilson(436, 1360)
    assert (found.samples, found.target, found.alarm, found.goal) == (1360.0, 0.25, 0.30, None)
    conversion = kpi(made, "lead_conversion")
    assert (conversion.goal, conversion.target, conversion.alarm) == (0.22, 0.12, None)
    uplift = kpi(made, "ltv_uplift")
    assert (uplift.samples, uplift.lower, uplift.trend) == (None, None, ())


def test_the_worst_slices_come_first(made: World) -> None:
    """At most three that miss their own line, farthest off first, without the labels that say nothing."""
    slices = kpi(made, "early_hangup").slices
    assert 0 < len(slices) <= 3
    assert [abs(item.value - item.target) for item in slices] == sorted(
        (abs(item.value - item.target) for item in slices), reverse=True
    )
    for item in slices:
        assert item.labels
        assert "all" not in item.labels.values()
        assert item.state in ("warning", "critical")
    bucket = kpi(made, "recovery").slices[0]
    assert (bucket.labels["bucket"], bucket.state, bucket.target) == ("M1", "warning", 0.55)
    assert "scenario" not in bucket.labels
    assert kpi(made, "system_failure").slices == ()


def test_the_farthest_off_comes_first(made: World) -> None:
    """Whatever the order in which slices appeared: 700 and 900 of 1000 hang up early in two more generations."""
    tracker = made.lanes.tracker
    buckets = tracker.buckets["dial"]
    start = int(AS_OF) // 60 * 60
    none = (0,) * (buckets.width - 5)
    vectors = {name: (1000, 1000, 1000, early, *none, 1000) for name, early in (("gen_x", 700), ("gen_y", 900))}
    cells: dict[RawLabels, Vector] = {("operations", name, "noon", "A"): vector for name, vector in vectors.items()}
    tracker.cube.change("dial", "minute", [(start, buckets.replace_minute(start, cells))])
    made.exposition.update(tracker.cube, tracker.levels, lambda name, window: shown(made.lanes, name, window))
    slices = kpi(made, "early_hangup").slices
    assert [(item.value, item.samples, item.state) for item in slices] == [(0.9, 1000.0, "critical")] * 3
    assert all(item.labels["generation"] == "gen_y" for item in slices)


def test_the_trend_goes_back_a_day(made: World) -> None:
    """One value an hour, the running one last; nothing where nothing happened or nothing was read."""
    trend = kpi(made, "early_hangup").trend
    assert len(trend) == 24
    assert trend[-1] == trend[-3] == 218 / 680
    assert [at for at, value in enumerate(trend) if value is not None] == [21, 23]
    assert kpi(made, "csat").trend == (None,) * 24  # the running hour has been read from its last minutes only


def test_a_trend_follows_its_hour(made: World) -> None:
    """An hour that changes is added up again; the others are kept."""
    builder = StatusBuilder(made.lanes, made.exposition)
    before = next(item for item in builder.build(made.runs).kpis if item.slug == "connect").trend
    buckets = made.lanes.tracker.buckets["dial"]
    hour = int(AS_OF) // HOUR * HOUR
    labels = buckets.cells[0]
    buckets.replace_minute(hour, {labels: (1000,) + (0,) * (buckets.width - 2) + (1000,)})
    after = next(item for item in builder.build(made.runs).kpis if item.slug == "connect").trend
    assert before[:-1] == after[:-1]
    assert (before[-1], after[-1]) == (0.68, 0.34)


def test_nothing_in_the_window_is_not_a_failure(made: World) -> None:
    """`no_data`, with the window in which there is none."""
    tracker = made.lanes.tracker
    for name in ("survey", "survey_without_call"):
        tracker.buckets[name].minutes.clear()
        tracker.cube.rebuild(name)
    made.exposition.update(tracker.cube, tracker.levels, lambda name, window: shown(made.lanes, name, window))
    found = kpi(made, "csat")
    assert (found.state, found.value, found.window, found.samples) == ("no_data", None, "5m", None)
    assert found.reason_en == "nothing in the window"


def test_history_that_is_being_read_is_not_a_failure(made: World) -> None:
    """No window has been covered yet: `incomplete`; the source cannot be read: `withdrawn`."""
    lanes = made.lanes
    lanes.tracker.buckets["survey"].covered_from = int(AS_OF)
    made.exposition.update(lanes.tracker.cube, lanes.tracker.levels, lambda name, window: shown(lanes, name, window))
    assert kpi(made, "csat").state == "incomplete"
    lanes.health.fresh["survey"] = -math.inf
    assert kpi(made, "csat").state == "withdrawn"


def test_sources(made: World) -> None:
    """How fresh each is, how far its windows reach, what is wrong."""
    sources = {item.name: item for item in build(made).sources}
    assert list(sources) == list(made.lanes.catalogue.sources)
    calls = sources["calls"]
    assert (calls.ok, calls.problem, calls.watermark, calls.newest_event) == (True, "", AS_OF, AS_OF - 3)
    assert (calls.complete_windows, calls.incomplete_windows) == (("5m",), ("1h", "24h", "7d", "30d"))
    scans = sources["masking_scans"]
    assert (scans.ok, scans.watermark, scans.complete_windows) == (False, None, ())
    assert "does not exist" in scans.problem
    assert 0 < calls.progress < 1
    assert sources["ltv_snapshots"].progress == 1.0


def test_the_whole(made: World) -> None:
    """As of when, whether reachable, and every problem in words."""
    status = build(made)
    assert (status.as_of, status.database_up, status.ready, status.timezone) == (AS_OF, True, True, "Asia/Shanghai")
    assert 0 < status.backfill < 1
    assert [text.split(":")[0] for text in status.problems] == ["masking_scans"]
    assert [(item.name, item.ok) for item in status.collectors] == [("calldb", True), ("host", False)]
    made.lanes.health.up, made.lanes.health.problem = False, "nothing listens there"
    made.lanes.tracker.save_problem = "the disk is full"
    assert build(made).problems[:2] == ("call database: nothing listens there", "the disk is full")
