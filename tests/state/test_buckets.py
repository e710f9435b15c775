"""Laws of buckets: replaced, never added to; an hour is the sum of its minutes; the delta is new less old."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

import exporter.state.buckets as module
from exporter.state.buckets import HOUR, MINUTE, Buckets, Delta, RawLabels, Vector

WIDTH = 3
HOUR_START = 1_790_000_000 // HOUR * HOUR
LABELS: st.SearchStrategy[RawLabels] = st.tuples(st.sampled_from(("a", "b", None)), st.sampled_from(("x", "y")))
BIG = 2**62
VECTORS: st.SearchStrategy[Vector] = st.tuples(st.integers(-BIG, BIG), st.integers(-9, 9), st.integers(1, 9))
CELLS = st.dictionaries(LABELS, VECTORS, max_size=4)
MINUTES = st.integers(0, 59).map(lambda minute: HOUR_START + minute * MINUTE)
SMALL = st.dictionaries(LABELS, st.tuples(*[st.integers(-9, 9)] * 2, st.integers(1, 9)), max_size=4)


def content(buckets: Buckets, held: Mapping[int, object], start: int) -> dict[RawLabels, Vector]:
    """A bucket under its labels."""
    packed = (buckets.minutes if held is buckets.minutes else buckets.hours).get(start)
    return {buckets.cells[cell]: vector for cell, vector in buckets.rows(packed)}


def by_labels(buckets: Buckets, delta: Delta) -> dict[RawLabels, tuple[int, ...]]:
    return {buckets.cells[cell]: tuple(row) for cell, row in delta.items()}


def difference(new: Mapping[RawLabels, Vector], old: Mapping[RawLabels, Vector]) -> dict[RawLabels, Vector]:
    """New less old, without what stayed the same."""
    nothing = (0,) * WIDTH
    rows = {
        k: tuple(a - b for a, b in zip(new.get(k, nothing), old.get(k, nothing), strict=True)) for k in {*new, *old}
    }
    return {labels: row for labels, row in rows.items() if any(row)}


@given(CELLS, CELLS)
def test_the_delta_is_new_less_old(old: dict[RawLabels, Vector], new: dict[RawLabels, Vector]) -> None:
    """Whatever stood there; and what stands there then is exactly what was given."""
    buckets = Buckets(WIDTH, 2)
    buckets.replace_hour(HOUR_START, old)
    delta = buckets.replace_hour(HOUR_START, new)
    assert by_labels(buckets, delta) == difference(new, old)
    assert content(buckets, buckets.hours, HOUR_START) == new


@given(CELLS)
def test_replacing_twice_is_replacing_once(cells: dict[RawLabels, Vector]) -> None:
    """The second time there is no delta, and nothing moved: a row delivered twice counts once."""
    buckets = Buckets(WIDTH, 2)
    buckets.replace_minute(HOUR_START, cells)
    before = (dict(buckets.minutes), dict(buckets.hours), list(buckets.cells))
    assert buckets.replace_minute(HOUR_START, cells) == {}
    assert (buckets.minutes, buckets.hours, buckets.cells) == before


@given(st.lists(st.tuples(MINUTES, SMALL), max_size=8))
def test_an_hour_is_the_sum_of_its_minutes(puts: list[tuple[int, dict[RawLabels, Vector]]]) -> None:
    """After any replacements, in any order; an hour of nothing is not kept."""
    buckets = Buckets(WIDTH, 2)
    for start, cells in puts:
        buckets.replace_minute(start, cells)
    expected: dict[RawLabels, Vector] = {}
    for cells in dict(puts).values():
        for labels, vector in cells.items():
            old = expected.get(labels, (0,) * WIDTH)
            expected[labels] = tuple(a + b for a, b in zip(old, vector, strict=True))
    assert content(buckets, buckets.hours, HOUR_START) == expected
    assert set(buckets.minutes) == {start for start, cells in dict(puts).items() if cells}
    assert set(buckets.hours) == ({HOUR_START} if expected else set())


def test_other_hours_are_left_alone() -> None:
    """A minute moves the hour that it lies in: its first and its last minute do, the next hour's first does not."""
    buckets = Buckets(WIDTH, 1)
    for offset in (0, HOUR - MINUTE, HOUR):
        buckets.replace_minute(HOUR_START + offset, {("a",): (1, 0, 1)})
    assert content(buckets, buckets.hours, HOUR_START) == {("a",): (2, 0, 2)}
    assert content(buckets, buckets.hours, HOUR_START + HOUR) == {("a",): (1, 0, 1)}


