"""Plain-text tables whose columns stand straight with Chinese in them."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import east_asian_width


def width(text: str) -> int:
    """Columns that a terminal needs for `text`; Chinese letters and their punctuation take two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Rows under a header, columns two blanks apart; the columns numbered in `right` are flush right."""
    widths = [max(width(cell) for cell in column) for column in zip(header, *rows, strict=True)]
    return "\n".join(_line(row, widths, right) for row in (header, *rows))


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> str:
    cells = []
    for at, (cell, most) in enumerate(zip(row, widths, strict=True)):
        blanks = " " * (most - width(cell))
        cells.append(blanks + cell if at in right else cell + blanks)
    return "  ".join(cells).rstrip()
