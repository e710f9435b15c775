"""What a document is made of: the same blocks become HTML and Markdown, so both hold the same figures. Pure data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

# How a paragraph is to be read: plain, an explanation beside the figures, something to mind, or a conclusion.
Kind = Literal["plain", "note", "warning", "lead"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table; `tone`: a state (critical, warning, ok, …), `better` or `worse`."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a section. `aside`: a technical name."""

    text: str
    aside: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    kind: Kind = "plain"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list; each point may have a tone."""

    points: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns numbered in `right` are flush right; a row of one cell is a heading across all columns."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    right: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing as SVG, its legend by tone; Markdown leaves it out."""

    svg: str
    caption: str
    legend: tuple[Cell, ...] = ()


Block = Heading | Paragraph | Bullets | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """`name` is the anchor; `title` stands in the table of contents."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document in one language. `facts`: pairs at its head; `other`: file name of the other language's."""

    language: str
    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    footer: str


def cells(*texts: str | Cell) -> tuple[Cell, ...]:
    """A row of a table."""
    return tuple(text if isinstance(text, Cell) else Cell(text) for text in texts)


def table(header: Sequence[str], rows: Sequence[Sequence[str | Cell]], right: Sequence[int] = ()) -> Table:
    """A table from plain texts."""
    return Table(tuple(header), tuple(cells(*row) for row in rows), frozenset(right))
