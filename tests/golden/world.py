"""A small call center at a fixed instant, as readings made by hand: the state behind the golden page."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry

from exporter.calldb.connect import Access
from exporter.calldb.lanes import Lanes, Pace
from exporter.calldb.plan import Horizon
from exporter.calldb.reader import Nets
from exporter.calldb.tracker import Tracker, chunk_before
from exporter.expose.families import Exposition
from exporter.expose.health import CollectorRun, HealthCollector, QueryStats, Reloads
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue, Dataset
from exporter.state.buckets import HOUR, RawLabels, Vector
from tests.calldb.platform import Fact, Platform

# 14:30:45 on a Monday in Shanghai.
AS_OF = datetime(2026, 3, 2, 6, 30, 45, tzinfo=UTC).timestamp()
# Of these the last day has been read, of all others the first minutes.
BACKFILLED = ("dial", "recorded_call", "inspected_call")
BROKEN = ("masking_scan", "masking_scan_without_call")

# What each fact's rows add up to, in natural units; a number for all columns of a histogram is its list.
AMOUNTS: dict[str, float | tuple[int, ...]] = {
    "dials": 1000, "answered_calls": 680, "effective_contacts": 600, "early_hangups": 218, "customer_hangups": 400,
    "system_faults": 4, "answered_collection_calls": 680, "transferred_calls": 150, "acquisition_call_cost_cny": 812.5,
    "acquisition_dials_without_cost": 3, "ledger_entries_without_amount": 1,
    "recorded_calls": 679, "auto_inspected_calls": 650, "contacted_customers": 590, "applicants": 89,
    "granted_customers": 2, "ledger_cost_cny": 120.25, "overdue_cny": 90000, "entered_cases": 12, "repaid_cny": 40500.5,
    "repayments_without_amount": 1,
    "needed_tasks": 40, "completed_tasks": 33, "survey_responses": 120, "satisfied_responses": 82,
    "analysed_calls": 600, "repeat_question_calls": 60, "asr_texts": 3000, "asr_correct_texts": 2640,
    "intent_labels": 900, "intent_correct": 846, "emotion_labels": 500, "emotion_correct": 450,
    "audited_violations": 20, "detected_violations": 20, "mos_ratings": 50, "mos_points": 195,
    "turns": 1000, "slow_turns": 46, "turn_latency_seconds": 1160.75,
    "latency_histogram": (0, 12, 130, 250, 240, 160, 100, 62, 34, 9, 3, 0, 0, 0),
    "inspected_calls": 650, "compliant_calls": 644, "violating_calls": 6, "violations": 6,
    "dialed_calls": 1000, "dialed_collection_calls": 1000, "permitted_time_dials": 999, "limited_dials": 1000,
    "frequency_compliant_dials": 998, "blocked_redials": 1, "customer_dials": 1000, "sensitive_scans": 24,
    "masked_scans": 24, "recordings_kept": 500, "recordings_deleted_early": 1, "complaints": 2,
    "sensitive_scans_without_call": 3, "masked_scans_without_call": 3, "recordings_kept_without_call": 20,
    "recordings_deleted_early_without_call": 1, "complaints_without_call": 1,
    "survey_responses_without_call": 5, "satisfied_responses_without_call": 4, "asr_texts_without_call": 100,
    "asr_correct_texts_without_call": 90, "intent_labels_without_call": 30, "intent_correct_without_call": 28,
    "emotion_labels_without_call": 20, "emotion_correct_without_call": 19, "audited_violations_without_call": 2,
    "detected_violations_without_call": 2, "mos_ratings_without_call": 4, "mos_points_without_call": 15.5,
    "resolved_incidents": 1, "incident_seconds": 840,
    "ltv_customers_before": 50, "ltv_customers_after": 50, "ltv_value_before_cny": 40000, "ltv_value_after_cny": 47000,
    "reborrow_customers_before": 50, "reborrow_customers_after": 50, "reborrowed_before": 10, "reborrowed_after": 12,
    "limit_customers_before": 50, "limit_customers_after": 50, "credit_limit_before_cny": 900000,
    "credit_limit_after_cny": 945000, "calls_in_flight": 31, "calls_stuck": 1, "open_incidents": 2,
}  # fmt: skip
ACQUISITION = ("first_contact", "application", "grant", "ledger_entry")
LABELS = {
    "scenario": "collection",
    "generation": "elderly",
    "period": "afternoon",
    "script": '催收 "B"',
    "dialect": "cantonese",
    "bucket": "M1",
    "task": "limit_change",
    "rule_code": "R07",
}


@dataclass(frozen=True, slots=True)
class World:
    """The parts that a page is made of."""

    lanes: Lanes
    exposition: Exposition
    health: HealthCollector
    registry: CollectorRegistry
    runs: dict[str, CollectorRun]


def world() -> World:
    """Everything as of AS_OF, the first page written."""
    catalogue = load_catalogue()
    registry = CollectorRegistry()
    stats = QueryStats(registry, catalogue.sources)
    lanes = Lanes(
        catalogue, Access("postgresql://nowhere"), read(catalogue), Pace(), Nets(), stats.observe, lambda: None
    )
    lanes.health.up, lanes.health.last_poll, lanes.health.clock_skew = True, 0.0, 0.25
    names = {*catalogue.datasets, *catalogue.levels}.difference(BROKEN)
    lanes.health.fresh = dict.fromkeys(names, math.inf)
    for name in BROKEN:
        lanes.quarantine(name, "masking_scans", "masking_scans does not exist: create it, or map it under sources")
    runs = {"calldb": CollectorRun(True, 0.0125, AS_OF), "host": CollectorRun(problem="cannot be read (OSError)")}
    health = HealthCollector(lanes, runs, Reloads(success_at=AS_OF - 3600))
    registry.register(health)
    stats.observe("calls", "ok", 0.004, 17)
    stats.observe("masking_scans", "error", 0.001, 0)
    exposition = Exposition(catalogue)
    exposition.update(lanes.tracker.cube, lanes.tracker.levels, lambda name, window: shown(lanes, name, window))
    health.series = exposition.series()
    return World(lanes, exposition, health, registry, runs)


def shown(lanes: Lanes, name: str, window: str) -> bool:
    """Fresh and covered, as the publisher asks."""
    windows = {item.name: item for item in lanes.catalogue.windows}
    return lanes.is_fresh(name) and (not window or lanes.tracker.covers(name, windows[window], AS_OF))


def read(catalogue: Catalogue) -> Tracker:
    """A tracker after one poll, and after some of the history."""
    platform, tracker = Platform(catalogue), Tracker(catalogue)
    for name, dataset in catalogue.datasets.items():
        platform.facts[name] = list(facts(dataset))
    reading = platform.poll(AS_OF, tracker.marks(name for name in catalogue.datasets if name not in BROKEN))
    reading.newest = {"calls": AS_OF - 3, "surveys": AS_OF - 600}
    reading.checked = frozenset(catalogue.levels)
    for name, level in catalogue.levels.items():
        scenario = "operations" if name == "ltv" else "collection"
        parts = [amount(measure.name, measure.scale) for measure in level.measures]
        reading.levels[name] = {(scenario,) if level.slices else (): (*parts, *(0 for _ in level.rejects), 100)}
    tracker.apply(reading, AS_OF)
    horizon = Horizon.at(AS_OF, catalogue.windows)
    for name in BACKFILLED:
        while (end := tracker.buckets[name].covered_from or 0) > horizon.minutes:
            tracker.begin_fill(name)
            wanted = chunk_before(end, 6 * HOUR, horizon.minutes, horizon.hours)
            tracker.end_fill(platform.fill(name, wanted), covers=True)
    return tracker


def facts(dataset: Dataset) -> Iterator[Fact]:
    """One fact in the last minutes; of what was backfilled another one hours ago, of another generation."""
    vector = vector_of(dataset)
    yield Fact(AS_OF - 90, AS_OF - 80, labels_of(dataset, {}), vector)
    if dataset.name in BACKFILLED:
        yield Fact(AS_OF - 7200, AS_OF - 7100, labels_of(dataset, {"generation": "gen_z", "script": None}), vector)


def labels_of(dataset: Dataset, others: dict[str, str | None]) -> RawLabels:
    """The labels of a fact; acquisition where the dataset is of that scenario."""
    own: dict[str, str | None] = {"scenario": "acquisition"} if dataset.name in ACQUISITION else {}
    return tuple((LABELS | own | others)[label] for label in dataset.labels)


def vector_of(dataset: Dataset) -> Vector:
    """The stored integers: measures by AMOUNTS, two rejected rows of each reason, and the number of rows."""
    parts: list[int] = []
    for measure in dataset.measures:
        amounts = AMOUNTS[measure.name]
        parts += amounts if isinstance(amounts, tuple) else [amount(measure.name, measure.scale)]
    return (*parts, *(2 for _ in dataset.rejects), 1000)


def amount(name: str, scale: int) -> int:
    value = AMOUNTS[name]
    assert not isinstance(value, tuple)
    return int(value * 10**scale)
