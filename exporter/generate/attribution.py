"""PromQL that asks which slice explains the change of a KPI: for descriptions of alerts and for boards. Pure text."""

from __future__ import annotations

from exporter.generate.rules.promql import selector
from exporter.semantic.names import OTHER, PREFIX

EFFECT, CHANGE = f"{PREFIX}attribution_effect", f"{PREFIX}attribution_change"
REVERSAL = f"{PREFIX}attribution_reversal"
SLICE = ("scenario", "generation", "period")
# Windows that have gauges of attribution.
WINDOWS = ("1h", "24h")


def change(kpi: str, window: str) -> str:
    """The change against the window before, in the KPI's unit; of several replicas the largest."""
    return f"max({selector(CHANGE, {'kpi': kpi, 'window': window})})"


def slices(kpi: str, window: str, effect: str = "") -> str:
    """The effect of each slice that is shown, rate and mix together unless one is named."""
    of = {"kpi": kpi, "window": window} | ({"effect": effect} if effect else {})
    labels = ", ".join(SLICE)
    return f"sum by ({labels}) (max by ({labels}, effect) ({selector(EFFECT, of)}))"


def top_slice(kpi: str, window: str) -> str:
    """The one slice that did most of the change, its value the effect (rate and mix), with its three labels.

    Nothing where there was no change, and never the pool of the others.
    """
    sign = f"on () group_left () sgn({change(kpi, window)})"
    named = f"{slices(kpi, window)} unless on ({', '.join(SLICE)}) {_pool(kpi, window)}"
    return f"topk(1, (({named}) * {sign}) > 0) * {sign}"


def _pool(kpi: str, window: str) -> str:
    """The series of the others together."""
    return selector(EFFECT, {"kpi": kpi, "window": window} | dict.fromkeys(SLICE, OTHER))
