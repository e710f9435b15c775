"""The guard: a small process that starts the server's programs, and ends them when the demo is gone.

It holds the reading end of a pipe whose writing end only the demo holds. However the demo ends (normally, by an
exception, by any signal, `kill -9` included), the kernel closes that end; the guard then stops what it started, removes
the folder, and exits. A handler in the demo itself could not do so after `kill -9`.

    guard.py FOLDER
        stdin    one JSON object a line, a program to run (see Program); then end of file
        stdout   one line for each program when it has ended: its number, counted from 0, and its exit status

Run as a script with only the standard library, so that it starts in milliseconds. It never sees a password.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TypedDict

STOP_SECONDS = 10.0
REMOVE_SECONDS = 10.0
_RETRY_SECONDS = 0.05
_CANNOT_START = 127


class Program(TypedDict):
    """One request; `uid` and `gid` are null where no other user need be become, `stop` is the signal that ends it."""

    argv: list[str]
    env: dict[str, str]
    log: str
    uid: int | None
    gid: int | None
    stop: int


def main(folder: Path) -> None:
    _outlive_signals()
    os.umask(0o077)
    children: list[tuple[subprocess.Popen[bytes], int]] = []
    try:
        for number, line in enumerate(sys.stdin):
            program: Program = json.loads(line)
            child = start(program, folder)
            if child is None:
                _report(number, _CANNOT_START)
                continue
            children.append((child, program["stop"]))
            threading.Thread(target=lambda n, c: _report(n, c.wait()), args=(number, child), daemon=True).start()
    finally:
        for child, signal_number in reversed(children):
            stop(child, signal_number)
        remove(folder)


def start(program: Program, folder: Path) -> subprocess.Popen[bytes] | None:
    """Start it in a process group of its own; None, with the reason in the log, when that cannot be done."""
    with Path(program["log"]).open("ab") as log:
        try:
            return subprocess.Popen(  # noqa: S603 - composed by the demo, no shell
                program["argv"],
                env=program["env"],
                user=program["uid"],
                group=program["gid"],
                extra_groups=None if program["uid"] is None else [],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            log.write(f"FATAL:  cannot start {program['argv'][0]}: {error}\n".encode())
            return None


def stop(child: subprocess.Popen[bytes], signal_number: int) -> None:
    """By its own signal; by force when that takes too long."""
    if child.poll() is not None:
        return
    child.send_signal(signal_number)
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def remove(folder: Path) -> None:
    """Remove it, again if need be: backends that are just ending may still write a file."""
    deadline = time.monotonic() + REMOVE_SECONDS
    while folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            time.sleep(_RETRY_SECONDS)


def _outlive_signals() -> None:
    """A terminal or a service manager signals everybody at once; the end of the pipe alone decides here.

    A handler that does nothing, not SIG_IGN: ignored signals would stay ignored in the server.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)


def _report(number: int, exit_status: int) -> None:
    with contextlib.suppress(OSError):  # the demo is gone and reads no more
        os.write(1, b"%d %d\n" % (number, exit_status))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
