"""Traffic of the network interfaces, and how much of each link it takes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
from prometheus_client.metrics_core import Metric

from exporter.collectors.families import Field, counter_table, gauges

# Loopback and what a container host makes for itself: the same bytes pass a real interface, or never leave.
IGNORED_INTERFACES = (
    r"lo\d*|(veth|cali|cilium|flannel|cni|dummy|ifb|lxc|nerdctl|podman|tap|virbr|vnet|kube-|tunl|docker|br-).*"
)

BITS_PER_BYTE = 8
MEGABIT = 1_000_000
# What drivers say when they do not know, as 16-bit and 32-bit numbers (Mbit/s).
UNKNOWN_SPEEDS = (0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)

FIELDS = (
    Field("outcall_host_network_receive_bytes_total", "bytes_recv", "Bytes that the interface received."),
    Field("outcall_host_network_transmit_bytes_total", "bytes_sent", "Bytes that the interface sent."),
    Field("outcall_host_network_receive_packets_total", "packets_recv", "Packets that the interface received."),
    Field("outcall_host_network_transmit_packets_total", "packets_sent", "Packets that the interface sent."),
    Field("outcall_host_network_receive_errors_total", "errin", "Errors of the interface while receiving."),
    Field("outcall_host_network_transmit_errors_total", "errout", "Errors of the interface while sending."),
    Field("outcall_host_network_receive_drops_total", "dropin", "Received packets that were dropped."),
    Field("outcall_host_network_transmit_drops_total", "dropout", "Packets to be sent that were dropped."),
)
DIRECTIONS = {"receive": "bytes_recv", "transmit": "bytes_sent"}


@dataclass(frozen=True, slots=True)
class NetworkReading:
    """Numbers of each interface at `at` (monotonic seconds); `speed` in Mbit/s where a driver vouches for it."""

    at: float
    traffic: Mapping[str, Mapping[str, float]]
    up: Mapping[str, bool]
    speed: Mapping[str, int]


def capacities(speed: Mapping[str, int], configured: Mapping[str, float]) -> dict[str, float]:
    """Bytes per second of each link of known capacity: the configured one (bits per second), else the driver's."""
    known = {name: mbit * MEGABIT for name, mbit in speed.items() if mbit > 0 and mbit not in UNKNOWN_SPEEDS}
    return {name: bits / BITS_PER_BYTE for name, bits in {**known, **configured}.items()}


def utilisation(before: NetworkReading, after: NetworkReading, name: str, key: str, capacity: float) -> float | None:
    """Bytes per second between two readings over the capacity; None when a counter is new or was reset.

    Above 1 means that the capacity is configured too low: it is shown, not hidden.
    """
    earlier, later = before.traffic.get(name, {}).get(key), after.traffic[name].get(key)
    elapsed = after.at - before.at
    if earlier is None or later is None or later < earlier or elapsed <= 0:
        return None
    return (later - earlier) / elapsed / capacity


def network_families(
    reading: NetworkReading, previous: NetworkReading | None, configured: Mapping[str, float]
) -> list[Metric]:
    """Counters per interface; capacity and utilisation where the capacity is known or configured."""
    known = capacities(reading.speed, configured)
    known = {name: capacity for name, capacity in known.items() if name in reading.traffic}
    used = [
        ((name, direction), utilisation(previous, reading, name, key, capacity))
        for name, capacity in known.items()
        for direction, key in DIRECTIONS.items()
        if previous is not None
    ]
    return [
        *counter_table(FIELDS, "interface", reading.traffic),
        *gauges(
            "outcall_host_network_up",
            "1 if the interface is up, else 0.",
            ("interface",),
            [((name,), up) for name, up in reading.up.items() if name in reading.traffic],
        ),
        *gauges(
            "outcall_host_network_capacity_bytes_per_second",
            "Capacity of the link in each direction, in bytes per second: as configured, else as its driver says.",
            ("interface",),
            [((name,), capacity) for name, capacity in known.items()],
        ),
        *gauges(
            "outcall_host_network_utilisation_ratio",
            "Traffic since the previous reading over the link's capacity, 0 to 1 (more: the capacity is set too low).",
            ("interface", "direction"),
            used,
        ),
    ]


def vouched(interface: str, root: Path) -> bool:
    """Whether the speed that the kernel states is a link's: true for hardware, a bond of it, and without sysfs.

    A veth or a tunnel makes one up (10 Gbit/s, 10 Mbit/s).
    """
    devices = root / "sys/class/net"
    entry = devices / interface
    return not devices.is_dir() or (entry / "device").exists() or (entry / "bonding").is_dir()


class NetworkPart:
    """Reads the interfaces and remembers the previous reading for the utilisation."""

    def __init__(
        self,
        link_capacity: Mapping[str, float],
        ignored: re.Pattern[str],
        root: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._capacity = dict(link_capacity)
        self._ignored = ignored
        self._root = root
        self._clock = clock
        self._previous: NetworkReading | None = None

    def __call__(self) -> list[Metric]:
        reading, previous = self._read(), self._previous
        self._previous = reading
        return network_families(reading, previous, self._capacity)

    def _read(self) -> NetworkReading:
        # Raw counters: a wrap looks to Prometheus like the reset that it is, and psutil's own cure is global state.
        traffic = psutil.net_io_counters(pernic=True, nowrap=False) or {}
        at = self._clock()
        stats = psutil.net_if_stats()
        wanted = {name: io._asdict() for name, io in traffic.items() if self._wanted(name)}
        speed = {name: stats[name].speed for name in wanted if name in stats and vouched(name, self._root)}
        return NetworkReading(at, wanted, {name: stats[name].isup for name in wanted if name in stats}, speed)

    def _wanted(self, name: str) -> bool:
        # Who configures the capacity of an interface wants to see it.
        return name in self._capacity or not self._ignored.fullmatch(name)
