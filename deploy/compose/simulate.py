"""The demo's simulator: a history the first time, then live calls; the arguments are those of `simulate`.

`simulate` refuses to write a history beside calls that are there, so a restart asks for none. The file LIVE appears
when the history is written: the container's health, for which the exporter waits.

A stop during the history ends with `simulate`'s status 1, asked for or not: the older days are missing, and the next
start feeds on without them. `docker compose --profile demo down --volumes` starts anew.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg

LIVE = Path(os.environ.get("LIVE_FILE", "/tmp/live"))  # noqa: S108  # a tmpfs of this container
BEGUN = "feeding live"


def main() -> int:
    LIVE.unlink(missing_ok=True)
    url = Path(os.environ["OUTCALL_DATABASE_URL_FILE"]).read_text(encoding="utf-8").strip()
    again = ["--days", "0"] if asyncio.run(has_calls(url)) else []
    command = ["outcall-exporter", "simulate", *sys.argv[1:], *again]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:  # noqa: S603  # the compose file's
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _: child.send_signal(number))
        assert child.stderr is not None  # noqa: S101  # it is a pipe
        for line in child.stderr:
            sys.stderr.write(line)
            if line.startswith(BEGUN):
                LIVE.touch()
    # Asked to stop before it listens to signals, it ends by the signal: nothing is written yet, so that is no failure.
    return 0 if -child.returncode in (signal.SIGTERM, signal.SIGINT) else child.returncode


async def has_calls(url: str) -> bool:
    """Whether a history was written before."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        return bool(await connection.fetchval("SELECT EXISTS (SELECT FROM calls.calls)"))
    finally:
        await connection.close()


if __name__ == "__main__":
    sys.exit(main())
