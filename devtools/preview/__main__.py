"""`python -m devtools.preview`: pages and pictures of dashboards with the data of a Prometheus."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from devtools.grafana.boards import load
from devtools.grafana.errors import GrafanaError
from devtools.grafana.prometheus import Prometheus
from devtools.preview.browser import Browser, browser
from devtools.preview.collect import Request, collect, problems
from devtools.preview.page import page

FOLDER = Path("grafana")


def main(arguments: Sequence[str] | None = None) -> int:
    """Draws, and lists what is wrong; 1 where a dashboard could not be drawn at all."""
    options = _parser().parse_args(arguments)
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    paths = options.dashboards or sorted(FOLDER.glob("*/*.json"))
    failed = False
    with tempfile.TemporaryDirectory() as folder, browser(Path(folder)) as session:
        for path in paths:
            try:
                _draw(path, options, session)
            except GrafanaError as error:
                failed = True
                _say(f"{path}: {error}")
    return int(failed)


def _draw(path: Path, options: argparse.Namespace, session: Browser) -> None:
    board = load(path)
    request = Request(
        width=options.width,
        theme=options.theme,
        now=options.now or time.time(),
        given=_given(options.var),
        start=options.start,
        end=options.end,
        expand=options.expand,
    )
    scene, views = collect(board, Prometheus(options.prometheus), request)
    file = options.out / f"{board.uid}{options.suffix}.html"
    file.write_text(page(board, scene, views), encoding="utf-8")
    session.open(file, options.width)
    session.picture(file.with_suffix(".png"))
    _say(f"{path}: {file.with_suffix('.png')}")
    audit = [(str(panel), str(what)) for panel, what in session.script("return window.previewAudit")]
    log = [("page", message) for message in session.log()]
    for panel, what in [*problems(views), *audit, *log]:
        _say(f"  {panel}: {what}")


def _given(pairs: Sequence[str]) -> Mapping[str, list[str]]:
    given: dict[str, list[str]] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise GrafanaError(f"--var {pair!r} is not of the form name=value")
        given.setdefault(name, []).append(value)
    return given


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devtools.preview", description=__doc__)
    parser.add_argument("--prometheus", required=True, metavar="URL")
    parser.add_argument("--out", type=Path, default=Path("preview"), metavar="DIR")
    parser.add_argument("--dashboards", type=Path, nargs="+", default=[], metavar="FILE", help="all of grafana/")
    parser.add_argument("--width", type=int, default=1600, help="of the page in pixels; below 768 one column")
    parser.add_argument("--theme", choices=("dark", "light"), default="dark")
    parser.add_argument("--var", action="append", default=[], metavar="NAME=VALUE", help="$__all is all; repeatable")
    parser.add_argument("--from", dest="start", default="", metavar="TIME", help="such as now-24h")
    parser.add_argument("--to", dest="end", default="", metavar="TIME")
    parser.add_argument("--now", type=float, default=0.0, metavar="SECONDS", help="draw as at this instant")
    parser.add_argument("--expand", action="store_true", help="open folded rows")
    parser.add_argument("--suffix", default="", help="behind the uid in the files' names")
    return parser


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
