"""A value as a panel shows it: text, colour and, for gauges, its share of the scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from devtools.grafana.colours import SCALES, classic, colour, scale, step_colour
from devtools.grafana.fields import Config
from devtools.grafana.frames import Field, Value
from devtools.grafana.mappings import mapped
from devtools.grafana.numbers import Text
from devtools.grafana.reducers import numbers
from devtools.grafana.units import Context, write_number

DEFAULT_THRESHOLDS: Final = {"mode": "absolute", "steps": [{"color": "green"}, {"color": "red", "value": 80}]}


@dataclass(frozen=True, slots=True)
class Shown:
    """`mapped` is true where a mapping gave the text."""

    text: Text
    colour: str
    share: float
    number: float | None
    mapped: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """Ends of a column's scale: configured, else those of its values."""

    low: float
    high: float

    def share(self, value: float) -> float:
        if math.isnan(value) or self.high == self.low:
            return 0.0
        return (value - self.low) / (self.high - self.low)


def scale_of(config: Config, columns: Sequence[Field]) -> Scale:
    """The scale of a column, over all columns of the panel as Grafana takes it."""
    found = [each for column in columns if column.type == "number" for each in numbers(column.values)]
    low, high = config.get("min"), config.get("max")
    return Scale(
        float(low if low is not None else min(found, default=0.0)),
        float(high if high is not None else max(found, default=0.0)),
    )


def show(
    value: Value, column: Field, config: Config, ends: Scale, *, theme: str, context: Context, index: int = 0
) -> Shown:
    """What the value looks like; `index` is the series' number, for colours of a palette."""
    number = _number(value, column)
    share = ends.share(number) if number is not None else 0.0
    found = mapped(config.get("mappings") or (), value) or {}
    text = Text(str(found["text"])) if found.get("text") is not None else _text(value, number, column, config, context)
    if found.get("color"):
        chosen = colour(found["color"], theme)
    else:
        chosen = value_colour(config, number, share, theme=theme, index=index)
    return Shown(text, chosen, share, number, found.get("text") is not None)


def value_colour(config: Config, number: float | None, share: float, *, theme: str, index: int = 0) -> str:
    """The colour of a value by the column's colour mode."""
    settings = config.get("color") or {}
    mode = settings.get("mode") or "thresholds"
    if mode in {"fixed", "shades"}:
        return colour(settings.get("fixedColor") or "gray", theme)
    if mode in SCALES:
        return scale(mode, share, theme)
    if mode.startswith("palette"):
        return classic(index, theme)
    value = -math.inf if number is None or math.isnan(number) else number
    return step_colour(config.get("thresholds") or DEFAULT_THRESHOLDS, value, share, theme)


def _number(value: Value, column: Field) -> float | None:
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, float | int):
        return float(value)
    return None


def _text(value: Value, number: float | None, column: Field, config: Config, context: Context) -> Text:
    unit = config.get("unit") or ("dateTimeAsSystem" if column.type == "time" else "")
    if number is not None and not math.isnan(number) and unit != "string":
        return write_number(number, unit, config.get("decimals"), context)
    if value is None or value == "" or number is not None:
        return Text(str(config.get("noValue") or ("NaN" if number is not None else "")))
    return Text(str(value))
