"""The host: CPU, memory, disks, network, and the container around the exporter. Metrics `outcall_host_*`.

Each part is read on its own: one that fails is left out, logged once with the class of its error only, and shown by
`outcall_host_part_success`; the others are unharmed. Names and units follow node_exporter where it has them.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import psutil
from prometheus_client.metrics_core import Metric

from exporter.collectors import disk, network
from exporter.collectors.container import ContainerPart
from exporter.collectors.cpu import CpuPart
from exporter.collectors.families import gauge, gauges
from exporter.collectors.memory import read_memory, read_swap
from exporter.errors import UsageError

log = logging.getLogger(__name__)

Part = Callable[[], list[Metric]]
Parts = Mapping[str, Part]


class HostCollector:
    """Reads the host with psutil and the files of the kernel.

    `link_capacity`: interface -> bits per second, for links whose driver does not tell (virtual machines) or that are
    slower than their port. `root`: where /proc and /sys of control groups are. `ignored_*`: regular expressions that
    match the whole name. Raises UsageError for a capacity that is not a positive number and for a broken expression.
    """

    name = "host"

    def __init__(
        self,
        interval: float = 15.0,
        link_capacity: Mapping[str, float] = MappingProxyType({}),
        root: Path = Path("/"),
        *,
        ignored_interfaces: str = network.IGNORED_INTERFACES,
        ignored_filesystems: str = disk.IGNORED_FILESYSTEMS,
        ignored_mount_points: str = disk.IGNORED_MOUNT_POINTS,
        ignored_devices: str = disk.IGNORED_DEVICES,
    ) -> None:
        _check_capacity(link_capacity)
        self.interval = interval
        self._failing: frozenset[str] = frozenset()
        self._parts: Parts = {
            "cpu": CpuPart(),
            "memory": read_memory,
            "swap": read_swap,
            "filesystem": disk.FilesystemPart(
                _pattern("ignored_filesystems", ignored_filesystems),
                _pattern("ignored_mount_points", ignored_mount_points),
            ),
            "disk": disk.DiskPart(_pattern("ignored_devices", ignored_devices)),
            "network": network.NetworkPart(link_capacity, _pattern("ignored_interfaces", ignored_interfaces), root),
            "boot": _read_boot,
            "container": ContainerPart(root),
        }

    def collect(self) -> list[Metric]:
        """Read every part once. Raises OSError, naming classes only, when not one of them can be read."""
        families, failures = read_parts(self._parts)
        self._report(failures)
        success = [((part,), part not in failures) for part in self._parts]
        text = "1 if this part of the host was read, else 0."
        return [*families, *gauges("outcall_host_part_success", text, ("part",), success)]

    def _report(self, failures: Mapping[str, str]) -> None:
        for part in sorted(failures.keys() - self._failing):
            log.warning("the host's %s cannot be read (%s); its metrics are absent", part, failures[part])
        for part in sorted(self._failing - failures.keys()):
            log.info("the host's %s can be read again", part)
        self._failing = frozenset(failures)


def read_parts(parts: Parts) -> tuple[list[Metric], dict[str, str]]:
    """The families of the parts that could be read, and the class of the error of each that could not.

    Raises OSError when there are parts and not one could be read.
    """
    families: list[Metric] = []
    failures: dict[str, str] = {}
    for name, read in parts.items():
        try:
            families += read()
        except Exception as error:  # psutil raises more than its own where the kernel's text surprises it
            failures[name] = type(error).__name__
    if parts and len(failures) == len(parts):
        raise OSError(f"no part of the host can be read ({', '.join(sorted(set(failures.values())))})")
    return families, failures


def _read_boot() -> list[Metric]:
    text = "When the host was booted, in seconds since 1970."
    return gauge("outcall_host_boot_time_seconds", text, psutil.boot_time())


def _check_capacity(link_capacity: Mapping[str, float]) -> None:
    for interface, bits in link_capacity.items():
        if not (math.isfinite(bits) and bits > 0):
            raise UsageError(
                f"link_capacity of {interface} is {bits}",
                "give the link's bits per second as a positive number, for instance 1000000000",
            )


def _pattern(setting: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise UsageError(f"{setting} is not a regular expression: {error}", "correct or remove it") from None
