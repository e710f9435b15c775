"""Who may ask: bearer token and basic authentication, without giving anything away by its timing.

bcrypt is slow on purpose. Checks therefore run in one thread of their own (bcrypt releases the interpreter lock), a
password that was right once is remembered by a keyed hash (never the password), and each client address may have only
two checks waiting: a brute-force attack fills neither the queue for others nor the event loop.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import os
from collections import Counter, OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import Enum

import bcrypt

# Longest password that bcrypt looks at; what follows never counted, in any implementation.
_BCRYPT_BYTES = 72


class Verdict(Enum):
    """The outcome of a check; BUSY when too many passwords are waiting to be checked."""

    ALLOWED = "allowed"
    DENIED = "denied"
    BUSY = "busy"


class PasswordChecker:
    """Checks passwords against bcrypt hashes aside; remembers up to `remember` successes. Outlives reloads."""

    def __init__(self, *, remember: int = 128, waiting: int = 32, waiting_per_peer: int = 2) -> None:
        self._remember, self._waiting, self._waiting_per_peer = remember, waiting, waiting_per_peer
        self._key = os.urandom(32)
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._pending: Counter[str] = Counter()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bcrypt")
        self.checks = 0

    async def check(self, user: str, password: bytes, hashed: str, peer: str) -> Verdict:
        """Whether `password` belongs to `hashed`; the user's name is part of what is remembered."""
        mark = self._mark(user, password, hashed)
        if mark in self._known:
            self._known.move_to_end(mark)
            return Verdict.ALLOWED
        if self._pending.total() >= self._waiting or self._pending[peer] >= self._waiting_per_peer:
            return Verdict.BUSY
        right = await self._check_aside(password, hashed, peer)
        if right:
            self._known[mark] = None
            if len(self._known) > self._remember:
                self._known.popitem(last=False)
        return Verdict.ALLOWED if right else Verdict.DENIED

    async def _check_aside(self, password: bytes, hashed: str, peer: str) -> bool:
        self._pending[peer] += 1
        self.checks += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, _matches, password, hashed)
        finally:
            self._pending[peer] -= 1
            if not self._pending[peer]:
                del self._pending[peer]

    def _mark(self, user: str, password: bytes, hashed: str) -> bytes:
        parts = (user.encode("utf-8", "surrogatepass"), hashed.encode(), password)
        framed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return hmac.digest(self._key, framed, "sha256")

    def close(self) -> None:
        """Stop the thread once its present check is done."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _matches(password: bytes, hashed: str) -> bool:
    return bcrypt.checkpw(password[:_BCRYPT_BYTES], hashed.encode())


class Authenticator:
    """The users and the token in force. With neither, everybody may ask."""

    def __init__(self, users: Mapping[str, str], bearer_token: str | None, checker: PasswordChecker) -> None:
        self._users = dict(users)
        self._token = None if bearer_token is None else _digest(bearer_token)
        self._checker = checker
        # An unknown user is checked against the dearest of the known users' hashes, so that it costs no less.
        self._decoy = max(self._users.values(), key=lambda hashed: hashed[4:6], default="")

    @property
    def required(self) -> bool:
        """Whether a request needs credentials."""
        return bool(self._users) or self._token is not None

    @property
    def challenges(self) -> list[str]:
        """Values of WWW-Authenticate."""
        basic = ['Basic realm="outcall-exporter", charset="UTF-8"'] if self._users else []
        return basic + (['Bearer realm="outcall-exporter"'] if self._token is not None else [])

    async def check(self, header: str, peer: str) -> Verdict:
        """Judge the Authorization header of a request from the address `peer`."""
        if not self.required:
            return Verdict.ALLOWED
        scheme, _, credentials = header.strip().partition(" ")
        match scheme.lower():
            case "bearer" if self._token is not None:
                right = hmac.compare_digest(_digest(credentials.strip()), self._token)
                return Verdict.ALLOWED if right else Verdict.DENIED
            case "basic" if self._users:
                return await self._basic(credentials.strip(), peer)
            case _:
                return Verdict.DENIED

    async def _basic(self, credentials: str, peer: str) -> Verdict:
        pair = _decode_basic(credentials)
        if pair is None:
            return Verdict.DENIED
        user, password = pair
        hashed = self._users.get(user)
        verdict = await self._checker.check(user, password, hashed or self._decoy, peer)
        return Verdict.DENIED if hashed is None and verdict is Verdict.ALLOWED else verdict


def _digest(token: str) -> bytes:
    """Tokens are compared by digest, so that the comparison does not tell their length either."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _decode_basic(credentials: str) -> tuple[str, bytes] | None:
    """User and password of RFC 7617; None when it cannot be read."""
    try:
        raw = base64.b64decode(credentials, validate=True)
        user, colon, password = raw.partition(b":")
        return (user.decode(), password) if colon else None
    except (binascii.Error, ValueError):
        return None
