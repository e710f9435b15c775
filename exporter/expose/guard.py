"""Limits on connections, so that slow or many clients cannot keep a scrape from being answered.

aiohttp keeps a connection that never completes a request open for as long as its keep-alive lasts, and accepts without
end. Here every connection is in one phase, each phase has a deadline, and when the cap is reached the connection that
is worth least makes room for the new one:

    WAITING ──head complete──► BUSY ⇄ READING (a body)
       ▲                        └──answer ready──► WRITING ──answer taken──► IDLE
       └─────────────────── first byte of the next request ───────────────────┘

A scraper needs milliseconds for its request head, so under a flood of slow clients the oldest WAITING one goes first.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum


class Phase(IntEnum):
    """What a connection is doing, in the order in which connections are given up."""

    WAITING = 0
    READING = 1
    IDLE = 2
    WRITING = 3
    BUSY = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on clients; times in seconds. `idle` is above the longest usual scrape interval, so that one lasts."""

    connections: int = 256
    head: float = 10.0
    body: float = 10.0
    handler: float = 120.0
    write: float = 30.0
    idle: float = 125.0
    body_bytes: int = 64 * 1024

    def deadline(self, phase: Phase) -> float:
        """How long a connection may stay in `phase`."""
        return (self.head, self.body, self.idle, self.write, self.handler)[phase]


@dataclass(slots=True)
class Tally:
    """What the guard did since the start, for the exporter's own health metrics."""

    accepted: int = 0
    expired: int = 0
    evicted: int = 0
    refused: int = 0


class Connection:
    """One accepted socket, from before its TLS handshake until it is closed."""

    __slots__ = ("_socket", "phase", "since", "timer", "transport", "trusted")

    def __init__(self, sock: socket.socket, now: float) -> None:
        self._socket = sock
        self.phase = Phase.WAITING
        self.since = now
        self.trusted = False
        self.timer: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport | None = None

    def kill(self) -> None:
        """Close at once. Before the handshake is over only the socket is ours to end; its transport then notices."""
        if self.transport is not None:
            self.transport.abort()
            return
        with suppress(OSError):  # the peer may be gone already
            self._socket.shutdown(socket.SHUT_RDWR)


def choose_victim(connections: Iterable[Connection]) -> Connection | None:
    """The connection to give up for a new one, None when each of them is being served.

    Those without a complete request go first, then idle ones (unauthenticated before authenticated), then those that
    still read their answer; in each class the oldest.
    """
    candidates = (c for c in connections if c.phase is not Phase.BUSY)
    return min(candidates, key=lambda c: (c.phase, c.trusted, c.since), default=None)


class Guard:
    """Admits connections up to the cap and holds each to its deadlines. Lives in one event loop."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.tally = Tally()
        self._connections: dict[Connection, None] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def admit(self, sock: socket.socket) -> Connection | None:
        """Take in a new socket; None, and the socket closed, when there is no room and nobody to give up."""
        if len(self._connections) >= self.limits.connections and not self.make_room():
            self.tally.refused += 1
            sock.close()
            return None
        connection = Connection(sock, asyncio.get_running_loop().time())
        self._connections[connection] = None
        self.tally.accepted += 1
        self.move(connection, Phase.WAITING)
        return connection

    def make_room(self) -> bool:
        """Give up the connection that is worth least; False when there is none."""
        victim = choose_victim(self._connections)
        if victim is None:
            return False
        self.tally.evicted += 1
        self.drop(victim)
        return True

    def attach(self, connection: Connection, transport: asyncio.Transport) -> bool:
        """`connection` is up and speaks through `transport`; False when it was given up meanwhile."""
        connection.transport = transport
        return connection in self._connections

    def move(self, connection: Connection, phase: Phase) -> None:
        """`connection` enters `phase`; its deadline starts anew."""
        if connection not in self._connections:
            return
        loop = asyncio.get_running_loop()
        self._stop_timer(connection)
        connection.phase, connection.since = phase, loop.time()
        connection.timer = loop.call_later(self.limits.deadline(phase), self._expire, connection)

    def release(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self._stop_timer(connection)
        self._connections.pop(connection, None)

    def drop(self, connection: Connection) -> None:
        """Close and forget a connection."""
        self.release(connection)
        connection.kill()

    def drop_quiet(self) -> None:
        """Close every connection that is not being served: after a change of the TLS settings, and at the end."""
        for connection in [c for c in self._connections if c.phase in (Phase.WAITING, Phase.IDLE)]:
            self.drop(connection)

    def drop_all(self) -> None:
        """Close every connection."""
        for connection in list(self._connections):
            self.drop(connection)

    def _expire(self, connection: Connection) -> None:
        self.tally.expired += 1
        self.drop(connection)

    @staticmethod
    def _stop_timer(connection: Connection) -> None:
        if connection.timer is not None:
            connection.timer.cancel()
            connection.timer = None
