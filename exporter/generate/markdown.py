"""Pieces of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def code(text: str) -> str:
    """Inline code."""
    return f"`{text}`"


def codes(texts: Iterable[str]) -> str:
    """Several of them, or a dash for none."""
    return ", ".join(map(code, texts)) or "–"


def block(text: str, language: str = "") -> str:
    """A fenced block."""
    return f"```{language}\n{text.strip()}\n```"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells may hold anything but line ends."""
    return "\n".join(["| " + " | ".join(_cells(row)) + " |" for row in (header, ["---"] * len(header), *rows)])


def _cells(row: Sequence[str]) -> list[str]:
    return [cell.replace("|", "\\|") for cell in row]


def page(*parts: str) -> str:
    """Paragraphs, tables and blocks, one blank line apart."""
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"
