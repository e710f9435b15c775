"""Figures, instants and the small drawing: examples and laws."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.expose.format import Unit, ago, clock, figure, measured, percent
from exporter.expose.sparkline import HEIGHT, WIDTH, runs, sparkline
from exporter.expose.wording import window_words

NBSP = "\N{NO-BREAK SPACE}"
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.25, "ratio", "25 %"),
        (0.321, "ratio", "32.1 %"),
        (0.999, "ratio", "99.9 %"),
        (0.0031, "ratio", "0.31 %"),
        (0.00031, "ratio", "0.03 %"),
        (0.000031, "ratio", "0.0031 %"),
        (0.99996, "ratio", "99.996 %"),
        (1.0, "ratio", "100 %"),
        (0.0, "ratio", "0 %"),
        (0.9999999999, "ratio", "< 100 %"),
        (1e-12, "ratio", "> 0 %"),
        (-1e-12, "ratio", "< 0 %"),
        (-0.05, "ratio", "-5 %"),
        (12.5, "ratio", "1,250 %"),
        (490.0, "cny", "¥490"),
        (812.4, "cny", "¥812.4"),
        (123456.78, "cny", "¥123,457"),
        (3.456, "cny", "¥3.46"),
        (-490.0, "cny", "-¥490"),
        (1.324, "seconds", "1.32 s"),
        (1.5, "seconds", "1.5 s"),
        (0.85, "seconds", "850 ms"),
        (0.0, "seconds", "0 s"),
        (900.0, "seconds", "15 min"),
        (7200.0, "seconds", "2 h"),
        (7500.0, "seconds", "2 h 5 min"),
        (4.1, "score", "4.1 分"),
        (4.0, "score", "4 分"),
    ],
)
def test_figures(value: float, unit: Unit, shown: str) -> None:
    """Each unit as people write it."""
    assert figure(value, unit).replace(NBSP, " ") == shown


def test_measurements_keep_their_decimal() -> None:
    """A measured percentage keeps one decimal, so that the figures of a range align; the ends of the scale do not."""
    assert [measured(v, "ratio").replace(NBSP, " ") for v in (0.49, 0.466, 1.0, 0.0)] == [
        "49.0 %",
        "46.6 %",
        "100 %",
        "0 %",
    ]


@given(st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_a_breach_never_looks_like_perfection(ratio: float) -> None:
    """Nothing strictly between 0 and 1 is shown as 0 % or 100 %."""
    assert percent(ratio) not in (f"0{NBSP}%", f"100{NBSP}%")
    assert percent(ratio, decimals=1) not in (f"0.0{NBSP}%", f"100.0{NBSP}%")


@given(FINITE, st.sampled_from(["ratio", "cny", "seconds", "score"]))
def test_any_finite_value_is_one_unbroken_figure(value: float, unit: Unit) -> None:
    """No value breaks over lines, grows without end, or comes out empty; scientific notation is for the absurd."""
    shown = measured(value, unit)
    assert 0 < len(shown) < 24
    assert not re.search(r"[ \n]|nan|inf", shown)
    assert ("e+" in shown) == (abs(value) >= 1e12)


@pytest.mark.parametrize(
    ("age", "zh", "en"),
    [
        (-5, "0 秒前", "0 s ago"),
        (59, "59 秒前", "59 s ago"),
        (60, "1 分钟前", "1 min ago"),
        (7300, "2 小时前", "2 h ago"),
        (90_000, "25 小时前", "25 h ago"),
        (200_000, "2 天前", "2 d ago"),
    ],
)
def test_ages(age: float, zh: str, en: str) -> None:
    """How long ago, in both languages; the future counts as now."""
    assert tuple(text.replace(NBSP, " ") for text in ago(1000.0, 1000.0 + age)) == (zh, en)


def test_clock() -> None:
    """The business time zone; an unknown one falls back to UTC and says so."""
    assert clock(1_795_000_000, "Asia/Shanghai") == "2026-11-18 19:06:40"
    assert clock(1_795_000_000, "Nowhere/Land") == "2026-11-18 11:06:40 UTC"
    assert clock(1_795_000_000, "../etc/passwd") == "2026-11-18 11:06:40 UTC"


def test_windows() -> None:
    """Windows in words; a KPI without one has the latest value; an unknown form is shown as it is."""
    assert window_words("5m") == ("近 5 分钟", "last 5 min")
    assert window_words("") == ("最新", "latest")
    assert window_words("fortnight") == ("fortnight", "fortnight")


def coordinates(svg: str) -> list[tuple[float, float]]:
    """Every point of the paths."""
    pairs = re.findall(r"[ML]([-\d.]+) ([-\d.]+)", svg)
    return [(float(x), float(y)) for x, y in pairs]


@given(st.lists(st.none() | FINITE | st.just(math.nan), max_size=60), st.none() | FINITE)
def test_the_drawing_stays_in_its_box(trend: list[float | None], target: float | None) -> None:
    """Whatever the values, every point lies within the box, and there is a drawing if anything is known."""
    svg = sparkline(trend, target, "")
    assert bool(svg) == any(value is not None and math.isfinite(value) for value in trend)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in coordinates(svg))


def test_gaps_split_the_line() -> None:
    """Where nothing is known there is no line; a single value between gaps is a dot."""
    svg = sparkline((1.0, 2.0, None, 3.0, None), 2.5, "a < b")
    assert svg.count('class="trend"') == 2
    assert svg.count("h0") == 2, "the lone value and the last one"
    assert svg.count('class="target"') == 1
    assert 'aria-label="a &lt; b"' in svg


@given(st.lists(st.none() | st.tuples(FINITE, FINITE)))
def test_runs_keep_every_point(points: list[tuple[float, float] | None]) -> None:
    """The stretches hold every known point once, in order, and none is empty."""
    split = list(runs(points))
    assert [point for run in split for point in run] == [point for point in points if point is not None]
    assert all(split)


def test_higher_is_higher() -> None:
    """A greater value is drawn further up; the target is drawn at its own height."""
    _, (_, target), (_, low), (_, high), _ = coordinates(sparkline((1.0, 3.0), 2.0, ""))
    assert low > target > high
