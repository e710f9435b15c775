"""Space of the mounted file systems, and I/O of the disks under them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil
from prometheus_client.metrics_core import Metric

from exporter.collectors.families import Field, counter_table, gauges
from exporter.collectors.mountinfo import is_readonly

# Pseudo file systems, images that are always full, and network file systems: a dead file server blocks whoever asks
# for its space, for ever. (The recording store has a collector of its own.)
IGNORED_FILESYSTEMS = (
    r"autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|efivarfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs"
    r"|proc|procfs|pstore|ramfs|rootfs|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tmpfs|tracefs"
    r"|9p|afs|ceph|cifs|fuse\.(?!fuse-overlayfs$).*|glusterfs|lustre|ncpfs|nfs4?|smb3|smbfs|virtiofs"
)
IGNORED_MOUNT_POINTS = (
    r"/(dev|proc|run/credentials|sys|var/lib/docker|var/lib/containers/storage|var/lib/kubelet)(/.*)?"
)
# Partitions and the layers above the disks (LVM, RAID) would count the same I/O twice.
IGNORED_DEVICES = r"(z?ram|loop|fd|sr|dm-|md|(h|s|v|xv)d[a-z]+|nvme\d+n\d+p|mmcblk\d+p)\d+"

DISK_LABELS = ("device", "fstype", "mountpoint")
MILLISECOND = 0.001
PROC_SELF = Path("/proc/self")

IO_FIELDS = (
    Field("outcall_host_disk_reads_completed_total", "read_count", "Reads that the disk completed since boot."),
    Field("outcall_host_disk_writes_completed_total", "write_count", "Writes that the disk completed since boot."),
    Field("outcall_host_disk_read_bytes_total", "read_bytes", "Bytes read from the disk since boot."),
    Field("outcall_host_disk_written_bytes_total", "write_bytes", "Bytes written to the disk since boot."),
    Field("outcall_host_disk_read_time_seconds_total", "read_time", "Seconds that reads took, summed.", MILLISECOND),
    Field("outcall_host_disk_write_time_seconds_total", "write_time", "Seconds that writes took, summed.", MILLISECOND),
    Field("outcall_host_disk_io_time_seconds_total", "busy_time", "Seconds in which the disk was busy.", MILLISECOND),
)


class Partition(Protocol):
    """What psutil tells of one mount."""

    @property
    def device(self) -> str: ...
    @property
    def mountpoint(self) -> str: ...
    @property
    def fstype(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Space:
    """One file system in bytes and inodes; `files` is None where the file system has no fixed number of them.

    `readonly`: nobody can write, where that is known; else this process cannot.
    """

    size: int
    avail: int
    used: int
    files: int | None
    files_free: int | None
    readonly: bool


SPACE_GAUGES: tuple[tuple[str, str, Callable[[Space], float | None]], ...] = (
    ("size_bytes", "Size of the file system, in bytes.", lambda space: space.size),
    ("avail_bytes", "Space that an unprivileged process can still write, in bytes.", lambda space: space.avail),
    ("used_bytes", "Space of the file system in use, in bytes.", lambda space: space.used),
    ("files", "Inodes of the file system, where their number is fixed.", lambda space: space.files),
    ("files_free", "Inodes that an unprivileged process can still use.", lambda space: space.files_free),
    (
        "readonly",
        "1 if the file system itself is read-only, not only the exporter's mount of it, else 0.",
        lambda space: space.readonly,
    ),
)


def real_mounts(mounts: Iterable[Partition], filesystems: re.Pattern[str], points: re.Pattern[str]) -> list[Partition]:
    """The mounts that hold space of their own, the topmost where one hides another.

    An overlay shows the space of the file system below it, so only that of `/` counts: the root of a container.
    """
    topmost = {mount.mountpoint: mount for mount in mounts}
    return [
        mount
        for mount in topmost.values()
        if not filesystems.fullmatch(mount.fstype)
        and not points.fullmatch(mount.mountpoint)
        and (mount.mountpoint == "/" or "overlay" not in mount.fstype)
    ]


def one_per_device(mounts: Iterable[Partition]) -> list[Partition]:
    """The shortest mount point of each device: bind mounts show the same space again."""
    chosen: dict[str, Partition] = {}
    for mount in sorted(mounts, key=lambda mount: (len(mount.mountpoint), mount.mountpoint)):
        chosen.setdefault(mount.device, mount)
    return list(chosen.values())


def space(point: str | Path, mountinfo: Path = PROC_SELF / "mountinfo") -> Space:
    """Space of the file system at a path, as an unprivileged writer has it. Raises OSError."""
    stat = os.statvfs(point)
    readonly = _readonly(point, mountinfo)
    return Space(
        size=stat.f_blocks * stat.f_frsize,
        avail=stat.f_bavail * stat.f_frsize,
        used=(stat.f_blocks - stat.f_bfree) * stat.f_frsize,
        files=stat.f_files or None,
        files_free=stat.f_favail if stat.f_files else None,
        # statvfs mixes the options of the mount in; elsewhere than on Linux nothing else tells.
        readonly=bool(stat.f_flag & os.ST_RDONLY) if readonly is None else readonly,
    )


def space_families(readings: Iterable[tuple[Partition, Space | None]]) -> list[Metric]:
    """Gauges per file system; `device_error` is 1 for one that is mounted and cannot be read (None)."""
    mounted = [((mount.device, mount.fstype, mount.mountpoint), found) for mount, found in readings]
    known = [(labels, found) for labels, found in mounted if found is not None]
    families: list[Metric] = []
    for name, text, number in SPACE_GAUGES:
        rows = [(labels, number(found)) for labels, found in known]
        families += gauges(f"outcall_host_filesystem_{name}", text, DISK_LABELS, rows)
    return [
        *families,
        *gauges(
            "outcall_host_filesystem_device_error",
            "1 if the file system is mounted and its space cannot be read, else 0.",
            DISK_LABELS,
            [(labels, found is None) for labels, found in mounted],
        ),
    ]


def io_families(disks: Mapping[str, Mapping[str, float]], ignored: re.Pattern[str]) -> list[Metric]:
    """Counters per whole disk. `disks`: device -> psutil's numbers (milliseconds, bytes, operations)."""
    return counter_table(IO_FIELDS, "device", {name: x for name, x in disks.items() if not ignored.fullmatch(name)})


