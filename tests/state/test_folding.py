"""Which label values keep their names: declared ones always, then the busiest within the budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.state.folding import Folding, is_sound
from tests.state.small import dimension

DIMENSIONS = {
    "scenario": dimension("acquisition", "collection"),
    "script": dimension(budget=3),
    "dialect": dimension("mandarin", "cantonese", budget=3),
    "crowded": dimension("a", "b", "c", budget=2),
}
VALUES = st.sampled_from(("A", "B", "C", "D", "E", "mandarin", "hakka", "all", "other", "unknown", "", "line\n"))
VOLUMES = st.dictionaries(VALUES, st.integers(0, 4), max_size=9).map(Counter)


def folding(**volumes: Mapping[str, int]) -> Folding:
    """A folding that has seen so many rows of each value."""
    made = Folding(DIMENSIONS)
    made.refresh({label: Counter(volume) for label, volume in volumes.items()})
    return made


@pytest.mark.parametrize("raw", [None, ""])
@pytest.mark.parametrize("label", DIMENSIONS)
def test_not_known_is_unknown(label: str, raw: str | None) -> None:
    """NULL and the empty text are not a value."""
    assert folding().value(label, raw) == "unknown"


def test_a_closed_domain_takes_nothing_in() -> None:
    """However busy: what is not declared is `other`."""
    made = folding(scenario={"collection": 1, "survey": 1000})
    assert [made.value("scenario", raw) for raw in ("collection", "survey")] == ["collection", "other"]
    assert made.folded["scenario"] == {"survey"}


def test_declared_values_have_names_before_any_row_was_seen() -> None:
    """A level of a database without calls is that of its scenario, not of `other`."""
    made = Folding(DIMENSIONS)
    assert [made.value("scenario", raw) for raw in ("collection", "survey")] == ["collection", "other"]


def test_the_busiest_keep_their_names() -> None:
    """Ties go by name."""
    made = folding(script={"A": 1, "B": 5, "C": 2, "D": 2, "E": 2})
    assert made.kept["script"] == {"B", "C", "D"}
    assert made.folded["script"] == {"A", "E"}


def test_declared_values_come_first() -> None:
    """They are within the budget, and keep their names even where they exceed it or are idle."""
    assert folding(dialect={"hakka": 9, "min": 8}).kept["dialect"] == {"mandarin", "cantonese", "hakka"}
    assert folding(crowded={"z": 9}).kept["crowded"] == {"a", "b", "c"}


def test_reserved_values_take_no_place() -> None:
    """`unknown` and `other` are always shown under those names; `all` is the roll-up's and never a value's."""
    made = folding(script={"unknown": 9, "other": 9, "all": 9, "A": 1, "B": 1, "C": 1})
    assert made.kept["script"] == {"A", "B", "C"}
    assert [made.value("script", raw) for raw in ("unknown", "other", "all")] == ["unknown", "other", "other"]
    assert made.folded["script"] == {"all"}


@pytest.mark.parametrize(
    "raw", ["all", "", "x" * 65, "tab\t", "line\n", "\nline", "nul\0", "\x7f", "\ud800", "a\udfffb"]
)
def test_unsound_values_are_other(raw: str) -> None:
    """Control characters, lone surrogates and texts without end have no place on a page."""
    assert not is_sound(raw)
    assert folding(script={raw: 99}).value("script", raw) == ("other" if raw else "unknown")


@pytest.mark.parametrize("raw", ["A", "x" * 64, "话术 B", 'a"b\\c', "🙂", " ", "ALL"])
def test_sound_values_are_shown_as_they_are(raw: str) -> None:
    """Quotes, backslashes, any script: what can be escaped is shown."""
    assert is_sound(raw)
    assert folding(script={raw: 1}).value("script", raw) == raw


@given(VOLUMES, VOLUMES)
def test_a_decision_depends_on_volumes_alone(before: Counter[str], now: Counter[str]) -> None:
    """Not on what was decided before, nor on the order of values; the budget is never exceeded."""
    made = Folding(DIMENSIONS)
    made.refresh({"script": before})
    made.refresh({"script": now})
    turned = Counter(dict(reversed(now.items())))
    assert made.kept == folding(script=turned).kept
    shown = {made.value("script", raw) for raw in now} - {"other", "unknown"}
    assert len(shown) <= 3
    assert "all" not in shown


@given(VOLUMES, VOLUMES)
def test_a_renaming_is_told(before: Counter[str], now: Counter[str]) -> None:
    """True exactly when a value that was there goes by another name: then everything has to be built again."""
    made = Folding(DIMENSIONS)
    made.refresh({"script": before})
    names = {raw: made.value("script", raw) for raw in before}
    renamed = made.refresh({"script": now})
    assert renamed == any(made.value("script", raw) != name for raw, name in names.items())
