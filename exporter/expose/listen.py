"""Listen addresses: `host:port`, `[::1]:9877`, `:9877` (every address), bound with errors that name address and fix."""

from __future__ import annotations

import asyncio
import errno
import re
import socket
from collections.abc import Sequence

from exporter.errors import RunError, UsageError

# Newcomers that may wait for the event loop; the kernel bounds it by net.core.somaxconn.
BACKLOG = 1024

# (host, port) for IPv4, (host, port, flow, scope) for IPv6.
Address = tuple[str | int | bytes, ...]

_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^\[\]:/\s]*)):(?P<port>\d{1,5})", re.ASCII)

_FIXES = {
    errno.EADDRINUSE: "stop the other process, or listen on another port",
    errno.EACCES: "use a port from 1024 up, or grant CAP_NET_BIND_SERVICE",
    errno.EADDRNOTAVAIL: "use an address of this machine, 127.0.0.1 or 0.0.0.0, say",
}


def parse_listen(text: str) -> tuple[str, int]:
    """Host (empty: every address) and port; raises UsageError."""
    found = _ADDRESS.fullmatch(text.strip())
    if found is None or int(found["port"]) > 65535:
        raise UsageError(f"'{text}' is not a listen address", "write host:port, 127.0.0.1:9877 or [::1]:9877, say")
    return found["v6"] or found["host"], int(found["port"])


async def bind(listen: str) -> list[socket.socket]:
    """Non-blocking listening sockets for every address that the host stands for; raises UsageError or RunError.

    A name such as `localhost` may stand for addresses that this machine does not have (IPv6 in many containers): one
    that works is enough. Port 0 takes a free port, on the first address only.
    """
    host, port = parse_listen(listen)
    sockets: list[socket.socket] = []
    problems: list[OSError] = []
    for family, address in await _resolve(host, port, listen):
        try:
            sockets.append(_open(family, address))
        except OSError as error:
            problems.append(error)
        if port == 0 and sockets:
            break
    fatal = [p for p in problems if not sockets or p.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)]
    if fatal:
        for sock in sockets:
            sock.close()
        raise _cannot(listen, fatal[0])
    return sockets


async def _resolve(host: str, port: int, listen: str) -> Sequence[tuple[socket.AddressFamily, Address]]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (socket.gaierror, UnicodeError):
        raise RunError(f"cannot listen on {listen}: the host is not known", "use an address of this machine") from None
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _open(family: socket.AddressFamily, address: Address) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def _cannot(listen: str, error: OSError) -> RunError:
    reason = (error.strerror or "unknown reason").lower()
    fix = _FIXES.get(error.errno or 0, "choose another address")
    return RunError(f"cannot listen on {listen}: {reason}", fix)
