"""`review weekly|monthly`: a past period against its targets and the one before, written as HTML and Markdown."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from exporter.commands.base import Command, add_config, say, settings_of
from exporter.engine import access_of
from exporter.errors import RunError
from exporter.expose.library import write_whole
from exporter.review.child import bind_to_parent
from exporter.review.collect import Progress, Request, collect
from exporter.review.composite import load_weights
from exporter.review.periods import span_of
from exporter.review.prometheus import checked_server
from exporter.review.summary import ENDING, dumped, summary_of
from exporter.review.write import Language, files
from exporter.semantic.changes import load_changes
from exporter.semantic.load import load_catalogue


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    add = parser.add_argument
    add("cadence", choices=("weekly", "monthly"), help="weekly: business, experience; monthly: technical, compliance")
    add("--period", metavar="PERIOD", help="2026-W46, 2026-10 or FIRST..LAST (default: the last whole week or month)")
    add("--out", type=Path, default=Path(), metavar="DIR", help="where the files are written (default: here)")
    add("--language", default="both", choices=("zh", "en", "both"), help="language of the files (default both)")
    add("--composite", type=Path, metavar="FILE", help="weights of the composite (default: composite_file)")
    add("--prometheus", metavar="URL", help="server whose alerts are listed (default: prometheus_url)")
    add(
        "--summary", action="store_true", help="also write the conclusions as JSON; in reviews_dir, `serve` tells of it"
    )
    add("--child", action="store_true", help=argparse.SUPPRESS)
    add("--accept-gaps", action="store_true", help=argparse.SUPPRESS)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.child:
        bind_to_parent()
    settings = settings_of(arguments)
    catalogue = load_catalogue(settings.catalogue_files, timezone=settings.timezone)
    composite: Path | None = arguments.composite or settings.composite_file
    prometheus: str = arguments.prometheus or settings.prometheus_url
    today = datetime.now(ZoneInfo(settings.timezone)).date()
    request = Request(
        arguments.cadence,
        span_of(arguments.period, arguments.cadence, today),
        load_weights(composite, catalogue) if composite is not None else {},
        checked_server(prometheus) if prometheus else "",
        load_changes(settings.changes_file, catalogue),
        # What `serve` writes is never written again; a person sees the gaps and can.
        gapless=arguments.child and not arguments.accept_gaps,
    )
    found = asyncio.run(collect(access_of(settings), catalogue, request, _progress()))
    languages: tuple[Language, ...] = ("zh", "en") if arguments.language == "both" else (arguments.language,)
    texts = files(catalogue, found, languages)
    if arguments.summary:
        # The last one: where it is, the pages are.
        summary = summary_of(catalogue, found)
        texts[f"{summary.stem}{ENDING}"] = dumped(summary)
    _write(texts, arguments.out)
    return 0


def _write(texts: Mapping[str, str], folder: Path) -> None:
    """Each file appears whole or not at all."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_whole(folder / name, text)
            say(str(folder / name))
    except OSError as error:
        fix = "give a folder with --out that can be written to"
        raise RunError(f"the review cannot be written to {folder} ({error.strerror})", fix) from None


def _progress() -> Progress | None:
    """A bar for a person who waits."""
    if not sys.stderr.isatty():
        return None

    def show(share: float, name: str) -> None:
        done = round(share * 20)
        line = f"[{'#' * done}{'.' * (20 - done)}] {share:4.0%} {name}" if share < 1 else ""
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()

    return show


COMMAND = Command(
    "review", "write the weekly or monthly review: HTML and Markdown, Chinese and English", _arguments, _run
)
