from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.collectors.cpu import MODES, CpuReading, cpu_families, utilisation
from tests.collectors.exposition import numbers, value

seconds = st.dictionaries(st.sampled_from(MODES), st.floats(0, 1e9))


@given(seconds, seconds)
def test_utilisation_is_a_ratio_whatever_the_counters_do(before: dict[str, float], after: dict[str, float]) -> None:
    ratio = utilisation(before, after)
    assert ratio is None or 0.0 <= ratio <= 1.0


def test_waiting_for_the_disk_is_idle() -> None:
    before = dict.fromkeys(MODES, 100.0)
    after = {**before, "user": 103.0, "steal": 101.0, "idle": 105.0, "iowait": 101.0}
    assert utilisation(before, after) == pytest.approx(0.4)


def test_a_mode_that_goes_backwards_counts_as_unchanged() -> None:
    """`iowait` does on some kernels: 3 s of work and 1 s idle are three quarters."""
    assert utilisation({"user": 1, "idle": 1, "iowait": 9}, {"user": 4, "idle": 2, "iowait": 7}) == 0.75


def test_no_time_passed_tells_nothing() -> None:
    assert utilisation({"user": 1.0, "idle": 2.0}, {"user": 1.0, "idle": 2.0}) is None


def test_the_first_reading_has_no_utilisation_and_an_unknown_load_is_absent() -> None:
    families = cpu_families(CpuReading({"user": 1.0, "idle": 3.0}, None, None), None)
    assert numbers(families) == {
        ("outcall_host_cpu_seconds_total", (("mode", "user"),)): 1.0,
        ("outcall_host_cpu_seconds_total", (("mode", "idle"),)): 3.0,
    }


def test_the_second_reading_has_one() -> None:
    first, second = (CpuReading({"user": user, "idle": 1.0}, 2, (0.1, 0.2, 0.3)) for user in (1.0, 2.0))
    families = cpu_families(second, first)
    assert value(families, "outcall_host_cpu_utilisation_ratio") == 1.0
    assert value(families, "outcall_host_load15") == 0.3
