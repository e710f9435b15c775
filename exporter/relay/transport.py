"""The only way out: POST over verified TLS to the hosts of the configuration, no redirects, no proxy, no cookies.

Each message has a connection of its own, so that what is lost before a request was sent (refused, unknown host, broken
handshake) is told from what is lost after it, when the vendor may have delivered.
"""

from __future__ import annotations

import asyncio
import ssl

import aiohttp

from exporter.relay.channels.base import Answer, Request
from exporter.relay.outcome import Outcome, doubtful, retry

MOST_BYTES = 64 * 1024
CONNECT_SECONDS = 5.0


class HttpTransport:
    """Sends requests; open while used as a context. `tls` replaces the system's authorities, for a private gateway."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Must be called in the running loop."""
        connector = aiohttp.TCPConnector(force_close=True, ssl=self._tls if self._tls is not None else True)
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            headers={"User-Agent": "outcall-exporter", "Accept-Encoding": "identity"},
            skip_auto_headers={"Content-Type"},
        )

    async def close(self) -> None:
        """Drop what is open."""
        if self._session is not None:
            await self._session.close()

    async def send(self, request: Request, seconds: float) -> Answer | Outcome:
        """The answer, or an outcome where there is none. `seconds` are for all of it."""
        if self._session is None:
            raise RuntimeError("the transport is not open")
        limits = aiohttp.ClientTimeout(total=None, connect=min(CONNECT_SECONDS, seconds / 2))
        try:
            async with (
                asyncio.timeout(seconds),
                self._session.post(
                    request.url, data=request.body, headers=request.headers, allow_redirects=False, timeout=limits
                ) as response,
            ):
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, headers, await _beginning(response.content))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            return retry(type(error).__name__)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            return doubtful(type(error).__name__)


async def _beginning(stream: aiohttp.StreamReader) -> bytes:
    """The body, or as much of it as is looked at."""
    pieces, room = [], MOST_BYTES
    while room > 0 and (piece := await stream.read(room)):
        pieces.append(piece)
        room -= len(piece)
    return b"".join(pieces)
