"""What a channel is: it turns a letter into a request of its vendor, and the vendor's answer into an outcome."""

from __future__ import annotations

import json
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from exporter.relay.message import Notice
from exporter.relay.outcome import Outcome, doubtful, never, retry, throttled
from exporter.relay.text import Language, Wording

JSON = "application/json; charset=utf-8"
# A vendor that throttles without saying for how long is left alone for a minute.
THROTTLE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Letter:
    """One message on its way: what happened, to which of the channel's recipients (the place in its list); `repeated`:
    it may be known.
    """

    id: int
    receiver: str
    notice: Notice
    recipient: int
    repeated: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """What differs from attempt to attempt: Unix seconds, and a number that is used once."""

    now: float
    nonce: str

    @classmethod
    def at(cls, now: float) -> Moment:
        return cls(now, uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class Request:
    """A POST, complete with its signature."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers by lower-case name, the body's first 64 KiB."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any] | None:
        """The body when it is a JSON object, else None."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


def number_of(found: Mapping[str, Any], *names: str) -> int | None:
    """The first of these members that is there, when it is a number: JSON's false is none, though Python's is."""
    value = next((found[name] for name in names if name in found), None)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


class Transport(Protocol):
    """Sends a request: the vendor's answer, or what is known without one."""

    async def send(self, request: Request, seconds: float) -> Answer | Outcome: ...


class Channel(ABC):
    """Where messages go. `sms`: one text per incident and recipient; otherwise every notice, once."""

    kind: str
    sms = False

    def __init__(self, wording: Wording, language: Language, timeout: float) -> None:
        self.wording, self.language, self.timeout = wording, language, timeout

    @property
    def recipients(self) -> int:
        """How many letters a notice makes."""
        return 1

    def people(self, key: str) -> tuple[str, ...]:
        """A name for each recipient, in their order, that says nothing about them but stays theirs when the list
        changes; one empty name where there is nobody to be told apart. `key` is this installation's.
        """
        return ("",)

    @abstractmethod
    async def deliver(self, letter: Letter, transport: Transport, now: float) -> Outcome:
        """Try once; never raises for what a vendor or the network does."""

    @abstractmethod
    def show(self, letter: Letter, now: float) -> str:
        """The message as a person may see it: no numbers, no secrets."""


class VendorChannel(Channel):
    """A channel that is one POST."""

    @abstractmethod
    def request(self, letter: Letter, moment: Moment) -> Request:
        """The signed request."""

    @abstractmethod
    def judge(self, answer: Answer, now: float) -> Outcome:
        """What an answer means."""

    async def deliver(self, letter: Letter, transport: Transport, now: float) -> Outcome:
        answer = await transport.send(self.request(letter, Moment.at(now)), self.timeout)
        return answer if isinstance(answer, Outcome) else self.judge(answer, now)


def encode(data: Mapping[str, Any]) -> bytes:
    """JSON as sent."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def judge_status(answer: Answer, now: float) -> Outcome:
    """The meaning of an answer whose body says nothing: by its HTTP status alone."""
    code = f"http_{answer.status}"
    if answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers):
        return throttled(code, now + retry_after(answer), whole=True)
    if answer.status in (408, 425) or (answer.status >= 500 and answer.status not in (502, 504)):
        return retry(code)
    if answer.status in (502, 504) or answer.status < 300:
        return doubtful(code)  # a gateway that lost the answer, or an answer without a word
    return never(code)


def retry_after(answer: Answer) -> float:
    """Seconds of Retry-After, within a minute (its usual absence) and an hour."""
    text = answer.headers.get("retry-after", "")
    return min(float(text), 3600.0) if text.isdecimal() and len(text) < 9 else THROTTLE_SECONDS


def next_day(now: float, zone: ZoneInfo) -> float:
    """The next midnight of the zone, Unix seconds."""
    today = datetime.fromtimestamp(now, zone).date()
    return datetime.combine(today + timedelta(days=1), datetime.min.time(), zone).timestamp()
