"""Variables and macros in queries, links and texts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.grafana.errors import GrafanaError
from devtools.grafana.formats import Choice, write
from devtools.grafana.interpolate import interpolate, legend, link, unknown
from devtools.grafana.timing import Interval, Span

SPAN = Span(1_750_000_000, 1_750_086_400)
CHOICES = {
    "one": Choice("one", ("甲",), ("a.b",)),
    "two": Choice("two", ("甲", "乙"), ("a.b", "c|d"), listed=True),
    "every": Choice("every", ("甲", "乙"), ("a", "b"), listed=True, all=True),
    "any": Choice("any", ("甲",), ("a",), listed=True, all=True, all_value=".*"),
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("$one", "a.b"),
        ("${one}x", "a.bx"),
        ("[[one]]", "a.b"),
        ("$ones", "$ones"),
        ('{a=~"$two"}', r'{a=~"(a\\.b|c\\|d)"}'),
        ("${two:regex}", r"(a\.b|c\|d)"),
        ("${two:raw}", "a.b,c|d"),
        ("${two:pipe}", "a.b|c|d"),
        ("${two:queryparam}", "var-two=a.b&var-two=c%7Cd"),
        ("${two:text}", "甲 + 乙"),
        ("${every}", "(a|b)"),
        ("${every:text}", "All"),
        ("${every:queryparam}", "var-every=%24__all"),
        ("$any", ".*"),
        ("${any:raw}", ".*"),
        ("rate(x[$__rate_interval])", "rate(x[1m15s])"),
        ("$__interval $__range $__range_s", "1m 86400s 86400"),
        ("?${__url_time_range}", "?from=1750000000000&to=1750086400000"),
    ],
)
def test_formats(text: str, wanted: str) -> None:
    assert interpolate(text, CHOICES, SPAN, Interval(60, 15)) == wanted


def test_unknown_format_is_an_error() -> None:
    with pytest.raises(GrafanaError, match="upside"):
        interpolate("${one:upside}", CHOICES, SPAN, Interval(60))


def test_unknown_names() -> None:
    assert unknown("$one ${other} $__interval [[third]]", CHOICES) == ["other", "third"]


@given(st.lists(st.text("ab.*+?()[]{}|^$\\", min_size=1, max_size=6), min_size=1, max_size=4, unique=True))
def test_a_query_finds_exactly_the_chosen_values(values: list[str]) -> None:
    """The escaped choice, read back as PromQL reads a quoted string, matches the values and nothing else."""
    choice = Choice("x", tuple(values), tuple(values), listed=True)
    for how, quoted in (("", True), ("regex", False)):
        written = write(choice, how)
        pattern = re.compile(re.sub(r"\\(.)", r"\1", written) if quoted else written)
        assert all(pattern.fullmatch(value) for value in values)
        assert not pattern.fullmatch("".join(values) + "b")


def test_legends_and_links() -> None:
    assert legend("{{scenario}} / {{ none }}", {"scenario": "催收"}) == "催收 / "
    values = {"__data.fields.kpi": "a b", "__value.raw": "0.5"}
    assert link("/d/x?var-kpi=${__data.fields.kpi}&v=${__value.raw}", values) == "/d/x?var-kpi=a%20b&v=0.5"
    assert link('${__data.fields["kpi"]:raw}', values) == "a b"
