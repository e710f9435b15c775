"""The demo's end of the guard: ask it to run programs, learn how each of them ended."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Self

from exporter.demo import guard
from exporter.demo.account import Account, server_environment
from exporter.demo.folder import DemoFolder
from exporter.errors import RunError

NOTHING: Mapping[str, str] = MappingProxyType({})


class Supervisor:
    """Runs programs as `account` in the folder, through a guard that ends them when this process is gone."""

    def __init__(self, process: Process, folder: DemoFolder, account: Account | None) -> None:
        self.account = account
        self._process = process
        self._folder = folder
        self._asked = 0
        self._ends: dict[int, asyncio.Future[int | None]] = {}
        self._hearing = asyncio.create_task(self._hear())

    @classmethod
    async def start(cls, folder: DemoFolder, account: Account | None) -> Self:
        """From here on the folder goes away with this process."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(Path(guard.__file__)),
            str(folder.path),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            start_new_session=True,
            pass_fds=(folder.lock,),
        )
        return cls(process, folder, account)

    @property
    def guard_pid(self) -> int:
        return self._process.pid

    async def run(
        self,
        *argv: str,
        log: Path | None = None,
        stop: signal.Signals = signal.SIGQUIT,
        environment: Mapping[str, str] = NOTHING,
    ) -> int:
        """Run to its end; returns the exit status, negative for a signal. Any number of programs at a time.

        `log`: where its output goes (default: the server's log); `environment` is added to the little that it sees;
        `stop`: the signal that ends it with the demo. The default is PostgreSQL's immediate shutdown: it keeps nothing,
        and neither do we. Raises RunError when the guard is gone.
        """
        program: guard.Program = {
            "argv": list(argv),
            "env": {**server_environment(self._folder.path), **environment},
            "log": str(log or self._folder.log),
            "uid": self.account.uid if self.account else None,
            "gid": self.account.gid if self.account else None,
            "stop": stop,
        }
        status = await self._ask(program)
        if status is None:
            raise RunError("The process that guards the demo's programs was killed", "start the demo again")
        return status

    async def close(self) -> None:
        """Stop what runs and remove the folder. Closing the pipe is enough, even if the wait is then interrupted."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()
        await self._hearing

    async def _ask(self, program: guard.Program) -> int | None:
        pipe_in = self._process.stdin
        if pipe_in is None:
            raise AssertionError("the guard was started with pipes")
        end: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._ends[self._asked] = end
        self._asked += 1
        if self._hearing.done():
            return None
        try:
            pipe_in.write(json.dumps(program).encode() + b"\n")
            await pipe_in.drain()
        except ConnectionError:
            return None
        return await end

    async def _hear(self) -> None:
        """Tell each asker how its program ended; when the guard is gone, all the others that it is."""
        pipe_out = self._process.stdout
        if pipe_out is None:
            raise AssertionError("the guard was started with pipes")
        async for line in pipe_out:
            number, status = map(int, line.split())
            self._settle(self._ends[number], status)
        for end in self._ends.values():
            self._settle(end, None)

    @staticmethod
    def _settle(end: asyncio.Future[int | None], status: int | None) -> None:
        """An asker that was cancelled waits no more."""
        if not end.done():
            end.set_result(status)
