"""What the exporter would show (contract.md §2), for the tests' inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.alerts.kpis import Kpi, Labels
from tests.alerts.promtool_file import series

ALL = ("scenario", "generation", "period", "script")
# Finest cells that make up a whole; measures have no member `all`.
_CELLS = ({"generation": "gen_y"}, {"generation": "elderly"})


@dataclass(frozen=True, slots=True)
class State:
    """A KPI at one place: value, the bound on the good side, samples; the other bound, where recovery is shown."""

    value: float
    bound: float | None = None
    samples: int = 1000
    opposite: float | None = None


def place(kpi: Kpi, labels: Labels = ()) -> dict[str, str]:
    """All slice labels of a KPI, `all` where nothing is said."""
    return dict.fromkeys((*ALL, *kpi.own), "all") | dict(labels)


def gauges(kpi: Kpi, state: State, labels: Labels = (), window: str = "", replica: str = "a") -> dict[str, float]:
    """The gauges of a KPI at one place, in the window that it is judged by or another."""
    at = _target(replica) | _window(kpi, window) | place(kpi, labels)
    name = f"outcall_{kpi.slug}_{kpi.unit}"
    stat = {"stat": "p95"} if kpi.slug == "response_latency" else {}
    found = {series(name, at | stat): state.value}
    good, other = ("lower", "upper") if kpi.bad == "High" else ("upper", "lower")
    if state.bound is not None:
        found[series(f"{name}_{good}", at)] = state.bound
    if state.opposite is not None:
        found[series(f"{name}_{other}", at)] = state.opposite
    return found | _samples(kpi, state.samples, at)


def share(slug: str, bad: int, of: int, labels: Mapping[str, str]) -> dict[str, float]:
    """A ratio of counts beside a KPI."""
    return {series(f"outcall_{slug}_ratio", labels): bad / of, series(f"outcall_{slug}_samples", labels): of}


def complete(sources: Iterable[str], window: str, missing: Iterable[str] = (), replica: str = "a") -> dict[str, float]:
    """Whether a window is covered, by source. Sources have windows where a KPI has none, too."""
    name = "30d" if window == "latest" else window
    return {
        series("outcall_window_complete", _target(replica) | {"source": source, "window": name}): source not in missing
        for source in sources
    }


def tail_labels(kpi: Kpi, window: str, labels: Labels) -> dict[str, str]:
    """Where the share beside a percentile is told."""
    return _target("a") | {"window": window} | place(kpi, labels)


def _samples(kpi: Kpi, samples: int, at: Mapping[str, str]) -> dict[str, float]:
    if kpi.slug == "recovery":
        cells = [series("outcall_entered_cases", {**at, "scenario": "collection", **cell}) for cell in _CELLS]
        return dict(zip(cells, halves(samples), strict=True))
    if kpi.slug == "ltv_uplift":
        before = [series("outcall_ltv_customers_before", {**at, **cell}) for cell in _CELLS]
        after = [series("outcall_ltv_customers_after", {**at, **cell}) for cell in _CELLS]
        return dict(zip(before, halves(1000), strict=True)) | dict(zip(after, halves(samples), strict=True))
    return {series(f"outcall_{kpi.slug}_samples", at): samples}


def halves(count: int) -> tuple[float, float]:
    return count // 2, count - count // 2


def _window(kpi: Kpi, window: str) -> dict[str, str]:
    name = window or kpi.window
    return {} if name == "latest" else {"window": name}


def _target(replica: str) -> dict[str, str]:
    return {"job": "outcall", "instance": replica}
