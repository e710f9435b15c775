"""The routes of the reviews: `/reviews/` lists what is in the folder, `/reviews/NAME` serves a page of it."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar, TypeVarTuple

from aiohttp import web

from exporter.expose.headers import page_security, review_security
from exporter.expose.library import entries, is_page, read_page
from exporter.expose.negotiate import wants_gzip
from exporter.expose.reviewlist import render_list
from exporter.expose.style import load_style
from exporter.expose.wording import Link

log = logging.getLogger(__name__)
R = TypeVar("R")
Ts = TypeVarTuple("Ts")

PATH: Final = "/reviews/"
LINK: Final = Link(PATH, "复盘", "Reviews")
_TYPES: Final = {"html": "text/html; charset=utf-8", "md": "text/markdown; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the reviews are (None: nowhere), and the business time zone."""

    folder: Path | None
    timezone: str


class ReviewRoutes:
    """The handlers. `shelf` is asked each time, for a reload may move it."""

    def __init__(self, shelf: Callable[[], Shelf]) -> None:
        self._shelf = shelf
        self._style = load_style()
        # One reader of its own: however many ask, the threads that build the gauges' page are not theirs.
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reviews")

    def add_to(self, router: web.UrlDispatcher) -> None:
        router.add_get(PATH.rstrip("/"), self.bare)
        router.add_get(PATH, self.index)
        router.add_get(PATH + "{name}", self.page)

    @property
    def links(self) -> tuple[Link, ...]:
        """For the status page: one where there is a folder."""
        return (LINK,) if self._shelf().folder is not None else ()

    async def bare(self, _request: web.Request) -> web.Response:
        """Relative links need the slash; a relative place holds behind any proxy."""
        return web.Response(status=308, headers={"Location": "reviews/"})

    async def index(self, request: web.Request) -> web.Response:
        """What there is, the newest first."""
        shelf = self._shelf()
        if shelf.folder is None:
            return _absent()
        try:
            found = await self._aside(entries, shelf.folder)
        except OSError as error:
            return _unreadable(error)
        content = render_list(found, timezone=shelf.timezone, style=self._style.css).encode()
        return await self._answer(request, content, _TYPES["html"], page_security(self._style.hash))

    async def page(self, request: web.Request) -> web.Response:
        """One page, as it was written."""
        name, folder = request.match_info["name"], self._shelf().folder
        if folder is None or not is_page(name):
            return _absent()
        try:
            content = await self._aside(read_page, folder, name)
        except OSError as error:
            return _unreadable(error)
        if content is None:
            return _absent()
        return await self._answer(request, content, _TYPES[name.rpartition(".")[2]], review_security())

    async def _answer(self, request: web.Request, content: bytes, kind: str, security: str) -> web.Response:
        headers = {"Content-Type": kind, "Content-Security-Policy": security, "Vary": "Accept-Encoding"}
        if wants_gzip(",".join(request.headers.getall("Accept-Encoding", []))):
            packed = await self._aside(gzip.compress, content, 1)
            return web.Response(body=packed, headers={**headers, "Content-Encoding": "gzip"})
        return web.Response(body=content, headers=headers)

    async def _aside(self, work: Callable[[*Ts], R], *args: *Ts) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._reader, work, *args)


def _absent() -> web.Response:
    return web.Response(status=404, text="There is no such review.\n")


def _unreadable(error: OSError) -> web.Response:
    log.warning("the folder of reviews cannot be read (%s)", error.strerror)
    return web.Response(status=503, text="The folder of reviews cannot be read; the log says why.\n")
