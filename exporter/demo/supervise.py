"""The demo's end of the guard: ask it to run a program, learn how the program ended."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Self

from exporter.demo import guard
from exporter.demo.account import Account, server_environment
from exporter.demo.folder import DemoFolder
from exporter.errors import RunError


class Supervisor:
    """Runs programs as `account` in the folder, through a guard that ends them when this process is gone."""

    def __init__(self, process: Process, folder: DemoFolder, account: Account | None) -> None:
        self._process = process
        self._folder = folder
        self._account = account

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

    async def run(self, *argv: str) -> int:
        """Run to its end; its output goes to the log. Returns the exit status, negative for a signal."""
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        if pipe_in is None or pipe_out is None:
            raise AssertionError("the guard was started with pipes")
        program: guard.Program = {
            "argv": list(argv),
            "env": server_environment(self._folder.path),
            "log": str(self._folder.log),
            "uid": self._account.uid if self._account else None,
            "gid": self._account.gid if self._account else None,
        }
        try:
            pipe_in.write(json.dumps(program).encode() + b"\n")
            await pipe_in.drain()
            answer = await pipe_out.readline()
        except ConnectionError:
            answer = b""
        if not answer:
            raise RunError("The process that guards the demo's PostgreSQL was killed", "start the demo again")
        return int(answer)

    async def close(self) -> None:
        """Stop what runs and remove the folder. Closing the pipe is enough, even if the wait is then interrupted."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()
