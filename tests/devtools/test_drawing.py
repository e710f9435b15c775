"""Parts of the preview that need no browser: ticks, bands, states, text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.grafana.boards import Board
from devtools.grafana.events import events_of, within
from devtools.grafana.frames import Field, Frame
from devtools.grafana.prometheus import Series
from devtools.grafana.timing import Span
from devtools.grafana.units import Context
from devtools.preview.axis import axes_of, step_decimals, tick_step
from devtools.preview.bands import edges, stretches
from devtools.preview.markdown import render
from devtools.preview.rows import unfolded
from devtools.preview.scene import Column, Scene, View, columns
from devtools.preview.statetimeline import pieces
from devtools.preview.timeaxis import ticks
from devtools.preview.values import singles
from tests.devtools.samples import board, frame, panel
from tests.devtools.server import NOW

SCENE = Scene({}, Span(NOW - 7200, NOW), "dark", Context("Asia/Shanghai", NOW), 1600)


def graph(values: list[float | None], name: str = "x", step: float = 60.0) -> Frame:
    times = tuple(1000 * (NOW - step * (len(values) - index)) for index in range(len(values)))
    return Frame((Field("Time", "time", times), Field("Value", "number", tuple(values), source_name=name)), "A", name)


def view(kind: str, *frames: Frame, defaults: dict[str, object] | None = None, **options: object) -> View:
    config = {"defaults": defaults or {}, "overrides": []}
    one = board([panel(kind, "t", (0, 0, 12, 8), options=options, fieldConfig=config)]).panels[0]
    return View(one, SCENE, frames, step=60.0)


def value_columns(found: View) -> list[Column]:
    return [each for each in columns(found) if each.field.type == "number"]


@given(st.floats(1e-6, 1e9), st.integers(2, 12), st.booleans())
def test_value_ticks_are_round_and_not_too_dense(width: float, count: int, binary: bool) -> None:
    step = tick_step(width, count, binary=binary)
    assert width / step <= count * (1 + 1e-6)
    assert width / step * 2.51 >= count
    if not binary:
        assert f"{step:e}".split("e")[0].rstrip("0").rstrip(".") in {"1", "2", "2.5", "5"}


def test_decimals_of_steps() -> None:
    assert [step_decimals(each) for each in (20.0, 0.5, 0.025)] == [0, 1, 3]


def test_axes_by_unit() -> None:
    two = view("timeseries", graph([0.2, 0.4]), defaults={"unit": "percentunit"})
    (axis,) = axes_of(value_columns(two), SCENE, 200)
    assert all(text.endswith("%") for _, text in axis.ticks)
    assert axis.low <= 0.2 < 0.4 <= axis.high
    assert not axis.right


@given(st.floats(600, 86400 * 400), st.integers(120, 1500))
def test_time_ticks(seconds: float, width: int) -> None:
    found = ticks(Span(NOW - seconds, NOW), width, "Asia/Shanghai")
    gaps = [(after - before).total_seconds() for (before, _), (after, _) in pairwise(found)]
    assert len(set(gaps)) <= 1
    assert all(gap / seconds * width >= 49 for gap in gaps)


def test_time_ticks_tell_the_day_where_there_are_several() -> None:
    assert ticks(Span(NOW - 86400, NOW), 800, "Asia/Shanghai")[-1][1] == "00:00"
    assert ticks(Span(NOW - 7 * 86400, NOW), 800, "Asia/Shanghai")[-1][1] == "06/16 00:00"
    assert ticks(Span(NOW - 60 * 86400, NOW), 800, "Asia/Shanghai")[-1][1].startswith("06/")


def test_bands_end_where_a_point_is_missing() -> None:
    upper, lower = graph([3.0, 3.0, 3.0, 3.0, 3.0], "up"), graph([1.0, 1.0, None, 1.0, 1.0], "low")
    above, below = value_columns(view("timeseries", upper, lower))
    assert [len(each) for each in stretches(edges(above, below), 60)] == [2, 2]
    assert stretches([], 60) == []


def test_states() -> None:
    found = view("state-timeline", graph([1.0, 1.0, 2.0, None, 2.0]))
    lengths = [(each.value, (each.end - each.start) / 60_000) for each in pieces(value_columns(found)[0], found)]
    assert lengths == [(1.0, 2.0), (2.0, 1.0), (2.0, 1.0)]


def test_values_of_stat() -> None:
    names = [each.name for each in singles(view("stat", graph([1.0, 2.0], "a"), graph([3.0], "b")))]
    assert names == ["a", "b"]
    (last,) = singles(view("stat", graph([1.0, None])))
    assert last.shown.number == 1.0
    rows = view("bargauge", frame({"kpi": ["a", "b"], "Value": [1.0, 2.0]}), reduceOptions={"values": True})
    assert [(each.name, each.shown.number) for each in singles(rows)] == [("a", 1.0), ("b", 2.0)]
    chosen = view("stat", frame({"kpi": ["a"], "Value": [1.0]}), reduceOptions={"fields": "/^kpi$/"})
    assert [str(each.shown.text) for each in singles(chosen)] == ["a"]


def test_folded_rows_push_the_others_down() -> None:
    inner = [panel("stat", "in", (0, 40, 4, 4), id=3), panel("stat", "in2", (4, 41, 4, 4), id=4)]
    row = {"type": "row", "title": "r", "id": 2, "collapsed": True, "gridPos": {"x": 0, "y": 4, "w": 24, "h": 1}}
    whole: Board = board(
        [panel("stat", "a", (0, 0, 4, 4)), {**row, "panels": inner}, panel("stat", "b", (0, 5, 4, 4), id=5)]
    )
    assert [(each.title, each.grid.y) for each in unfolded(whole.panels)] == [
        ("a", 0), ("r", 4), ("in", 5), ("in2", 6), ("b", 10),
    ]  # fmt: skip
    assert [each.folded for each in whole.panels] == [False, False, True, True, False]
    assert whole.panels[2].row == "r"


def test_events_by_their_values() -> None:
    raw = {"name": "x", "expr": "y", "useValueForTime": True, "titleFormat": "{{script}}"}
    annotation = board([], annotations=[raw]).annotations[0]
    found = events_of(
        annotation, [Series({"script": "v2"}, ((NOW, 1000 * (NOW - 60)), (NOW + 60, 1000 * (NOW - 60))))], 15
    )
    assert [(each.start, each.title) for each in within(found, SCENE.span)] == [(NOW - 60, "v2")]
    assert within(found, Span(0, 1)) == []


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("# 标题\ntext", "<h1>标题</h1>\n<p>text</p>"),
        ("- a\n- **b**", "<ul><li>a</li><li><strong>b</strong></li></ul>"),
        ("[x](/d/y?a=1&b=2) `c<d`", '<p><a href="/d/y?a=1&amp;b=2">x</a> <code>c&lt;d</code></p>'),
        ("<script>", "<p>&lt;script&gt;</p>"),
        ("a | b\n---|---\n1 | 2", "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>"),
    ],
)
def test_markdown(source: str, wanted: str) -> None:
    assert render(source) == wanted
