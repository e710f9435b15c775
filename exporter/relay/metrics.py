"""The relay's metrics: what the queue counted (it survives restarts), and what this process saw."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from exporter.relay.deliver import Pace
from exporter.relay.outcome import Result
from exporter.relay.queue import Queue
from exporter.semantic.names import PREFIX

RELAY = f"{PREFIX}relay_"
STATUSES = (*(result.value for result in Result), "overtaken")
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class RelayMetrics(Collector):
    """Registers itself. `paces` are the channels of the moment."""

    def __init__(self, registry: CollectorRegistry, queue: Queue, paces: Callable[[], Mapping[str, Pace]]) -> None:
        self._queue, self._paces = queue, paces
        self._requests = Counter(
            f"{RELAY}requests", "Webhooks by receiver and HTTP status", ["receiver", "code"], registry=registry
        )
        self._seconds = Histogram(
            f"{RELAY}delivery_seconds", "Duration of an attempt to deliver", ["channel"], buckets=_SECONDS,
            registry=registry,
        )  # fmt: skip
        registry.register(self)

    @staticmethod
    def described() -> list[Metric]:
        """Every family with its labels, for the reference."""
        registry = CollectorRegistry(auto_describe=False)
        paces = {"channel": Pace(1, 1, ZoneInfo("UTC"), 1.0)}
        metrics = RelayMetrics(registry, Queue(None), lambda: paces)
        metrics.request("receiver", 200)
        metrics.observe("channel", 0.0)
        return list(registry.collect())

    def request(self, receiver: str, code: int) -> None:
        """Count a webhook; `receiver` is one of the configuration, or `unknown`."""
        self._requests.labels(receiver, str(code)).inc()

    def observe(self, channel: str, seconds: float) -> None:
        """Note the duration of an attempt."""
        self._seconds.labels(channel).observe(seconds)

    def collect(self) -> Iterator[Metric]:
        now, paces = time.time(), self._paces()
        yield self._deliveries(paces)
        yield from self._waiting(paces, now)
        yield self._budgets(paces, now)

    def _deliveries(self, paces: Mapping[str, Pace]) -> Metric:
        family = CounterMetricFamily(
            f"{RELAY}deliveries",
            "Messages delivered, dead (given up) or overtaken (incident over), and attempts that ended otherwise",
            labels=["channel", "status"],
        )
        counted = {(str(c), str(s)): int(str(n)) for c, s, n in self._queue.read("SELECT * FROM tally")}
        for channel in dict.fromkeys((*paces, *(channel for channel, _ in counted))):
            for status in STATUSES:
                family.add_metric([channel, status], counted.get((channel, status), 0))
        return family

    def _waiting(self, paces: Mapping[str, Pace], now: float) -> Iterator[Metric]:
        sql = """SELECT channel, count(*), min(created) FROM message WHERE state IN ('pending', 'sending')
                 GROUP BY channel"""
        rows = {str(c): (int(str(n)), float(str(at))) for c, n, at in self._queue.read(sql)}
        queue = GaugeMetricFamily(f"{RELAY}queue", "Messages that wait for delivery", labels=["channel"])
        oldest = GaugeMetricFamily(f"{RELAY}oldest_seconds", "Age of the oldest of them, 0 if none", labels=["channel"])
        for channel in dict.fromkeys((*paces, *rows)):
            number, created = rows.get(channel, (0, now))
            queue.add_metric([channel], number)
            oldest.add_metric([channel], max(0.0, now - created))
        yield queue
        yield oldest

    def _budgets(self, paces: Mapping[str, Pace], now: float) -> Metric:
        family = GaugeMetricFamily(
            f"{RELAY}budget_remaining", "Messages that may still be sent today", labels=["channel"]
        )
        sql = "SELECT count(*) FROM attempt WHERE channel = ? AND at >= ? AND spent"
        for channel, pace in paces.items():
            if pace.daily_budget is not None:
                spent = int(str(self._queue.read(sql, channel, pace.bounds(now).day_start)[0][0]))
                family.add_metric([channel], max(0, pace.daily_budget - spent))
        return family
