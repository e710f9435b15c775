"""Reads the control group of this process: limits and usage, version 1 or 2. The parsing is in `cgroup`.

A limit may be set on any visible level of the hierarchy. The tightest one binds, and usage is read where the limit is.
On the root of the host there is no container, and nothing is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol, TypeVar

from exporter.collectors import cgroup
from exporter.collectors.families import scaled

# Present in the root group of version 1 only, and in every group of version 2 but the root.
ROOT_ONLY_V1 = "release_agent"
NOT_ON_ROOT_V2 = "cgroup.events"

NANOSECOND = 1e-9
MICROSECOND = 1e-6


class Limited(Protocol):
    """Figures of one level of a hierarchy; `limit` is None where that level has none."""

    @property
    def limit(self) -> float | None: ...


L = TypeVar("L", bound=Limited)


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes; the working set is the usage less the page cache that can be dropped."""

    limit: int | None = None
    usage: int | None = None
    working_set: int | None = None


@dataclass(frozen=True, slots=True)
class Cpu:
    """Cores, seconds and scheduling periods."""

    limit: float | None = None
    usage: float | None = None
    periods: int | None = None
    throttled_periods: int | None = None
    throttled_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Pids:
    """Processes and threads."""

    limit: int | None = None
    usage: int | None = None


@dataclass(frozen=True, slots=True)
class ContainerReading:
    """All figures at `at` (monotonic seconds)."""

    at: float
    memory: Memory = Memory()
    cpu: Cpu = Cpu()
    pids: Pids = Pids()


def read_container(root: Path, at: float) -> ContainerReading:
    """Read the group of this process below `root`; empty where there are no control groups.

    Raises OSError or ValueError when a file is there that cannot be read or understood.
    """
    groups = cgroup.parse_membership(_text(root / "proc/self/cgroup") or "")
    mounts = cgroup.parse_mounts(_text(root / "proc/self/mountinfo") or "")

    def folders(controller: str) -> tuple[int, list[tuple[PurePosixPath, Path]]]:
        place = cgroup.locate(controller, groups, mounts)
        return (place.version, list(_folders(root, place))) if place else (0, [])

    version, found = folders("memory")
    memory = [_memory_v1(folder) if version == 1 else _memory_v2(folder) for _, folder in found]
    version, found = folders("pids")
    pids = [Pids(_limit(folder / "pids.max"), _number(folder / "pids.current")) for _, folder in found]
    version, found = folders("cpu")
    if version == 1:
        accounts = dict(folders("cpuacct")[1])
        cpu = [_cpu_v1(folder, accounts.get(level)) for level, folder in found]
    else:
        cpu = [_cpu_v2(folder) for _, folder in found]
    return ContainerReading(
        at,
        tightest(memory, Memory()),
        tightest(cpu, Cpu()),
        tightest(pids, Pids()),
    )


def tightest(levels: Sequence[L], nothing: L) -> L:
    """The level with the lowest limit; the group's own, the first, when none has a limit."""
    return min(levels, key=lambda level: math.inf if level.limit is None else level.limit, default=nothing)


def _folders(root: Path, place: cgroup.Place) -> Iterator[tuple[PurePosixPath, Path]]:
    for level in place.levels():
        folder = root / level.relative_to("/")
        at_root = (folder / ROOT_ONLY_V1).exists() if place.version == 1 else not (folder / NOT_ON_ROOT_V2).exists()
        if folder.is_dir() and not at_root:
            yield level.relative_to(place.point), folder


def _memory_v1(folder: Path) -> Memory:
    usage = _number(folder / "memory.usage_in_bytes")
    cache = _flat(folder / "memory.stat").get("total_inactive_file")
    return Memory(_limit(folder / "memory.limit_in_bytes"), usage, _working_set(usage, cache))


def _memory_v2(folder: Path) -> Memory:
    usage = _number(folder / "memory.current")
    cache = _flat(folder / "memory.stat").get("inactive_file")
    return Memory(_limit(folder / "memory.max"), usage, _working_set(usage, cache))


def _working_set(usage: int | None, cache: int | None) -> int | None:
    return None if usage is None or cache is None else max(0, usage - cache)


def _cpu_v1(folder: Path, account: Path | None) -> Cpu:
    stat = _flat(folder / "cpu.stat")
    return Cpu(
        limit=cgroup.cores(_limit(folder / "cpu.cfs_quota_us"), _number(folder / "cpu.cfs_period_us") or 0),
        usage=scaled(_number(account / "cpuacct.usage"), NANOSECOND) if account else None,
        periods=stat.get("nr_periods"),
        throttled_periods=stat.get("nr_throttled"),
        throttled_seconds=scaled(stat.get("throttled_time"), NANOSECOND),
    )


def _cpu_v2(folder: Path) -> Cpu:
    stat = _flat(folder / "cpu.stat")
    quota = _text(folder / "cpu.max")
    return Cpu(
        limit=cgroup.parse_cpu_max(quota) if quota else None,
        usage=scaled(stat.get("usage_usec"), MICROSECOND),
        periods=stat.get("nr_periods"),
        throttled_periods=stat.get("nr_throttled"),
        throttled_seconds=scaled(stat.get("throttled_usec"), MICROSECOND),
    )


def _limit(file: Path) -> int | None:
    text = _text(file)
    return None if text is None else cgroup.parse_limit(text)


def _number(file: Path) -> int | None:
    text = _text(file)
    return None if text is None else int(text)


def _flat(file: Path) -> dict[str, int]:
    return cgroup.parse_flat(_text(file) or "")


def _text(file: Path) -> str | None:
    """A controller that is not enabled for the group has no files: that is nothing known, not a failure."""
    try:
        return file.read_text("utf-8", "surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return None
