"""One file per command; each offers `COMMAND`."""

from __future__ import annotations

from exporter.commands import demo, serve
from exporter.commands.base import Command

COMMANDS: tuple[Command, ...] = (serve.COMMAND, demo.COMMAND,)