def test_forgetting_minutes_keeps_their_hour() -> None:
    """What lies before the bounds goes, what lies on them stays."""
    buckets = Buckets(WIDTH, 1)
    for offset in (-HOUR, 0, MINUTE):
        buckets.replace_minute(HOUR_START + offset, {("a",): (1, 0, 1)})
    buckets.forget(HOUR_START + MINUTE, HOUR_START)
    assert set(buckets.minutes) == {HOUR_START + MINUTE}
    assert content(buckets, buckets.hours, HOUR_START) == {("a",): (2, 0, 2)}
    assert set(buckets.hours) == {HOUR_START}


@given(st.lists(LABELS, max_size=12))
def test_cell_ids_are_stable(seen: list[RawLabels]) -> None:
    """In the order of arrival, and the same again after the cells were saved and restored."""
    buckets, restored = Buckets(WIDTH, 2), Buckets(WIDTH, 2)
    ids = [buckets.cell_id(labels) for labels in seen]
    assert [buckets.cells[cell] for cell in ids] == seen
    restored.restore_cells(buckets.cells)
    assert [restored.cell_id(labels) for labels in seen] == ids
    assert restored.cells == buckets.cells


def test_rows_are_kept_in_the_order_of_cells() -> None:
    """The packed form depends on the content alone, not on the order in which it came."""
    one, other = Buckets(WIDTH, 1), Buckets(WIDTH, 1)
    one.restore_cells([("a",), ("b",)])
    other.restore_cells([("a",), ("b",)])
    one.replace_hour(HOUR_START, {("a",): (1, 2, 3), ("b",): (4, 5, 6)})
    other.replace_hour(HOUR_START, {("b",): (4, 5, 6), ("a",): (1, 2, 3)})
    assert one.hours == other.hours
    assert list(one.hours[HOUR_START]) == [0, 1, 2, 3, 1, 4, 5, 6]


def test_past_the_safety_net_cells_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells beyond the limit become `other`, added up, none lost; those known before keep their names."""
    monkeypatch.setattr(module, "MAX_CELLS", 2)
    buckets = Buckets(WIDTH, 1)
    many: dict[RawLabels, Vector] = {(f"cell {number}",): (1, number, 1) for number in range(5)}
    delta = buckets.replace_minute(HOUR_START, many)
    expected: dict[RawLabels, Vector] = {("cell 0",): (1, 0, 1), ("cell 1",): (1, 1, 1), ("other",): (3, 9, 3)}
    assert by_labels(buckets, delta) == expected
    assert content(buckets, buckets.minutes, HOUR_START) == expected
    assert buckets.replace_minute(HOUR_START, many) == {}
    assert buckets.replace_minute(HOUR_START, {("cell 4",): (1, 4, 1)}) != {}
    assert content(buckets, buckets.hours, HOUR_START) == {("other",): (1, 4, 1)}


def test_what_leaves_64_bits_is_an_error() -> None:
    """An absurd sum is refused, not wrapped around; the bucket stays as it was."""
    buckets = Buckets(WIDTH, 1)
    buckets.replace_hour(HOUR_START, {("a",): (2**63 - 1, -(2**63), 1)})
    with pytest.raises(OverflowError):
        buckets.replace_hour(HOUR_START, {("a",): (2**63, 0, 1)})
    assert content(buckets, buckets.hours, HOUR_START) == {("a",): (2**63 - 1, -(2**63), 1)}
