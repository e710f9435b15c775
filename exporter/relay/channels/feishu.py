"""Feishu's (Lark's) custom bot: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot

HTTP may be 200 or 400; code says what happened. 100 messages a minute, five a second, 20 KB each.
"""

from __future__ import annotations

import base64
import hmac
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from exporter.relay.channels.base import (
    JSON,
    THROTTLE_SECONDS,
    Answer,
    Letter,
    Moment,
    Request,
    encode,
    judge_status,
    number_of,
)
from exporter.relay.channels.robot import RobotChannel
from exporter.relay.outcome import DELIVERED, Outcome, never, retry, throttled
from exporter.relay.text import Language, Wording, cut

ENDPOINT = "https://open.feishu.cn"
MOST_BYTES = 15_000
_TOO_FAST = (11232, 11233, 99991400)
# 19021 is also a clock that is an hour off; the others are trouble on their side.
_LATER = (19021, 1500, 11230, 99991663)


class Feishu(RobotChannel):
    """`type: feishu`."""

    kind = "feishu"

    def __init__(
        self,
        wording: Wording,
        language: Language,
        timeout: float,
        *,
        token: SecretStr,
        secret: SecretStr | None,
        endpoint: str,
    ) -> None:
        super().__init__(wording, language, timeout)
        self._token, self._secret, self._endpoint = token, secret, endpoint

    def request(self, letter: Letter, moment: Moment) -> Request:
        text = self.text(letter, moment.now)
        card = {
            "config": {"wide_screen_mode": True},
            "header": {"title": {"tag": "plain_text", "content": text.title}, "template": text.colour},
            "elements": [{"tag": "markdown", "content": cut(text.lines, "\n", MOST_BYTES)}],
        }
        data: dict[str, Any] = {"msg_type": "interactive", "card": card}
        if self._secret is not None:
            at = int(moment.now)
            data |= {"timestamp": str(at), "sign": sign(at, self._secret.get_secret_value())}
        url = f"{self._endpoint}/open-apis/bot/v2/hook/{quote(self._token.get_secret_value(), safe='')}"
        return Request(url, {"Content-Type": JSON}, encode(data))

    def judge(self, answer: Answer, now: float) -> Outcome:
        found = answer.json() or {}
        code = number_of(found, "code", "StatusCode")
        if code is None:
            return judge_status(answer, now)
        if code == 0:
            return DELIVERED
        message = str(found.get("msg", "")).lower()
        # 9499 is a bad request as well as too many of them; only the words tell.
        if code in _TOO_FAST or answer.status == 429 or "frequency" in message or "too many" in message:
            return throttled(code, now + THROTTLE_SECONDS, whole=True)
        return retry(code) if code in _LATER or answer.status >= 500 else never(code)


def sign(at: int, secret: str) -> str:
    """Base64 of HMAC-SHA256 with "seconds newline secret" as key, over nothing (the reverse of DingTalk's)."""
    return base64.b64encode(hmac.digest(f"{at}\n{secret}".encode(), b"", "sha256")).decode()
