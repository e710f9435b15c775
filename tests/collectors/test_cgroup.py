from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.collectors.cgroup import (
    Mount,
    Place,
    locate,
    parse_cpu_max,
    parse_flat,
    parse_limit,
    parse_membership,
    parse_mounts,
)

V2 = "30 23 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate\n"
V1 = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
32 31 0:29 /docker/1f /sys/fs/cgroup/cpu,cpuacct ro,nosuid shared:9 master:2 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 /docker/1f /sys/fs/cgroup/memory ro,nosuid - cgroup cgroup rw,memory
40 31 0:37 /docker/1f /sys/fs/cgroup/systemd ro,nosuid - cgroup cgroup rw,xattr,name=systemd
"""
HYBRID = V1 + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"


def place(controller: str, membership: str, mountinfo: str) -> Place | None:
    return locate(controller, parse_membership(membership), parse_mounts(mountinfo))


def test_version_2_in_a_container_with_a_namespace_of_its_own() -> None:
    assert place("memory", "0::/\n", V2) == Place(2, PurePosixPath("/sys/fs/cgroup"), PurePosixPath())


def test_version_2_in_a_service_of_the_host() -> None:
    found = place("memory", "0::/system.slice/outcall.service\n", V2)
    assert found is not None
    assert [str(level) for level in found.levels()] == [
        "/sys/fs/cgroup/system.slice/outcall.service",
        "/sys/fs/cgroup/system.slice",
        "/sys/fs/cgroup",
    ]


def test_version_1_where_the_mount_begins_at_the_group_itself() -> None:
    found = place("cpu", "3:cpu,cpuacct:/docker/1f\n2:name=systemd:/docker/1f\n", V1)
    assert found == Place(1, PurePosixPath("/sys/fs/cgroup/cpu,cpuacct"), PurePosixPath())
    assert found.levels() == [PurePosixPath("/sys/fs/cgroup/cpu,cpuacct")]


def test_hybrid_takes_each_controller_from_where_it_is() -> None:
    membership = "4:memory:/docker/1f/child\n3:name=systemd:/\n0::/unified\n"
    memory, pids = place("memory", membership, HYBRID), place("pids", membership, HYBRID)
    assert memory == Place(1, PurePosixPath("/sys/fs/cgroup/memory"), PurePosixPath("child"))
    assert pids == Place(2, PurePosixPath("/sys/fs/cgroup/unified"), PurePosixPath("unified"))


def test_no_control_groups_at_all() -> None:
    assert place("memory", "", "") is None
    assert place("memory", "0::/\n", "22 27 0:21 / /proc rw,relatime - proc proc rw\n") is None
    assert place("memory", "4:memory:/\n", V2) is None


@pytest.mark.parametrize(
    ("membership", "mountinfo"),
    [("4:memory:/../../elsewhere\n", V1), ("4:memory:/other/place\n", V1), ("0::/../../elsewhere\n", V2)],
)
def test_a_group_outside_what_is_mounted_is_read_at_the_mount(membership: str, mountinfo: str) -> None:
    found = place("memory", membership, mountinfo)
    assert found is not None
    assert found.relative == PurePosixPath()


def test_escaped_blanks_and_options_of_a_mount() -> None:
    line = r"30 23 0:26 /a\040b /sys/fs/c\134g rw shared:1 - cgroup2 none rw" + "\n"
    assert parse_mounts(line) == [Mount(PurePosixPath("/a b"), PurePosixPath("/sys/fs/c\\g"), frozenset({""}))]


@pytest.mark.parametrize("text", ["max\n", "-1\n", "9223372036854771712\n", "9223372036854775807"])
def test_every_spelling_of_no_limit(text: str) -> None:
    assert parse_limit(text) is None


@given(st.integers(0, 1 << 50))
def test_a_limit_is_the_number_that_stands_there(number: int) -> None:
    assert parse_limit(f"{number}\n") == number


@pytest.mark.parametrize(
    ("text", "cores"), [("max 100000\n", None), ("150000 100000\n", 1.5), ("5000 10000", 0.5), ("1000 0", None)]
)
def test_cpu_max_is_quota_over_period(text: str, cores: float | None) -> None:
    assert parse_cpu_max(text) == cores


def test_flat_files_keep_their_numbers_and_nothing_else() -> None:
    assert parse_flat("usage_usec 12\nnr_throttled 0\nodd\n") == {"usage_usec": 12, "nr_throttled": 0}


@given(st.lists(st.sampled_from(["cpu", "memory", "pids", "cpuacct", "io"]), unique=True, min_size=1))
def test_joined_controllers_share_a_group(controllers: list[str]) -> None:
    groups = parse_membership(f"7:{','.join(controllers)}:/pod:1/app\n")
    assert groups == dict.fromkeys(controllers, PurePosixPath("/pod:1/app"))
