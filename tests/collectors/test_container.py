"""Control groups as they lie on disk: fixture trees below a temporary root."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from exporter.collectors.cgroupfs import Cpu, Memory, Pids, read_container
from exporter.collectors.container import ContainerPart, container_families
from tests.collectors.exposition import lint, text_of, value

GIB = 1 << 30
CGROUP2 = "30 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n"
V2_FILES = {
    "cgroup.events": "populated 1\n",
    "memory.max": f"{GIB}\n",
    "memory.current": "700\n",
    "memory.stat": "anon 400\ninactive_file 200\n",
    "cpu.max": "150000 100000\n",
    "cpu.stat": "usage_usec 2500000\nnr_periods 40\nnr_throttled 3\nthrottled_usec 1500000\n",
    "pids.max": "512\n",
    "pids.current": "17\n",
}


def tree(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def version_2(root: Path, group: str, files: Mapping[str, str]) -> Path:
    tree(root, {"proc/self/cgroup": f"0::{group}\n", "proc/self/mountinfo": CGROUP2})
    tree(root / "sys/fs/cgroup" / group.lstrip("/"), files)
    return root


def version_1(root: Path, group: str = "/docker/1f") -> Path:
    mounts = {"cpu,cpuacct": "cpu,cpuacct", "memory": "memory", "pids": "pids"}
    point = "/sys/fs/cgroup"
    info = "".join(f"1 1 0:1 {group} {point}/{x} ro - cgroup cgroup rw,{x}\n" for x in mounts)
    membership = "".join(f"{n}:{x}:{group}\n" for n, x in enumerate(mounts, 1))
    files = {
        "cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
        "cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        "cpu,cpuacct/cpu.stat": "nr_periods 9\nnr_throttled 2\nthrottled_time 250000000\n",
        "cpu,cpuacct/cpuacct.usage": "4500000000\n",
        "memory/memory.limit_in_bytes": "9223372036854771712\n",
        "memory/memory.usage_in_bytes": "900\n",
        "memory/memory.stat": "inactive_file 1\ntotal_inactive_file 300\n",
        "pids/pids.max": "max\n",
        "pids/pids.current": "5\n",
    }
    tree(root, {"proc/self/cgroup": membership, "proc/self/mountinfo": info})
    tree(root / "sys/fs/cgroup", files)
    return root


def test_version_2_rendered(tmp_path: Path) -> None:
    """The whole text, so that a change of a name or a unit is seen."""
    families = container_families(read_container(version_2(tmp_path, "/", V2_FILES), 0.0), None)
    lines = [line for line in text_of(families).splitlines() if not line.startswith("#")]
    assert lines == [
        "outcall_host_container_memory_limit_bytes 1.073741824e+09",
        "outcall_host_container_memory_usage_bytes 700.0",
        "outcall_host_container_memory_working_set_bytes 500.0",
        "outcall_host_container_cpu_limit_cores 1.5",
        "outcall_host_container_cpu_usage_seconds_total 2.5",
        "outcall_host_container_cpu_periods_total 40.0",
        "outcall_host_container_cpu_throttled_periods_total 3.0",
        "outcall_host_container_cpu_throttled_seconds_total 1.5",
        "outcall_host_container_pids_limit 512.0",
        "outcall_host_container_pids 17.0",
    ]
    assert lint(families) == ""


def test_version_1_in_base_units_and_without_limits_that_are_none(tmp_path: Path) -> None:
    reading = read_container(version_1(tmp_path), 0.0)
    assert reading.memory == Memory(None, 900, 600)
    assert reading.cpu == Cpu(0.5, 4.5, 9, 2, 0.25)
    assert reading.pids == Pids(None, 5)
    assert "memory_limit" not in text_of(container_families(reading, None))


def test_the_tightest_level_binds_and_its_usage_is_read(tmp_path: Path) -> None:
    """A process in a child group of a limited container: the limit stands above."""
    group = {"cgroup.events": "populated 1\n", "memory.stat": ""}
    version_2(tmp_path, "/pod", {**group, "memory.max": "1000\n", "memory.current": "900\n", "pids.max": "max\n"})
    version_2(tmp_path, "/pod/app", {**group, "memory.max": "max\n", "memory.current": "100\n", "pids.current": "3\n"})
    reading = read_container(tmp_path, 0.0)
    assert (reading.memory.limit, reading.memory.usage) == (1000, 900)
    assert reading.pids == Pids(None, 3)


@pytest.mark.parametrize("version", [1, 2])
def test_the_root_group_of_a_host_is_no_container(tmp_path: Path, version: int) -> None:
    if version == 1:
        version_1(tmp_path, "/")
        for name in ("cpu,cpuacct", "memory", "pids"):
            (tmp_path / "sys/fs/cgroup" / name / "release_agent").touch()
    else:
        version_2(tmp_path, "/", {"cpu.stat": "usage_usec 1\n"})
    assert container_families(read_container(tmp_path, 0.0), None) == []


def test_a_machine_without_control_groups(tmp_path: Path) -> None:
    assert container_families(read_container(tmp_path, 0.0), None) == []


def test_a_mounted_group_that_is_not_visible_falls_back_to_the_mount(tmp_path: Path) -> None:
    version_2(tmp_path, "/", V2_FILES)
    tree(tmp_path, {"proc/self/cgroup": "0::/kubepods/pod1/app\n"})
    assert read_container(tmp_path, 0.0).memory.limit == GIB


def test_utilisation_is_against_the_limit(tmp_path: Path) -> None:
    """3 CPU seconds in 4 s under a limit of 1.5 cores: half of it; a counter that fell tells nothing."""
    clock: Iterator[float] = iter([10.0, 14.0, 18.0])
    part = ContainerPart(version_2(tmp_path, "/", V2_FILES), lambda: next(clock))
    name = "outcall_host_container_cpu_utilisation_ratio"
    assert value(part(), name) is None
    version_2(tmp_path, "/", {"cpu.stat": "usage_usec 5500000\n"})
    assert value(part(), name) == pytest.approx(0.5)
    version_2(tmp_path, "/", {"cpu.stat": "usage_usec 1\n"})
    assert value(part(), name) is None


def test_without_a_cpu_limit_there_is_no_utilisation(tmp_path: Path) -> None:
    clock: Iterator[float] = iter([0.0, 1.0])
    part = ContainerPart(version_2(tmp_path, "/", {**V2_FILES, "cpu.max": "max 100000\n"}), lambda: next(clock))
    part()
    assert value(part(), "outcall_host_container_cpu_utilisation_ratio") is None
