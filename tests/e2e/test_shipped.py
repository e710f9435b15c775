"""The chain exactly as shipped, every wait included, fed by the simulator: how long it takes in reality."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.processes import until
from tests.e2e.stack import ROOT, Stack
from tests.e2e.timeline import follow

# Of a large platform; on its evening hours fall about 100 answered calls a minute (60 at the weekend).
CALLS_PER_DAY = 150_000
DEADLINE = 900.0
FIRST_BAD = """
SELECT extract(epoch FROM min(updated_at)) FROM calls
WHERE call_id NOT BETWEEN 1000000 AND 1999999 AND generation = 'elderly' AND hangup_by = 'customer'
  AND ended_at - answered_at <= interval '30 s'
"""


@contextmanager
def simulator(stack: Stack, *words: str) -> Iterator[None]:
    """`outcall-exporter simulate`, live only."""
    command = ["simulate", "--days", "0", "--calls-per-day", str(CALLS_PER_DAY), "--timezone", stack.timezone, *words]
    dsn = stack.cluster.dsn(stack.platform.database)
    with (stack.folder / "simulate.log").open("ab") as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "exporter.cli", *command],
            env={**os.environ, "OUTCALL_DATABASE_URL": dsn},
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


@pytest.mark.faults
@pytest.mark.timeout(2400)
def test_spike_is_one_text_within_the_quarter_of_an_hour(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The source wants a fault handled in 15 minutes: the text must take a small part of them. Then it is over."""
    with Stack(tmp_path, factor=1) as stack:
        stack.platform.calls(2000, short=20, oldest=3600)
        with simulator(stack, "--fault", "elderly_hangup"):
            began = until("a bad call", lambda: _first_bad(stack), deadline=180)
            timeline = follow(stack, began, DEADLINE)
            (text,) = stack.texts("挂断率")
        with capsys.disabled():
            print(f"\nas shipped, {CALLS_PER_DAY:,} dials a day; {timeline}\n{text}")
        assert "老年" in text.where
        assert "晚间" in text.where
        ended = time.time()
        with simulator(stack):
            until("it is over", lambda: True if not stack.incidents("OutcallEarlyHangupHigh") else None, DEADLINE)
        with capsys.disabled():
            print(f"fault off -> over: {time.time() - ended:.0f} s")
        assert len(stack.texts("挂断率")) == 1


def _first_bad(stack: Stack) -> float | None:
    """When the simulator wrote its first short call of an elderly person."""
    answer = stack.platform.run(FIRST_BAD)
    return float(answer) if answer else None
