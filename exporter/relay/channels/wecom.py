"""WeCom's group robot: https://developer.work.weixin.qq.com/document/path/91770

The key in the URL is the only credential. HTTP is always 200; errcode says what happened. 20 messages a minute, 4096
bytes of Markdown each.
"""

from __future__ import annotations

from urllib.parse import quote_plus

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

ENDPOINT = "https://qyapi.weixin.qq.com"
MOST_BYTES = 4096
_TOO_FAST = (45009, 45033)
_LATER = (-1, 6000, 50001)


class WeCom(RobotChannel):
    """`type: wecom`."""

    kind = "wecom"

    def __init__(self, wording: Wording, language: Language, timeout: float, *, key: SecretStr, endpoint: str) -> None:
        super().__init__(wording, language, timeout)
        self._key, self._endpoint = key, endpoint

    def request(self, letter: Letter, moment: Moment) -> Request:
        text = self.text(letter, moment.now)
        # WeCom has no rule; an empty line does.
        lines = ("" if line == "---" else line for line in text.lines)
        content = cut((f"### {text.title}", *lines), "\n", MOST_BYTES)
        url = f"{self._endpoint}/cgi-bin/webhook/send?key={quote_plus(self._key.get_secret_value())}"
        return Request(url, {"Content-Type": JSON}, encode({"msgtype": "markdown", "markdown": {"content": content}}))

    def judge(self, answer: Answer, now: float) -> Outcome:
        code = number_of(answer.json() or {}, "errcode")
        if code is None:
            return judge_status(answer, now)
        if code == 0:
            return DELIVERED
        if code in _TOO_FAST:
            return throttled(code, now + THROTTLE_SECONDS, whole=True)
        return retry(code) if code in _LATER else never(code)
