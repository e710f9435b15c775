"""Webhooks as Alertmanager sends them."""

from __future__ import annotations

import json
from typing import Any

ENDLESS = "0001-01-01T00:00:00Z"


def alert(name: str = "OutcallEarlyHangupHigh", **changes: Any) -> dict[str, Any]:
    """A firing alert; `labels` and `annotations` are added to, other members replaced."""
    labels = {"alertname": name, "severity": "critical", "kpi": "early_hangup", "level": "whole", "window": "1h"}
    annotations = {
        "summary": "30-second hang-up above its line",
        "summary_zh": "30 秒内挂断率过高",
        "description": "Check the opening words of the script.",
        "description_zh": "检查开场白与外呼时段。",
        "where": "collection / elderly / evening",
        "where_zh": "催收 / 老年 / 晚间",
        "value": "33.2 % (>30 %, n=512)",
        "value_zh": "33.2 % (>30 %, n=512)",
        "runbook_url": "https://example.org/runbooks/OutcallEarlyHangupHigh.md",
    }
    base = {
        "status": "firing",
        "startsAt": "2025-11-22T06:05:00.123456789Z",
        "endsAt": ENDLESS,
        "fingerprint": "1a30ba71cca2921f",
        "generatorURL": "http://127.0.0.1:9090/graph",
    }
    labels |= changes.pop("labels", {})
    annotations |= changes.pop("annotations", {})
    return base | {"labels": labels, "annotations": annotations} | changes


def webhook(*alerts: dict[str, Any], status: str = "firing", key: str = '{}:{kpi="early_hangup"}', **more: Any) -> str:
    """The body of a webhook for a group of alerts."""
    found = alerts or (alert(),)
    data = {"version": "4", "status": status, "groupKey": key, "receiver": "page", "alerts": list(found),
            "truncatedAlerts": 0, "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
            "externalURL": "http://127.0.0.1:9093"}  # fmt: skip
    return json.dumps(data | more, ensure_ascii=False)


def resolved(**changes: Any) -> dict[str, Any]:
    """The same alert, over."""
    return alert(status="resolved", endsAt="2025-11-22T06:35:00Z", **changes)


def marked(mark: str, *, over: bool = False) -> str:
    """A webhook of an incident of its own, whose every message carries `mark`."""
    make = resolved if over else alert
    one = make(fingerprint=mark, annotations={"where_zh": mark, "where": mark})
    return webhook(one, status="resolved" if over else "firing", key=f"{{}}:{{mark={mark!r}}}")
