"""Was a rate on its way before the change already? What goes on by itself is not the change's doing. Pure.

A straight line through the days before, weighted by what each day knows (weighted least squares), its residuals' spread
estimated around the line: for a difference in differences through the days' gaps, whose slope is how far the two
slices' trends are from parallel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from exporter.kpi.significance import Counts, total

# Days with data that a line takes, and the level at which a slope counts as one.
LEAST_DAYS, ALPHA = 7, 0.05


@dataclass(frozen=True, slots=True)
class Trend:
    """`slope`: a share a day; two-sided p-value of there being none."""

    slope: float
    p_value: float

    @property
    def is_one(self) -> bool:
        return self.p_value < ALPHA


def trend(treated: Sequence[Counts], untouched: Sequence[Counts] = ()) -> Trend | None:
    """The slope of the daily rates, with `untouched` of what the treated ones are above those; None of too little."""
    days = list(zip(treated, untouched, strict=True)) if untouched else [(day,) for day in treated]
    known = [(at, day) for at, day in enumerate(days) if all(side.trials for side in day)]
    wholes = [total(day[side] for _, day in known) for side in range(len(days[0]) if days else 0)]
    if len(known) < LEAST_DAYS or not all(0 < whole.successes < whole.trials for whole in wholes):
        return None
    spreads = [whole.rate * (1 - whole.rate) for whole in wholes]
    points = [
        (
            float(at),
            day[0].rate - (day[1].rate if len(day) > 1 else 0.0),
            1 / sum(v / side.trials for v, side in zip(spreads, day, strict=True)),
        )
        for at, day in known
    ]
    return _line(points)


def _line(points: Sequence[tuple[float, float, float]]) -> Trend:
    """Weighted least squares over (day, value, weight); residuals widen the error as `significance.dispersion` does."""
    weight = sum(w for _, _, w in points)
    x0, y0 = (sum(point[at] * point[2] for point in points) / weight for at in (0, 1))
    spread = sum(w * (x - x0) ** 2 for x, _, w in points)
    slope = sum(w * (x - x0) * (y - y0) for x, y, w in points) / spread
    squares = sum(w * (y - y0 - slope * (x - x0)) ** 2 for x, y, w in points)
    # Two parameters are estimated, and Student's t is wider than the normal by freedom / (freedom - 2).
    unrest = max(1.0, squares / (len(points) - 4))
    return Trend(slope, math.erfc(abs(slope) / math.sqrt(2 * unrest / spread)))
