"""A document as one HTML file: no script, no other file, readable on screen and printed on A4. Pure."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from exporter.review.blocks import Block, Bullets, Cell, Document, Figure, Heading, Paragraph, Section, Table


def html(document: Document) -> str:
    """The text of a .html file."""
    language = "zh-CN" if document.language == "zh" else "en"
    facts = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in document.facts)
    links = "".join(f'<a href="#{each.name}">{escape(each.title)}</a>' for each in document.sections)
    body = "\n".join(_section(each) for each in document.sections)
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(document.title)} · {escape(document.subtitle)}</title>\n<style>\n{_style()}</style>\n</head>\n"
        f'<body>\n<header class="top"><p class="brand">{escape(document.subtitle)}</p><h1>{escape(document.title)}</h1>'
        f'<dl class="meta">{facts}</dl><nav>{links}</nav></header>\n<main>\n{body}\n</main>\n'
        f"<footer>{escape(document.footer)}</footer>\n</body>\n</html>\n"
    )


def _style() -> str:
    return files("exporter.review").joinpath("review.css").read_text("utf-8")


def _section(section: Section) -> str:
    """Blocks below a heading are kept together with it, so that printing does not part them."""
    groups: list[list[str]] = [[]]
    for block in section.blocks:
        if isinstance(block, Heading):
            groups.append([])
        groups[-1].append(_block(block))
    first, *rest = ("\n".join(group) for group in groups)
    parts = [first, *(f'<article class="part">\n{part}\n</article>' for part in rest)]
    inner = "\n".join(part for part in parts if part)
    return f'<section id="{section.name}">\n<h2>{escape(section.title)}</h2>\n{inner}\n</section>'


def _block(block: Block) -> str:
    match block:
        case Heading():
            aside = f" <code>{escape(block.aside)}</code>" if block.aside else ""
            return f"<h3>{escape(block.text)}{aside}</h3>"
        case Paragraph():
            return f'<p class="{block.kind}">{escape(block.text)}</p>'
        case Bullets():
            points = "".join(f'<li class="{escape(each.tone)}">{escape(each.text)}</li>' for each in block.points)
            return f'<ul class="points">{points}</ul>'
        case Table():
            return _table(block)
        case Figure():
            legend = "".join(f'<span class="key {key.tone}">{escape(key.text)}</span>' for key in block.legend)
            drawing = f'<div role="img" aria-label="{escape(block.caption)}">{block.svg}</div>'
            return f"<figure>{drawing}<figcaption>{legend}</figcaption></figure>"


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col"{_side(at, table)}>{escape(name)}</th>' for at, name in enumerate(table.header))
    rows = "\n".join(_row(table, row) for row in table.rows)
    return f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>'


def _row(table: Table, row: tuple[Cell, ...]) -> str:
    if len(row) == 1 < len(table.header):
        return f'<tr class="group"><th colspan="{len(table.header)}" scope="colgroup">{escape(row[0].text)}</th></tr>'
    first, *rest = row
    name = f'<th scope="row" class="{escape(first.tone)}">{escape(first.text)}</th>'
    return f"<tr>{name}{''.join(_cell(at, cell, table) for at, cell in enumerate(rest, start=1))}</tr>"


def _cell(at: int, cell: Cell, table: Table) -> str:
    text = f'<span class="tone {escape(cell.tone)}">{escape(cell.text)}</span>' if cell.tone else escape(cell.text)
    return f"<td{_side(at, table)}>{text}</td>"


def _side(at: int, table: Table) -> str:
    return ' class="number"' if at in table.right else ""
