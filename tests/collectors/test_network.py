from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.collectors.network import (
    IGNORED_INTERFACES,
    NetworkReading,
    capacities,
    network_families,
    utilisation,
    vouched,
)
from tests.collectors.exposition import numbers, value

RATIO = "outcall_host_network_utilisation_ratio"


def reading(at: float, received: float, sent: float, speed: int = 0, name: str = "eth0") -> NetworkReading:
    return NetworkReading(at, {name: {"bytes_recv": received, "bytes_sent": sent}}, {name: True}, {name: speed})


def test_utilisation_is_bits_over_the_capacity_in_each_direction() -> None:
    """100 Mbit/s for 10 s carry 125 MB; 100 MB and 25 MB of them are 0.8 and 0.2."""
    families = network_families(reading(10, 100e6, 25e6), reading(0, 0, 0), {"eth0": 100e6})
    assert value(families, RATIO, interface="eth0", direction="receive") == pytest.approx(0.8)
    assert value(families, RATIO, interface="eth0", direction="transmit") == pytest.approx(0.2)
    assert value(families, "outcall_host_network_capacity_bytes_per_second", interface="eth0") == 12.5e6


def test_a_link_of_unknown_capacity_has_traffic_and_no_utilisation() -> None:
    families = network_families(reading(10, 5, 6), reading(0, 0, 0), {})
    assert {name for name, _ in numbers(families)} == {
        "outcall_host_network_receive_bytes_total",
        "outcall_host_network_transmit_bytes_total",
        "outcall_host_network_up",
    }


def test_the_first_reading_has_no_utilisation() -> None:
    assert (
        value(network_families(reading(0, 5, 5, 1000), None, {}), RATIO, interface="eth0", direction="receive") is None
    )


@pytest.mark.parametrize("speed", [0, -1, 65535, 2147483647, 4294967295])
def test_a_driver_that_does_not_know_says_nothing(speed: int) -> None:
    assert capacities({"eth0": speed}, {}) == {}


def test_the_configured_capacity_has_precedence_over_the_driver() -> None:
    assert capacities({"eth0": 1000, "eth1": 10000}, {"eth0": 200e6}) == {"eth0": 25e6, "eth1": 1.25e9}


def test_a_configured_interface_that_is_not_there_is_absent() -> None:
    assert "eth9" not in str(numbers(network_families(reading(1, 1, 1), reading(0, 0, 0), {"eth9": 1e9})))


@given(st.floats(0, 1e12), st.floats(0, 1e12), st.floats(-10, 10))
def test_a_reset_or_a_standing_clock_tells_nothing(earlier: float, later: float, elapsed: float) -> None:
    ratio = utilisation(reading(0, earlier, 0), reading(elapsed, later, 0), "eth0", "bytes_recv", 1e9)
    assert (ratio is None) == (later < earlier or elapsed <= 0)
    assert ratio is None or ratio >= 0


def test_an_interface_that_appeared_meanwhile_has_no_utilisation_yet() -> None:
    assert utilisation(reading(0, 1, 1), reading(1, 1, 1, name="eth1"), "eth1", "bytes_recv", 1e9) is None


def test_a_made_up_speed_is_not_believed(tmp_path: Path) -> None:
    for entry in ("eth0/device", "bond0/bonding", "veth1"):
        (tmp_path / "sys/class/net" / entry).mkdir(parents=True)
    assert [name for name in ("eth0", "bond0", "veth1") if vouched(name, tmp_path)] == ["eth0", "bond0"]


def test_without_sysfs_the_speed_is_believed(tmp_path: Path) -> None:
    assert vouched("en0", tmp_path)


@pytest.mark.parametrize("name", ["lo", "veth1a2b", "docker0", "br-1f2e", "cali123", "virbr0", "ifb0"])
def test_what_the_host_makes_for_itself_is_ignored(name: str) -> None:
    assert re.fullmatch(IGNORED_INTERFACES, name)


@pytest.mark.parametrize("name", ["eth0", "ens3", "enp0s31f6", "bond0", "wlan0", "eno1", "br0", "wwan0"])
def test_real_links_are_not(name: str) -> None:
    assert not re.fullmatch(IGNORED_INTERFACES, name)
