"""The command `demo`: every KPI is served, nothing secret is shown, and nothing is left however it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from exporter.cli import main
from exporter.semantic.load import load_catalogue
from exporter.semantic.names import kpi_metric
from tests.demo.test_ending import assert_nothing_is_left, wait_for_lock

ROOT = Path(__file__).parents[2]
SMALL = ("--days", "1", "--calls-per-day", "200")
STREAM = "exporter.demo.stream"


class Running:
    """A demo in a process group of its own, as a shell starts a job; its folder is made in `base`."""

    def __init__(self, base: Path, *words: str, listen: str = "127.0.0.1:0") -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OUTCALL_")}
        self.base = base
        self.output = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "exporter.cli", "demo", *words],
            cwd=ROOT,
            env={**kept, "TMPDIR": str(base), "OUTCALL_LISTEN": listen},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def until(self, text: str) -> str:
        """The first line of its output with the text."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.output += line
            if text in line:
                return line
        raise AssertionError(self.process.communicate()[1])

    def url(self) -> str:
        return self.until("metrics ").split()[-1]

    def stream(self) -> psutil.Process:
        """The process that makes the calls."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if STREAM in child.cmdline())

    def folder(self) -> Path:
        (folder,) = self.base.iterdir()
        return folder

    def end(self) -> tuple[int, str]:
        """Wait for its end: exit status and what it said on stderr."""
        rest, errors = self.process.communicate()
        self.output += rest
        return self.process.returncode, errors


@contextmanager
def demo(base: Path, *words: str, listen: str = "127.0.0.1:0") -> Iterator[Running]:
    running = Running(base, *words, listen=listen)
    try:
        yield running
    finally:
        # Ended well where a test failed: a killed demo is cleaned up behind our back.
        running.process.terminate()
        running.process.communicate()


def families(url: str) -> set[str]:
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - the demo's own
        return set(re.findall(r"^# TYPE (\w+?)(?:_created)? ", answer.read().decode(), re.MULTILINE))


def test_serves_every_kpi_and_ends_cleanly(base: Path) -> None:
    """All KPIs and both other collectors appear, nothing that is not documented; the password stays out of sight."""
    wanted = {kpi_metric(kpi.slug, kpi.unit) for kpi in load_catalogue().kpis.values()}
    reference = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    wanted |= {"outcall_host_cpus", "outcall_recordings_sample_checked", "outcall_up"}
    with demo(base, "--days", "9", "--calls-per-day", "1500", "--fault", "violations") as running:
        url = running.url()
        pgpass = running.folder() / "pgpass"
        assert str(pgpass) in running.until("psql")
        password = pgpass.read_text().strip().split(":")[-1]
        assert pgpass.stat().st_mode & 0o077 == 0
        assert password not in " ".join(running.stream().cmdline())
        running.until("fault violations is on")
        running.until("all 9 days written")
        while wanted - (found := families(url)):
            assert running.process.poll() is None, running.end()
        assert {name for name in found if f"`{name}" not in reference} == set()
        running.process.send_signal(signal.SIGTERM)
        assert running.end() == (0, "")
        assert password not in running.output
    assert_nothing_is_left(base)


@pytest.mark.parametrize(
    ("number", "moment"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGHUP, "Ctrl-C"), (signal.SIGTERM, "starting")]
)
def test_signal_ends_it_well(base: Path, number: signal.Signals, moment: str) -> None:
    """To the whole group, as a terminal sends it, while it serves or just begins."""
    with demo(base, *SMALL) as running:
        running.until(moment)
        os.killpg(running.process.pid, number)
        assert running.end() == (0, "")
    assert_nothing_is_left(base)


def test_duration_ends_it(base: Path) -> None:
    """Even before it serves."""
    with demo(base, *SMALL, "--duration", "0.1") as running:
        assert running.end() == (0, "")
    assert_nothing_is_left(base)


def test_dead_stream_is_told(base: Path) -> None:
    """Somebody kills the process that makes the calls: no frozen demo, but an end with a reason."""
    with demo(base, *SMALL) as running:
        running.url()
        running.stream().kill()
        told = "outcall-exporter: The simulated call stream ended (killed by signal 9). Fix: start the demo again\n"
        assert running.end() == (1, told)
    assert_nothing_is_left(base)


def test_kill_leaves_nothing(base: Path) -> None:
    """`kill -9`: the guard removes server and folder, the stream sees the end of its input."""
    with demo(base, *SMALL) as running:
        running.url()
        stream = running.stream()
        lock = os.open(running.folder() / "lock", os.O_RDWR)
        running.process.kill()
        wait_for_lock(lock)
        stream.wait()
    assert_nothing_is_left(base)


def test_taken_port_is_told(base: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        with demo(base, *SMALL, listen=listen) as running:
            status, errors = running.end()
    assert status == 1
    assert errors.startswith(f"outcall-exporter: cannot listen on {listen}: address already in use. Fix: ")
    assert_nothing_is_left(base)


@pytest.mark.parametrize(
    ("words", "setting", "told"),
    [
        (("--days", "0"), {}, "--days is 0. Fix: choose 1 or more"),
        (("--days", "99999"), {}, "days is 99999. Fix: choose 0 to 3660"),
        (("--calls-per-day", "0"), {}, "calls per day is 0. Fix: choose 1 to"),
        (("--duration", "nan"), {}, "--duration is nan. Fix: "),
        (("--fault", "earthquake"), {}, "unknown fault 'earthquake'. Fix: choose one of"),
        ((), {"OUTCALL_TIMEZONE": "Nowhere"}, "OUTCALL_TIMEZONE: "),
        ((), {"OUTCALL_LISTN": "x"}, "OUTCALL_LISTN: is not a setting."),
    ],
)
def test_wrong_usage_is_told_before_anything_starts(
    words: tuple[str, ...],
    setting: dict[str, str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    assert main(["demo", *words]) == 2
    written = capsys.readouterr()
    assert told in written.err
    assert written.out == ""
