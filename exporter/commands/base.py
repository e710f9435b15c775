"""What a command is, and what several of them share: configuration, logging, words to the user."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from exporter.settings import Settings, load_settings


@dataclass(frozen=True, slots=True)
class Command:
    """A name, one line of summary, its arguments, and what it does (returns the exit status)."""

    name: str
    summary: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def add_config(parser: argparse.ArgumentParser) -> None:
    """`--config FILE`."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration file (or OUTCALL_CONFIG)")


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Settings from `--config` or OUTCALL_CONFIG, and the environment; raises ConfigError(s)."""
    path: Path | None = arguments.config
    if path is None and (named := os.environ.get("OUTCALL_CONFIG")):
        path = Path(named)
    return load_settings(path, os.environ)


def set_up_logging(level: str) -> None:
    """Log lines on stderr: time, level, text."""
    # A line per scrape is noise; what matters of requests is in metrics.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    logging.basicConfig(
        stream=sys.stderr, level=level.upper(), format="%(asctime)s %(levelname)s %(message)s", force=True
    )


def say(text: str) -> None:
    """A line for the user."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
