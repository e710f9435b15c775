"""Where the time goes between the first bad call and the telephone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tests.e2e.processes import DEADLINE, GLANCE
from tests.e2e.stack import Stack

ALERT = "OutcallEarlyHangupHigh"
STAGES = ("gauge", "pending", "firing", "Alertmanager", "SMS")


@dataclass(frozen=True, slots=True)
class Timeline:
    """Seconds from the first bad call to each stage."""

    reached: Mapping[str, float]

    def __str__(self) -> str:
        before, parts = 0.0, []
        for stage in STAGES:
            parts.append(f"{stage} +{self.reached[stage] - before:.1f} s")
            before = self.reached[stage]
        return f"first bad call -> SMS: {before:.1f} s (row written -> " + " -> ".join(parts) + ")"


def follow(stack: Stack, began: float, deadline: float = DEADLINE) -> Timeline:
    """Watch the hang-up spike that began at an instant until its SMS is there."""
    seen: dict[str, float] = {}
    looks: Mapping[str, Callable[[], float | None]] = {
        "gauge": lambda: _now(_gauge(stack)),
        "pending": lambda: _since(stack),
        "firing": lambda: _now(bool(stack.alerts(ALERT))),
        "Alertmanager": lambda: _now(bool(stack.incidents(ALERT))),
        "SMS": lambda: _now(bool(stack.texts("30"))),
    }
    end = time.monotonic() + deadline
    while len(seen) < len(STAGES):
        assert time.monotonic() < end, f"not within {deadline:.0f} s, seen {list(seen)}"
        for stage in STAGES:
            if stage not in seen and (at := looks[stage]()) is not None:
                seen[stage] = at - began
        time.sleep(GLANCE)
    return Timeline(_in_order(seen))


def _in_order(seen: Mapping[str, float]) -> dict[str, float]:
    """A stage was reached before the next one, however late we looked."""
    latest, found = float("inf"), {}
    for stage in reversed(STAGES):
        latest = min(latest, seen[stage])
        found[stage] = max(0.0, latest)
    return found


def _now(there: bool) -> float | None:
    return time.time() if there else None


def _gauge(stack: Stack) -> bool:
    """Whether the exporter shows the elderly beyond their alarm line."""
    labels = {"window": "5m", "scenario": "all", "generation": "elderly", "period": "all", "script": "all"}
    page = stack.service.page()
    value = page.samples.get(("outcall_early_hangup_ratio", tuple(sorted(labels.items())))) if page else None
    return value is not None and value > 0.40


def _since(stack: Stack) -> float | None:
    """When Prometheus first found it, by its own account."""
    found = stack.alerts(ALERT, "pending") + stack.alerts(ALERT)
    return min(
        (datetime.fromisoformat(alert["activeAt"][:26].rstrip("Z") + "+00:00").timestamp() for alert in found),
        default=None,
    )
