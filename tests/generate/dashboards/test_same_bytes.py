"""The boards, and the page about them, are the same bytes each time they are made."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.docs.pages import ROOT

PROGRAM = (
    "import hashlib\n"
    "from exporter.commands.generate import dashboards\n"
    "from exporter.semantic.load import load_catalogue\n"
    "for file in dashboards(load_catalogue()): print(file.path, hashlib.sha256(file.text.encode()).hexdigest())"
)


def made(seed: str, zone: str) -> list[str]:
    """Path and sum of each file."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_same_bytes_every_time() -> None:
    """Another process, another hash seed, another time zone and locale."""
    first, second = made("1", "UTC"), made("2", "America/New_York")
    assert first == second
    assert len(first) == 22 + 1
