"""Numbers with a fitting count of decimals, as Grafana (and JavaScript) write them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

# Decimals that a double has; tiny values would else ask for hundreds.
MOST: Final = 15
TINY: Final = 1e-14


@dataclass(frozen=True, slots=True)
class Text:
    """A value with its unit, in the parts that Grafana sets in different sizes."""

    number: str
    prefix: str = ""
    suffix: str = ""

    def __str__(self) -> str:
        return f"{self.prefix}{self.number}{self.suffix}"


def to_fixed(value: float, decimals: int | None) -> str:
    """The value rounded (halves upwards); `None` takes as many decimals as three digits or so need."""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if math.isnan(value):
        return "NaN"
    if decimals is None:
        decimals = own_decimals(value)
    factor = 10.0 ** max(0, decimals)
    rounded = math.floor(value * factor + 0.5) / factor
    return f"{rounded + 0.0:.{max(0, decimals)}f}"


def own_decimals(value: float) -> int:
    """The count of decimals that Grafana takes for a value on its own."""
    if value % 1 == 0:
        return 0
    if abs(value) < TINY:
        return MOST
    decimals = 1 - math.floor(math.log10(abs(value)))
    # The quotient keeps the sign: negative values never get the extra digit, as in Grafana.
    if value / 10.0**-decimals > 2.25:
        decimals += 1
    return min(max(0, decimals), MOST)


def clean(number: str) -> str:
    """Without zeros behind the decimal point, as JavaScript writes a number."""
    if "." not in number or not number.replace(".", "").replace("-", "").isdigit():
        return number
    return number.rstrip("0").rstrip(".")
