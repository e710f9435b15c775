"""The shipped rules and Alertmanager configuration with shorter waits, for tests that cannot wait for minutes.

Pure. Only how long something waits is changed; lines, windows, labels, routes stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

RULE_WAITS = ("for", "keep_firing_for")
ROUTE_WAITS = ("group_wait", "group_interval")
# While the exporter starts it has not reached its database yet, and a start does not get shorter; seconds.
STARTING, START = "OutcallDatabaseDown", 15.0
# It waits until Prometheus has known for a while that it is business hours, which its expression says.
GUARDED = "OutcallNoNewCalls"
# Alerts of one evaluation travel one by one; those that inhibit others have to be there when a group is told, seconds.
TRAVEL = 1.0
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_PART = re.compile(r"(\d+)(ms|[smhdwy])")
_RANGE = re.compile(r"(?<=[\[:])[0-9a-z]+(?=[\]:])|(?<=offset )[0-9a-z]+")


def seconds(duration: str) -> float:
    """A duration of Prometheus in seconds. Raises ValueError."""
    if _PART.sub("", duration) or not duration:
        raise ValueError(f"{duration!r} is no duration")
    return sum(int(number) * UNITS[unit] for number, unit in _PART.findall(duration))


def shorter(duration: str, factor: float, least: float = 0.0) -> str:
    """The duration divided by `factor`, but at least `least` seconds, and no longer than it was."""
    was = seconds(duration)
    return f"{round(1000 * min(was, max(least, was / factor)))}ms"


def quick_rules(file: Mapping[str, Any], factor: float) -> dict[str, Any]:
    """A rule file; groups are evaluated once a second at most."""
    return {**file, "groups": [_quick_group(group, factor) for group in file["groups"]]}


def _quick_group(group: Mapping[str, Any], factor: float) -> dict[str, Any]:
    interval = {"interval": shorter(group["interval"], factor, least=1.0)} if "interval" in group else {}
    return {**group, **interval, "rules": [_quick_rule(rule, factor) for rule in group["rules"]]}


def _quick_rule(rule: Mapping[str, Any], factor: float) -> dict[str, Any]:
    quick = _quick(rule, RULE_WAITS, factor)
    if rule.get("alert") == STARTING and "for" in rule:
        quick["for"] = shorter(rule["for"], factor, least=START)
    if rule.get("alert") == GUARDED:
        quick["expr"] = _RANGE.sub(lambda found: shorter(found[0], factor, least=1.0), rule["expr"])
    return quick


def quick_routes(config: Mapping[str, Any], factor: float) -> dict[str, Any]:
    """An Alertmanager configuration; how often a message is repeated stays as it is."""

    def quick(route: Mapping[str, Any]) -> dict[str, Any]:
        children = {"routes": [quick(child) for child in route["routes"]]} if "routes" in route else {}
        return {**_quick(route, ROUTE_WAITS, factor, least=TRAVEL), **children}

    return {**config, "route": quick(config["route"])}


def _quick(data: Mapping[str, Any], keys: tuple[str, ...], factor: float, least: float = 0.0) -> dict[str, Any]:
    return {key: shorter(value, factor, least) if key in keys else value for key, value in data.items()}
