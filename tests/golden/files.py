"""Comparing with golden files, and writing them again when that is asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

REFRESH = "OUTCALL_REFRESH"


def check(folder: Path, pattern: str, texts: Mapping[str, str], test: str) -> None:
    """Assert that the files of `folder` that match `pattern` are exactly these texts; `test` names who asks."""
    if os.environ.get(REFRESH):
        write(folder, pattern, texts)
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob(pattern)}
    advice = f"if the change is meant, run `{REFRESH}=1 pytest {test}` and look at the difference"
    assert sorted(there) == sorted(texts), advice
    for name, text in texts.items():
        assert there[name].splitlines() == text.splitlines(), f"{name}: {advice}"


def write(folder: Path, pattern: str, texts: Mapping[str, str]) -> None:
    """Write them, and remove what is no longer among them."""
    folder.mkdir(exist_ok=True)
    for path in folder.glob(pattern):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
