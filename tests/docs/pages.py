"""The hand-written and generated pages, and what can be read out of Markdown."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def pages() -> list[Path]:
    """Every Markdown page of the repository."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    """The fenced code blocks of one language."""
    found = re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [str(block) for block in found]


def commands(page: Path) -> list[str]:
    """Lines of code, fenced or indented, that call `outcall-exporter`; and those in back quotes within the text."""
    text = page.read_text("utf-8")
    lines = re.findall(r"^(?: {4})?(?:\$ )?(?:[A-Z_]+=\S+ )*(outcall-exporter [a-z].*)$", text, re.MULTILINE)
    return [*map(str, lines), *map(str, re.findall(r"`(outcall-exporter [a-z][^`]*)`", text))]
