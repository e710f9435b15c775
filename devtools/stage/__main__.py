"""`python -m devtools.stage`: starts the stage, says where everything is, and stays until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from contextlib import nullcontext
from pathlib import Path

from devtools.stage.stage import Stage


def main() -> None:
    """Run the stage until a signal."""
    parser = argparse.ArgumentParser(prog="python -m devtools.stage", description=__doc__)
    parser.add_argument("--folder", type=Path, help="where everything is kept; empty or new (default: a temporary one)")
    arguments = parser.parse_args()
    stop = threading.Event()
    # The default action would leave the servers behind; an exception takes the way out of the context managers.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    given: Path | None = arguments.folder
    kept = nullcontext(str(given)) if given else tempfile.TemporaryDirectory(prefix="outcall-stage-")
    with kept as folder:
        try:
            with Stage(Path(folder)) as stage:
                _say(stage)
                stop.wait()
        except KeyboardInterrupt:
            sys.stderr.write("stopped\n")


def _say(stage: Stage) -> None:
    steps = ", ".join(f"{what} {at:.0f} s" for what, at in stage.seconds.items())
    lines = [
        f"Prometheus  {stage.url}",
        f"exporter    http://{stage.exporter}/",
        f"relay       http://{stage.relay}/metrics",
        f"time zone   {stage.timezone}",
        f"started in  {steps}",
        f"firing      {', '.join(f'{name} ({severity})' for name, severity in sorted(stage.firing()))}",
    ]
    sys.stdout.write("\n".join([*lines, "Ctrl-C stops", ""]))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
