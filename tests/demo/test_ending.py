"""However the demo ends, no process and no folder of it is left.

The event waited for is the folder's lock: the kernel gives it to us once the demo *and* its guard are gone.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from exporter.demo.folder import PREFIX, remove_leftovers
from exporter.demo.postgres import EmbeddedPostgres

ROOT = Path(__file__).parents[2]


class Owner:
    """A demo in a process of its own (see owner.py), in a process group of its own, like a job of a shell."""

    def __init__(self, base: Path, end: str) -> None:
        command = [sys.executable, "-m", "tests.demo.owner", str(base), end]
        self.base = base
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def next_step(self) -> dict[str, str | int]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        step: dict[str, str | int] = json.loads(line)
        return step

    def until_running(self) -> dict[str, int]:
        while "guard" not in (step := self.next_step()):
            pass
        return {name: int(step[name]) for name in ("guard", "server")}

    def lock(self) -> int:
        (folder,) = self.base.glob(f"{PREFIX}*")
        return os.open(folder / "lock", os.O_RDWR)


@contextmanager
def owner(base: Path, end: str = "stay") -> Iterator[Owner]:
    it = Owner(base, end)
    try:
        yield it
    finally:
        it.process.kill()
        it.process.communicate()


def wait_for_lock(lock: int) -> None:
    fcntl.flock(lock, fcntl.LOCK_EX)
    os.close(lock)


def processes_in(base: Path) -> list[psutil.Process]:
    """Those that name the folder; a zombie has no command line."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and any(str(base) in word for word in process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def assert_nothing_is_left(base: Path) -> None:
    assert list(base.iterdir()) == []
    assert processes_in(base) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGINT])
def test_signal_leaves_nothing(base: Path, number: signal.Signals) -> None:
    """None of them is handled by the demo here: even the default action, sudden death, is survived by the guard."""
    with owner(base) as demo:
        demo.until_running()
        lock = demo.lock()
        demo.process.send_signal(number)
        wait_for_lock(lock)
        assert demo.process.wait() != 0
    assert_nothing_is_left(base)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_to_everybody_leaves_nothing(base: Path, number: signal.Signals) -> None:
    """A terminal signals the whole group, a service manager every process: the guard waits for the demo's end."""
    with owner(base) as demo:
        pids = demo.until_running()
        lock = demo.lock()
        os.kill(pids["guard"], number)
        os.killpg(demo.process.pid, number)
        wait_for_lock(lock)
    assert_nothing_is_left(base)


@pytest.mark.parametrize(("end", "status"), [("return", 0), ("raise", 1)])
def test_return_and_exception_leave_nothing(base: Path, end: str, status: int) -> None:
    with owner(base, end) as demo:
        _, errors = demo.process.communicate()
        assert demo.process.returncode == status, errors
        assert ("LookupError" in errors) == (end == "raise")
    assert_nothing_is_left(base)


def test_kill_during_the_start_leaves_nothing(base: Path) -> None:
    """The first step is told just before initdb runs."""
    with owner(base) as demo:
        assert "starting PostgreSQL" in str(demo.next_step())
        lock = demo.lock()
        demo.process.kill()
        wait_for_lock(lock)
    assert_nothing_is_left(base)


@pytest.mark.faults
@pytest.mark.parametrize("seed", range(4))
def test_death_at_any_moment_leaves_nothing(base: Path, seed: int) -> None:
    """Fifty deaths each, from before the folder exists until after the server listens.

    In the few milliseconds between the folder and its guard it is the next demo that cleans up.
    """
    chance = random.Random(seed)
    for _ in range(50):
        with owner(base) as demo:
            with suppress(subprocess.TimeoutExpired):
                demo.process.wait(timeout=chance.uniform(0.1, 1.2))
            demo.process.send_signal(chance.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP]))
            demo.process.wait()
        for folder in base.glob(f"{PREFIX}*"):
            with suppress(FileNotFoundError):
                wait_for_lock(os.open(folder / "lock", os.O_RDWR))
            with suppress(FileNotFoundError):
                os.utime(folder, (0, 0))
        remove_leftovers(base)
        deadline = time.monotonic() + 20  # a guard that has removed its folder may still be about to exit
        while processes_in(base) and time.monotonic() < deadline:
            pass
        assert_nothing_is_left(base)


async def test_killed_guard_is_made_up_for(base: Path) -> None:
    """The demo then cleans up itself."""
    async with EmbeddedPostgres(base=base) as server:
        os.kill(server.guard_pid, signal.SIGKILL)
    assert_nothing_is_left(base)


def test_demo_killed_with_its_guard_is_cleaned_up_by_the_next(base: Path) -> None:
    with owner(base) as demo:
        pids = demo.until_running()
        lock = demo.lock()
        for victim in (pids["guard"], demo.process.pid):
            os.kill(victim, signal.SIGKILL)
        wait_for_lock(lock)
    assert psutil.Process(pids["server"]) in processes_in(base)
    assert remove_leftovers(base) == 1
    assert_nothing_is_left(base)


async def test_living_demo_is_left_alone(base: Path) -> None:
    async with EmbeddedPostgres(base=base) as first, EmbeddedPostgres(base=base) as second:
        assert remove_leftovers(base) == 0
        assert first.folder.is_dir()
        assert second.folder.is_dir()


def test_folder_that_is_being_made_is_left_alone(base: Path) -> None:
    """It has no lock yet. An hour later it is a wreck."""
    young = base / f"{PREFIX}young"
    young.mkdir()
    assert remove_leftovers(base) == 0
    os.utime(young, (0, 0))
    assert remove_leftovers(base) == 1
    assert not young.exists()


def test_link_is_not_followed(base: Path, tmp_path: Path) -> None:
    """Somebody else's link in the shared temporary folder must not make us delete what it points to."""
    (tmp_path / "lock").touch()
    link = base / f"{PREFIX}link"
    link.symlink_to(tmp_path)
    assert remove_leftovers(base) == 0
    assert (tmp_path / "lock").exists()
    link.unlink()


def test_noted_process_that_is_no_server_is_not_signalled(base: Path) -> None:
    """`postmaster.pid` belongs to another user, who may write any number into it."""
    folder = base / f"{PREFIX}forged"
    (folder / "data").mkdir(parents=True)
    (folder / "lock").touch()
    (folder / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    assert remove_leftovers(base) == 1
    assert not folder.exists()
