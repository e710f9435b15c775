"""Limits and usage of the exporter's container, or of the service with limits that it runs in.

psutil shows the host's figures even inside a container, so these come from the control group.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from prometheus_client.metrics_core import Metric

from exporter.collectors.cgroupfs import ContainerReading, Memory, Pids, read_container
from exporter.collectors.families import counter, gauge


def utilisation(before: ContainerReading, after: ContainerReading) -> float | None:
    """CPU seconds per second over the limit; None without a limit, or when the counter was reset."""
    earlier, later, elapsed = before.cpu.usage, after.cpu.usage, after.at - before.at
    if earlier is None or later is None or after.cpu.limit is None or later < earlier or elapsed <= 0:
        return None
    return (later - earlier) / elapsed / after.cpu.limit if after.cpu.limit > 0 else None


def container_families(reading: ContainerReading, previous: ContainerReading | None) -> list[Metric]:
    """The families of one reading: what the group does not limit or count is absent."""
    return [*_memory_families(reading.memory), *_cpu_families(reading, previous), *_pids_families(reading.pids)]


class ContainerPart:
    """Reads the control group and remembers the previous reading for the utilisation."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._root = root
        self._clock = clock
        self._previous: ContainerReading | None = None

    def __call__(self) -> list[Metric]:
        reading, previous = read_container(self._root, self._clock()), self._previous
        self._previous = reading
        return container_families(reading, previous)


def _memory_families(memory: Memory) -> list[Metric]:
    prefix = "outcall_host_container_memory"
    return [
        *gauge(f"{prefix}_limit_bytes", "Memory limit of the exporter's container, in bytes.", memory.limit),
        *gauge(f"{prefix}_usage_bytes", "Memory of the container in use, page cache included, in bytes.", memory.usage),
        *gauge(
            f"{prefix}_working_set_bytes",
            "Memory of the container in use less the page cache that can be dropped, in bytes.",
            memory.working_set,
        ),
    ]


def _cpu_families(reading: ContainerReading, previous: ContainerReading | None) -> list[Metric]:
    cpu, prefix = reading.cpu, "outcall_host_container_cpu"
    return [
        *gauge(f"{prefix}_limit_cores", "CPUs that the exporter's container may use at a time.", cpu.limit),
        *counter(f"{prefix}_usage_seconds_total", "CPU seconds that the container has used.", cpu.usage),
        *gauge(
            f"{prefix}_utilisation_ratio",
            "CPU time of the container since the previous reading over its limit, 0 to 1 and in bursts above.",
            None if previous is None else utilisation(previous, reading),
        ),
        *counter(f"{prefix}_periods_total", "Scheduling periods in which the container was runnable.", cpu.periods),
        *counter(
            f"{prefix}_throttled_periods_total",
            "Scheduling periods in which the container was held back by its limit.",
            cpu.throttled_periods,
        ),
        *counter(
            f"{prefix}_throttled_seconds_total",
            "Seconds that the container's CPUs were held back by its limit.",
            cpu.throttled_seconds,
        ),
    ]


def _pids_families(pids: Pids) -> list[Metric]:
    prefix = "outcall_host_container_pids"
    return [
        *gauge(f"{prefix}_limit", "Processes and threads that the exporter's container may have.", pids.limit),
        *gauge(prefix, "Processes and threads that the container has.", pids.usage),
    ]
