"""The exporter's own metrics: what they say of reading, freshness and completeness, and when they say nothing."""

from __future__ import annotations

import math

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily

from exporter.calldb.connect import Access
from exporter.calldb.lanes import Lanes, Pace
from exporter.calldb.reader import Nets
from exporter.calldb.tracker import Tracker
from exporter.expose.health import (
    CollectorRun,
    HealthCollector,
    QueryStats,
    Reloads,
    datasets_of,
    label_values,
    make_registry,
    watermark,
    window_complete,
)
from exporter.semantic.load import load_catalogue
from exporter.state.buckets import Mark
from tests.golden.world import AS_OF, World, world
from tests.support.scrape import Samples, parse

CATALOGUE = load_catalogue()
WINDOWS = {window.name: window for window in CATALOGUE.windows}


@pytest.fixture
def made() -> World:
    return world()


def read(registry: CollectorRegistry) -> Samples:
    page: bytes = generate_latest(registry)
    return parse(page.decode())


def value(samples: Samples, name: str, **labels: str) -> float | None:
    """One sample, None where it is absent."""
    return samples.get((f"outcall_{name}", tuple(sorted(labels.items()))))


def idle_lanes() -> Lanes:
    """Lanes that have not read anything."""
    access = Access("postgresql://nowhere")
    return Lanes(CATALOGUE, access, Tracker(CATALOGUE), Pace(), Nets(), lambda *_: None, lambda: None)


def test_before_the_first_poll() -> None:
    """Not reachable, nothing complete, and no instants: 0 would be 1970."""
    registry = CollectorRegistry()
    registry.register(HealthCollector(idle_lanes(), {"calldb": CollectorRun()}, Reloads()))
    samples = read(registry)
    assert value(samples, "up") == 0
    assert {number for (name, _), number in samples.items() if name == "outcall_window_complete"} == {0.0}
    assert value(samples, "collector_success", collector="calldb") == 0
    absent = ("as_of", "window_start", "clock_skew", "watermark", "newest_event", "collector_last_success", "source_up")
    assert not [name for name, _ in samples if name.startswith(tuple(f"outcall_{part}" for part in absent))]


def test_a_source_that_failed_is_told_before_the_first_poll() -> None:
    """Of the others nobody knows yet."""
    registry, lanes = CollectorRegistry(), idle_lanes()
    registry.register(HealthCollector(lanes, {}, Reloads()))
    lanes.quarantine("survey", "surveys", "surveys does not exist")
    samples = read(registry)
    assert {labels: up for (name, labels), up in samples.items() if name == "outcall_source_up"} == {
        (("source", "surveys"),): 0
    }


def test_instants_allow_to_compute_any_gauge_again(made: World) -> None:
    """T, and for each window where it starts; T is the call database's, and the difference of the clocks is told."""
    samples = read(made.registry)
    assert value(samples, "as_of_timestamp_seconds") == AS_OF
    for name, window in WINDOWS.items():
        assert value(samples, "window_start_timestamp_seconds", window=name) == window.bounds(AS_OF)[0]
    assert value(samples, "clock_skew_seconds") == 0.25


def test_a_source_is_complete_when_all_that_is_read_from_it_is(made: World) -> None:
    """A fresh dataset that covers the window, each of them."""
    lanes = made.lanes
    assert window_complete(lanes, "calls", WINDOWS["5m"])
    assert not window_complete(lanes, "calls", WINDOWS["24h"])  # first_contact has not got that far
    for name in datasets_of(lanes, "calls"):
        lanes.tracker.buckets[name].covered_from = WINDOWS["24h"].bounds(AS_OF)[0]
    assert window_complete(lanes, "calls", WINDOWS["24h"])
    lanes.tracker.buckets["dial"].covered_from = WINDOWS["24h"].bounds(AS_OF)[0] + 60
    assert not window_complete(lanes, "calls", WINDOWS["24h"])
    lanes.health.fresh["dial"] = -math.inf
    assert not window_complete(lanes, "calls", WINDOWS["5m"])


def test_what_is_broken_does_not_count_against_the_rest(made: World) -> None:
    """Recordings are gone, one statement on the calls is too slow: alerts on other KPIs of calls have to go on."""
    lanes = made.lanes
    lanes.quarantine("recorded_call", "recordings", "recordings does not exist")
    lanes.quarantine("dial", "calls", "took too long", slow=True)
    for name in ("recorded_call", "dial"):
        lanes.health.fresh[name] = -math.inf
    assert window_complete(lanes, "calls", WINDOWS["5m"])
    assert not window_complete(lanes, "masking_scans", WINDOWS["5m"])


def test_a_source_that_is_all_broken_is_not_complete(made: World) -> None:
    lanes = made.lanes
    for name in datasets_of(lanes, "calls"):
        lanes.quarantine(name, "calls", "calls lacks a column")
        lanes.health.fresh[name] = -math.inf
    lanes.health.fresh["in_flight"] = -math.inf
    assert not window_complete(lanes, "calls", WINDOWS["5m"])


def test_sources_without_facts_stand_for_those_that_need_them() -> None:
    """Customers, and the do-not-call list."""
    lanes = idle_lanes()
    assert sorted(datasets_of(lanes, "customers")) == ["task_completion", "task_need"]
    assert datasets_of(lanes, "do_not_call") == ["regulated_dial"]
    assert sorted(datasets_of(lanes, "credit_applications")) == ["application", "grant"]


