"""The listening server: bound addresses, accepted connections, reload, shutdown.

Connections are accepted here and handed to aiohttp one by one. That puts each under the guard before its TLS handshake,
and gives it the certificate of the moment: a renewed one is in use from the next handshake on.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Coroutine, Sequence
from pathlib import Path

from aiohttp import web

from exporter.errors import OutcallError
from exporter.expose.gate import Gate
from exporter.expose.guard import Connection, Guard, Limits, Tally
from exporter.expose.http import make_app
from exporter.expose.listen import bind
from exporter.expose.panel import Panel
from exporter.expose.protocol import Handler
from exporter.expose.reviews import ReviewRoutes
from exporter.expose.snapshot import Board

logger = logging.getLogger(__name__)

# Seconds that answers under way may take at shutdown, and that a TLS peer may take to say goodbye.
SHUTDOWN_SECONDS = 5.0
# Seconds to wait before accepting again when the process is out of file descriptors and no connection can be given up.
BREATH_SECONDS = 0.1


class HttpServer:
    """A running server; made by `serve`."""

    def __init__(
        self, board: Board, gate: Gate, guard: Guard, panel: Panel | None = None, reviews: ReviewRoutes | None = None
    ) -> None:
        self._board = board
        self._gate = gate
        self._guard = guard
        self._reloading = asyncio.Lock()
        self._app = make_app(board, gate, guard, self.reload, panel, reviews)
        self._runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        self._sockets: Sequence[socket.socket] = ()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The bound port."""
        return int(self._sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """Where a person would look: scheme, first bound address, port."""
        host = self._sockets[0].getsockname()[0]
        scheme = "https" if self._gate.policy.tls is not None else "http"
        return f"{scheme}://[{host}]:{self.port}/" if ":" in host else f"{scheme}://{host}:{self.port}/"

    @property
    def tally(self) -> Tally:
        """What the guard did, for health metrics."""
        return self._guard.tally

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._guard)

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Serve on bound sockets."""
        self._sockets = sockets
        await self._runner.setup()
        for listener in sockets:
            self._spawn(self._accept(listener))

    async def reload(self) -> str:
        """Reload web configuration and application together; the errors when either is wrong (both then stay)."""
        async with self._reloading:
            try:
                policy = self._gate.prepare()
            except OutcallError as error:
                self._board.reload_failed(str(error))
                return str(error)
            errors = await self._board.reload()
            if not errors and self._gate.adopt(policy):
                self._guard.drop_quiet()
            return errors

    async def close(self) -> None:
        """Stop accepting, let answers under way finish, close everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for listener in self._sockets:
            listener.close()
        self._guard.drop_quiet()
        await self._runner.cleanup()
        self._guard.drop_all()
        self._gate.close()

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, _ = await loop.sock_accept(listener)
            except OSError as error:  # out of file descriptors, or a client that left the queue
                logger.debug("accept: %s", error.strerror)
                await asyncio.sleep(0 if self._guard.make_room() else BREATH_SECONDS)
                continue
            connection = self._guard.admit(sock)
            if connection is not None:
                self._spawn(self._welcome(connection, sock))
            await asyncio.sleep(0)  # a full queue of newcomers must not keep the others waiting

    async def _welcome(self, connection: Connection, sock: socket.socket) -> None:
        """TLS handshake if need be, then over to aiohttp."""
        context = self._gate.ssl_context
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self._handler(connection),
                sock,
                ssl=context,
                ssl_handshake_timeout=self._guard.limits.head if context else None,
                ssl_shutdown_timeout=SHUTDOWN_SECONDS if context else None,
            )
        except OSError as error:  # the handshake failed or took too long
            logger.debug("handshake: %s", type(error).__name__)
            self._guard.release(connection)
            sock.close()

    def _handler(self, connection: Connection) -> Handler:
        tls = self._gate.policy.tls
        if self._runner.server is None:
            raise RuntimeError("the server is not running")
        return Handler(self._runner.server, connection, self._guard, tls.peer_check if tls is not None else None)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def serve(
    board: Board,
    listen: str,
    *,
    web_config: Path | None = None,
    bearer_token: str | None = None,
    limits: Limits | None = None,
    panel: Panel | None = None,
    reviews: ReviewRoutes | None = None,
) -> HttpServer:
    """Bind `listen` (host:port) and serve `board`; raises ConfigError(s), UsageError or RunError, all for the user."""
    gate = Gate(web_config, bearer_token)
    sockets = await bind(listen)
    server = HttpServer(board, gate, Guard(limits or Limits()), panel, reviews)
    await server.start(sockets)
    return server
