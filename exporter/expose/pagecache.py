"""The rendered status page, at most one rendering a second however many ask."""

from __future__ import annotations

import gzip
import time

from exporter.expose.snapshot import Page, Status
from exporter.expose.statuspage import render
from exporter.expose.style import load_style


class PageCache:
    """Renders a status once per second and snapshot."""

    def __init__(self) -> None:
        self._style = load_style()
        self._shown: tuple[Status, int] | None = None
        self._page = Page(b"", b"")

    def page(self, status: Status) -> tuple[Page, str]:
        """The page for `status` now, and the hash of its style sheet for the content security policy."""
        now = time.time()
        shown = (status, int(now))
        if self._shown is None or self._shown[0] is not status or self._shown[1] != shown[1]:
            html = render(status, now=now, label_titles=status.label_titles, style=self._style.css)
            plain = html.encode("utf-8", "replace")
            self._page, self._shown = Page(plain, gzip.compress(plain, 1, mtime=0)), shown
        return self._page, self._style.hash