def test_a_watermark_is_that_of_the_slowest(made: World) -> None:
    """Of all datasets and levels of a source; absent where nothing was read."""
    lanes = made.lanes
    lanes.tracker.buckets["dial"].mark = Mark(AS_OF - 40, AS_OF - 40, 1)
    assert watermark(lanes, "calls") == AS_OF - 40
    lanes.tracker.level_marks["in_flight"] = Mark(AS_OF - 50, AS_OF - 50, 1)
    assert watermark(lanes, "calls") == AS_OF - 50
    assert watermark(lanes, "surveys") == AS_OF
    assert watermark(lanes, "masking_scans") is None


def test_gauges_are_withdrawn_after_two_polls() -> None:
    """Stale is absent: fresh for two poll intervals after a reading, then no more."""
    lanes = idle_lanes()
    assert not lanes.is_fresh("dial", 100.0)
    lanes.health.fresh["dial"] = 100.0
    assert lanes.is_fresh("dial", 100.0 + 2 * lanes.pace.poll)
    assert not lanes.is_fresh("dial", 100.001 + 2 * lanes.pace.poll)


def test_a_failure_that_took_long_brings_nothing_back() -> None:
    """A long poll gives what it reads some grace, and none to what it could not read."""
    lanes = idle_lanes()
    lanes.health.up, lanes.health.poll_seconds, lanes.health.fresh["dial"] = True, 10.0, 100.0
    late = 105.0 + 2 * lanes.pace.poll
    assert lanes.is_fresh("dial", late)
    lanes.quarantine("dial", "calls", "locked")
    assert not lanes.is_fresh("dial", late)


def test_folded_values_are_counted_once_and_for_good(made: World) -> None:
    """A counter: what was `other` once stays counted; each label has one, also while nothing was folded."""
    folding = made.lanes.tracker.cube.folding
    dropped = {label: value(read(made.registry), "series_dropped_total", label=label) for label in CATALOGUE.dimensions}
    assert set(dropped.values()) == {0.0}
    folding.known |= {"scenario": frozenset({"survey", "collection", "other"})}
    assert value(read(made.registry), "series_dropped_total", label="scenario") == 1
    folding.known |= {"scenario": frozenset({"spam"})}
    assert value(read(made.registry), "series_dropped_total", label="scenario") == 2
    folding.known |= {"scenario": frozenset()}
    assert value(read(made.registry), "series_dropped_total", label="scenario") == 2


def test_rejected_rows_have_a_series_before_there_are_any() -> None:
    """For each source and reason of the catalogue, so that an increase can be seen."""
    registry = CollectorRegistry()
    lanes = idle_lanes()
    registry.register(HealthCollector(lanes, {}, Reloads()))
    assert value(read(registry), "rejected_rows_total", source="turns", reason="negative_latency") == 0
    lanes.tracker.rejected["turns", "negative_latency"] += 3
    lanes.tracker.corrections["calls"] += 4
    samples = read(registry)
    assert value(samples, "rejected_rows_total", source="turns", reason="negative_latency") == 3
    assert value(samples, "reconcile_corrections_total", source="calls") == 4


def test_statements_are_counted_by_source() -> None:
    """Outcome, duration and rows; every source has its counters from the beginning."""
    registry = CollectorRegistry()
    stats = QueryStats(registry, ["calls", "turns"])
    stats.observe("calls", "ok", 0.02, 5)
    stats.observe("calls", "error", 4.0, 0)
    samples = read(registry)
    assert value(samples, "queries_total", source="calls", status="ok") == 1
    assert value(samples, "queries_total", source="calls", status="error") == 1
    assert value(samples, "queries_total", source="turns", status="error") == 0
    assert value(samples, "rows_read_total", source="calls") == 5
    assert value(samples, "query_duration_seconds_bucket", source="calls", le="0.03") == 1
    assert value(samples, "query_duration_seconds_sum", source="calls") == 4.02


def test_collectors_report_success_and_bring_their_metrics(made: World) -> None:
    """A collector that never succeeded has no time of success; one that is added later is there too."""
    made.runs["disk"] = CollectorRun(True, 0.5, AS_OF, metrics=(GaugeMetricFamily("outcall_host_x", "X", value=7),))
    samples = read(made.registry)
    assert value(samples, "host_x") == 7
    assert value(samples, "collector_last_success_timestamp_seconds", collector="disk") == AS_OF
    assert value(samples, "collector_last_success_timestamp_seconds", collector="host") is None
    assert [value(samples, "collector_success", collector=name) for name in ("disk", "host")] == [1, 0]


def test_configuration_and_sources(made: World) -> None:
    """The last reload, and which sources cannot be read."""
    samples = read(made.registry)
    assert value(samples, "config_last_reload_successful") == 1
    assert value(samples, "config_last_reload_success_timestamp_seconds") == AS_OF - 3600
    down = [dict(labels)["source"] for (name, labels), up in samples.items() if name == "outcall_source_up" and not up]
    assert down == ["masking_scans"]
    assert value(samples, "series") == made.exposition.series()


def test_process_and_interpreter() -> None:
    """Prometheus' usual families."""
    names = {name for name, _ in read(make_registry())}
    assert {"process_resident_memory_bytes", "process_open_fds", "python_info", "python_gc_collections_total"} <= names


def test_titles_of_label_values() -> None:
    """What the status page calls them."""
    titles = label_values(CATALOGUE)
    assert titles["generation"]["elderly"] == "老年"
    assert titles["script"] == {}
