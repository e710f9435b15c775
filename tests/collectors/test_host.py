"""The collector on the machine that runs the tests: laws that hold on any."""

from __future__ import annotations

import logging
from pathlib import Path

import psutil
import pytest
from prometheus_client.metrics_core import Metric

from exporter.collectors.base import Collector
from exporter.collectors.host import HostCollector, read_parts
from exporter.errors import UsageError
from tests.collectors.exposition import lint, numbers, value


@pytest.fixture
def lame(tmp_path: Path) -> Path:
    """A root whose control group file is nonsense that holds a secret."""
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("customer-13800000000\n")
    return tmp_path


def test_it_is_a_collector() -> None:
    collector: Collector = HostCollector(interval=7.0)
    assert (collector.name, collector.interval) == ("host", 7.0)


def test_promtool_has_nothing_to_say() -> None:
    interface = next(iter(psutil.net_io_counters(pernic=True)))
    collector = HostCollector(link_capacity={interface: 1e9})
    collector.collect()
    families = collector.collect()
    assert lint(families) == ""
    assert all(family.name.startswith("outcall_host_") and len(family.documentation) > 15 for family in families)


def test_every_machine_has_these() -> None:
    families = HostCollector().collect()
    names = {family.name for family in families}
    parts = {labels[0][1]: number for (name, labels), number in numbers(families).items() if "part_success" in name}
    assert set(parts.values()) == {1.0}, parts
    assert value(families, "outcall_host_cpus") == psutil.cpu_count()
    assert value(families, "outcall_host_memory_total_bytes") == psutil.virtual_memory().total
    assert value(families, "outcall_host_boot_time_seconds") == psutil.boot_time()
    assert {"outcall_host_filesystem_avail_bytes", "outcall_host_load1", "outcall_host_cpu_seconds"} <= names


def test_counters_never_fall_and_ratios_are_ratios() -> None:
    collector = HostCollector()
    first = numbers(collector.collect())
    families = collector.collect()
    while value(families, "outcall_host_cpu_utilisation_ratio") is None:  # until the kernel's clock has ticked
        families = collector.collect()
    second = numbers(families)
    counters = [key for key in first if key[0].endswith("_total")]
    assert counters
    assert all(second[key] >= first[key] for key in counters)
    ratios = {key: number for key, number in second.items() if key[0].endswith("_ratio") and "network" not in key[0]}
    assert ratios
    assert all(0 <= number <= 1 for number in ratios.values())


def test_traffic_over_a_link_of_configured_capacity_is_utilisation() -> None:
    """Asking for an interface shows it even where it would be ignored: the loopback is there on every machine."""
    collector = HostCollector(link_capacity={"lo": 8e9})
    first = collector.collect()
    assert value(first, "outcall_host_network_capacity_bytes_per_second", interface="lo") == 1e9
    ratio = value(collector.collect(), "outcall_host_network_utilisation_ratio", interface="lo", direction="receive")
    assert ratio is not None
    assert ratio >= 0


def test_a_part_that_fails_takes_nothing_else_with_it(lame: Path, caplog: pytest.LogCaptureFixture) -> None:
    collector = HostCollector(root=lame)
    with caplog.at_level(logging.INFO):
        families = collector.collect()
        collector.collect()
    assert value(families, "outcall_host_part_success", part="container") == 0.0
    assert value(families, "outcall_host_part_success", part="cpu") == 1.0
    assert value(families, "outcall_host_cpu_seconds_total", mode="user") is not None
    assert [record.getMessage() for record in caplog.records] == [
        "the host's container cannot be read (ValueError); its metrics are absent"
    ]
    assert "138" not in caplog.text


def test_a_part_that_recovers_is_said_to(lame: Path, caplog: pytest.LogCaptureFixture) -> None:
    collector = HostCollector(root=lame)
    collector.collect()
    (lame / "proc/self/cgroup").unlink()
    with caplog.at_level(logging.INFO):
        assert value(collector.collect(), "outcall_host_part_success", part="container") == 1.0
    assert "container can be read again" in caplog.text


def test_it_fails_only_when_nothing_can_be_read() -> None:
    def broken() -> list[Metric]:
        raise PermissionError("/proc/secret")

    assert read_parts({"whole": list, "broken": broken}) == ([], {"broken": "PermissionError"})
    with pytest.raises(OSError, match=r"^no part of the host can be read \(PermissionError\)$"):
        read_parts({"broken": broken})


def test_without_proc_each_part_fails_on_its_own(lame: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(lame / "nowhere"))
    families = HostCollector(root=lame).collect()
    for part in ("cpu", "memory", "network", "boot"):
        assert value(families, "outcall_host_part_success", part=part) == 0.0
    assert value(families, "outcall_host_part_success", part="disk") == 1.0  # psutil turns to sysfs


@pytest.mark.parametrize("bits", [0.0, -1.0, float("nan"), float("inf")])
def test_a_capacity_that_is_none_is_a_user_error(bits: float) -> None:
    with pytest.raises(UsageError, match=r"link_capacity of eth0 is .* Fix: give the link's bits per second"):
        HostCollector(link_capacity={"eth0": bits})


def test_a_broken_expression_is_a_user_error() -> None:
    with pytest.raises(UsageError, match="ignored_interfaces is not a regular expression"):
        HostCollector(ignored_interfaces="eth(")
