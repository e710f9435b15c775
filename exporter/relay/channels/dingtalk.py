"""DingTalk's custom robot: https://open.dingtalk.com/document/robots/custom-robot-access

HTTP is always 200; errcode says what happened. More than 20 messages a minute silence the robot for ten minutes.
"""

from __future__ import annotations

import base64
import hmac
from urllib.parse import quote_plus

from pydantic import SecretStr

from exporter.relay.channels.base import JSON, Answer, Letter, Moment, Request, encode, judge_status, number_of
from exporter.relay.channels.robot import RobotChannel
from exporter.relay.outcome import DELIVERED, Outcome, never, retry, throttled
from exporter.relay.text import Language, Wording, cut

ENDPOINT = "https://oapi.dingtalk.com"
MOST_BYTES = 18_000
SILENCE_SECONDS = 600.0
_TOO_FAST = (130101, 130102, 90018, 90030, 410100)
_LATER = (-1, 88, 400105, 500000)


class DingTalk(RobotChannel):
    """`type: dingtalk`. Without a secret the robot must admit us by address or keyword."""

    kind = "dingtalk"

    def __init__(
        self,
        wording: Wording,
        language: Language,
        timeout: float,
        *,
        access_token: SecretStr,
        secret: SecretStr | None,
        endpoint: str,
    ) -> None:
        super().__init__(wording, language, timeout)
        self._token, self._secret, self._endpoint = access_token, secret, endpoint

    def request(self, letter: Letter, moment: Moment) -> Request:
        text = self.text(letter, moment.now)
        url = f"{self._endpoint}/robot/send?access_token={quote_plus(self._token.get_secret_value())}"
        if self._secret is not None:
            at = round(moment.now * 1000)
            url += f"&timestamp={at}&sign={quote_plus(sign(at, self._secret.get_secret_value()))}"
        # A single line break is no break in DingTalk's Markdown.
        content = cut((f"### {text.title}", *text.lines), "\n\n", MOST_BYTES)
        body = encode({"msgtype": "markdown", "markdown": {"title": text.title, "text": content}})
        return Request(url, {"Content-Type": JSON}, body)

    def judge(self, answer: Answer, now: float) -> Outcome:
        found = answer.json() or {}
        code = number_of(found, "errcode")
        if code is None:
            return judge_status(answer, now)
        if code == 0:
            return DELIVERED
        message = str(found.get("errmsg", "")).lower()
        if code in _TOO_FAST or "too fast" in message or "over limit" in message:
            return throttled(code, now + SILENCE_SECONDS, whole=True)
        # 310000 is all of security: a timestamp heals, a wrong secret, keyword or address does not by itself.
        if code in _LATER or (code == 310000 and "timestamp" in message):
            return retry(code)
        return never(code)


def sign(at: int, secret: str) -> str:
    """Base64 of HMAC-SHA256 with the secret as key, over "milliseconds newline secret"."""
    return base64.b64encode(hmac.digest(secret.encode(), f"{at}\n{secret}".encode(), "sha256")).decode()
