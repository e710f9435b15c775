"""Every route over a real socket: status, headers, body, and what is refused."""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import replace

import aiohttp
import pytest

from exporter.expose.server import HttpServer
from exporter.expose.snapshot import StaticBoard
from tests.expose.conftest import Start
from tests.expose.samples import empty_status, sample_snapshot
from tests.expose.test_http_negotiate import PROMETHEUS_2_42

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


async def raw(server: HttpServer, request: bytes) -> bytes:
    """Everything that the server answers to these bytes until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request)
    await writer.drain()
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(("accept", "content_type"), [("", TEXT), (PROMETHEUS_2_42, OPENMETRICS)])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_metrics_are_the_prebuilt_bytes(
    server: HttpServer, board: StaticBoard, client: aiohttp.ClientSession, accept: str, content_type: str, encoding: str
) -> None:
    """Both formats, plain and gzipped, are the snapshot's own bytes; gzip inflates to the plain ones."""
    headers = {"Accept": accept, "Accept-Encoding": encoding}
    async with client.get(f"{server.url}metrics", headers=headers) as answer:
        body = await answer.read()
    page = board.snapshot.text if content_type == TEXT else board.snapshot.openmetrics
    assert answer.status == 200
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    assert answer.headers.get("Content-Encoding", "identity") == encoding
    assert body == (page.gzipped if encoding == "gzip" else page.plain)
    assert (gzip.decompress(body) if encoding == "gzip" else body) == page.plain


async def test_a_new_snapshot_is_served_at_once(
    server: HttpServer, board: StaticBoard, client: aiohttp.ClientSession
) -> None:
    """The board is asked at each scrape; nothing older is kept."""
    for text in ("a 1\n", "a 2\n"):
        board.snapshot = sample_snapshot(text=text)
        async with client.get(f"{server.url}metrics", headers={"Accept-Encoding": "identity"}) as answer:
            assert await answer.text() == text


@pytest.mark.parametrize("path", ["metrics", "", "-/healthy", "-/ready"])
async def test_head_is_get_without_the_body(server: HttpServer, client: aiohttp.ClientSession, path: str) -> None:
    """HEAD answers with GET's headers, the length included, and no body."""
    headers = {"Accept-Encoding": "identity"}
    async with client.get(server.url + path, headers=headers) as answer:
        length = len(await answer.read())
    async with client.head(server.url + path, headers=headers) as head:
        assert (head.status, await head.read()) == (answer.status, b"")
        assert head.headers["Content-Type"] == answer.headers["Content-Type"]
        # The page's age may have grown by a digit between the two.
        assert abs(int(head.headers["Content-Length"]) - length) < 20


async def test_health(server: HttpServer, board: StaticBoard, client: aiohttp.ClientSession) -> None:
    """200 while all is well, 503 with the board's sentence when it is not."""
    async with client.get(f"{server.url}-/healthy") as answer:
        assert (answer.status, await answer.text()) == (200, "Healthy.\n")
    board.problem = "the poller has been stuck for 93 s"
    async with client.get(f"{server.url}-/healthy") as answer:
        assert (answer.status, await answer.text()) == (503, "the poller has been stuck for 93 s\n")


async def test_readiness(server: HttpServer, board: StaticBoard, client: aiohttp.ClientSession) -> None:
    """503 until the status is ready."""
    board.snapshot = sample_snapshot(empty_status())
    async with client.get(f"{server.url}-/ready") as answer:
        assert answer.status == 503
    board.snapshot = sample_snapshot(replace(empty_status(), ready=True))
    async with client.get(f"{server.url}-/ready") as answer:
        assert (answer.status, await answer.text()) == (200, "Ready.\n")


async def test_reload(server: HttpServer, board: StaticBoard, client: aiohttp.ClientSession) -> None:
    """POST reloads: 200, or 500 with the errors; GET does not."""
    async with client.post(f"{server.url}-/reload") as answer:
        assert (answer.status, board.reloads) == (200, 1)
    board.reload_result = "kpis.yaml:3: unknown key"
    async with client.post(f"{server.url}-/reload") as answer:
        assert (answer.status, await answer.text()) == (500, "kpis.yaml:3: unknown key\n")
    async with client.get(f"{server.url}-/reload") as answer:
        assert (answer.status, answer.headers["Allow"], board.reloads) == (405, "POST", 2)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://elsewhere.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
async def test_another_site_cannot_reload(
    server: HttpServer, board: StaticBoard, client: aiohttp.ClientSession, headers: dict[str, str], status: int
) -> None:
    """A page of another site that makes a browser POST here is turned away."""
    async with client.post(f"{server.url}-/reload", headers=headers) as answer:
        assert answer.status == status
    assert board.reloads == (1 if status == 200 else 0)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "nothing", 404), ("POST", "metrics", 405)])
async def test_unknown_ways_in(
    server: HttpServer, client: aiohttp.ClientSession, method: str, path: str, status: int
) -> None:
    """Errors are one short line of plain text."""
    async with client.request(method, server.url + path) as answer:
        text = await answer.text()
    assert answer.status == status
    assert text.startswith(str(status))
    assert text.count("\n") == 1
    assert answer.content_type == "text/plain"


async def test_a_bug_is_a_short_500(
    server: HttpServer, board: StaticBoard, client: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """A handler that fails answers without a traceback, and the server lives on."""
    del board.problem  # health() now raises AttributeError
    async with client.get(f"{server.url}-/healthy") as answer:
        assert (answer.status, await answer.text()) == (500, "500 Internal Server Error\n")
    async with client.get(f"{server.url}metrics") as answer:
        assert answer.status == 200
    assert "bug" in caplog.text


@pytest.mark.parametrize("path", ["metrics", "", "-/healthy", "nothing"])
async def test_security_headers(server: HttpServer, client: aiohttp.ClientSession, path: str) -> None:
    """Every answer forbids sniffing, framing, storing and foreign content, and names no software version."""
    async with client.get(server.url + path) as answer:
        headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "deny"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Server"] == "outcall-exporter"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"NONSENSE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # a TLS hello on the plain port
        b"GET / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 9000 + b"\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X%d: y\r\n" % i for i in range(100)) + b"\r\n",
        b"POST /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\nConnection: close\r\n\r\n",
    ],
)
async def test_unreadable_requests(server: HttpServer, request_bytes: bytes) -> None:
    """What is no proper request gets a short 4xx that neither echoes it nor names the software behind."""
    answer = await raw(server, request_bytes)
    assert answer[:10] in (b"HTTP/1.0 4", b"HTTP/1.1 4")
    assert b"aiohttp" not in answer
    assert b"Python" not in answer
    assert b"aaaa" not in answer


async def test_bodies_are_bounded(start: Start, board: StaticBoard, client: aiohttp.ClientSession) -> None:
    """A body within the limit is ignored, a larger one is 413."""
    server = await start()
    async with client.post(f"{server.url}-/reload", data=b"x" * 60_000) as answer:
        assert answer.status == 200
    async with client.post(f"{server.url}-/reload", data=b"x" * 70_000) as answer:
        assert answer.status == 413
    assert board.reloads == 1
