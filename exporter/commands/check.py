"""`check`: is the configuration right, and with `--live`, is the call database as the configuration says?"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from exporter.calldb.inspect import inspect
from exporter.calldb.reader import Nets
from exporter.commands import check_report
from exporter.commands.base import Command, add_config, say, settings_of
from exporter.engine import access_of, collectors_of
from exporter.errors import ConfigError, ConfigErrors, Place, UsageError
from exporter.expose.gate import Gate
from exporter.expose.listen import parse_listen
from exporter.relay.config import check_reviews, load_relay_file
from exporter.review.setup import ReviewSetup
from exporter.semantic.changes import load_changes
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue
from exporter.settings import Settings, read_secret

T = TypeVar("T")


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    add = parser.add_argument
    add("--live", action="store_true", help="also look at the call database; reads, never writes")
    add("--statements", action="store_true", help="with --live: the time of every statement, not of the slowest only")


def _run(arguments: argparse.Namespace) -> int:
    settings, catalogue = validated(arguments)
    say(check_report.offline(settings, catalogue, arguments.config))
    if arguments.live:
        return _live(settings, catalogue, all_statements=arguments.statements)
    say("\n" + check_report.kpi_table(catalogue))
    return 0


def validated(arguments: argparse.Namespace) -> tuple[Settings, Catalogue]:
    """Settings and catalogue, and everything that they name tried; raises ConfigErrors with all problems."""
    settings = settings_of(arguments)
    problems: list[ConfigError] = []
    catalogue = _tried(problems, "", lambda: load_catalogue(settings.catalogue_files, timezone=settings.timezone))
    if catalogue is not None:
        _tried(problems, "changes_file", partial(load_changes, settings.changes_file, catalogue))
        _tried(problems, "reviews_dir", partial(ReviewSetup.from_settings, settings, catalogue))
    _tried(problems, "listen", lambda: parse_listen(settings.listen))
    _tried(problems, "recordings_template", lambda: collectors_of(settings))
    _tried(problems, "web_config_file", lambda: Gate(settings.web_config_file).close())
    for key in ("bearer_token_file", "relay_token_file"):
        if (token := getattr(settings, key)) is not None:
            _tried(problems, key, partial(read_secret, token, key))
    if (channels := settings.relay_file) is not None:
        _tried(problems, "relay_file", lambda: _relay(settings, channels))
    if arguments.live or settings.database_url is not None or settings.database_url_file is not None:
        _tried(problems, "database_url", settings.dsn)
    if problems or catalogue is None:
        raise ConfigErrors(problems)
    return settings, catalogue


def _relay(settings: Settings, file: Path) -> None:
    """The relay file, and whether it has the receiver of reviews, unless a relay elsewhere is told of them."""
    relay = load_relay_file(file)
    if settings.reviews_receiver and (settings.relay or not settings.relay_url):
        check_reviews(relay, settings.reviews_receiver)


def _tried(problems: list[ConfigError], key: str, attempt: Callable[[], T]) -> T | None:
    """What `attempt` gives, or None after its problems were added; `key` places those that have no place."""
    try:
        return attempt()
    except ConfigErrors as several:
        problems += several.errors
    except ConfigError as error:
        problems.append(error)
    except UsageError as error:
        problems.append(ConfigError(Place(key), error.problem, error.fix))
    return None


def _live(settings: Settings, catalogue: Catalogue, *, all_statements: bool) -> int:
    nets = Nets(settings.overlap, settings.sweep_range)
    found = asyncio.run(inspect(access_of(settings), catalogue, nets))
    say(check_report.live(found, catalogue, all_statements=all_statements))
    errors = [finding for finding in found.findings if finding.is_error]
    for finding in errors:
        sys.stderr.write(f"outcall-exporter: {finding}\n")
    return 1 if errors else 0


COMMAND = Command("check", "check the configuration, and with --live the call database", _arguments, _run)
