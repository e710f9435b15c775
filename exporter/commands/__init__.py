"""One file per command; each offers `COMMAND`."""

from __future__ import annotations

from exporter.commands import attribute, check, demo, explain, generate, init_db, relay, review, serve, simulate, verify
from exporter.commands.base import Command

COMMANDS: tuple[Command, ...] = (
    serve.COMMAND,
    demo.COMMAND,
    check.COMMAND,
    explain.COMMAND,
    attribute.COMMAND,
    verify.COMMAND,
    review.COMMAND,
    generate.COMMAND,
    simulate.COMMAND,
    init_db.COMMAND,
    relay.COMMAND,
)
