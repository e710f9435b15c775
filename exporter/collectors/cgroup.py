"""The control group a process runs in, from the text of the kernel's files. Nothing here reads a file.

/proc/self/cgroup names the group, one line per hierarchy (`4:memory:/docker/1f2e` version 1, `0::/` version 2);
/proc/self/mountinfo tells where each hierarchy is mounted and which part of it: inside a container the mount's root
is often the container's own group, and the group's path is relative to the host or to the container. A hybrid system
has the controllers in version 1 and an empty version 2 beside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

UNIFIED = ""
# "No limit" in version 1 is the largest multiple of the page size; no machine has an exbibyte.
NO_LIMIT = 1 << 60


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted hierarchy: the group at its root, where it is, its controllers ({UNIFIED} for version 2)."""

    root: PurePosixPath
    point: PurePosixPath
    controllers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a controller's files are: under `point`, in the folder `relative`, or in one above it."""

    version: Literal[1, 2]
    point: PurePosixPath
    relative: PurePosixPath

    def levels(self) -> list[PurePosixPath]:
        """The group's folder first, then those above it up to the mount's root."""
        return [self.point / self.relative, *(self.point / parent for parent in self.relative.parents)]


def parse_membership(text: str) -> dict[str, PurePosixPath]:
    """Controller -> path of the group, of /proc/self/cgroup. Named hierarchies (`name=systemd`) limit nothing."""
    groups: dict[str, PurePosixPath] = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        groups |= {name: PurePosixPath(path) for name in controllers.split(",") if "=" not in name}
    return groups


def parse_mounts(text: str) -> list[Mount]:
    """The control group hierarchies of /proc/self/mountinfo, in the order of mounting."""
    found = []
    for line in text.splitlines():
        mount, _, filesystem = line.partition(" - ")
        root, point = (PurePosixPath(_unescape(field)) for field in mount.split(" ")[3:5])
        fstype, _, options = filesystem.split(" ", 2)
        if fstype == "cgroup2":
            found.append(Mount(root, point, frozenset({UNIFIED})))
        elif fstype == "cgroup":
            found.append(Mount(root, point, frozenset(options.split(","))))
    return found


def locate(controller: str, groups: dict[str, PurePosixPath], mounts: Iterable[Mount]) -> Place | None:
    """Where the files of a controller are; None where it is not mounted. Version 1 has it where it is named there."""
    hierarchy = controller if controller in groups else UNIFIED
    mount = next((mount for mount in mounts if hierarchy in mount.controllers), None)
    if mount is None or hierarchy not in groups:
        return None
    return Place(2 if hierarchy == UNIFIED else 1, mount.point, _relative(groups[hierarchy], mount.root))


def parse_limit(text: str) -> int | None:
    """A limit in its own unit; None when there is none (`max`, -1, or more than any machine has)."""
    number = text.strip()
    if number == "max" or int(number) < 0 or int(number) >= NO_LIMIT:
        return None
    return int(number)


def parse_cpu_max(text: str) -> float | None:
    """CPUs, of version 2's `cpu.max`: quota and period in microseconds; None without a limit."""
    quota, period = text.split()
    return cores(parse_limit(quota), int(period))


def cores(quota: int | None, period: int) -> float | None:
    """CPUs that a quota per period allows, both in microseconds."""
    return None if quota is None or period <= 0 else quota / period


def parse_flat(text: str) -> dict[str, int]:
    """Key -> number of a flat keyed file (`cpu.stat`, `memory.stat`)."""
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2}


def _relative(group: PurePosixPath, root: PurePosixPath) -> PurePosixPath:
    if ".." in group.parts or not group.is_relative_to(root):
        return PurePosixPath()  # the group lies outside what is mounted: the mount's root is the nearest to it
    return group.relative_to(root)


def _unescape(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)
