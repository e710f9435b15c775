"""`make demo`: what it says when Python is missing something, and that a signal to it reaches the demo."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def write_script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("python", "message"),
    [
        ("exit 1", "Python 3.11 or newer is needed, {path} is not. Fix: make PYTHON=/path/to/python3"),
        (
            'case "$2" in *ensurepip*) exit 1;; esac',
            "{path} cannot make virtual environments. Fix (Debian, Ubuntu): apt-get install python3-venv",
        ),
    ],
)
def test_unusable_python_is_told(clone: Path, python: str, message: str) -> None:
    """An old one, and Debian's without its venv package."""
    path = write_script(clone / "python", python)
    done = subprocess.run(["make", "demo", f"PYTHON={path}"], cwd=clone, capture_output=True, text=True, check=False)
    assert message.format(path=path) in done.stderr.splitlines()
    assert done.returncode == 2
    assert not (clone / ".venv").exists()


def test_missing_python_is_told(clone: Path) -> None:
    done = subprocess.run(["make", "demo", "PYTHON="], cwd=clone, capture_output=True, text=True, check=False)
    assert "Python 3.11 or newer was not found" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_reaches_the_demo(clone: Path, number: signal.Signals) -> None:
    """SIGTERM to make alone; Ctrl-C, as a terminal sends it, to everybody. The stand-in answers and ends by itself."""
    for stamp in (".created", ".installed", ".demo"):
        write_script(clone / ".venv" / stamp, "")
    ask = 'trap "echo ended; exit 0" TERM INT; echo "$1 on $OUTCALL_LISTEN"; while read -r line; do :; done'
    write_script(clone / ".venv" / "bin" / "outcall-exporter", ask)
    with subprocess.Popen(
        # Who runs the tests in the background may have SIGINT ignored, and a shell cannot trap what was ignored before.
        ["env", "--default-signal=INT", "make", "demo"],
        cwd=clone,
        env={"PATH": "/usr/bin:/bin", "OUTCALL_LISTEN": "127.0.0.1:1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        process_group=0,
    ) as make:
        assert make.stdout
        assert make.stdout.readline() == "demo on 127.0.0.1:1\n"
        if number == signal.SIGTERM:
            make.send_signal(number)
        else:
            os.killpg(make.pid, number)
        assert make.stdout.readline() == "ended\n"


def test_help_lists_every_command(clone: Path) -> None:
    done = subprocess.run(["make"], cwd=clone, capture_output=True, text=True, check=True)
    commands = [line.split()[1] for line in done.stdout.splitlines()]
    assert commands == ["help", "demo", "test", "lint", "format", "generate", "faults", "bench", "clean"]
