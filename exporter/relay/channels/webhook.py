"""A generic webhook: one JSON object a notice, signed if a secret is given; any 2xx is a yes.

X-Outcall-Signature: t=UNIX_SECONDS,v1=hex(HMAC-SHA256(secret, "UNIX_SECONDS." + body))
Idempotency-Key: the same for every attempt at one message, so that the receiver can leave out repetitions
"""

from __future__ import annotations

import hmac
from dataclasses import asdict
from typing import Any

from pydantic import SecretStr

from exporter.relay.channels.base import JSON, Answer, Letter, Moment, Request, encode, judge_status
from exporter.relay.channels.robot import RobotChannel
from exporter.relay.message import Alert
from exporter.relay.outcome import DELIVERED, Outcome
from exporter.relay.reviewtext import files_of, heading, lines_of, url_of
from exporter.relay.text import ChatText, Language, Wording, sms_text
from exporter.semantic import noticenames as names

_LONGEST = 200


class Webhook(RobotChannel):
    """`type: webhook`. The URL is a secret, as many systems put a token into it."""

    kind = "webhook"

    def __init__(
        self,
        wording: Wording,
        language: Language,
        timeout: float,
        *,
        url: SecretStr,
        bearer: SecretStr | None,
        secret: SecretStr | None,
        installation: str,
    ) -> None:
        super().__init__(wording, language, timeout)
        self._url, self._bearer, self._secret, self._installation = url, bearer, secret, installation

    def request(self, letter: Letter, moment: Moment) -> Request:
        body = encode(self._document(letter, moment.now))
        headers = {"Content-Type": JSON, "Idempotency-Key": f"{self._installation}-{letter.id}-{letter.recipient}"}
        if self._bearer is not None:
            headers["Authorization"] = f"Bearer {self._bearer.get_secret_value()}"
        if self._secret is not None:
            headers["X-Outcall-Signature"] = signature(int(moment.now), body, self._secret.get_secret_value())
        return Request(self._url.get_secret_value(), headers, body)

    def judge(self, answer: Answer, now: float) -> Outcome:
        return DELIVERED if 200 <= answer.status < 300 else judge_status(answer, now)

    def _document(self, letter: Letter, now: float) -> dict[str, Any]:
        notice, text = letter.notice, self.text(letter, now)
        if notice.is_review:
            return self._review(letter, text)
        return {
            "version": "1",
            "status": notice.status,
            "receiver": letter.receiver,
            "incident": notice.group_key,
            "severity": notice.lead.severity,
            "repeated": letter.repeated,
            "truncated": notice.truncated,
            "title": text.title,
            "markdown": "\n".join(text.lines),
            "zh": asdict(sms_text(notice, self.wording, "zh", _LONGEST, now)),
            "en": asdict(sms_text(notice, self.wording, "en", _LONGEST, now)),
            "alerts": [self._alert(alert) for alert in notice.alerts],
        }

    def _review(self, letter: Letter, text: ChatText) -> dict[str, Any]:
        """A review, with its Markdown files where they were short enough to come along."""
        lead, wording = letter.notice.lead, self.wording
        return {
            "version": "1",
            "status": "review",
            "receiver": letter.receiver,
            "review": wording.line(lead.labels.get(names.CADENCE, "")),
            "period": wording.line(lead.labels.get(names.PERIOD, "")),
            "repeated": letter.repeated,
            "title": text.title,
            "markdown": "\n".join(text.lines),
            "zh": self._told(lead, en=False),
            "en": self._told(lead, en=True),
            "files": files_of(lead, wording),
        }

    def _told(self, lead: Alert, *, en: bool) -> dict[str, Any]:
        said = {name: lines_of(lead, name, self.wording, en=en) for name in (names.WARNINGS, names.POINTS)}
        summary = " ".join(lines_of(lead, names.SUMMARY, self.wording, en=en))
        url = url_of(lead, self.wording, en=en)
        return {"title": heading(lead, self.wording, en=en), "summary": summary, **said, "url": url or None}

    def _alert(self, alert: Alert) -> dict[str, Any]:
        mask = self.wording.mask
        return {
            "status": alert.status,
            "labels": {mask(name): mask(value) for name, value in alert.labels.items()},
            "annotations": {mask(name): mask(value) for name, value in alert.annotations.items()},
            "started": alert.started,
            "ended": alert.ended or None,
        }


def signature(at: int, body: bytes, secret: str) -> str:
    """The value of X-Outcall-Signature."""
    return f"t={at},v1={hmac.new(secret.encode(), f'{at}.'.encode() + body, 'sha256').hexdigest()}"
