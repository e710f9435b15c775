"""aiohttp's connection handler, under the guard's eyes and without a word about the software behind it."""

from __future__ import annotations

import asyncio
import logging
from typing import cast

from aiohttp import web

from exporter.expose.guard import Connection, Guard, Phase
from exporter.expose.headers import BASE_HEADERS
from exporter.expose.tls import PeerCheck

logger = logging.getLogger(__name__)

# Largest request line and header field, and how many fields: more than any scraper or browser needs.
MAX_LINE, MAX_FIELD, MAX_HEADERS = 8190, 8190, 64


class Handler(web.RequestHandler):
    """One connection: tells the guard its phase, turns away certificates that are not allowed, words its own errors."""

    __slots__ = ("_guard", "_peer_check", "connection")

    def __init__(self, manager: web.Server, connection: Connection, guard: Guard, peer_check: PeerCheck | None) -> None:
        super().__init__(
            manager,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=guard.limits.idle,
            lingering_time=0,  # bodies are read under a deadline before the handler; the rest is not waited for
            max_line_size=MAX_LINE,
            max_field_size=MAX_FIELD,
            max_headers=MAX_HEADERS,
            auto_decompress=False,  # no request body is ever used, so none is inflated
        )
        self.connection = connection
        self._guard = guard
        self._peer_check = peer_check

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        stream = cast("asyncio.Transport", transport)
        welcome = self._guard.attach(self.connection, stream)
        if not welcome or (self._peer_check is not None and not self._peer_check(stream.get_extra_info("peercert"))):
            stream.abort()

    def data_received(self, data: bytes) -> None:
        if self.connection.phase is Phase.IDLE:
            self._guard.move(self.connection, Phase.WAITING)
        super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._guard.release(self.connection)
        super().connection_lost(exc)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Answer a request that could not be read. Its bytes are the client's: they are neither echoed nor logged."""
        logger.debug("unreadable request: %s", type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun already")
        text = "400 Bad Request\n" if status < 500 else "500 Internal Server Error\n"
        response = web.Response(status=status, text=text, headers=BASE_HEADERS)
        response.force_close()
        return response
