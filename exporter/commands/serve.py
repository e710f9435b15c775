"""`serve`: the service."""

from __future__ import annotations

import argparse

from exporter.app import run_service
from exporter.commands.base import Command, add_config, say, set_up_logging, settings_of


def _run(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    set_up_logging(settings.log_level)
    run_service(
        lambda: settings_of(arguments),
        lambda url: say(f"outcall-exporter serves {url} (metrics: {url}metrics)"),
        ("--config", str(arguments.config)) if arguments.config is not None else (),
    )
    return 0


COMMAND = Command("serve", "read the call database and serve the gauges", add_config, _run)
