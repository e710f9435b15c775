"""The rendered status page, at most one rendering a second however many ask."""

from __future__ import annotations

import gzip
import time

from exporter.expose.panel import STYLE, Panel, panel_html
from exporter.expose.reviews import ReviewRoutes
from exporter.expose.snapshot import Page, Status
from exporter.expose.statuspage import render
from exporter.expose.style import load_style
from exporter.expose.wording import LINKS, Link


class PageCache:
    """Renders a status, and the panel's state if there is a panel, once per second and snapshot."""

    def __init__(self, panel: Panel | None = None, reviews: ReviewRoutes | None = None) -> None:
        self._panel, self._reviews = panel, reviews
        self._style = load_style(*([STYLE] if panel else []))
        self._shown: tuple[Status, int, str, tuple[Link, ...]] | None = None
        self._page = Page(b"", b"")

    @property
    def has_panel(self) -> bool:
        return self._panel is not None

    def page(self, status: Status) -> tuple[Page, str]:
        """The page for `status` now, and the hash of its style sheet for the content security policy."""
        now = time.time()
        panel = panel_html(self._panel) if self._panel else ""
        links = (*LINKS, *(self._reviews.links if self._reviews else ()))
        shown = (status, int(now), panel, links)
        if self._shown is None or self._shown[0] is not status or self._shown[1:] != shown[1:]:
            html = render(
                status, now=now, label_titles=status.label_titles, style=self._style.css, links=links, panel=panel
            )
            plain = html.encode("utf-8", "replace")
            self._page, self._shown = Page(plain, gzip.compress(plain, 1, mtime=0)), shown
        return self._page, self._style.hash