class FilesystemPart:
    """Reads the space of each real file system."""

    def __init__(self, filesystems: re.Pattern[str], points: re.Pattern[str]) -> None:
        self._filesystems = filesystems
        self._points = points

    def __call__(self) -> list[Metric]:
        mounts = real_mounts(psutil.disk_partitions(all=True), self._filesystems, self._points)
        # A container has single files mounted over its own (/etc/hosts): they are not where anybody writes.
        folders = [mount for mount in mounts if not _is_file(mount.mountpoint)]
        return space_families((mount, _space_or_none(mount.mountpoint)) for mount in one_per_device(folders))


class DiskPart:
    """Reads the I/O counters of each whole disk."""

    def __init__(self, ignored: re.Pattern[str]) -> None:
        self._ignored = ignored

    def __call__(self) -> list[Metric]:
        # Raw counters: a wrap looks to Prometheus like the reset that it is, and psutil's own cure is global state.
        disks = psutil.disk_io_counters(perdisk=True, nowrap=False) or {}
        return io_families({name: io._asdict() for name, io in disks.items()}, self._ignored)


def _readonly(point: str | Path, mountinfo: Path) -> bool | None:
    """Whether the file system at a path is read-only for everybody; None where the kernel does not tell."""
    if sys.platform != "linux":
        return None
    try:
        opened = os.open(point, os.O_PATH | os.O_CLOEXEC)
        try:
            return is_readonly(_text(mountinfo), _text(PROC_SELF / f"fdinfo/{opened}"))
        finally:
            os.close(opened)
    except OSError:
        return None


def _text(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "surrogateescape")


def _is_file(point: str) -> bool:
    try:
        return Path(point).is_file()
    except OSError:
        return False


def _space_or_none(point: str) -> Space | None:
    try:
        return space(point)
    except OSError:
        return None
