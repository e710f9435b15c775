"""What is said of a KPI that moved, in both languages, by commands and reviews as by alerts; and how numbers look."""

from __future__ import annotations

from exporter.semantic.model import Kpi
from exporter.semantic.spec import Text

MINUS = "−"
BETWEEN = Text(zh=" × ", en=" x ")
NOWHERE = Text(zh="无归属的记录", en="Facts of no slice")
NO_CHANGE = Text(zh="没有变化", en="No change")
NOTHING_STANDS_OUT = Text(zh="没有切片显著", en="no slice stands out")
UNITS = {
    "ratio": Text(zh=" 个百分点", en=" points"),
    "cny": Text(zh=" 元", en=" CNY"),
    "seconds": Text(zh=" 秒", en=" s"),
    "score": Text(zh=" 分", en=""),
}
# Decimals of a difference; of a small one as many more as it takes to see two digits.
DIGITS = {"ratio": 1, "cny": 0, "seconds": 1, "score": 2}
MOST_DIGITS = 6


def counts_trials(kpi: Kpi) -> bool:
    """Whether the denominator counts trials, so that chance can be reckoned with; of money and scores it cannot."""
    return kpi.kind == "ratio" and kpi.alert.bounds and not any(m.scale for m in (*kpi.numerator, *kpi.denominator))
