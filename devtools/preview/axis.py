"""Value axes: ranges, ticks and their texts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from devtools.grafana.reducers import numbers
from devtools.grafana.units import write_number
from devtools.preview.scene import Column, Scene

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
# Ticks of a value axis stand at least so many pixels apart; less where the graph is low.
LOW, SPACING, LOW_SPACING = 150, 30, 15
BINARY = {"bytes", "bits", "kbytes", "mbytes", "gbytes", "binBps"}


@dataclass(frozen=True, slots=True)
class Axis:
    """One value axis; `ticks` are places and texts."""

    key: str
    unit: str
    right: bool
    hidden: bool
    label: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    grid: bool = True


def axes_of(found: Sequence[Column], scene: Scene, height: int, lines: Sequence[float] = ()) -> list[Axis]:
    """One axis for each unit and placement: the first at the left, others at the right, as Grafana places them."""
    axes: list[Axis] = []
    for key in dict.fromkeys(axis_key(each) for each in found):
        group = [each for each in found if axis_key(each) == key]
        placement = group[0].custom.get("axisPlacement") or "auto"
        right = placement == "right" or (placement == "auto" and any(not each.right for each in axes))
        low, high = _range(group, lines)
        axes.append(_axis(key, group[0], right, placement == "hidden", low, high, scene, height))
    return axes


def axis_key(column: Column) -> str:
    """Columns of one key share an axis."""
    return f"{column.config.get('unit') or ''}|{column.custom.get('axisPlacement') or 'auto'}"


def _axis(
    key: str, column: Column, right: bool, hidden: bool, low: float, high: float, scene: Scene, height: int
) -> Axis:
    unit = str(column.config.get("unit") or "")
    step = tick_step(high - low, max(2, height // (LOW_SPACING if height <= LOW else SPACING)), binary=unit in BINARY)
    places = [index * step for index in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
    configured = column.config.get("decimals")
    places = [each for each in places if configured != 0 or each == round(each)]
    # As Grafana has it: the decimals of the step, if it has any, win over the configured ones.
    decimals = (step_decimals(step) or configured) if configured is not None else None
    texts = [str(write_number(round(each, 12), unit, decimals, scene.context)) for each in places]
    label = str(column.custom.get("axisLabel") or "")
    ticks = tuple(zip(places, texts, strict=True))
    return Axis(key, unit, right, hidden, label, low, high, ticks, column.custom.get("axisGridShow") is not False)


def _range(group: Sequence[Column], lines: Sequence[float]) -> tuple[float, float]:
    values = [each for column in group for each in _extent(column)] + list(lines)
    custom, config = group[0].custom, group[0].config
    values += [float(custom[name]) for name in ("axisSoftMin", "axisSoftMax") if custom.get(name) is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    pad = (high - low) * 0.1 or abs(high) * 0.1 or 1.0
    bottom = 0.0 if 0 <= low <= pad else low - pad
    least, most = config.get("min"), config.get("max")
    bottom = bottom if least is None else float(least)
    top = high + pad if most is None else float(most)
    return bottom, top if top > bottom else bottom + 1.0


def _extent(column: Column) -> list[float]:
    found = [each for each in numbers(column.field.values) if math.isfinite(each)]
    zero = [0.0] if column.custom.get("drawStyle") == "bars" or stacked(column) else []
    return [min(found), max(found), *zero] if found else zero


def stacked(column: Column) -> bool:
    """Whether the column is piled upon others."""
    return (column.custom.get("stacking") or {}).get("mode") in {"normal", "percent"}


def tick_step(width: float, count: int, *, binary: bool = False) -> float:
    """The least round step (a power of two for bytes) that gives at most `count` of them over the width."""
    wished = width / count
    if binary:
        return float(2.0 ** math.ceil(math.log2(wished)))
    power = 10.0 ** math.floor(math.log10(wished))
    return next(each * power for each in STEPS if each * power >= wished * (1 - 1e-9))


def step_decimals(step: float) -> int:
    """The decimals that a step needs."""
    return next((count for count in range(10) if abs(step * 10**count - round(step * 10**count)) < 1e-6), 10)
