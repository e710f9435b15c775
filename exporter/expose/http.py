"""The routes: `/metrics`, the status page, health, readiness, reload; built before they are asked for. And reviews.

Each request passes, from the outside in: the guard's phases and the deadline for the answer, the wording of errors,
the pace and the credentials (of every route, the probes too, as in the Prometheus exporter toolkit), the deadline for
the body, the handler.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Handler as _Next
from aiohttp.typedefs import Middleware

from exporter.expose.access import Verdict
from exporter.expose.gate import Gate
from exporter.expose.guard import Guard, Phase
from exporter.expose.headers import from_elsewhere, page_security, secure
from exporter.expose.negotiate import CONTENT_TYPES, choose_format, wants_gzip
from exporter.expose.pagecache import PageCache
from exporter.expose.panel import PATH, Panel, SwitchRoute
from exporter.expose.protocol import Handler
from exporter.expose.reviews import ReviewRoutes
from exporter.expose.snapshot import Board

logger = logging.getLogger(__name__)

Reload = Callable[[], Awaitable[str]]

# Reloads under way or waiting their turn: they must not hold every connection.
MAX_RELOADS = 4


def make_app(
    board: Board,
    gate: Gate,
    guard: Guard,
    reload: Reload,
    panel: Panel | None = None,
    reviews: ReviewRoutes | None = None,
) -> web.Application:
    """The web application. `reload` answers empty on success, else the errors; `panel` adds switches to the page,
    `reviews` their pages.
    """
    routes = Routes(board, PageCache(panel, reviews), reload)
    app = web.Application(
        middlewares=[_phases(guard), _plain_errors, _admission(gate), _bodies(guard)],
        client_max_size=guard.limits.body_bytes,
    )
    app.on_response_prepare.append(_headers(gate))
    app.router.add_get("/metrics", routes.metrics)
    app.router.add_get("/", routes.status_page)
    app.router.add_get("/-/healthy", routes.healthy)
    app.router.add_get("/-/ready", routes.ready)
    app.router.add_post("/-/reload", routes.reload)
    if panel is not None:
        app.router.add_post(PATH, SwitchRoute(panel).turn)
    if reviews is not None:
        reviews.add_to(app.router)
    return app


class Routes:
    """The handlers; they read the board and nothing else."""

    def __init__(self, board: Board, pages: PageCache, reload: Reload) -> None:
        self._board = board
        self._pages = pages
        self._reload = reload
        self._reloading = 0

    async def metrics(self, request: web.Request) -> web.Response:
        """The snapshot's exposition, rendered and compressed when it was published."""
        chosen = choose_format(_header(request, "Accept"))
        snapshot = self._board.snapshot
        page = snapshot.openmetrics if chosen == "openmetrics" else snapshot.text
        headers = {"Content-Type": CONTENT_TYPES[chosen], "Vary": "Accept, Accept-Encoding"}
        if wants_gzip(_header(request, "Accept-Encoding")):
            return web.Response(body=page.gzipped, headers={**headers, "Content-Encoding": "gzip"})
        return web.Response(body=page.plain, headers=headers)

    async def status_page(self, request: web.Request) -> web.Response:
        """The KPIs for people."""
        page, style_hash = self._pages.page(self._board.snapshot.status)
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": page_security(style_hash, forms=self._pages.has_panel),
            "Vary": "Accept-Encoding",
        }
        if wants_gzip(_header(request, "Accept-Encoding")):
            return web.Response(body=page.gzipped, headers={**headers, "Content-Encoding": "gzip"})
        return web.Response(body=page.plain, headers=headers)

    async def healthy(self, _request: web.Request) -> web.Response:
        """200 while the process works, 503 with the reason when it is wedged."""
        problem = self._board.health()
        return _text(503, problem) if problem else _text(200, "Healthy.")

    async def ready(self, _request: web.Request) -> web.Response:
        """503 until the first figures are there."""
        if self._board.snapshot.status.ready:
            return _text(200, "Ready.")
        return _text(503, "Not ready: no figures have been read from the call database yet.")

    async def reload(self, request: web.Request) -> web.Response:
        """Reload the configuration; 500 with the errors, and the last good one kept, when it is wrong."""
        if from_elsewhere(request.headers, request.host):
            return _text(403, "A page of another site may not reload the configuration.")
        if self._reloading >= MAX_RELOADS:
            return _text(429, "Enough reloads are waiting already.")
        self._reloading += 1
        try:
            errors = await self._reload()
        finally:
            self._reloading -= 1
        return _text(500, errors) if errors else _text(200, "Reloaded.")


def _header(request: web.Request, name: str) -> str:
    """All lines of a header as one."""
    return ",".join(request.headers.getall(name, []))


def _text(status: int, sentence: str) -> web.Response:
    return web.Response(status=status, text=f"{sentence}\n")


def _headers(gate: Gate) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Security headers on every answer, also on those that aiohttp makes before any middleware (417, say)."""

    async def headers(_request: web.Request, response: web.StreamResponse) -> None:
        secure(response.headers, gate.policy.headers)

    return headers


def _phases(guard: Guard) -> Middleware:
    """Tell the guard what the connection does, and send the answer under its deadline."""

    @web.middleware
    async def phases(request: web.Request, handler: _Next) -> web.StreamResponse:
        protocol = request.protocol
        if not isinstance(protocol, Handler):
            raise TypeError("the application is served by its own connection handler only")
        guard.move(protocol.connection, Phase.BUSY)
        response = await handler(request)
        guard.move(protocol.connection, Phase.WRITING)
        try:
            await response.prepare(request)
            await response.write_eof()
        except ConnectionError:
            return response  # aiohttp notices the lost connection itself
        guard.move(protocol.connection, Phase.IDLE)
        return response

    return phases


@web.middleware
async def _plain_errors(request: web.Request, handler: _Next) -> web.StreamResponse:
    """Every error as a short plain text; a bug as 500, its class in the log."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return web.Response(status=error.status, text=f"{error.status} {error.reason}\n", headers=allow)
    except ConnectionError:
        raise
    except Exception:
        logger.exception("bug: the handler of %s failed", request.path)
        return _text(500, "500 Internal Server Error")


def _admission(gate: Gate) -> Middleware:
    """The configured pace, then the credentials."""

    @web.middleware
    async def admission(request: web.Request, handler: _Next) -> web.StreamResponse:
        policy = gate.policy
        if not policy.pace.allows():
            return _text(429, "Too many requests.")
        verdict = await policy.authenticator.check(request.headers.get("Authorization", ""), request.remote or "")
        if verdict is Verdict.BUSY:
            return web.Response(status=429, text="Too many passwords to check.\n", headers={"Retry-After": "1"})
        if verdict is Verdict.DENIED:
            return _unauthorized(policy.authenticator.challenges)
        if policy.authenticator.required and isinstance(request.protocol, Handler):
            request.protocol.connection.trusted = True
        return await handler(request)

    return admission


def _unauthorized(challenges: list[str]) -> web.Response:
    response = _text(401, "401 Unauthorized")
    for challenge in challenges:
        response.headers.add("WWW-Authenticate", challenge)
    return response


def _bodies(guard: Guard) -> Middleware:
    """A body that comes is read under a deadline and a size limit, whether or not the route needs one."""

    @web.middleware
    async def bodies(request: web.Request, handler: _Next) -> web.StreamResponse:
        if request.body_exists and isinstance(request.protocol, Handler):
            guard.move(request.protocol.connection, Phase.READING)
            await request.read()
            guard.move(request.protocol.connection, Phase.BUSY)
        return await handler(request)

    return bodies
