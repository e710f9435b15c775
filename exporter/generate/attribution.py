"""PromQL that asks which slice explains the change of a KPI: for descriptions of alerts and for boards. Pure text."""

from __future__ import annotations

from exporter.generate.rules.promql import selector
from exporter.semantic.names import ALL, OTHER, PREFIX

EFFECT, CHANGE = f"{PREFIX}attribution_effect", f"{PREFIX}attribution_change"
REVERSAL, LIKELY = f"{PREFIX}attribution_reversal", f"{PREFIX}attribution_q_value"
SLICE = ("scenario", "generation", "period")
# Windows that have gauges of attribution.
WINDOWS = ("1h", "24h")
_LABELS = ", ".join(SLICE)


def change(kpi: str, window: str) -> str:
    """The change against the window before, in the KPI's unit; of several replicas the largest."""
    return f"max({selector(CHANGE, {'kpi': kpi, 'window': window})})"


def slices(kpi: str, window: str, effect: str = "") -> str:
    """The effect of each slice that is shown, rate and mix together unless one is named.

    Replicas may for a minute be of two minds about the best breakdown; each slice is of one.
    """
    of = {"kpi": kpi, "window": window} | ({"effect": effect} if effect else {})
    return f"sum by ({_LABELS}) (max by ({_LABELS}, effect) ({selector(EFFECT, of)}))"


def likely(kpi: str, window: str) -> str:
    """The adjusted p-value of the slice that stands out; nothing where none does."""
    return f"max by ({_LABELS}) ({selector(LIKELY, {'kpi': kpi, 'window': window})})"


def reversal(kpi: str, window: str) -> str:
    """1 where Simpson's paradox shows, else 0."""
    return f"max({selector(REVERSAL, {'kpi': kpi, 'window': window})})"


def top_slice(kpi: str, window: str, *, tested: bool = True) -> str:
    """The one slice that explains the change, with its three labels; its value what it did (rate and mix), no sign.

    Nothing where none stands out. Where chance cannot be reckoned with, the largest in the direction of the change;
    never the pool of the others.
    """
    sign = f"on () group_left () sgn({change(kpi, window)})"
    if tested:
        chosen = f"{slices(kpi, window)} and on ({_LABELS}) {likely(kpi, window)}"
    else:
        chosen = f"{slices(kpi, window)} unless on ({_LABELS}) {_pool(kpi, window)}"
    return f"topk(1, (({chosen}) * {sign}) > 0)"


def _pool(kpi: str, window: str) -> str:
    """The series of the others together, by whatever labels."""
    return selector(EFFECT, {"kpi": kpi, "window": window} | dict.fromkeys(SLICE, f"=~{ALL}|{OTHER}"))
