from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.collectors.disk import (
    IGNORED_DEVICES,
    IGNORED_FILESYSTEMS,
    IGNORED_MOUNT_POINTS,
    io_families,
    one_per_device,
    real_mounts,
    space,
    space_families,
)
from tests.collectors.exposition import numbers, value

FILESYSTEMS, POINTS, DEVICES = (re.compile(x) for x in (IGNORED_FILESYSTEMS, IGNORED_MOUNT_POINTS, IGNORED_DEVICES))


@dataclass(frozen=True)
class Mounted:
    device: str
    mountpoint: str
    fstype: str


def real(*mounts: Mounted) -> list[str]:
    return [mount.mountpoint for mount in real_mounts(mounts, FILESYSTEMS, POINTS)]


def test_only_file_systems_with_space_of_their_own_are_real() -> None:
    assert real(
        Mounted("/dev/sda1", "/", "ext4"),
        Mounted("proc", "/proc", "proc"),
        Mounted("tmpfs", "/run", "tmpfs"),
        Mounted("/dev/loop3", "/snap/core/1", "squashfs"),
        Mounted("server:/export", "/home", "nfs4"),
        Mounted("user@host:", "/mnt/remote", "fuse.sshfs"),
        Mounted("/dev/sdb1", "/srv/recordings", "xfs"),
        Mounted("overlay", "/var/lib/docker/overlay2/1f/merged", "overlay"),
        Mounted("pool/data", "/data", "zfs"),
    ) == ["/", "/srv/recordings", "/data"]


@pytest.mark.parametrize("fstype", ["overlay", "fuse.fuse-overlayfs"])
def test_an_overlay_counts_only_as_the_root_of_a_container(fstype: str) -> None:
    assert real(Mounted("overlay", "/", fstype), Mounted("overlay", "/opt/merged", fstype)) == ["/"]


def test_the_topmost_of_two_mounts_at_one_point_is_the_visible_one() -> None:
    mounts = [Mounted("/dev/sda1", "/data", "ext4"), Mounted("/dev/sdb1", "/data", "xfs")]
    assert [mount.device for mount in real_mounts(mounts, FILESYSTEMS, POINTS)] == ["/dev/sdb1"]


points = st.lists(
    st.builds(Mounted, st.sampled_from("abc"), st.sampled_from(["/", "/x", "/yy", "/y"]), st.just("ext4"))
)


@given(points)
def test_each_device_is_shown_once_at_its_shortest_mount_point(mounts: list[Mounted]) -> None:
    chosen = {mount.device: mount.mountpoint for mount in one_per_device(mounts)}
    assert len(one_per_device(mounts)) == len(chosen) == len({mount.device for mount in mounts})
    assert all(len(chosen[mount.device]) <= len(mount.mountpoint) for mount in mounts)


def test_space_adds_up(tmp_path: Path) -> None:
    found = space(tmp_path)
    assert 0 < found.used <= found.size
    assert 0 <= found.avail <= found.size - found.used


def test_read_only_is_what_the_file_system_is_not_its_mount(tmp_path: Path) -> None:
    """The kernel's own text with the file systems' option turned round: statvfs, which mixes the mount's in, is not."""
    mountinfo = tmp_path / "mountinfo"
    truth = Path("/proc/self/mountinfo").read_bytes()
    for option in (b"rw", b"ro"):
        mountinfo.write_bytes(re.sub(rb"(?m)( - \S+ \S* )r[ow]\b", rb"\1" + option, truth))
        assert space(tmp_path, mountinfo).readonly is (option == b"ro")


def test_where_the_kernel_does_not_tell_statvfs_does(tmp_path: Path) -> None:
    expected = bool(os.statvfs(tmp_path).f_flag & os.ST_RDONLY)
    assert space(tmp_path, tmp_path / "none").readonly is expected


def test_a_file_system_that_cannot_be_read_is_an_error_of_its_own(tmp_path: Path) -> None:
    mounts = [Mounted("a", "/a", "ext4"), Mounted("b", "/b", "ext4")]
    families = space_families([(mounts[0], space(tmp_path)), (mounts[1], None)])
    labels = {"device": "b", "fstype": "ext4", "mountpoint": "/b"}
    assert value(families, "outcall_host_filesystem_device_error", **labels) == 1.0
    assert value(families, "outcall_host_filesystem_size_bytes", **labels) is None
    assert value(families, "outcall_host_filesystem_device_error", **{**labels, "device": "a", "mountpoint": "/a"}) == 0


@pytest.mark.parametrize("device", ["sda", "vdb", "xvdaa", "nvme0n1", "mmcblk0", "hdc"])
def test_whole_disks_are_shown(device: str) -> None:
    assert value(io_families({device: {"read_bytes": 1}}, DEVICES), "outcall_host_disk_read_bytes_total", device=device)


@pytest.mark.parametrize(
    "device", ["sda1", "vdb12", "nvme0n1p2", "mmcblk0p1", "loop0", "zram0", "ram1", "dm-0", "md127"]
)
def test_what_would_count_the_same_io_twice_is_not(device: str) -> None:
    assert io_families({device: {"read_bytes": 1}}, DEVICES) == []


def test_milliseconds_become_seconds_and_missing_counters_are_absent() -> None:
    families = io_families({"sda": {"read_count": 7, "busy_time": 1500}}, DEVICES)
    assert numbers(families) == {
        ("outcall_host_disk_reads_completed_total", (("device", "sda"),)): 7.0,
        ("outcall_host_disk_io_time_seconds_total", (("device", "sda"),)): 1.5,
    }
