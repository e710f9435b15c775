"""Listen addresses, good and bad."""

from __future__ import annotations

import socket

import aiohttp
import pytest

from exporter.errors import OutcallError, RunError, UsageError
from exporter.expose.listen import bind, parse_listen
from exporter.expose.server import serve
from exporter.expose.snapshot import StaticBoard


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:9877", ("127.0.0.1", 9877)),
        ("[::1]:9877", ("::1", 9877)),
        ("localhost:0", ("localhost", 0)),
        (":9877", ("", 9877)),
        (" metrics.example:80 ", ("metrics.example", 80)),
    ],
)
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    """host:port, with IPv6 in brackets; an empty host stands for every address."""
    assert parse_listen(text) == expected


@pytest.mark.parametrize(
    "text", ["", "9877", "127.0.0.1", "::1:9877", "[::1]", "a b:1", "host:99999", "host:-1", "h:1:2"]
)
def test_no_addresses(text: str) -> None:
    """Anything else is wrong usage, and the error shows the form."""
    with pytest.raises(UsageError, match="host:port") as caught:
        parse_listen(text)
    assert repr(text)[1:-1] in str(caught.value)


async def test_port_taken(board: StaticBoard) -> None:
    """A taken port is one sentence with the address and the fix."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(RunError) as caught:
            await serve(board, address)
    assert str(caught.value) == (
        f"cannot listen on {address}: address already in use. Fix: stop the other process, or listen on another port"
    )


@pytest.mark.parametrize("listen", ["192.0.2.1:9877", "no-such-host.invalid:9877"])
async def test_foreign_addresses(listen: str) -> None:
    """An address that is not this machine's, and a name that is nobody's."""
    with pytest.raises(OutcallError, match=f"cannot listen on {listen}.*Fix: "):
        await bind(listen)


async def test_ipv6(board: StaticBoard, client: aiohttp.ClientSession) -> None:
    """An IPv6 literal is served and shown in brackets."""
    server = await serve(board, "[::1]:0")
    try:
        assert server.url == f"http://[::1]:{server.port}/"
        async with client.get(f"{server.url}-/healthy") as answer:
            assert answer.status == 200
    finally:
        await server.close()


async def test_closed_server_frees_its_port(board: StaticBoard) -> None:
    """After close the port can be bound again at once."""
    first = await serve(board, "127.0.0.1:0")
    address = f"127.0.0.1:{first.port}"
    await first.close()
    second = await serve(board, address)
    await second.close()
