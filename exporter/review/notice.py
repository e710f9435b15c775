"""A review's notice for the relay: a webhook of Alertmanager's kind, so that its queue and channels serve. Pure.

Group, fingerprint and instant are those of the period and of where it can be read: the same review told again, by a
replica too, is known as said already; that of another site is not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from exporter.review.summary import Summary, Told
from exporter.review.words import Language
from exporter.semantic import noticenames as names

ENDLESS = "0001-01-01T00:00:00Z"


def notice(summary: Summary, external_url: str, files: Mapping[Language, str]) -> str:
    """The body. `external_url`: without a slash at its end, empty for no links; `files`: Markdown by language.

    A file that is too long for the relay is left out, and so are both where the body would be.
    """
    fitting = {language: text for language, text in files.items() if len(text) <= names.MAX_FILE}
    body = _body(summary, external_url, fitting)
    return body if len(body.encode()) <= names.BODY_BYTES else _body(summary, external_url, {})


def _body(summary: Summary, external_url: str, files: Mapping[Language, str]) -> str:
    labels = {
        "alertname": names.ALERTNAME,
        "severity": "info",
        names.CADENCE: summary.cadence,
        names.PERIOD: summary.span.name,
    }
    alert = {
        "status": "firing",
        "labels": labels,
        "annotations": _annotations(summary, external_url, files),
        "startsAt": datetime.fromtimestamp(summary.end, UTC).isoformat(),
        "endsAt": ENDLESS,
        "fingerprint": hashlib.sha256(f"{external_url}\0{summary.stem}".encode()).hexdigest()[:16],
        "generatorURL": external_url,
    }
    group = {"alertname": names.ALERTNAME, names.CADENCE: summary.cadence, names.PERIOD: summary.span.name}
    data: dict[str, Any] = {
        "version": "4",
        "status": "firing",
        "groupKey": f"{names.ALERTNAME}/{summary.stem}" + (f" {external_url}" if external_url else ""),
        "truncatedAlerts": 0,
        "groupLabels": group,
        "commonLabels": labels,
        "commonAnnotations": {},
        "externalURL": external_url,
        "alerts": [alert],
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _annotations(summary: Summary, external_url: str, files: Mapping[Language, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for language, told in summary.texts.items():
        texts = _texts(language, told)
        texts[names.FILE_NAME] = f"{summary.stem}.{language}.md"
        if external_url:
            texts[names.URL] = f"{external_url}/reviews/{summary.stem}.{language}.html"
        if language in files:
            texts[names.FILE] = files[language]
        found |= {f"{name}_zh" if language == "zh" else name: text for name, text in texts.items() if text}
    return found


def _texts(language: Language, told: Told) -> dict[str, str]:
    more = f"另有 {told.more} 项，见全文。" if language == "zh" else f"{told.more} more in the review."
    return {
        names.TITLE: f"{told.title} · {told.scope}",
        names.SUMMARY: told.counts,
        names.WARNINGS: "\n".join(told.warnings),
        names.POINTS: "\n".join(told.points),
        names.MORE: more if told.more else "",
    }
