"""Families as text, as numbers, and before promtool's eyes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families

Numbers = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class _Fixed:
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def _registry(families: Iterable[Metric]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Fixed(families))
    return registry


def text_of(families: Iterable[Metric]) -> str:
    """The Prometheus text format."""
    return generate_latest(_registry(families)).decode("utf-8")


def numbers(families: Iterable[Metric]) -> Numbers:
    """(sample name, sorted labels) -> value."""
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def value(families: Iterable[Metric], name: str, **labels: str) -> float | None:
    """One sample's value; None where it is absent."""
    return numbers(families).get((name, tuple(sorted(labels.items()))))


def lint(families: Iterable[Metric]) -> str:
    """What `promtool check metrics` has to say about the page, and what the strict OpenMetrics parser rejects."""
    registry = _registry(families)
    page: bytes = openmetrics.generate_latest(registry)  # type: ignore[no-untyped-call]
    list(text_string_to_metric_families(page.decode("utf-8")))  # type: ignore[no-untyped-call]
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=generate_latest(registry), capture_output=True, check=False
    )
    said = (done.stdout + done.stderr).decode("utf-8")
    return said if done.returncode == 0 else said or f"promtool ended with {done.returncode}"
