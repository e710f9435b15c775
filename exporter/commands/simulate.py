"""`simulate`: fill a call database with the synthetic stream of the case, and keep feeding it."""

from __future__ import annotations

import argparse
import asyncio

from exporter.calldb.connect import Access, connection
from exporter.commands.base import Command, add_config, settings_of
from exporter.engine import access_of
from exporter.simulate import command

_FROM_SETTINGS = "that of the settings"


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    command.add_arguments(parser)
    parser.set_defaults(timezone=_FROM_SETTINGS)


def _run(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    if arguments.timezone == _FROM_SETTINGS:
        arguments.timezone = settings.timezone
    if arguments.schema is None and settings.database_schema:
        arguments.schema = settings.database_schema
    return asyncio.run(_simulate(arguments, access_of(settings)))


async def _simulate(arguments: argparse.Namespace, access: Access) -> int:
    # The service's own connection first: it says most clearly what is wrong with an address or a password.
    async with connection(access):
        pass
    return await command.run(arguments, access.url)


COMMAND = Command("simulate", "fill a call database with synthetic calls and keep feeding it", _arguments, _run)
