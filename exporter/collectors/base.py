"""What a collector is: a name and one blocking reading; its failure is its own.

Adding a collector: write one file with a class that has `name`, `interval` and `collect()`, and name it in
`exporter.engine`. Parsing stays in pure functions apart from reading, so that it can be tested on text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from prometheus_client.metrics_core import Metric


class CollectorError(Exception):
    """A reading that failed for a reason that people can mend: one sentence, without a value of a row."""


class Collector(Protocol):
    """One source of metrics besides the call database.

    `collect` may block (it runs in a thread, one at a time per collector) and returns complete metric families with the
    prefix `outcall_`; it raises OSError, psutil.Error or CollectorError when its whole reading failed, and leaves out
    what this machine does not have. The application times it and exposes `outcall_collector_*`.
    """

    @property
    def name(self) -> str:
        """The value of the label `collector`."""

    @property
    def interval(self) -> float:
        """Seconds between two readings."""

    def collect(self) -> Iterable[Metric]:
        """Read once, completely."""
