"""Alertmanager's webhook (payload version 4), parsed strictly into immutable values.

Whatever a later Alertmanager adds is ignored; what is missing or of another type is refused, because a page that cannot
be worded must be noticed when it arrives, not when it is to be sent.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from exporter.semantic.noticenames import ALERTNAME, FILES, MAX_FILE

Status = Literal["firing", "resolved"]

# Alertmanager cuts no group by itself; a group beyond this is no page that anybody reads.
MAX_ALERTS = 1000
# Labels and annotations of one alert, and the length of one value in characters; a review's file has its own.
MAX_PAIRS, MAX_VALUE = 64, 16_384
SEVERITIES = ("critical", "warning", "info")
# The labels that say where an alert is.
PLACE = ("scenario", "instance", "channel", "source")

# Go writes up to nine digits of a second; Python reads six.
_FRACTION = re.compile(r"(\.\d{6})\d+")


class NotAWebhook(ValueError):  # noqa: N818 - what it is, in the words of the answer
    """The body is no webhook of Alertmanager; the text says why and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. Instants in Unix seconds; `ended` is 0 while it fires."""

    status: Status
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    started: float
    ended: float
    fingerprint: str

    @property
    def severity(self) -> str:
        """critical, warning or info; anything else counts as warning, so that it is neither loud nor lost."""
        found = self.labels.get("severity", "")
        return found if found in SEVERITIES else "warning"

    @property
    def place(self) -> str:
        """Where it is, for texts: another scenario or machine is news, another window, level or slice is not. Empty for
        the whole.
        """
        found = [value if (value := self.labels.get(name, "")) != "all" else "" for name in PLACE]
        return "\x1f".join(found) if any(found) else ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One webhook: the state of a group of alerts, which is one incident from first firing to resolved.

    `truncated` alerts are not listed (Alertmanager's `max_alerts`). `leading` is the fingerprint of the alert that
    stands for the group, if it is not the most urgent one.
    """

    status: Status
    group_key: str
    alerts: tuple[Alert, ...]
    truncated: int
    leading: str = ""

    @property
    def firing(self) -> tuple[Alert, ...]:
        """The alerts that fire, the most urgent first."""
        return _ordered(a for a in self.alerts if a.status == "firing")

    @property
    def resolved(self) -> tuple[Alert, ...]:
        """The alerts that are over."""
        return _ordered(a for a in self.alerts if a.status == "resolved")

    @property
    def lead(self) -> Alert:
        """The alert that stands for the group: one that fires, unless none of those is listed."""
        listed = self.firing or self.resolved
        return next((alert for alert in listed if alert.fingerprint == self.leading), listed[0])

    @property
    def is_review(self) -> bool:
        """Whether it tells of a review, which is no trouble: worded otherwise, and never by SMS."""
        return all(alert.labels["alertname"] == ALERTNAME for alert in self.alerts)

    @property
    def unlisted(self) -> bool:
        """Whether what fires, or may fire, is not among the alerts that are listed."""
        return self.truncated > 0 and not self.firing

    @property
    def key(self) -> str:
        """What the notice says, as a digest: the same for a repetition and a reminder, whatever the values are."""
        said = sorted((a.fingerprint, a.status, a.started, a.ended) for a in self.alerts)
        text = json.dumps([self.group_key, self.status, said], ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _ordered(alerts: Any) -> tuple[Alert, ...]:
    levels = ("whole", "scenario", "slice")

    def urgency(alert: Alert) -> tuple[int, int, float, str]:
        level = alert.labels.get("level", "whole")
        rank = levels.index(level) if level in levels else len(levels)
        return SEVERITIES.index(alert.severity), rank, alert.started, alert.fingerprint

    return tuple(sorted(alerts, key=urgency))


def parse_webhook(body: bytes | str) -> Notice:
    """Parse a body; raises NotAWebhook."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAWebhook("the body is not JSON") from None
    if not isinstance(data, dict):
        raise NotAWebhook("the body is not an object")
    if data.get("version") != "4":
        raise NotAWebhook('version is not "4"')
    alerts = data.get("alerts")
    if not isinstance(alerts, list) or not 1 <= len(alerts) <= MAX_ALERTS:
        raise NotAWebhook(f"alerts is not a list of 1 to {MAX_ALERTS}")
    truncated = data.get("truncatedAlerts", 0)
    if not isinstance(truncated, int) or isinstance(truncated, bool) or truncated < 0:
        raise NotAWebhook("truncatedAlerts is not a number")
    group_key = _text(data, "groupKey")
    if not group_key:
        raise NotAWebhook("groupKey is empty")
    parsed = tuple(_alert(alert) for alert in alerts)
    status = _status(data)
    if status == "firing" and not truncated and all(alert.status == "resolved" for alert in parsed):
        raise NotAWebhook("status is firing, but no alert fires")
    return Notice(status, group_key, parsed, truncated)


def _alert(data: Any) -> Alert:
    if not isinstance(data, dict):
        raise NotAWebhook("an alert is not an object")
    labels = _pairs(data, "labels")
    if not labels.get("alertname"):
        raise NotAWebhook("an alert has no alertname")
    status = _status(data)
    started, ended = _instant(data, "startsAt"), _instant(data, "endsAt")
    fingerprint = _text(data, "fingerprint") or hashlib.sha256(json.dumps(sorted(labels.items())).encode()).hexdigest()
    return Alert(
        status, labels, _pairs(data, "annotations"), started, ended if status == "resolved" else 0.0, fingerprint
    )


def _status(data: Mapping[str, Any]) -> Status:
    match data.get("status"):
        case "firing":
            return "firing"
        case "resolved":
            return "resolved"
        case _:
            raise NotAWebhook("a status is neither firing nor resolved")


def _pairs(data: Mapping[str, Any], name: str) -> dict[str, str]:
    found = data.get(name) or {}
    if not isinstance(found, dict) or len(found) > MAX_PAIRS:
        raise NotAWebhook(f"{name} is not an object of at most {MAX_PAIRS} members")
    return {_clean(key): _text(found, key, MAX_FILE if key in FILES else MAX_VALUE) for key in found}


def _text(data: Mapping[str, Any], name: str, longest: int = MAX_VALUE) -> str:
    value = data.get(name, "")
    if not isinstance(value, str) or len(value) > longest:
        raise NotAWebhook("a value is not a text, or too long")
    return _clean(value)


def _clean(text: str) -> str:
    """Lone surrogates, which JSON admits and no encoding does, become question marks."""
    return text.encode("utf-8", "replace").decode()


def _instant(data: Mapping[str, Any], name: str) -> float:
    """Unix seconds; 0 for Go's zero time and for what is absent."""
    text = _text(data, name)
    if not text or text.startswith("0001-01-01T"):
        return 0.0
    try:
        found = datetime.fromisoformat(_FRACTION.sub(r"\1", text))
        instant = found.timestamp() if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        instant = None
    if instant is None:
        raise NotAWebhook(f"{name} is not an RFC 3339 instant")
    return instant
