"""Slow, silent and many clients: the limits hold and a scrape still answers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.expose.guard import Connection, Limits, Phase, choose_victim
from exporter.expose.server import HttpServer, serve
from exporter.expose.snapshot import StaticBoard
from tests.expose.certs import Authority
from tests.expose.conftest import Start
from tests.expose.samples import sample_snapshot

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

SLOW = b"GET /metrics HTTP/1.1\r\nHost: a\r\nX-Slow: "
WHOLE = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
BODYLESS = b"POST /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"


@asynccontextmanager
async def attackers(server: HttpServer, number: int, opening: bytes) -> AsyncIterator[list[Stream]]:
    """`number` connections that each send `opening` and then nothing more."""
    streams = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(number)]
    for _, writer in streams:
        writer.write(opening)
    try:
        yield streams
    finally:
        for _, writer in streams:
            writer.close()


async def scrape(server: HttpServer) -> int:
    """The status of a scrape over a connection of its own."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{server.port}/metrics") as answer:
        await answer.read()
        return answer.status


async def ended(stream: Stream) -> bytes:
    """What the server sent until it closed; a reset counts as closed."""
    try:
        return await stream[0].read()
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize(
    "opening", [b"", SLOW, WHOLE, b"POST /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"]
)
async def test_a_scrape_answers_among_500_attackers(start: Start, opening: bytes) -> None:
    """Silent, slow, idle and body-less clients beyond the cap make room for a scrape, and never exceed the cap."""
    server = await start(limits=Limits(connections=64))
    async with AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(attackers(server, 100, opening))
            assert [await scrape(server) for _ in range(3)] == [200] * 3
            assert server.connections <= 64
    assert server.tally.evicted >= 500 - 64


async def test_a_tls_scrape_answers_among_500_silent_clients(start: Start, authority: Authority) -> None:
    """Connections that never begin their handshake count too."""
    made = authority.issue("guarded", "IP:127.0.0.1")
    web = made.cert.with_name("guarded.yml")
    web.write_text(f"tls_server_config: {{cert_file: {made.cert.name}, key_file: {made.key.name}}}\n")
    server = await start(web_config=web, limits=Limits(connections=64))
    async with attackers(server, 500, b""), aiohttp.ClientSession() as session:
        async with session.get(f"{server.url}metrics", ssl=authority.trusting()) as answer:
            assert answer.status == 200
        assert server.connections <= 64


@pytest.mark.parametrize("opening", [b"", SLOW])
async def test_an_incomplete_head_is_closed(start: Start, opening: bytes) -> None:
    """A connection without a complete request head within the deadline is closed."""
    server = await start(limits=Limits(head=0.05))
    async with attackers(server, 3, opening) as streams:
        assert [await ended(stream) for stream in streams] == [b""] * 3
    assert server.tally.expired == 3


async def test_a_second_slow_head_is_closed(start: Start) -> None:
    """The deadline holds for every request of a connection, not for the first alone."""
    server = await start(limits=Limits(head=0.3))
    async with attackers(server, 1, WHOLE) as [(reader, writer)]:
        await reader.readuntil(b"outcall_up 1\n")
        writer.write(SLOW)
        assert await ended((reader, writer)) == b""


async def test_an_idle_connection_is_closed(start: Start) -> None:
    """After an answer a connection may be idle until its deadline."""
    server = await start(limits=Limits(idle=0.05))
    async with attackers(server, 1, WHOLE) as [stream]:
        assert (await ended(stream)).startswith(b"HTTP/1.1 200")


async def test_a_body_that_does_not_come_ends_the_connection(start: Start, board: StaticBoard) -> None:
    """A body has its deadline too; the handler is not reached."""
    server = await start(limits=Limits(body=0.05))
    async with attackers(server, 1, BODYLESS) as [stream]:
        assert await ended(stream) == b""
    assert (server.tally.expired, board.reloads) == (1, 0)


async def test_an_answer_that_is_not_read_is_given_up(start: Start, board: StaticBoard) -> None:
    """A client that asks and does not read holds its connection for the write deadline only."""
    board.snapshot = sample_snapshot(text="#" * 30_000_000)
    server = await start(limits=Limits(write=0.05))
    async with attackers(server, 1, WHOLE) as [stream]:
        # asyncio's reader stops taking in at a limit of its own, so that the server has to wait for it.
        while not server.tally.expired:  # noqa: ASYNC110  # a tally has no event to wait for
            await asyncio.sleep(0)
        assert len(await ended(stream)) < 30_000_000


class SlowBoard(StaticBoard):
    """A board whose reload lasts until the gate is opened."""

    entered: asyncio.Event
    gate: asyncio.Event

    async def reload(self) -> str:
        self.entered.set()
        await self.gate.wait()
        return await super().reload()


@pytest.fixture
async def busy() -> AsyncIterator[tuple[HttpServer, SlowBoard]]:
    """A server of one connection, and the board that can keep it busy."""
    board = SlowBoard(sample_snapshot())
    board.entered, board.gate = asyncio.Event(), asyncio.Event()
    server = await serve(board, "127.0.0.1:0", limits=Limits(connections=1))
    yield server, board
    await server.close()


async def test_a_busy_server_refuses_newcomers(busy: tuple[HttpServer, SlowBoard]) -> None:
    """When every connection is being served newcomers are closed, and those being served get their answers."""
    server, board = busy
    post = b"POST /-/reload HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    async with attackers(server, 1, post) as [served]:
        await board.entered.wait()
        async with attackers(server, 3, WHOLE) as newcomers:
            assert [await ended(stream) for stream in newcomers] == [b""] * 3
        board.gate.set()
        answer = await ended(served)
    assert answer.startswith(b"HTTP/1.1 200")
    assert server.tally.refused == 3


def connections(states: Iterable[tuple[Phase, bool, float]]) -> list[Connection]:
    """Connections in the given phases, trusted or not, since the given times."""
    made = []
    for phase, trusted, since in states:
        with socket.socket() as sock:
            connection = Connection(sock, since)
        connection.phase, connection.trusted = phase, trusted
        made.append(connection)
    return made


@given(st.lists(st.tuples(st.sampled_from(Phase), st.booleans(), st.floats(0, 1e6)), max_size=8))
def test_who_makes_room(states: list[tuple[Phase, bool, float]]) -> None:
    """Never one being served; one without a request before any other; in the same state the oldest."""
    crowd = connections(states)
    victim = choose_victim(crowd)
    if victim is None:
        assert all(connection.phase is Phase.BUSY for connection in crowd)
        return
    assert victim.phase is min(connection.phase for connection in crowd)
    peers = [c for c in crowd if c.phase is victim.phase]
    assert not victim.trusted or all(connection.trusted for connection in peers)
    assert victim.since == min(c.since for c in peers if c.trusted == victim.trusted)
