"""A review as the service hands it to Chromium: its styles and drawings are admitted, and nothing that could run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from devtools.webdriver import session
from exporter.expose.reviews import ReviewRoutes, Shelf
from exporter.expose.server import serve
from exporter.expose.snapshot import StaticBoard
from exporter.review.model import Cadence, Review
from exporter.review.write import files
from exporter.semantic.model import Catalogue
from tests.expose.samples import sample_snapshot
from tests.review.test_browser import Page

T = TypeVar("T")
STROKES = "return [...document.querySelectorAll('svg path')].map(path => getComputedStyle(path).stroke)"
RADIUS = "return getComputedStyle(document.querySelector('.tone')).borderRadius"
LOOK = {"strokes": STROKES, "radius": RADIUS, "title": "return document.title"}
# What no review holds; the browser must not do it for a page of this folder.
INTRUDER = """<!doctype html><title>calm</title><script>document.title = 'run'</script>
<img src="/metrics" onerror="document.title = 'run'"><form action="/-/reload" method="post"><button>go</button></form>
<script>document.querySelector('button').click()</script>"""


async def _beside(folder: Path, work: Callable[[str], T]) -> T:
    """Run what blocks beside a server of the folder."""
    routes = ReviewRoutes(lambda: Shelf(folder, "Asia/Shanghai"))
    server = await serve(StaticBoard(sample_snapshot()), "127.0.0.1:0", reviews=routes)
    try:
        return await asyncio.to_thread(work, server.url)
    finally:
        await server.close()


def seen(page: Page, url: str) -> tuple[dict[str, Any], list[Any]]:
    """What a page looks like, and of what the browser complained."""
    page.go(url)
    look = {name: page.script(script) for name, script in LOOK.items()}
    return look, page.ask("POST", "/se/log", {"type": "browser"})


async def test_it_looks_as_the_file_does(reviews: dict[Cadence, Review], catalogue: Catalogue, tmp_path: Path) -> None:
    """Styles of the page and of its drawings apply; the browser refuses nothing of it."""
    folder = tmp_path / "reviews"
    folder.mkdir()
    written = {name: text for name, text in files(catalogue, reviews["weekly"], ["zh"]).items() if "html" in name}
    [(name, text)] = written.items()
    (folder / name).write_text(text, "utf-8")

    def look(url: str) -> None:
        with session(Page, tmp_path) as page:
            as_file, _ = seen(page, (folder / name).as_uri())
            as_page, complaints = seen(page, f"{url}reviews/{name}")
        assert complaints == []
        assert as_page == as_file
        # The colour of the present period's course, which stands in a style attribute.
        assert "rgb(29, 95, 174)" in as_page["strokes"]

    await _beside(folder, look)


async def test_nothing_runs(tmp_path: Path) -> None:
    """Neither a script, nor an attribute that is one, nor a form; and nothing is loaded."""
    folder = tmp_path / "reviews"
    folder.mkdir()
    (folder / "review-weekly-2026-W46.zh.html").write_text(INTRUDER, "utf-8")

    def look(url: str) -> None:
        with session(Page, tmp_path) as page:
            page.go(f"{url}reviews/review-weekly-2026-W46.zh.html")
            assert page.script("return document.title") == "calm"
            assert page.script("return document.querySelector('img').naturalWidth") == 0
            complaints = page.ask("POST", "/se/log", {"type": "browser"})
        said = " ".join(str(each["message"]) for each in complaints)
        for what in ("inline script", "loading the image"):
            assert what in said.lower()

    await _beside(folder, look)
