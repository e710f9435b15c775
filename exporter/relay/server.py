"""The relay's HTTP side: the exporter's hardened server, with one more route.

    POST /alerts/RECEIVER   200 queued on disk   400 no webhook   401   404 no such receiver   413
                            422 a review to a receiver that sends texts   503 not stored
    GET  /metrics, /-/healthy, /-/ready; POST /-/reload

Alertmanager counts 2xx as delivered and repeats only after 5xx, so each status says exactly that.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler as _Next
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from exporter import __version__
from exporter.expose.gate import Gate
from exporter.expose.guard import Guard, Limits
from exporter.expose.listen import bind
from exporter.expose.publish import make_page
from exporter.expose.server import HttpServer
from exporter.expose.snapshot import Snapshot, Status
from exporter.relay.message import NotAWebhook, Notice, parse_webhook
from exporter.semantic.noticenames import BODY_BYTES

log = logging.getLogger(__name__)

_RENDER_TEXT: Callable[[CollectorRegistry], bytes] = generate_latest
_RENDER_OPENMETRICS: Callable[[CollectorRegistry], bytes] = generate_openmetrics
_INDEX = "outcall-exporter relay: POST /alerts/RECEIVER, GET /metrics, /-/healthy, /-/ready\n"


class Inbox(Protocol):
    """What the server asks of the relay."""

    @property
    def receivers(self) -> frozenset[str]: ...

    async def accept(self, receiver: str, notice: Notice, body: str) -> int:
        """Queue durably; raises sqlite3.Error or OSError when it could not be."""

    def refusal(self, receiver: str, notice: Notice) -> str:
        """Why a receiver does not take a notice; empty when it does."""

    def counted(self, receiver: str, code: int) -> None: ...


class RelayBoard:
    """The board behind the common routes: metrics as they are now, health, reload."""

    def __init__(
        self,
        registry: CollectorRegistry,
        timezone: str,
        health: Callable[[], str],
        reload: Callable[[], Awaitable[str]],
    ) -> None:
        self._registry, self._health, self._reload = registry, health, reload
        self._status = Status(__version__, timezone, None, database_up=True, ready=True, backfill=1.0)

    @property
    def snapshot(self) -> Snapshot:
        text = make_page(_RENDER_TEXT(self._registry).decode())
        return Snapshot(text, make_page(_RENDER_OPENMETRICS(self._registry).decode()), self._status)

    def health(self) -> str:
        return self._health()

    async def reload(self) -> str:
        return await self._reload()

    def reload_failed(self, errors: str) -> None:
        log.error("relay: reload: %s", errors)


class RelayServer(HttpServer):
    """The exporter's server with the route for webhooks."""

    def __init__(self, board: RelayBoard, gate: Gate, guard: Guard, inbox: Inbox) -> None:
        super().__init__(board, gate, guard)
        self._inbox = inbox
        self._app.router.add_post("/alerts/{receiver}", self._alerts)
        self._app.middlewares.append(_index)

    async def _alerts(self, request: web.Request) -> web.Response:
        receiver = request.match_info["receiver"]
        known = receiver in self._inbox.receivers
        response = await self._answer(request, receiver) if known else _text(404, "There is no such receiver.")
        self._inbox.counted(receiver if known else "unknown", response.status)
        return response

    async def _answer(self, request: web.Request, receiver: str) -> web.Response:
        try:
            body = (await request.read()).decode()
            notice = parse_webhook(body)
        except UnicodeDecodeError:
            return _text(400, "Not a webhook of Alertmanager: the body is not UTF-8.")
        except NotAWebhook as error:
            return _text(400, f"Not a webhook of Alertmanager: {error}.")
        if problem := self._inbox.refusal(receiver, notice):
            return _text(422, f"Not for this receiver: {problem}.")
        try:
            queued = await self._inbox.accept(receiver, notice, body)
        except (sqlite3.Error, OSError) as error:
            log.warning("relay: a webhook could not be stored (%s)", type(error).__name__)
            return _text(503, "The message could not be stored; send it again.")
        return _text(200, f"Queued: {queued}." if queued else "Nothing to queue: it was said already.")


@web.middleware
async def _index(request: web.Request, handler: _Next) -> web.StreamResponse:
    """The relay has no status page."""
    return web.Response(text=_INDEX) if request.path == "/" else await handler(request)


def _text(status: int, sentence: str) -> web.Response:
    return web.Response(status=status, text=f"{sentence}\n")


async def serve_relay(
    board: RelayBoard, inbox: Inbox, listen: str, *, web_config: Path | None, token: str | None
) -> RelayServer:
    """Bind and serve; raises ConfigError(s), UsageError or RunError, all for the user."""
    gate = Gate(web_config, token)
    sockets = await bind(listen)
    server = RelayServer(board, gate, Guard(Limits(body_bytes=BODY_BYTES)), inbox)
    await server.start(sockets)
    return server
