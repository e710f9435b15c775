"""A process that owns an embedded server, for tests that end it in every way: `python -m tests.demo.owner BASE END`.

Prints a line of JSON for each step and one for the running server, then, as END says, stays, returns or raises.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

from exporter.demo.postgres import EmbeddedPostgres


def tell(**what: str | int) -> None:
    print(json.dumps(what), flush=True)


async def main(base: Path, end: str) -> None:
    async with EmbeddedPostgres(lambda step: tell(step=step), base=base) as server:
        server_pid = (server.folder / "data" / "postmaster.pid").read_text().split()[0]
        tell(folder=str(server.folder), guard=server.guard_pid, server=int(server_pid))
        if end == "raise":
            raise LookupError(end)
        if end == "stay":
            await asyncio.Event().wait()


if __name__ == "__main__":
    # A shell may have started the tests with these ignored (in the background, or under nohup).
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
