"""A place for demo folders that must be empty again after each test, and stand-ins for server binaries."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

BANNER = 'case "$1" in --version) echo "postgres (PostgreSQL) {major}.4"; exit 0;; esac\n'


@pytest.fixture
def base() -> Iterator[Path]:
    """Not pytest's own folder, which is closed to the account that the server runs as when the tests are root's."""
    path = Path(tempfile.mkdtemp(prefix="outcall-test-")).resolve()
    path.chmod(0o711)
    yield path
    path.rmdir()  # raises when anything was left behind


def write_tools(folder: Path, major: int = 15, scripts: Mapping[str, str] = MappingProxyType({})) -> Path:
    """Stand-ins that answer `--version` as PostgreSQL does, and otherwise do what the test says."""
    folder.mkdir(parents=True)
    for name, script in {"postgres": "exit 0", "initdb": "exit 0", **scripts}.items():
        tool = folder / name
        tool.write_text(f"#!/bin/sh\n{BANNER.format(major=major)}{script}\n")
        tool.chmod(0o755)
    return folder
