"""The shipped rules, read from their files, and what they would have done in a past that Prometheus holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from benchmarks.false_alarms_server import Prometheus
from benchmarks.false_alarms_stream import FIRST_DAY, Cell

FOLDER = Path(__file__).parents[1] / "rules"
KPIS = ("early_hangup", "lead_conversion", "csat")
_UNITS = {"s": 1 / 60, "m": 1, "h": 60, "d": 1_440}
_KPI, _WINDOW = (re.compile(rf'\b{label}="([^"]+)"') for label in ("kpi", "window"))

# A rule as it stands in the file. Any: YAML.
Loaded = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Alert:
    """An alerting rule on one KPI and window; `wait` (for) and `keep` (keep_firing_for) in minutes."""

    name: str
    expr: str
    severity: str
    kpi: str
    window: str
    wait: float
    keep: float


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert that fired, from the minute it fired to the last at which it did, counted from FIRST_DAY."""

    alert: Alert
    level: str
    cell: Cell
    start: int
    end: int


def shipped(folder: Path = FOLDER) -> tuple[list[Loaded], list[Alert]]:
    """Recording rules and alerts that concern the KPIs of this benchmark."""
    files = sorted(folder.glob("*.rules.yml"))
    if not files:
        raise RuntimeError(f"no rule files in {folder}: run `outcall-exporter generate rules`")
    groups = [group for file in files for group in yaml.safe_load(file.read_text("utf-8"))["groups"]]
    rules = [rule for group in groups for rule in group["rules"] if _concerns(rule)]
    return [rule for rule in rules if "record" in rule], [_alert(rule) for rule in rules if "alert" in rule]


def _concerns(rule: Loaded) -> bool:
    said = rule["expr"] + str(rule.get("labels", {}).get("kpi", ""))
    return any(re.search(rf"(?<![a-z]){kpi}(?![a-z])|outcall_{kpi}_", said) for kpi in KPIS)


def _alert(rule: Loaded) -> Alert:
    kpi, window = (pattern.search(rule["expr"]) for pattern in (_KPI, _WINDOW))
    if kpi is None or window is None:
        raise RuntimeError(f"{rule['alert']}: no kpi or window is selected in its expr")
    times = (minutes(str(rule.get(key, "0s"))) for key in ("for", "keep_firing_for"))
    return Alert(rule["alert"], rule["expr"], rule["labels"]["severity"], kpi[1], window[1], *times)


def minutes(duration: str) -> float:
    """A duration of Prometheus (`1h30m`) in minutes."""
    return sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"(\d+)([smhd])", duration))


def record(server: Prometheus, rules: Iterable[Loaded], length: int) -> None:
    """Evaluate the recording rules over `length` minutes, those first that need no other."""
    left = list(rules)
    while left:
        unknown = {rule["record"] for rule in left}
        ready = [rule for rule in left if not any(name in rule["expr"] for name in unknown)]
        if not ready:
            raise RuntimeError(f"recording rules need each other: {', '.join(sorted(unknown))}")
        server.record(ready, FIRST_DAY, FIRST_DAY + timedelta(minutes=length))
        left = [rule for rule in left if rule["record"] not in {done["record"] for done in ready}]


def firings(server: Prometheus, alerts: Sequence[Alert], length: int) -> list[Firing]:
    """Every time that one of the alerts fired within `length` minutes, in order of time."""
    found = [firing for alert in alerts for firing in _of_alert(server, alert, length)]
    return sorted(found, key=lambda firing: (firing.start, firing.alert.name))


def _of_alert(server: Prometheus, alert: Alert, length: int) -> Iterator[Firing]:
    held: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for series in server.range(alert.expr, FIRST_DAY, length):
        held.setdefault(tuple(sorted(series.labels.items())), []).extend(series.points)
    for key, true_at in held.items():
        labels = dict(key)
        cell = Cell(labels["scenario"], labels["generation"])
        for start, end in episodes(true_at, alert.wait, alert.keep):
            yield Firing(alert, labels["level"], cell, start, end)


def episodes(true_at: Iterable[int], wait: float, keep: float = 0) -> Iterator[tuple[int, int]]:
    """When a condition that is looked at every minute, and holds at `true_at`, fires, and until when.

    It fires once it has held for `wait` minutes; it ends when it has not held for `keep` minutes.
    """
    pending = last = start = None
    for minute in sorted(true_at):
        if pending is None or last is None or minute > last + 1:
            pending = minute
        if start is not None and last is not None and minute > last + 1 + keep:
            yield start, int(last + keep)
            start = None
        if start is None and minute - pending >= wait:
            start = minute
        last = minute
    if start is not None and last is not None:
        yield start, int(last + keep)
