"""The lower half of the status page: how fresh each source is, which collectors work. Tables that become cards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from exporter.expose.format import ago, known, percent
from exporter.expose.snapshot import CollectorStatus, KpiState, SourceStatus
from exporter.expose.wording import both, icon

Column = tuple[str, str]

_SOURCE_COLUMNS: Sequence[Column] = (
    ("数据源", "Source"),
    ("状态", "State"),
    ("已读至", "Read up to"),
    ("最新业务", "Newest event"),
    ("窗口", "Windows"),
)
_COLLECTOR_COLUMNS: Sequence[Column] = (("采集器", "Collector"), ("状态", "State"), ("上次成功", "Last success"))


def sources_table(sources: Sequence[SourceStatus], now: float) -> str:
    """The sources, those in trouble first."""
    ordered = sorted(sources, key=lambda source: (source.ok, not source.incomplete_windows))
    return _table(_SOURCE_COLUMNS, (_source_cells(source, now) for source in ordered))


def _source_cells(source: SourceStatus, now: float) -> list[str]:
    return [
        f"<code>{escape(source.name)}</code>",
        health(source.ok, source.problem),
        _age(source.watermark, now),
        _age(source.newest_event, now),
        _windows(source),
    ]


def collectors_table(collectors: Sequence[CollectorStatus], now: float) -> str:
    """The collectors, those in trouble first."""
    ordered = sorted(collectors, key=lambda collector: collector.ok)
    rows = ([f"<code>{escape(c.name)}</code>", health(c.ok, c.problem), _age(c.last_success, now)] for c in ordered)
    return _table(_COLLECTOR_COLUMNS, rows)


def health(ok: bool, problem: str) -> str:
    """Works or fails, as colour, shape and words, with the reason."""
    state: KpiState = "ok" if ok else "critical"
    words = ("正常", "up") if ok else ("异常", "failing")
    why = f'<p class="why">{escape(problem)}</p>' if problem else ""
    return f'<span class="state {state}">{icon(state)}{both(*words)}</span>{why}'


def _age(instant: float | None, now: float) -> str:
    moment = known(instant)
    return both(*ago(moment, now)) if moment is not None else both("尚无", "none yet")


def _windows(source: SourceStatus) -> str:
    """Which windows are covered; those that are not are marked by a shape too, with the progress towards them."""
    done = [f'<span class="chip">{escape(window)}</span>' for window in source.complete_windows]
    open_ = [f'<span class="chip open">{icon("incomplete")}{escape(w)}</span>' for w in source.incomplete_windows]
    chips = f'<span class="chips">{"".join(done + open_)}</span>'
    return chips + progress(source.progress) if open_ else chips


def progress(share: float) -> str:
    """A bar with its percentage beside it."""
    bounded = min(1.0, max(0.0, known(share) or 0.0))
    text = percent(bounded)
    return f'<span class="progress"><progress max="1" value="{bounded:.4f}">{text}</progress>{text}</span>'


def _table(columns: Sequence[Column], rows: Iterable[list[str]]) -> str:
    head = "".join(f'<th scope="col">{both(*column)}</th>' for column in columns)
    body = "".join(f"<tr>{_cells(columns, cells)}</tr>" for cells in rows)
    return f'<table class="stack"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _cells(columns: Sequence[Column], cells: Sequence[str]) -> str:
    """On a phone each cell shows its column's name in front, from `data-label`."""
    return "".join(
        f'<td data-label="{escape(zh)} {escape(en)}"><div>{cell}</div></td>'
        for (zh, en), cell in zip(columns, cells, strict=True)
    )
