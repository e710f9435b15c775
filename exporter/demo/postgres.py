"""A PostgreSQL server for the length of a demo: made in a fresh folder, and gone with the process that made it.

postgres ──► server ──► supervise ──► folder ──► account ──► binaries
(this)       initdb,    asks the      fresh and  whom to     where the server
             roles      guard         left over  become      binaries are
                            ╰┄► guard: a process of its own, ends the server however we end
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from exporter.demo.account import Account, runnable, server_account
from exporter.demo.binaries import Installation, find_installations
from exporter.demo.folder import DemoFolder, create_folder, remove_leftovers
from exporter.demo.server import OWNER, READER, Passwords, Server, create_database, dsn
from exporter.demo.supervise import Supervisor

MIN_FREE_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class RunningServer:
    """Where it is. Neither role is a superuser.

    `dsn` is the owner's, of the empty database `calls`; `readonly_dsn` is of a role that may connect to it and, until
    it is granted something, do nothing more. `supervisor` runs further programs beside it; `guard_pid` is the process
    that outlives us by a moment to clean up.
    """

    dsn: str = field(repr=False)
    readonly_dsn: str = field(repr=False)
    port: int
    folder: Path
    guard_pid: int
    installation: Installation
    supervisor: Supervisor = field(repr=False)


class EmbeddedPostgres:
    """`async with EmbeddedPostgres() as server:` runs a server on 127.0.0.1, and removes every trace of it afterwards.

    `progress` is told, in a few words, what is being done. `installations` replaces the search for binaries, `base` the
    system's temporary folder. Entering raises RunError, with nothing left behind, when the server cannot be had.
    """

    def __init__(
        self,
        progress: Callable[[str], None] = lambda _: None,
        *,
        installations: Sequence[Installation] | None = None,
        base: Path | None = None,
        min_free_bytes: int = MIN_FREE_BYTES,
    ) -> None:
        self._progress = progress
        self._installations = installations
        self._base = Path(base or tempfile.gettempdir()).resolve()
        self._min_free_bytes = min_free_bytes
        self._exit = AsyncExitStack()

    async def __aenter__(self) -> RunningServer:
        async with AsyncExitStack() as cleanup:
            running = await self._start(cleanup)
            self._exit = cleanup.pop_all()
        return running

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()

    async def _start(self, cleanup: AsyncExitStack) -> RunningServer:
        account = server_account()
        folder = await self._make_folder(account)
        cleanup.callback(folder.discard)
        supervisor = await Supervisor.start(folder, account)
        cleanup.push_async_callback(supervisor.close)
        # Not in a thread: one that outlives a cancelled demo could go on copying into a folder already removed.
        installation = self._choose(account, folder)
        return await self._run(Server(installation, folder, account, supervisor), cleanup)

    async def _make_folder(self, account: Account | None) -> DemoFolder:
        if left := await asyncio.to_thread(remove_leftovers, self._base):
            self._progress(f"removed what {left} dead demo(s) left in {self._base}")
        return create_folder(self._base, account, self._min_free_bytes)

    def _choose(self, account: Account | None, folder: DemoFolder) -> Installation:
        candidates = find_installations() if self._installations is None else self._installations
        installation = runnable(candidates, account, folder.path)
        whom = f" as user {account.name}" if account else ""
        self._progress(f"starting PostgreSQL {installation.major} from {installation.bin}{whom}")
        return installation

    async def _run(self, server: Server, cleanup: AsyncExitStack) -> RunningServer:
        passwords = Passwords()
        await server.initialise(passwords.superuser)
        port, superuser, ended = await server.listen(passwords.superuser)
        cleanup.callback(ended.cancel)
        try:
            await create_database(superuser, passwords)
        finally:
            await superuser.close()
        self._progress(f"PostgreSQL listens on 127.0.0.1:{port}")
        return RunningServer(
            dsn=dsn(OWNER, passwords.owner, port),
            readonly_dsn=dsn(READER, passwords.reader, port),
            port=port,
            folder=server.folder.path,
            guard_pid=server.supervisor.guard_pid,
            installation=server.installation,
            supervisor=server.supervisor,
        )
