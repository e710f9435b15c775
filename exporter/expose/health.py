"""The exporter's own metrics, through prometheus_client: reading, freshness, completeness, configuration, process."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from exporter import __version__
from exporter.calldb.lanes import Lanes
from exporter.semantic.model import Catalogue, Window
from exporter.semantic.names import PREFIX

# prometheus_client leaves some of its functions untyped.
_disable_created: Callable[[], None] = disable_created_metrics
_QUERY_BUCKETS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)


class QueryStats:
    """Statements by source: how many, how long, how many rows the call database aggregated or reported."""

    def __init__(self, registry: CollectorRegistry, sources: Iterable[str]) -> None:
        labels = ["source"]
        self._seconds = Histogram(
            f"{PREFIX}query_duration_seconds",
            "Duration of statements",
            labels,
            buckets=_QUERY_BUCKETS,
            registry=registry,
        )
        self._queries = Counter(f"{PREFIX}queries", "Statements by outcome", ["source", "status"], registry=registry)
        self._rows = Counter(f"{PREFIX}rows_read", "Rows read in the call database", labels, registry=registry)
        for source in sources:
            self._rows.labels(source)
            for status in ("ok", "error"):
                self._queries.labels(source, status)

    def observe(self, source: str, status: str, seconds: float, rows: int) -> None:
        """Count one statement."""
        self._seconds.labels(source).observe(seconds)
        self._queries.labels(source, status).inc()
        self._rows.labels(source).inc(rows)


@dataclass(slots=True)
class CollectorRun:
    """The latest run of a collector, and what it gave. Times in Unix seconds."""

    success: bool = False
    duration: float = 0.0
    last_success: float | None = None
    problem: str = ""
    metrics: tuple[Metric, ...] = ()


@dataclass(slots=True)
class Reloads:
    """The latest reload of the configuration; Unix seconds."""

    successful: bool = True
    success_at: float = field(default_factory=time.time)


class HealthCollector(Collector):
    """Reads the state of the lanes at the moment a page is built."""

    def __init__(self, lanes: Lanes, runs: Mapping[str, CollectorRun], reloads: Reloads) -> None:
        self.lanes, self.runs, self.reloads = lanes, runs, reloads
        self.series = 0
        self._dropped: set[tuple[str, str]] = set()

    def collect(self) -> Iterator[Metric]:
        yield _gauge("up", "Whether the call database can be reached", [((), float(self.lanes.health.up))])
        yield from self._instants()
        yield from self._collectors()
        yield from self._sources()
        yield from self._counters()
        yield from self._configuration()
        for run in list(self.runs.values()):
            yield from run.metrics

    def _instants(self) -> Iterator[Metric]:
        as_of, lanes = self.lanes.tracker.cube.as_of, self.lanes
        if not as_of:
            return
        yield _gauge("as_of_timestamp_seconds", "Instant T that the KPI gauges are right for", [((), as_of)])
        starts = [((w.name,), float(w.bounds(as_of)[0])) for w in lanes.catalogue.windows]
        yield _gauge("window_start_timestamp_seconds", "First instant that a window covers", starts, "window")
        zone = ZoneInfo(lanes.catalogue.timezone)
        is_open = lanes.catalogue.business_hours.open_at(as_of, zone)
        yield _gauge("business_open", "Whether T lies within business hours, local time", [((), float(is_open))])
        ahead = datetime.fromtimestamp(as_of, zone).utcoffset() or timedelta()
        yield _gauge(
            "business_utc_offset_seconds", "How far local time is ahead of UTC at T", [((), ahead.total_seconds())]
        )
        yield _gauge(
            "clock_skew_seconds", "This host's clock less the call database's", [((), lanes.health.clock_skew)]
        )

    def _collectors(self) -> Iterator[Metric]:
        runs = list(self.runs.items())
        yield _gauge(
            "collector_success",
            "Whether the last run succeeded",
            [((n,), float(r.success)) for n, r in runs],
            "collector",
        )
        yield _gauge(
            "collector_duration_seconds", "Duration of the last run", [((n,), r.duration) for n, r in runs], "collector"
        )
        times = [((n,), r.last_success) for n, r in runs if r.last_success is not None]
        yield _gauge("collector_last_success_timestamp_seconds", "When a run last succeeded", times, "collector")

    def _sources(self) -> Iterator[Metric]:
        lanes = self.lanes
        catalogue, tracker = lanes.catalogue, lanes.tracker
        marks = {source: watermark(lanes, source) for source in catalogue.sources}
        yield _gauge(
            "watermark_timestamp_seconds",
            "Instant up to which a source has been read",
            [((s,), at) for s, at in marks.items() if at is not None],
            "source",
        )
        newest = [((source,), at) for source, at in tracker.newest.items()]
        yield _gauge("newest_event_timestamp_seconds", "Latest event that the platform wrote", newest, "source")
        complete = [
            ((source, window.name), float(window_complete(lanes, source, window)))
            for source in catalogue.sources
            for window in catalogue.windows
        ]
        yield _gauge("window_complete", "Whether a window is covered and fresh", complete, "source", "window")
        progress = [((source,), backfill_progress(lanes, source)) for source in catalogue.sources]
        yield _gauge("backfill_progress_ratio", "Share of the longest window that has been read", progress, "source")
        problems, polled = lanes.health.source_problems, lanes.health.last_poll is not None
        # Before the first poll nobody knows, but of those that failed.
        up = [((s,), float(s not in problems)) for s in catalogue.sources if polled or s in problems]
        yield _gauge("source_up", "Whether a source can be read", up, "source")

    def _counters(self) -> Iterator[Metric]:
        catalogue, tracker = self.lanes.catalogue, self.lanes.tracker
        corrections = CounterMetricFamily(
            f"{PREFIX}reconcile_corrections", "Cells that a reconcile put right", labels=["source"]
        )
        for source in catalogue.sources:
            corrections.add_metric([source], tracker.corrections[source])
        yield corrections
        rejected = CounterMetricFamily(
            f"{PREFIX}rejected_rows", "Rows with values that make no sense", labels=["source", "reason"]
        )
        reasons = {(d.source, reason) for d in catalogue.datasets.values() for reason, _ in d.rejects}
        for source, reason in sorted(reasons):
            rejected.add_metric([source, reason], tracker.rejected[source, reason])
        yield rejected
        self._dropped |= {(label, raw) for label, values in tracker.cube.folding.folded.items() for raw in values}
        dropped = CounterMetricFamily(f"{PREFIX}series_dropped", "Label values that became `other`", labels=["label"])
        for label in catalogue.dimensions:
            dropped.add_metric([label], sum(1 for name, _ in self._dropped if name == label))
        yield dropped
        passes = CounterMetricFamily(f"{PREFIX}reconcile_passes", "Reconcile passes finished")
        passes.add_metric([], self.lanes.background.passes)
        yield passes

    def _configuration(self) -> Iterator[Metric]:
        saved = float(not self.lanes.tracker.save_problem)
        yield _gauge("state_save_success", "Whether the state was saved after the last poll", [((), saved)])
        yield _gauge("series", "KPI and measure series on the page", [((), float(self.series))])
        yield _gauge(
            "config_last_reload_successful", "Whether the last reload worked", [((), float(self.reloads.successful))]
        )
        yield _gauge(
            "config_last_reload_success_timestamp_seconds",
            "When the configuration was last loaded",
            [((), self.reloads.success_at)],
        )
        info = ((__version__, platform.python_version()), 1.0)
        yield _gauge("build_info", "Version of the exporter; always 1", [info], "version", "python")


def _gauge(
    name: str, text: str, values: Iterable[tuple[tuple[str, ...], float | None]], *labels: str
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{PREFIX}{name}", text, labels=list(labels))
    for label_values, value in values:
        if value is not None:
            family.add_metric(list(label_values), value)
    return family


def datasets_of(lanes: Lanes, source: str) -> list[str]:
    """The datasets that stand for a source: its own, or where it has none those that need it."""
    datasets = lanes.catalogue.datasets
    return [n for n, d in datasets.items() if d.source == source] or [
        n for n, d in datasets.items() if source in d.needs
    ]


def watermark(lanes: Lanes, source: str) -> float | None:
    """Up to when a source has been read."""
    marks = [mark.as_of for name in datasets_of(lanes, source) if (mark := lanes.tracker.buckets[name].mark)]
    marks += [m.as_of for n, m in lanes.tracker.level_marks.items() if lanes.catalogue.levels[n].source == source]
    return min(marks, default=None)


def window_complete(lanes: Lanes, source: str, window: Window) -> bool:
    """Whether what a source gives is read for a window.

    A dataset that fails does not count: its own KPIs are absent and `source_up` tells it. Were the window incomplete
    for it, one slow statement on the calls would silence the alerts of all KPIs that are right.
    """
    names = [n for n in datasets_of(lanes, source) if n not in lanes.health.quarantined]
    if not names:
        return any(
            n in lanes.tracker.levels and lanes.is_fresh(n)
            for n, lv in lanes.catalogue.levels.items()
            if lv.source == source
        )
    as_of = lanes.tracker.cube.as_of
    return all(lanes.is_fresh(name) and lanes.tracker.covers(name, window, as_of) for name in names)


def backfill_progress(lanes: Lanes, source: str) -> float:
    """How much of the longest window a source's datasets cover, 0..1."""
    names = datasets_of(lanes, source)
    return sum(map(lanes.background.progress, names)) / len(names) if names else 1.0


def make_registry() -> CollectorRegistry:
    """A registry of our own with what the process and the interpreter tell."""
    # A series more per counter, which nobody asked for.
    _disable_created()
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def label_values(catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """Chinese titles of declared label values, for the status page."""
    return {label: {value: text.zh for value, text in d.values.items()} for label, d in catalogue.dimensions.items()}
