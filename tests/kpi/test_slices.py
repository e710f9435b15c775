"""Cells put together by any grouping: every fact in one slice, and the slices add up to the whole."""

from __future__ import annotations

from operator import add

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.kpi.slices import Cells, RawCells, divisible, exposed, grouped, values
from tests.kpi.kpis import catalogue, kpi

LABELS = ("scenario", "generation", "period", "script")


def vector(dataset: str, **measures: int) -> list[int]:
    """A row of a dataset."""
    found = [0] * (catalogue().datasets[dataset].width + 1)
    for name, value in measures.items():
        found[catalogue().measures[name].offset] = value
    return found


def survey(n: int, d: int) -> list[int]:
    return vector("survey", survey_responses=d, satisfied_responses=n)


def nowhere(n: int, d: int) -> list[int]:
    name = "survey_without_call"
    return vector(name, survey_responses_without_call=d, satisfied_responses_without_call=n)


CELLS: Cells = {
    "survey": {
        ("collection", "elderly", "noon", "A"): survey(6, 10),
        ("collection", "gen_z", "noon", "A"): survey(9, 10),
        ("operations", "elderly", "noon", "B"): survey(1, 2),
    },
    "survey_without_call": {(): nowhere(3, 3)},
}


def of(by: tuple[str, ...], **where: str) -> dict[tuple[str, ...], tuple[float, float | None]]:
    """csat by slice: value and samples."""
    return {key: (v.value, v.samples) for key, v in values(catalogue(), kpi("csat"), CELLS, by, where).items()}


def test_by_any_labels() -> None:
    """Facts of no known call stand under `all`, and in the whole."""
    assert of(()) == {(): (19 / 25, 25)}
    assert of(("generation",)) == {("elderly",): (7 / 12, 12), ("gen_z",): (0.9, 10), ("all",): (1.0, 3)}
    assert of(("script", "scenario"))["B", "operations"] == (0.5, 2)


def test_where() -> None:
    """Of a slice: what has no such label is not in it."""
    assert of((), scenario="collection") == {(): (0.75, 20)}
    assert of(("generation",), scenario="operations") == {("elderly",): (0.5, 2)}
    assert of((), scenario="acquisition") == {}


def test_what_was_not_read_has_no_value() -> None:
    """A source that failed is not one without rows."""
    assert values(catalogue(), kpi("csat"), {"survey": CELLS["survey"]}) == {}
    empty: Cells = {"survey": CELLS["survey"], "survey_without_call": {}}
    assert values(catalogue(), kpi("csat"), empty)[()].samples == 22


def test_raw_labels_become_exposed_ones() -> None:
    """Two raw values of one exposed value are one cell."""
    raw: RawCells = {"survey": {("x", None, "noon", "A"): survey(1, 2), ("y", None, "noon", "A"): survey(1, 1)}}
    found = exposed(catalogue(), raw, lambda label, value: "other" if label == "scenario" else value or "unknown")
    assert found == {"survey": {("other", "unknown", "noon", "A"): tuple(survey(2, 3))}}


@pytest.mark.parametrize(
    ("slug", "labels"),
    [
        ("csat", LABELS), ("acquisition_cost", LABELS), ("recovery", ("scenario", "generation")),
        ("incident_resolution", ()),
    ],
)  # fmt: skip
def test_divisible(slug: str, labels: tuple[str, ...]) -> None:
    """By what both sides of the quotient have: of recovery nobody knows the period."""
    assert divisible(catalogue(), kpi(slug), LABELS) == labels


VALUES = st.sampled_from("ab")


@given(
    st.dictionaries(st.tuples(VALUES, VALUES, VALUES, VALUES), st.lists(st.integers(0, 9), min_size=8, max_size=8)),
    st.lists(st.integers(0, 9), min_size=4, max_size=4),
    st.lists(st.sampled_from((*LABELS, "bucket")), unique=True),
)
def test_slices_add_up(survey: dict[tuple[str, ...], list[int]], rest: list[int], by: list[str]) -> None:
    """Whatever the grouping, nothing is lost and nothing counted twice."""
    cells: Cells = {"survey": survey, "survey_without_call": {(): rest}}
    for name, rows in cells.items():
        total = [0] * len(rest if name != "survey" else [0] * 8)
        for sums in grouped(catalogue(), cells, cells, by).values():
            total = list(map(add, total, sums.get(name, [0] * len(total))))
        assert total == [sum(column) for column in zip(*rows.values(), strict=True)] or not rows
