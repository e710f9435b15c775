"""What the chat robots have in common."""

from __future__ import annotations

from exporter.relay.channels.base import Letter, VendorChannel
from exporter.relay.reviewtext import worded
from exporter.relay.text import ChatText, cut

# Bytes of UTF-8 of a text to a person's terminal.
_SHOWN = 4000


class RobotChannel(VendorChannel):
    """Every notice, in Markdown."""

    def text(self, letter: Letter, now: float) -> ChatText:
        return worded(letter.notice, self.wording, self.language, now, repeated=letter.repeated)

    def show(self, letter: Letter, now: float) -> str:
        text = self.text(letter, now)
        return f"{text.title}\n{cut(text.lines, chr(10), _SHOWN)}"
