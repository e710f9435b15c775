"""The demo's end of the call stream: start it, hear how far it is, notice when it ends."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from exporter.demo.stream import News, Order, Turn
from exporter.errors import RunError

STREAM = "exporter.demo.stream"
END_SECONDS = 5.0


class Feeder:
    """A running call stream; `newest_is_in` is set when there is enough to begin serving."""

    def __init__(self, process: Process) -> None:
        self.newest_is_in = asyncio.Event()
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    async def watch(self, tell: Callable[[News], None]) -> None:
        """Pass on what the stream tells, until it ends, which it does only by an error: RunError."""
        problem = ""
        assert self._process.stdout is not None  # noqa: S101 - it was started with pipes
        async for line in self._process.stdout:
            news = News(**json.loads(line))
            problem = news.problem
            if news.newest_is_in:
                self.newest_is_in.set()
            tell(news)
        status = await self._process.wait()
        raise RunError(f"The simulated call stream ended ({problem or how(status)})", "start the demo again")

    def turn(self, fault: str, *, on: bool) -> None:
        """Turn a switch of the stream."""
        assert self._process.stdin is not None  # noqa: S101 - it was started with pipes
        self._process.stdin.write(Turn(fault, on).dump().encode() + b"\n")

    async def close(self) -> None:
        """End the stream: by the end of its input, else by force."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await self._process.wait()
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


def how(status: int) -> str:
    """An exit status in words."""
    return f"killed by signal {-status}" if status < 0 else f"exit status {status}"


@asynccontextmanager
async def feeding(order: Order) -> AsyncIterator[Feeder]:
    """A call stream for the length of a block. A session of its own, so that Ctrl-C reaches the demo alone."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        STREAM,
        stdin=PIPE,
        stdout=PIPE,
        # Modules are found as we found them, however this process was started.
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )
    feeder = Feeder(process)
    try:
        assert process.stdin is not None  # noqa: S101 - it was started with pipes
        process.stdin.write(order.dump().encode() + b"\n")
        yield feeder
    finally:
        await feeder.close()
