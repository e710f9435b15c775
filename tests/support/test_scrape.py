"""The reader of `/metrics` and the comparison."""

from __future__ import annotations

import pytest

from tests.support.scrape import compare, parse

PAGE = """\
# HELP outcall_dials Dials.
# TYPE outcall_dials gauge
outcall_dials{window="5m",scenario="collection"} 3
outcall_dials{window="1h",scenario="collection"} 0
# HELP outcall_queries_total Queries.
# TYPE outcall_queries_total counter
outcall_queries_total{status="ok \\"so\\""} 7
"""


def test_labels_are_sorted_and_unescaped() -> None:
    """A series is its name and its sorted labels."""
    assert parse(PAGE) == {
        ("outcall_dials", (("scenario", "collection"), ("window", "5m"))): 3.0,
        ("outcall_dials", (("scenario", "collection"), ("window", "1h"))): 0.0,
        ("outcall_queries_total", (("status", 'ok "so"'),)): 7.0,
    }


def test_a_series_twice_is_an_error() -> None:
    """A Prometheus server would refuse the page."""
    with pytest.raises(ValueError, match="outcall_dials"):
        parse(PAGE.replace("1h", "5m"))


def test_differences_are_told_apart() -> None:
    """Missing, unexpected, different; other metrics and the last bits of a float are none of its business."""
    expected = {("a", ()): 1.0, ("b", ()): 1 / 3, ("c", (("x", "y"),)): 2.0}
    actual = {("b", ()): 0.3333333333334, ("c", (("x", "y"),)): 2.1, ("c", ()): 1.0, ("d", ()): 5.0}
    assert compare(expected, actual) == [
        "missing    a{}: expected 1.0",
        "unexpected c{}: 1.0",
        'different  c{x="y"}: expected 2.0, is 2.1',
    ]
    assert compare(expected, expected | {("d", ()): 5.0}, families={"a", "d"}) == ["unexpected d{}: 5.0"]


def test_zero_may_be_absent() -> None:
    """Where the caller says so, and only there."""
    assert compare({("a", ()): 0.0}, {}, zero_is_absent={"a"}) == []
    assert compare({("a", ()): 0.0}, {}) == ["missing    a{}: expected 0.0"]
    assert compare({}, {("a", ()): 0.0}, families={"a"}, zero_is_absent={"a"}) == []
