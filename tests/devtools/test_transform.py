"""Transformations: examples, and laws that hold for any table."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.grafana.boards import Target
from devtools.grafana.errors import GrafanaError
from devtools.grafana.frames import Frame, display_name, series_frames, table_frames
from devtools.grafana.prometheus import Series
from devtools.grafana.transform import transform
from tests.devtools.samples import frame, table

SHIFT = frame({"Time": [0.0, 0.0], "kpi": ["a", "b"], "Value #A": [1.0, 2.0]}, "A")
OTHER = frame({"Time": [0.0, 0.0], "kpi": ["b", "c"], "Value #B": [20.0, 30.0]}, "B")
ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.floats(-5, 5)), min_size=1, max_size=9)


def one(kind: str, frames: list[Frame], **options: object) -> list[Frame]:
    return transform(frames, [{"id": kind, "options": options}])


def target(ref_id: str = "A", legend: str = "", form: str = "table") -> Target:
    return Target(ref_id, "up", True, False, form, legend, "", False, {})


def test_tables_of_queries() -> None:
    series = [Series({"__name__": "up", "job": "x"}, ((60.0, 1.0),)), Series({"job": "y", "a": "b"}, ((60.0, 2.0),))]
    (alone,) = table_frames([(target(), series)])
    assert [each.name for each in alone.fields] == ["Time", "__name__", "job", "a", "Value"]
    assert alone.fields[0].values == (60000.0, 60000.0)
    assert alone.fields[3].values == ("", "b")
    both = table_frames([(target("A"), series), (target("B"), [])])
    assert [each.fields[-1].name for each in both] == ["Value #A", "Value #B"], "also where one is empty"


def test_names_of_series() -> None:
    series = [Series({"job": "x"}, ((0.0, 1.0),)), Series({"job": "y"}, ((0.0, 1.0),))]
    for legend, wanted in (("{{job}}!", ["x!", "y!"]), ("", ['{job="x"}', '{job="y"}']), ("__auto", ["x", "y"])):
        frames = series_frames(target(legend=legend, form="time_series"), series)
        assert [display_name(each.fields[1], each, frames) for each in frames] == wanted


def test_merge() -> None:
    assert table(one("merge", [SHIFT, OTHER])) == {
        "Time": [0.0, 0.0, 0.0],
        "kpi": ["a", "b", "c"],
        "Value #A": [1.0, 2.0, None],
        "Value #B": [None, 20.0, 30.0],
    }


def test_merge_needs_a_common_column() -> None:
    strangers = [frame({"a": ["x"]}), frame({"b": ["y"]})]
    assert one("merge", strangers) == strangers


def test_merge_keeps_rows_that_disagree() -> None:
    tables = [frame({"kpi": ["a"], "unit": ["s"]}), frame({"kpi": ["a"], "unit": ["m"]})]
    assert table(one("merge", tables)) == {"kpi": ["a", "a"], "unit": ["s", "m"]}


@given(ROWS)
def test_merge_with_itself_changes_nothing(rows: list[tuple[str, str, float]]) -> None:
    unique = list(dict.fromkeys(rows))
    columns: dict[str, list[Any]] = {
        "a": [row[0] for row in unique],
        "b": [row[1] for row in unique],
        "v": [row[2] for row in unique],
    }
    assert table(one("merge", [frame(columns), frame(columns)])) == columns


def test_organize() -> None:
    done = one(
        "organize",
        [SHIFT],
        excludeByName={"Time": True},
        indexByName={"Value #A": 0, "kpi": 1},
        renameByName={"Value #A": "数值"},
    )
    assert list(table(done)) == ["数值", "kpi"]


def test_organize_keeps_columns_without_a_place_last() -> None:
    done = one("organize", [SHIFT], indexByName={"Value #A": 0})
    assert list(table(done)) == ["Value #A", "Time", "kpi"]


@given(ROWS, st.booleans())
def test_sort_by(rows: list[tuple[str, str, float]], desc: bool) -> None:
    source = frame({"a": [row[0] for row in rows], "v": [row[2] for row in rows]})
    done = table(one("sortBy", [source], sort=[{"field": "v", "desc": desc}]))
    assert done["v"] == sorted((row[2] for row in rows), reverse=desc)
    assert sorted(zip(done["a"], done["v"], strict=True)) == sorted((row[0], row[2]) for row in rows)


@given(ROWS)
def test_matrix_keeps_every_cell(rows: list[tuple[str, str, float]]) -> None:
    cells = {(row[0], row[1]): row[2] for row in rows}
    source = frame({"a": [k[0] for k in cells], "b": [k[1] for k in cells], "Value": list(cells.values())})
    done = table(one("groupingToMatrix", [source], columnField="a", rowField="b", valueField="Value"))
    rows_of = done.pop("b\\a")
    assert {(a, b): v for a, values in done.items() for b, v in zip(rows_of, values, strict=True) if v != ""} == cells


def test_matrix_leaves_two_frames_alone() -> None:
    assert one("groupingToMatrix", [SHIFT, OTHER], columnField="kpi") == [SHIFT, OTHER]


def test_joins() -> None:
    outer = one("joinByField", [SHIFT, OTHER], byField="kpi", mode="outer")
    assert [each.name for each in outer[0].fields] == ["kpi", "Time", "Value #A", "Time", "Value #B"]
    assert [each.values for each in outer[0].fields][2::2] == [(1.0, 2.0, None), (None, 20.0, 30.0)]
    assert display_name(outer[0].fields[0], outer[0]) == "kpi"
    inner = one("joinByField", [SHIFT, OTHER], byField="kpi", mode="inner")
    assert inner[0].fields[0].values == ("b",)


def test_labels_to_fields() -> None:
    frames = series_frames(target(form="time_series"), [Series({"job": job}, ((0.0, 1.0),)) for job in "xy"])
    assert table(one("labelsToFields", frames)) == {"Time": [0.0, 0.0], "job": ["x", "y"], "Value": [1.0, 1.0]}
    assert table(one("labelsToFields", frames, valueLabel="job")) == {"Time": [0.0], "x": [1.0], "y": [1.0]}


def test_rename_and_filter_by_name() -> None:
    renamed = one("renameByRegex", [SHIFT], regex="Value #(.)", renamePattern="值 $1")
    assert list(table(renamed)) == ["Time", "kpi", "值 A"]
    kept = one("filterFieldsByName", renamed, include={"names": ["kpi"], "pattern": "^值"})
    assert list(table(kept)) == ["kpi", "值 A"]
    assert list(table(one("filterFieldsByName", [SHIFT], exclude={"pattern": "/Time/"}))) == ["kpi", "Value #A"]


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({"id": "greater", "options": {"value": 1}}, ["b"]),
        ({"id": "lowerOrEqual", "options": {"value": 1}}, ["a"]),
        ({"id": "equal", "options": {"value": 2}}, ["b"]),
        ({"id": "isNull"}, []),
    ],
)
def test_filter_by_value(config: dict[str, object], wanted: list[str]) -> None:
    filters = [{"fieldName": "Value #A", "config": config}]
    kept = table(one("filterByValue", [SHIFT], type="include", match="any", filters=filters))["kpi"]
    dropped = table(one("filterByValue", [SHIFT], type="exclude", match="any", filters=filters))["kpi"]
    assert kept == wanted
    assert {*kept, *dropped} == {"a", "b"}


def test_reduce() -> None:
    frames = series_frames(
        target(legend="{{job}}", form="time_series"), [Series({"job": "x"}, ((0.0, 1.0), (1.0, 3.0)))]
    )
    assert table(one("reduce", frames, reducers=["lastNotNull", "mean"])) == {
        "Field": ["x"], "Last *": [3.0], "Mean": [2.0],
    }  # fmt: skip
    folded = one("reduce", frames, reducers=["max"], mode="reduceFields")
    assert [each.values for each in folded[0].fields] == [(3.0,)]


def test_calculate() -> None:
    binary = {"left": "Value #A", "operator": "/", "right": "4"}
    assert table(one("calculateField", [SHIFT], mode="binary", alias="q", binary=binary))["q"] == [0.25, 0.5]


def test_unknown_ones_are_errors() -> None:
    with pytest.raises(GrafanaError, match="heatmap"):
        one("heatmap", [SHIFT])
    with pytest.raises(GrafanaError, match="joinByField"):
        one("joinByField", [SHIFT, OTHER], byField="kpi", mode="outerTabular")
    with pytest.raises(GrafanaError, match="isOdd"):
        one("filterByValue", [SHIFT], filters=[{"fieldName": "kpi", "config": {"id": "isOdd"}}])
