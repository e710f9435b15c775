"""Which windows of a KPI are watched, as its `alert` stanza says, and where recovery is looked for."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.semantic import names as public
from exporter.semantic.model import Kpi, Window

LATEST = Window(public.LATEST, 0, "hour")


@dataclass(frozen=True, slots=True)
class Look:
    """A window that is watched. `shorter`: where recovery shows; `strict`: by the strict bound."""

    window: Window
    shorter: str | None
    strict: bool


def is_alerted(kpi: Kpi) -> bool:
    """Whether a KPI has alerts at all."""
    has_values = bool(kpi.windows) or kpi.kind == "uplift"
    return has_values and kpi.alert.enabled and any(target.severity != "goal" for target in kpi.targets)


def has_bounds(kpi: Kpi) -> bool:
    """Whether its verdicts wait for a bound: proportions of things that were counted."""
    return kpi.kind == "ratio" and kpi.alert.bounds and not kpi.zero_tolerance


def slow_window(kpi: Kpi) -> Window:
    """The window on which the gate of the definition is applied; an uplift has its latest snapshot."""
    if not kpi.windows:
        return LATEST
    names = {window.name: window for window in kpi.windows}
    return names.get(kpi.alert.window or kpi.headline_window) or max(kpi.windows, key=lambda w: w.seconds)


def looks(kpi: Kpi) -> list[Look]:
    """The slow window and the fast ones, longest first."""
    slow = slow_window(kpi)
    fast = [window for window in kpi.windows if window.name in kpi.alert.fast and window.name != slow.name]
    ordered = sorted([slow, *fast], key=lambda window: -window.seconds)
    return [Look(window, _shorter(kpi, window) if _recovers(kpi) else None, window in fast) for window in ordered]


def _recovers(kpi: Kpi) -> bool:
    """Whether a shorter window can tell: by bounds, or by a percentile of many; a mean of a few it would believe."""
    return has_bounds(kpi) or kpi.kind == "quantile"


def _shorter(kpi: Kpi, window: Window) -> str | None:
    """The next shorter window of a KPI."""
    below = [other for other in kpi.windows if other.seconds < window.seconds]
    return max(below, key=lambda other: other.seconds).name if below else None


def recorded(kpi: Kpi) -> list[str]:
    """The windows of which its alerts need values, in the KPI's order."""
    if kpi.zero_tolerance:
        names = {slow_window(kpi).name, kpi.alert.late}
    else:
        names = {name for look in looks(kpi) for name in (look.window.name, look.shorter)}
        names |= {name for burn in kpi.alert.burn for name in (burn.long, burn.short)}
    return _of(kpi, names)


def strict(kpi: Kpi) -> list[str]:
    """The windows of which its alerts need strict bounds."""
    return _of(kpi, {look.window.name for look in looks(kpi) if look.strict})


def gated(kpi: Kpi) -> list[str]:
    """The windows of which its alerts need the page's bound on the good side."""
    names: set[str | None] = {look.window.name for look in looks(kpi) if not look.strict}
    names |= {burn.long for burn in kpi.alert.burn} - set(strict(kpi))
    return _of(kpi, names)


def recovering(kpi: Kpi) -> list[str]:
    """The windows in which recovery shows."""
    return _of(kpi, {look.shorter for look in looks(kpi)})


def _of(kpi: Kpi, names: set[str | None]) -> list[str]:
    return [window.name for window in kpi.windows if window.name in names]
