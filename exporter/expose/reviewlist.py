"""The list of reviews as a page: in the status page's house style, the newest first. No script, no other file. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from exporter.expose.format import clock
from exporter.expose.library import Entry
from exporter.expose.wording import both

TITLE = ("复盘", "Reviews")
# So many are listed; older ones are still served by their names.
MOST = 200
_KINDS = {"weekly": ("周复盘", "Weekly"), "monthly": ("月复盘", "Monthly")}
_SCOPES = {
    "weekly": ("业务、客户体验", "business, experience"),
    "monthly": ("技术、合规", "technical, compliance"),
}
_LANGUAGES = (("zh", "中文", "Chinese"), ("en", "英文", "English"))
_COLUMNS = (("期间", "Period"), ("复盘", "Review"), ("中文", "Chinese"), ("英文", "English"), ("写于", "Written"))


def render_list(entries: Sequence[Entry], *, timezone: str, style: str) -> str:
    """The page as HTML; instants in the business time zone."""
    title = " · ".join((TITLE[0], "AI 外呼绩效"))
    body = _table(entries[:MOST], timezone) if entries else _nothing()
    more = _older(len(entries) - MOST) if len(entries) > MOST else ""
    return (
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><style>{style}</style></head>'
        f'<body><header class="top"><p class="brand">AI 外呼绩效 <span class="en" lang="en">outcall-exporter</span></p>'
        f'<h1><span>{TITLE[0]}<span class="en" lang="en">{TITLE[1]}</span></span></h1></header>'
        f'<section id="reviews">{body}{more}</section>{_foot(timezone)}</body></html>'
    )


def _table(entries: Sequence[Entry], timezone: str) -> str:
    head = "".join(f'<th scope="col">{both(*column)}</th>' for column in _COLUMNS)
    rows = "".join(f"<tr>{_row(entry, timezone)}</tr>" for entry in entries)
    return f'<table class="stack"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _row(entry: Entry, timezone: str) -> str:
    kind = f"{both(*_KINDS[entry.cadence])}<br>{both(*_SCOPES[entry.cadence])}"
    pages = [_pages(entry, language, zh, en) for language, zh, en in _LANGUAGES]
    cells = [_period(entry), kind, *pages, escape(clock(entry.written, timezone))]
    return "".join(
        f'<td data-label="{escape(zh)} {escape(en)}"><div>{cell}</div></td>'
        for (zh, en), cell in zip(_COLUMNS, cells, strict=True)
    )


def _period(entry: Entry) -> str:
    """Its name, where it has one, and its days."""
    days = f"{entry.first} – {entry.last}"
    return (
        f"<b>{days}</b>" if ".." in entry.period else f'<b>{escape(entry.period)}</b><br><span class="en">{days}</span>'
    )


def _pages(entry: Entry, language: str, zh: str, en: str) -> str:
    """The links of one language; relative, so that they hold behind any proxy."""
    words = {"html": ("网页", "page"), "md": ("Markdown", "")}
    found = [
        f'<a href="{escape(entry.stem)}.{language}.{ending}" title="{escape(f"{zh} {en}")}">{_both(*words[ending])}</a>'
        for ending in words
        if f"{language}.{ending}" in entry.pages
    ]
    return " · ".join(found) or "–"


def _both(zh: str, en: str) -> str:
    return both(zh, en) if en else escape(zh)


def _nothing() -> str:
    said = both("还没有复盘。", "There are no reviews yet.")
    return f'<p>{said}</p><p><code class="hint">outcall-exporter review weekly --out …</code></p>'


def _older(number: int) -> str:
    return f"<p>{both(f'另有 {number} 份更早的。', f'{number} older ones.')}</p>"


def _foot(timezone: str) -> str:
    back = f'<a href="../">{both("实时状态", "Status page")}</a>'
    note = both(f"时间按 {timezone}", f"times in {timezone}")
    return f"<footer><nav>{back}</nav><p>{note}</p></footer>"
