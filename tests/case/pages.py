"""Reads a review's Markdown back: tables by the headings above them, figures with how far they are rounded."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FIGURE = re.compile(r"([+−]?)(¥?)([\d,]+)(\.\d+)?( ?%)?")


@dataclass(frozen=True, slots=True)
class Table:
    """A table under a section and a heading (its aside cut off, empty where there is none)."""

    section: str
    heading: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, name: str) -> int:
        return self.header.index(name)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it is shown, and half of its last digit."""

    value: float
    half: float

    def shows(self, value: float) -> bool:
        """Whether the value is rounded to this."""
        return abs(value - self.value) <= self.half * (1 + 1e-6)


def tables(text: str) -> list[Table]:
    """All tables of a page."""
    found: list[Table] = []
    section = heading = ""
    lines: list[tuple[str, ...]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            lines.append(tuple(_plain(cell) for cell in line.strip("| ").split(" | ")))
            continue
        if lines:
            found.append(Table(section, heading, lines[0], tuple(lines[2:])))
            lines = []
        if line.startswith("## "):
            section, heading = _plain(line[3:]), ""
        elif line.startswith("### "):
            heading = _plain(line[4:])
    return found


def _plain(text: str) -> str:
    """Without marks of Markdown and no-break spaces."""
    return re.sub(r"\\(.)", r"\1", text.strip().strip("*")).replace("\xa0", " ")


def figure(text: str) -> Figure | None:
    """A number, a percentage (as a ratio) or money; None for anything else."""
    found = _FIGURE.fullmatch(text)
    if found is None:
        return None
    sign, _, whole, fraction, percent = found.groups()
    scale = 0.01 if percent else 1.0
    value = float(whole.replace(",", "") + (fraction or "")) * (-1 if sign == "−" else 1)
    return Figure(value * scale, 0.5 * 10 ** -len((fraction or ".")[1:]) * scale)
