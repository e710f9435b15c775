"""CPU time by mode, load and utilisation of the host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import psutil
from prometheus_client.metrics_core import Metric

from exporter.collectors.families import counters, gauge

# Time of guests is left out: the kernel counts it in `user` and `nice` already, and the modes must add up.
MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
IDLE_MODES = ("idle", "iowait")


@dataclass(frozen=True, slots=True)
class CpuReading:
    """Seconds since boot by mode, summed over all CPUs; load averages over 1, 5 and 15 minutes."""

    seconds: Mapping[str, float]
    cpus: int | None
    load: tuple[float, float, float] | None


def read_cpu() -> CpuReading:
    """Read once. Raises OSError or psutil.Error when the CPU times cannot be read."""
    times = psutil.cpu_times()._asdict()
    return CpuReading({mode: times[mode] for mode in MODES if mode in times}, psutil.cpu_count(), _load())


def utilisation(before: Mapping[str, float], after: Mapping[str, float]) -> float | None:
    """Share of CPU time between two readings that was not idle, 0..1; None when no time has passed.

    A mode that went backwards (`iowait` does on some kernels) counts as unchanged.
    """
    spent = {mode: max(0.0, after[mode] - before.get(mode, after[mode])) for mode in after}
    total = sum(spent.values())
    idle = sum(spent.get(mode, 0.0) for mode in IDLE_MODES)
    return min(1.0, max(0.0, 1 - idle / total)) if total > 0 else None


def cpu_families(reading: CpuReading, previous: CpuReading | None) -> list[Metric]:
    """The families of one reading; the utilisation is absent without a previous one."""
    ratio = None if previous is None else utilisation(previous.seconds, reading.seconds)
    families = [
        *counters(
            "outcall_host_cpu_seconds_total",
            "Seconds the host's CPUs spent in each mode, summed over all CPUs. Guests count as user or nice.",
            ("mode",),
            [((mode,), seconds) for mode, seconds in reading.seconds.items()],
        ),
        *gauge(
            "outcall_host_cpu_utilisation_ratio",
            "Share of the host's CPU time that was not idle since the previous reading, 0 to 1.",
            ratio,
        ),
        *gauge("outcall_host_cpus", "Logical CPUs of the host.", reading.cpus),
    ]
    for minutes, load in zip((1, 5, 15), reading.load or (), strict=False):
        text = f"Load of the host: mean number of tasks running or waiting over {minutes} minute(s)."
        families += gauge(f"outcall_host_load{minutes}", text, load)
    return families


class CpuPart:
    """Reads the CPU and remembers the previous reading for the utilisation."""

    def __init__(self) -> None:
        self._previous: CpuReading | None = None

    def __call__(self) -> list[Metric]:
        reading, previous = read_cpu(), self._previous
        self._previous = reading
        return cpu_families(reading, previous)


def _load() -> tuple[float, float, float] | None:
    try:
        return psutil.getloadavg()
    except OSError:
        return None
