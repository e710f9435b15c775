"""What a rule file is made of, and its plain form for YAML. Durations in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """What an operator may say of the place: job names of the scrape configuration, and where Grafana is."""

    job: str = "outcall"
    grafana: str = "http://localhost:3000"


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording rule."""

    record: str
    expr: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def plain(self) -> Plain:
        return {"record": self.record, "expr": self.expr} | ({"labels": dict(self.labels)} if self.labels else {})


@dataclass(frozen=True, slots=True)
class Alert:
    """An alerting rule; `wait` is Prometheus' `for`."""

    alert: str
    expr: str
    wait: int
    keep: int
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    def plain(self) -> Plain:
        times = {"for": duration(self.wait)} | ({"keep_firing_for": duration(self.keep)} if self.keep else {})
        texts = {"labels": dict(self.labels), "annotations": dict(self.annotations)}
        return {"alert": self.alert, "expr": self.expr, **times, **texts}


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated one after the other, every `interval` seconds."""

    name: str
    interval: int
    rules: tuple[Recording | Alert, ...]

    def plain(self) -> Plain:
        return {
            "name": self.name,
            "interval": duration(self.interval),
            "rules": [rule.plain() for rule in self.rules],
        }


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A file of groups; `name` without its ending."""

    name: str
    groups: tuple[Group, ...]

    def plain(self) -> Plain:
        return {"groups": [group.plain() for group in self.groups if group.rules]}


def duration(seconds: int) -> str:
    """Prometheus' way to write it, in the largest unit that fits: 5400 -> `90m`."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
