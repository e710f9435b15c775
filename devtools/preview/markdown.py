"""A tiny subset of Markdown: headings, lists, tables, emphasis, code, links."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator


def render(source: str) -> str:
    """Markdown as HTML."""
    blocks = re.split(r"\n\s*\n", source.strip())
    return "\n".join(part for block in blocks for part in _block(block.splitlines()))


def _block(lines: list[str]) -> Iterator[str]:
    if not lines:
        return
    if heading := re.match(r"(#{1,6})\s+(.*)", lines[0]):
        yield f"<h{len(heading[1])}>{inline(heading[2])}</h{len(heading[1])}>"
        yield from _block(lines[1:])
    elif re.match(r"\s*([-*_])(\s*\1){2,}\s*$", lines[0]):
        yield "<hr>"
        yield from _block(lines[1:])
    elif re.match(r"\s*([-*+]|\d+\.)\s", lines[0]):
        yield _list(lines)
    elif len(lines) > 1 and re.match(r"\s*\|?[\s:|-]+\|[\s:|-]*$", lines[1]):
        yield _table(lines)
    else:
        yield from _paragraph(lines)


def _paragraph(lines: list[str]) -> Iterator[str]:
    special = (n for n, line in enumerate(lines) if n and re.match(r"\s*([-*+]|\d+\.)\s|#{1,6}\s", line))
    end = next(special, len(lines))
    yield f"<p>{' '.join(inline(line) for line in lines[:end])}</p>"
    yield from _block(lines[end:])


def _list(lines: list[str]) -> str:
    items: list[str] = []
    for line in lines:
        found = re.match(r"\s*([-*+]|\d+\.)\s+(.*)", line)
        if found:
            items.append(inline(found[2]))
        else:
            items[-1] += " " + inline(line.strip())
    name = "ol" if re.match(r"\s*\d", lines[0]) else "ul"
    return f"<{name}>{''.join(f'<li>{item}</li>' for item in items)}</{name}>"


def _table(lines: list[str]) -> str:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    head = "".join(f"<th>{inline(cell)}</th>" for cell in rows[0])
    body = "".join(f"<tr>{''.join(f'<td>{inline(cell)}</td>' for cell in row)}</tr>" for row in rows[2:])
    return f"<table><tr>{head}</tr>{body}</table>"


def inline(source: str) -> str:
    """Emphasis, code and links of one line."""
    done = html.escape(source, quote=False)
    done = re.sub(r"`([^`]+)`", r"<code>\1</code>", done)
    done = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", done)
    done = re.sub(r"(?<![\w*])\*([^*]+)\*(?![\w*])", r"<em>\1</em>", done)
    done = re.sub(r"\[([^\]]+)\]\(([^)\s]+)\)", lambda f: f'<a href="{f[2].replace(chr(34), "%22")}">{f[1]}</a>', done)
    return re.sub(r"\s{2,}$", "<br>", done)
