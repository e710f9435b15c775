"""Server processes of the chain, and vendors in a thread: started, watched, killed."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self, TypeVar

from tests.relay.vendors import Vendor

T = TypeVar("T")
DEADLINE = 60.0
GLANCE = 0.03


def until(what: str, find: Callable[[], T | None], deadline: float = DEADLINE) -> T:
    """The first thing found; the test fails when nothing is found in time."""
    end = time.monotonic() + deadline
    while (found := find()) is None:
        assert time.monotonic() < end, f"not within {deadline:.0f} s: {what}"
        time.sleep(GLANCE)
    return found


def program(*names: str) -> str:
    """The first of the programs that is installed."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    assert found is not None, f"none of {', '.join(names)} is installed; run `make system-packages`"
    return found


def get(url: str, token: str = "") -> bytes | None:
    """What is answered; None for no answer, or none that is well."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})  # noqa: S310 - our own servers
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:  # noqa: S310
            return bytes(answer.read())
    except (urllib.error.URLError, ConnectionError):
        return None


class Server:
    """A process that ends with the tests however they end, and answers at `ready` when it is entered."""

    def __init__(
        self, argv: Sequence[str], log: Path, ready: str, environment: Mapping[str, str], token: str = ""
    ) -> None:
        self._argv, self._log, self._ready = ["setpriv", "--pdeathsig", "KILL", *argv], log, ready
        self._environment, self._token = dict(environment), token
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._log.open("ab") as sink:
            self._process = subprocess.Popen(
                self._argv, env=self._environment, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
            )
        try:
            until(f"{self._argv[3]} is ready", self._answers)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(DEADLINE)

    def _answers(self) -> bytes | None:
        assert self._process is not None
        assert self._process.poll() is None, f"it has ended:\n{self._log.read_text('utf-8')[-3000:]}"
        return get(self._ready, self._token)


class Vendors:
    """The vendors of the relay's tests, in a loop of their own."""

    def __init__(self) -> None:
        self.vendor = Vendor()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Vendor:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self.vendor.start(), self._loop).result(DEADLINE)
        return self.vendor

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self.vendor.stop(), self._loop).result(DEADLINE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE)
        self._loop.close()
