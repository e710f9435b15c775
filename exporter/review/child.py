"""A review written by a process of its own: polls and scrapes are not slowed, and its memory is given back.

It works at a low priority and ends when its standard input does: however `serve` ends (`kill -9` included), the kernel
closes the pipe, so none is left behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
import threading
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import exporter
from exporter.errors import RunError
from exporter.review.schedule import Due

NICENESS: Final = 10
# A month of ten million calls a day takes hours; what takes longer hangs.
LONGEST_SECONDS: Final = 12 * 3600.0
# Of what it says, the end is looked at.
_MOST_BYTES: Final = 64 * 1024
_LONGEST_SENTENCE: Final = 400
_SPOKEN: Final = "outcall-exporter: "
_ERROR: Final = re.compile(r"^([A-Za-z_][\w.]*(?:Error|Exception|Interrupt|Group|Exit))\b", re.MULTILINE)
# A machine of many cores would else start as many threads, more than a service unit allows.
_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


async def write(
    due: Due, folder: Path, config: Sequence[str], environment: Mapping[str, str], *, accept_gaps: bool = False
) -> None:
    """Write a review into a folder; raises RunError with the one sentence that the process said.

    `config`: the words that name the configuration file; `accept_gaps`: write it also without what is locked or too
    slow at the moment. Cancelled, it ends the process first.
    """
    how = ("--summary", "--child", *(["--accept-gaps"] if accept_gaps else []))
    words = ("review", due.cadence, "--period", due.span.name, "--out", str(folder), *how, *config)
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "exporter.cli", *words,
            stdin=PIPE, stdout=DEVNULL, stderr=PIPE, env=_surroundings(environment),
        )  # fmt: skip
    except OSError as error:
        raise RunError(f"no process could be started ({error.strerror})", "look at the limits of the service") from None
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            said = await _end(process)
    except TimeoutError:
        hours = f"{LONGEST_SECONDS / 3600:.0f}"
        raise RunError(f"it took longer than {hours} hours", "write it by hand: `outcall-exporter review`") from None
    finally:
        await _ended(process)
    if process.returncode:
        raise RunError(sentence(said, process.returncode))


def _surroundings(environment: Mapping[str, str]) -> dict[str, str]:
    """Those of the service, with the same code to be found wherever it works."""
    paths = [str(Path(exporter.__file__).parents[1]), *filter(None, [environment.get("PYTHONPATH")])]
    return {**_ONE_THREAD, **environment, "PYTHONPATH": os.pathsep.join(paths)}


async def _end(process: Process) -> bytes:
    """What it said at last, once it has ended."""
    said = b""
    if process.stderr is not None:
        while piece := await process.stderr.read(_MOST_BYTES):
            said = (said + piece)[-_MOST_BYTES:]
    await process.wait()
    return said


async def _ended(process: Process) -> None:
    """End it if it has not; waits for that even when cancelled, lest it be left behind."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await asyncio.shield(process.wait())


def sentence(said: bytes, status: int) -> str:
    """Its own words alone, which hold no secret; of a bug no more than the class."""
    text = said.decode("utf-8", "replace")
    lines = [line.removeprefix(_SPOKEN) for line in text.splitlines() if line.startswith(_SPOKEN)]
    if lines:
        return "; ".join(lines)[:_LONGEST_SENTENCE]
    classes = _ERROR.findall(text)
    if status < 0:
        return f"its process was ended by signal {-status}"
    return f"its process ended with status {status} ({classes[-1] if classes else 'it said nothing'})"


def bind_to_parent() -> None:
    """In the process: work at a low priority, and end with the one that started it."""
    # A service unit may forbid it; then it works at the usual one.
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    # Where memory runs out, the review is to go and not the service.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    # Not by sys.stdin, whose lock a daemon thread must not hold when the interpreter ends.
    while os.read(0, 1):
        pass
    os._exit(1)
