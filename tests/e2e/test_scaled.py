"""Shorter waits change nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.e2e.scaled import GUARDED, ROUTE_WAITS, RULE_WAITS, UNITS, quick_routes, quick_rules, seconds, shorter
from tests.e2e.stack import RULES

PARTS = st.tuples(st.integers(0, 90), st.sampled_from(list(UNITS)))
DURATIONS = st.lists(PARTS, min_size=1).map(lambda parts: "".join(f"{number}{unit}" for number, unit in parts))


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def without(data: Any, keys: tuple[str, ...]) -> Any:
    if isinstance(data, Mapping):
        return {key: without(value, keys) for key, value in data.items() if key not in keys}
    return [without(item, keys) for item in data] if isinstance(data, list) else data


def unguarded(data: Any) -> Any:
    """Without the spans of the one expression that has a wait in it."""
    for rule in (rule for group in data["groups"] for rule in group["rules"] if rule.get("alert") == GUARDED):
        assert "offset" in rule["expr"]
        rule["expr"] = re.sub(r"\[[^]]*\]|offset \w+", "", rule["expr"])
    return data


@pytest.mark.parametrize("path", sorted(RULES.glob("*.rules.yml")), ids=lambda path: path.name)
def test_rules_keep_everything_but_their_waits(path: Path) -> None:
    shipped, quick = load(path), quick_rules(load(path), 60)
    keys = (*RULE_WAITS, "interval")
    assert unguarded(without(quick, keys)) == unguarded(without(shipped, keys))
    for before, after in zip(shipped["groups"], quick["groups"], strict=True):
        assert seconds(after["interval"]) >= 1
        for rule, faster in zip(before["rules"], after["rules"], strict=True):
            assert rule.keys() == faster.keys()
            for key in set(RULE_WAITS) & rule.keys():
                # A start of the exporter does not get shorter.
                is_start = key == "for" and rule.get("alert") == "OutcallDatabaseDown"
                wanted = 15 if is_start else seconds(rule[key]) / 60
                assert seconds(faster[key]) == pytest.approx(wanted, abs=0.001)


def test_routes_keep_everything_but_their_waits() -> None:
    shipped = load(RULES / "alertmanager" / "alertmanager.yml")
    quick = quick_routes(shipped, 60)
    assert without(quick, ROUTE_WAITS) == without(shipped, ROUTE_WAITS)
    assert seconds(quick["route"]["group_interval"]) == seconds(shipped["route"]["group_interval"]) / 60
    assert quick_routes(shipped, 1) != shipped  # other spellings of
    assert _waits(quick_routes(shipped, 1)) == _waits(shipped)  # the same durations


def _waits(config: Mapping[str, Any]) -> list[float]:
    def walk(route: Mapping[str, Any]) -> list[float]:
        own = [seconds(route[key]) for key in ROUTE_WAITS if key in route]
        return own + [wait for child in route.get("routes", ()) for wait in walk(child)]

    return walk(config["route"])


@given(DURATIONS, st.floats(1, 1000), st.floats(0, 100))
def test_shorter_is_never_longer_and_keeps_its_floor(duration: str, factor: float, least: float) -> None:
    was, became = seconds(duration), seconds(shorter(duration, factor, least))
    assert became <= was + 0.001
    assert became >= min(was, least) - 0.001
    assert became == pytest.approx(min(was, max(least, was / factor)), abs=0.001)


@pytest.mark.parametrize("text", ["", "5", "m", "1.5m", "-1m", "1m ", "5 m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        seconds(text)
