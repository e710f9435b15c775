"""A document as Markdown; drawings are left out. Pure."""

from __future__ import annotations

import re

from exporter.review.blocks import Block, Bullets, Document, Figure, Heading, Paragraph, Table

_SPECIAL = re.compile(r"([\\`*_\[\]<>|])")


def markdown(document: Document) -> str:
    """The text of a .md file."""
    facts = [f"- **{_text(name)}**: {_text(value)}" for name, value in document.facts]
    parts = [f"# {_text(document.title)}", _text(document.subtitle), "\n".join(facts)]
    for section in document.sections:
        parts.append(f"## {_text(section.title)}")
        parts += [text for block in section.blocks if (text := _block(block))]
    parts.append(f"---\n\n{_text(document.footer)}")
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"### {_text(block.text)}" + (f" ({_text(block.aside)})" if block.aside else "")
        case Paragraph():
            text = _text(block.text)
            return {"warning": f"> **!** {text}", "lead": f"**{text}**"}.get(block.kind, text)
        case Bullets():
            return "\n".join(f"- {_text(point.text)}" for point in block.points)
        case Table():
            return _table(block)
        case Figure():
            return ""


def _table(table: Table) -> str:
    rules = ["---:" if at in table.right else "---" for at in range(len(table.header))]
    lines = [_row([_text(name) for name in table.header]), _row(rules)]
    for row in table.rows:
        texts = [_text(cell.text) for cell in row]
        across = len(row) == 1 < len(table.header)
        lines.append(_row([f"**{texts[0]}**", *[""] * (len(table.header) - 1)] if across else texts))
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(text: str) -> str:
    """Plain text: nothing in it is markup, and it stays on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split(" ")).replace("\n", " "))
