"""Memory and swap of the host."""

from __future__ import annotations

from collections.abc import Mapping

import psutil
from prometheus_client.metrics_core import Metric

from exporter.collectors.families import counter, gauge

MEMORY = {
    "total": "Physical memory of the host, in bytes.",
    "available": "Memory that new work on the host can have without swapping, in bytes.",
    "used": "Memory of the host in use, in bytes, as psutil computes it (on Linux: total less available).",
    "free": "Memory of the host that nothing uses, not even a cache, in bytes.",
    "buffers": "Memory that the host's kernel uses as block buffers, in bytes.",
    "cached": "Memory that the host's kernel uses as page cache, in bytes.",
}
SWAP = {
    "total": "Swap space of the host, in bytes.",
    "used": "Swap space of the host in use, in bytes.",
    "free": "Swap space of the host not in use, in bytes.",
}
SWAPPED = {
    "sin": ("in", "Bytes that the host has read from swap since boot."),
    "sout": ("out", "Bytes that the host has written to swap since boot."),
}


def memory_families(memory: Mapping[str, float]) -> list[Metric]:
    """Gauges in bytes; a figure that this platform does not have is left out."""
    families: list[Metric] = []
    for key, text in MEMORY.items():
        families += gauge(f"outcall_host_memory_{key}_bytes", text, memory.get(key))
    return families


def swap_families(swap: Mapping[str, float]) -> list[Metric]:
    """Gauges in bytes, and counters of bytes moved."""
    families: list[Metric] = []
    for key, text in SWAP.items():
        families += gauge(f"outcall_host_swap_{key}_bytes", text, swap.get(key))
    for key, (direction, text) in SWAPPED.items():
        families += counter(f"outcall_host_swap_{direction}_bytes_total", text, swap.get(key))
    return families


def read_memory() -> list[Metric]:
    """Memory now. Raises OSError or psutil.Error when it cannot be read."""
    return memory_families(psutil.virtual_memory()._asdict())


def read_swap() -> list[Metric]:
    """Swap now. Raises OSError or psutil.Error when it cannot be read."""
    return swap_families(psutil.swap_memory()._asdict())
