"""A real server on 127.0.0.1 with a static board, clients for it, and certificates."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from exporter.expose.server import HttpServer, serve
from exporter.expose.snapshot import StaticBoard
from tests.expose.certs import Authority
from tests.expose.samples import sample_snapshot

Start = Callable[..., Awaitable[HttpServer]]


@pytest.fixture
def board() -> StaticBoard:
    """A board that shows the sample."""
    return StaticBoard(sample_snapshot())


@pytest.fixture
async def start(board: StaticBoard) -> AsyncIterator[Start]:
    """Starts servers for `board` on free ports; they are closed at the end."""
    running: list[HttpServer] = []

    async def start_one(**settings: Any) -> HttpServer:
        server = await serve(board, "127.0.0.1:0", **settings)
        running.append(server)
        return server

    yield start_one
    for server in running:
        await server.close()


@pytest.fixture
async def server(start: Start) -> HttpServer:
    """A server with default settings."""
    return await start()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that shows bodies as they came, not decompressed."""
    async with aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield session


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The authority that signs the server and the right clients."""
    return Authority(tmp_path_factory.mktemp("authority"), "right")


@pytest.fixture
def web_file(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a web configuration file."""

    def write(text: str) -> Path:
        path = tmp_path / "web.yml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
