"""What the SMS vendors have in common: recipients, and the text."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from pydantic import SecretStr

from exporter.relay.channels.base import Letter, VendorChannel
from exporter.relay.text import Language, SmsText, Wording, sms_text


@dataclass(frozen=True, slots=True)
class Template:
    """The signature and the template as registered, and how long a variable may be."""

    sign_name: str
    template: str
    longest: int


class SmsChannel(VendorChannel):
    """One request a number: a number that is refused must not keep the others from being told."""

    sms = True

    def __init__(
        self, wording: Wording, language: Language, timeout: float, template: Template, numbers: tuple[SecretStr, ...]
    ) -> None:
        super().__init__(wording, language, timeout)
        self.template, self._numbers = template, numbers

    @property
    def recipients(self) -> int:
        return len(self._numbers)

    def people(self, key: str) -> tuple[str, ...]:
        found = (number.get_secret_value().encode() for number in self._numbers)
        return tuple(hmac.new(key.encode(), number, "sha256").hexdigest()[:32] for number in found)

    def number(self, letter: Letter) -> str:
        """In the form of E.164, with its plus."""
        return self._numbers[letter.recipient].get_secret_value()

    def text(self, letter: Letter, now: float) -> SmsText:
        return sms_text(letter.notice, self.wording, self.language, self.template.longest, now)

    def show(self, letter: Letter, now: float) -> str:
        text = self.text(letter, now)
        names = ("kpi", "where", "value", "since")
        words = ", ".join(f"{name}={value}" for name, value in zip(names, _values(text), strict=True))
        return f"SMS {letter.recipient + 1} of {self.recipients}, template {self.template.template}: {words}"


def _values(text: SmsText) -> tuple[str, str, str, str]:
    return text.kpi, text.where, text.value, text.since
