"""Channels that only print: `type: print` in either form, and the rehearsal of any other one for `--dry-run`."""

from __future__ import annotations

import sys
from collections.abc import Callable

from exporter.relay.channels.base import Channel, Letter, Transport
from exporter.relay.outcome import DELIVERED, Outcome
from exporter.relay.reviewtext import worded
from exporter.relay.text import Language, Wording, sms_text

# Characters of a variable, as the vendors' channels allow unless told otherwise.
SMS_VARIABLE = 20

Say = Callable[[str], None]


def to_stdout(text: str) -> None:
    """At once, whoever reads along."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Print(Channel):
    """Writes every notice to standard output."""

    kind = "print"

    def __init__(self, wording: Wording, language: Language, say: Say) -> None:
        super().__init__(wording, language, 0.0)
        self._say = say

    async def deliver(self, letter: Letter, transport: Transport, now: float) -> Outcome:
        self._say(self.show(letter, now))
        return DELIVERED

    def show(self, letter: Letter, now: float) -> str:
        text = worded(letter.notice, self.wording, self.language, now, repeated=letter.repeated)
        return "\n".join((f"[{letter.receiver}] {text.title}", *(f"    {line}" for line in text.lines)))


class PrintSms(Print):
    """Writes what a telephone would show: one text per incident, as the channels for SMS do."""

    sms = True

    def show(self, letter: Letter, now: float) -> str:
        text = sms_text(letter.notice, self.wording, self.language, SMS_VARIABLE, now)
        words = f"{text.kpi}，{text.where}：{text.value}，{text.since} 起"
        if self.language == "en":
            words = f"{text.kpi}, {text.where}: {text.value}, since {text.since}"
        return f"[{letter.receiver}] 短信 SMS: {words}"


class Rehearsal(Channel):
    """Another channel that says what it would send, and sends nothing."""

    def __init__(self, name: str, inner: Channel, say: Say) -> None:
        super().__init__(inner.wording, inner.language, inner.timeout)
        self._name, self._inner, self._say = name, inner, say
        self.kind, self.sms = inner.kind, inner.sms

    @property
    def recipients(self) -> int:
        return self._inner.recipients

    def people(self, key: str) -> tuple[str, ...]:
        return self._inner.people(key)

    async def deliver(self, letter: Letter, transport: Transport, now: float) -> Outcome:
        self._say(f"would send to {self._name} ({self._inner.kind}): {self.show(letter, now)}")
        return DELIVERED

    def show(self, letter: Letter, now: float) -> str:
        return self._inner.show(letter, now)
