"""`relay`: from Alertmanager's webhook to SMS and chat."""

from __future__ import annotations

import argparse
import asyncio
import time

from exporter.commands.base import Command, add_config, say, set_up_logging, settings_of
from exporter.errors import UsageError
from exporter.relay.service import RelaySetup
from exporter.relay.standalone import catalogue_of, run_relay
from exporter.relay.trial import revive, try_channel

_ACTIONS = ("run", "test", "retry")
_HELP = "run (default); test: send one message through CHANNEL; retry: send its dead letters again"


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    add = parser.add_argument
    add("action", nargs="?", choices=_ACTIONS, default="run", metavar="ACTION", help=_HELP)
    add("channel", nargs="?", metavar="CHANNEL", help="a channel of the relay file")
    add("--dry-run", action="store_true", help="print what would be sent, send nothing, leave the queue alone")


def _run(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    set_up_logging(settings.log_level)
    if arguments.action == "run":
        if arguments.channel is not None:
            raise UsageError("run takes no channel", "write relay, or relay test CHANNEL")
        run_relay(lambda: settings_of(arguments), _announce, say, rehearse=arguments.dry_run)
        return 0
    if arguments.channel is None:
        raise UsageError(f"relay {arguments.action} needs a channel", f"write relay {arguments.action} CHANNEL")
    setup = RelaySetup.from_settings(settings, catalogue_of(settings))
    if arguments.action == "test":
        sent = asyncio.run(try_channel(setup, arguments.channel, say, time.time(), rehearse=arguments.dry_run))
        return 0 if sent else 1
    if arguments.dry_run:
        raise UsageError("retry has no rehearsal", "leave --dry-run out")
    number = revive(setup, settings.state_dir, arguments.channel, time.time())
    say(f"{number} dead letters of {arguments.channel} are back in the queue")
    return 0


def _announce(url: str) -> None:
    say(f"outcall-exporter relay listens on {url} (webhooks: {url}alerts/RECEIVER)")


COMMAND = Command("relay", "deliver alerts of Alertmanager to SMS and chat", _arguments, _run)
