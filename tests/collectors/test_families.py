from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from exporter.collectors.families import Field, counter, counter_table, gauge, gauges
from tests.collectors.exposition import lint, numbers, text_of, value


def test_what_is_not_known_is_absent_not_zero() -> None:
    assert gauge("outcall_x", "X.", None) == []
    assert gauge("outcall_x", "X.", math.nan) == []
    rows = [(("a",), None), (("b",), 0.0)]
    assert numbers(gauges("outcall_x", "X.", ("label",), rows)) == {("outcall_x", (("label", "b"),)): 0.0}


def test_a_counter_is_named_total_exactly_once() -> None:
    assert text_of(counter("outcall_x_total", "X.", 3)) == (
        "# HELP outcall_x_total X.\n# TYPE outcall_x_total counter\noutcall_x_total 3.0\n"
    )


def test_a_table_leaves_out_counters_that_a_device_lacks() -> None:
    fields = (Field("outcall_a_seconds_total", "a", "A.", 0.001), Field("outcall_b_total", "b", "B."))
    families = counter_table(fields, "device", {"one": {"a": 1500, "b": 2}, "two": {"b": 3}})
    assert value(families, "outcall_a_seconds_total", device="one") == 1.5
    assert value(families, "outcall_a_seconds_total", device="two") is None
    assert value(families, "outcall_b_total", device="two") == 3


@given(st.text(st.characters(), max_size=20), st.floats())
def test_no_label_and_no_value_breaks_the_page(label: str, number: float) -> None:
    """Mount points may hold bytes that are no text; they reach Python as lone surrogates."""
    families = gauges("outcall_x", "X.", ("label",), [((label,), number), (("sound",), 1.0)])
    text = text_of(families)
    assert 'outcall_x{label="sound"} 1.0' in text
    assert "NaN" not in text.replace(label, "")
    assert text.encode("utf-8")


def test_an_undecodable_mount_point_stays_readable() -> None:
    families = gauges("outcall_x", "X.", ("mountpoint",), [(("/mnt/\udcff",), 1.0)])
    assert r"/mnt/\\udcff" in text_of(families)
    assert lint(families) == ""
