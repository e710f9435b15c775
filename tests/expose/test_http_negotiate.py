"""The format that each real scraper gets, and header text that must never break the choice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.expose.negotiate import choose_format, parse_preferences, wants_gzip

PROMETHEUS_2_30 = "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
PROMETHEUS_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
    "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
    "text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)
PROMETHEUS_3_TEXT_ONLY = "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
PROTOBUF_FIRST = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
    "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (PROMETHEUS_2_42, "openmetrics"),
        (PROMETHEUS_3, "openmetrics"),
        (PROTOBUF_FIRST, "openmetrics"),
        (PROMETHEUS_2_30, "text"),  # it knows OpenMetrics 0.0.1 only
        (PROMETHEUS_3_TEXT_ONLY, "text"),
        (BROWSER, "text"),
        ("", "text"),
        ("*/*", "text"),
        ("application/*", "text"),
        ("application/openmetrics-text", "openmetrics"),
        ("Application/OpenMetrics-Text; Version=1.0.0", "openmetrics"),
        ('application/openmetrics-text; version="1.0.0"', "openmetrics"),
        ("application/openmetrics-text;q=0", "text"),
        ("application/openmetrics-text;q=0, */*", "text"),
        ("application/openmetrics-text;version=1.0.0;q=0.2, text/plain;q=0.3", "text"),
        ("application/openmetrics-text;version=1.0.0;q=0.3, text/plain;q=0.3", "openmetrics"),
        ("text/plain;q=0, application/openmetrics-text;q=0.001", "openmetrics"),
        ("application/openmetrics-text;q=nan", "text"),
        ("application/openmetrics-text;q=2", "text"),
        ("application/json", "text"),
        ("*/*;q=1, application/openmetrics-text;version=1.0.0;q=0.5", "text"),
    ],
)
def test_format_by_accept(accept: str, expected: str) -> None:
    """The closest media range decides the quality of each format; OpenMetrics has to be named."""
    assert choose_format(accept) == expected


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        ("gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("*", True),
        ("gzip;q=0.5", True),
        ("identity;q=0.5, gzip;q=0.5", True),
        ("", False),
        ("identity", False),
        ("deflate", False),
        ("gzip;q=0", False),
        ("gzip;q=0.0, *", False),
        ("*;q=0", False),
        ("gzip;q=0.5, identity", False),
    ],
)
def test_gzip_by_accept_encoding(accept_encoding: str, expected: bool) -> None:
    """gzip goes to whoever accepts it and does not prefer the plain bytes."""
    assert wants_gzip(accept_encoding) is expected


@given(st.text(alphabet='*/,;=q."01 azgip-', max_size=80) | st.text(max_size=200))
def test_any_header_is_survived(header: str) -> None:
    """No header text raises, and every quality is within 0..1."""
    assert all(0 <= preference.quality <= 1 for preference in parse_preferences(header))
    assert choose_format(header) in ("text", "openmetrics")
    assert wants_gzip(header) in (True, False)


@given(st.permutations(PROMETHEUS_3.split(",")))
def test_order_does_not_matter(elements: list[str]) -> None:
    """Qualities decide, not the order of the elements."""
    assert choose_format(",".join(elements)) == "openmetrics"
