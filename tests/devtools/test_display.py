"""Configuration of columns, mappings, thresholds and colours."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.grafana.boards import parse
from devtools.grafana.colours import CLASSIC, colour, contrast, parts, scale, step_colour
from devtools.grafana.display import Scale, Shown, show
from devtools.grafana.fields import config_of, unmatched
from devtools.grafana.frames import Field, Value
from devtools.grafana.mappings import mapped
from devtools.grafana.units import Context
from tests.devtools.samples import Json, frame

STEPS = {"mode": "absolute", "steps": [{"color": "green", "value": None}, {"color": "#f00", "value": 0.2}]}
FRAME = frame({"kpi": ["a"], "Value #A": [0.5]}, "A")


def shown(value: Value, config: Json, kind: str = "number") -> Shown:
    column = Field("Value", kind, (value,))
    return show(value, column, config, Scale(0, 1), theme="dark", context=Context())


def test_overrides() -> None:
    overrides = [
        {"matcher": {"id": "byName", "options": "Value #A"}, "properties": [{"id": "unit", "value": "s"}]},
        {"matcher": {"id": "byRegexp", "options": "/^Val/"}, "properties": [{"id": "custom.width", "value": 90}]},
        {"matcher": {"id": "byFrameRefID", "options": "B"}, "properties": [{"id": "unit", "value": "bytes"}]},
        {"matcher": {"id": "byType", "options": "number"}, "properties": [{"id": "decimals", "value": 1}]},
    ]
    config = {"defaults": {"unit": "none", "custom": {"align": "left"}}, "overrides": overrides}
    panel = parse({"panels": [{"id": 1, "type": "table", "fieldConfig": config}]}).panels[0]
    found = config_of(panel, FRAME.fields[1], FRAME, [FRAME])
    assert found == {"unit": "s", "custom": {"align": "left", "width": 90}, "decimals": 1}
    assert config_of(panel, FRAME.fields[0], FRAME, [FRAME]) == panel.defaults
    assert [each["options"] for each in unmatched(panel, [FRAME])] == ["B"]


@pytest.mark.parametrize(
    ("mapping", "value", "wanted"),
    [
        ({"type": "value", "options": {"0": {"text": "无"}}}, 0.0, "无"),
        ({"type": "value", "options": {"early": {"text": "早挂"}}}, "early", "早挂"),
        ({"type": "value", "options": {"0": {"text": "无"}}}, 0.5, None),
        ({"type": "range", "options": {"from": 1, "to": None, "result": {"text": "多"}}}, 7.0, "多"),
        ({"type": "range", "options": {"from": 1, "to": 2, "result": {"text": "多"}}}, 3.0, None),
        ({"type": "special", "options": {"match": "nan", "result": {"text": "无"}}}, math.nan, "无"),
        ({"type": "special", "options": {"match": "null", "result": {"text": "空"}}}, None, "空"),
        ({"type": "regex", "options": {"pattern": "(a)(b)", "result": {"text": "$2$1"}}}, "ab", "ba"),
    ],
)
def test_mappings(mapping: Json, value: Value, wanted: str | None) -> None:
    found = mapped([mapping], value)
    assert (found or {}).get("text") == wanted


def test_values_get_text_and_colour() -> None:
    assert (str((done := shown(0.25, {"unit": "percentunit", "thresholds": STEPS})).text), done.colour) == (
        "25%",
        "#f00",
    )
    assert shown(0.1, {"thresholds": STEPS}).colour == colour("green")
    assert shown(0.1, {"color": {"mode": "fixed", "fixedColor": "dark-blue"}}).colour == colour("dark-blue")
    assert str(shown(None, {"noValue": "没有通话"}).text) == "没有通话"
    assert str(shown(math.nan, {"noValue": "没有通话"}).text) == "没有通话"
    mapping = [{"type": "value", "options": {"1": {"text": "告警", "color": "red"}}}]
    assert shown(1.0, {"mappings": mapping, "thresholds": STEPS}).colour == colour("red")
    assert str(shown("txt", {}, "string").text) == "txt"


@given(st.floats(-10, 10))
def test_the_last_step_reached_counts(value: float) -> None:
    assert step_colour(STEPS, value, 0) == ("#f00" if value >= 0.2 else colour("green"))


@given(st.sampled_from(["continuous-GrYlRd", "continuous-blues", "continuous-RdYlGr"]), st.floats(-1, 2))
def test_scales_give_colours(mode: str, share: float) -> None:
    assert len(scale(mode, share)) == 7


def test_colours() -> None:
    assert colour("semi-dark-orange") == "#FF780A"
    assert colour("super-light-green") != colour("green") != colour("green", "light")
    assert colour("#123456") == "#123456"
    assert all(colour(name).startswith("#") for name in CLASSIC)
    assert parts("rgba(1, 2, 3, 0.5)") == (1, 2, 3)
    assert contrast(colour("dark-red")) == "#FFFFFF"
    assert contrast(colour("super-light-yellow")) == "#000000"
