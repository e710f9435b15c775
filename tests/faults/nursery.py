"""A process that has imported the service and forks it on demand: `python -m tests.faults.nursery`.

Each line of input is JSON with `environment` and `log`; the answer is the process id of a new `serve`.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys

# Imported here so that no child has to.
import exporter.app
import exporter.cli

# prctl(2): the signal that a process gets when its parent is gone.
PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """However the tests end, `kill -9` included, no service outlives them."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def serve(environment: dict[str, str], log: str) -> int:
    """In the child: what `python -m exporter.cli serve` does in a fresh process."""
    die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(environment)
    sink = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, sink), (2, sink)):
        os.dup2(source, target)
    return exporter.cli.main(["serve"])


def main() -> None:
    """Fork until the input ends; the kernel buries the children."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os._exit(serve(asked["environment"], asked["log"]))
        print(pid, flush=True)


if __name__ == "__main__":
    main()
