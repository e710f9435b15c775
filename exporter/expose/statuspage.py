"""The status page: the KPIs against their targets, for people. One self-contained document, no script, no other files.

Chinese first, English small beside it; worst first; every state as colour, shape and word. Everything that comes from
data is escaped. The style sheet is inline and admitted by its hash.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote

from exporter.expose.format import ago, clock, known
from exporter.expose.kpicard import cards
from exporter.expose.panel import HEAD
from exporter.expose.snapshot import KpiState, KpiStatus, Status
from exporter.expose.statustables import collectors_table, health, progress, sources_table
from exporter.expose.wording import DIMENSIONS, LINKS, STATE_WORDS, STATES, Link, both, icon

# Seconds between reloads of the page, and the age from which figures are called old.
REFRESH_SECONDS = 15
OLD_SECONDS = 120

_ICON_COLOURS: dict[KpiState, str] = {"critical": "#c0281c", "warning": "#b76e00", "ok": "#1f7a45"}


def render(
    status: Status,
    *,
    now: float,
    style: str,
    label_titles: Mapping[str, Mapping[str, str]],
    links: Sequence[Link] = LINKS,
    panel: str = "",
) -> str:
    """The page as HTML. `now` in Unix seconds; `label_titles`: label -> value -> Chinese title; `panel`: a section."""
    kpis = sorted(status.kpis, key=lambda kpi: STATES.index(kpi.state))
    body = "".join(
        (
            _top(status, now),
            _summary(status),
            _problems(status.problems),
            panel,
            *(_dimension(name, kpis, label_titles) for name in _dimension_names(status.kpis)),
            _freshness(status, now),
            _foot(status, links),
        )
    )
    return (
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(_title(status))}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}"><meta name="color-scheme" content="light dark">'
        f'{HEAD if panel else ""}<link rel="icon" href="{_favicon(status)}"><style>{style}</style></head>'
        f"<body>{body}</body></html>"
    )


def worst(status: Status) -> KpiState:
    """The state of the whole: that of the database first, then of the worst KPI."""
    if not status.database_up:
        return "critical"
    if not status.ready:
        return "incomplete"
    states = [kpi.state for kpi in status.kpis if kpi.state not in ("no_data", "no_target")]
    return min(states, key=STATES.index, default="no_data")


def verdict(status: Status) -> tuple[str, str]:
    """One sentence for the whole."""
    if not status.database_up:
        return "通话数据库不可达", "The call database cannot be reached"
    if not status.ready:
        return "正在读取首批数据", "Reading the first figures"
    tally = Counter(kpi.state for kpi in status.kpis)
    for number, zh, en in ((tally["critical"], "严重", "critical"), (tally["warning"], "预警", "in warning")):
        if number:
            return f"{number} 项指标{zh}", f"{number} {'KPI' if number == 1 else 'KPIs'} {en}"
    if tally["ok"]:
        return "无预警、无严重指标", "No KPI in alarm"
    return "尚无指标数据", "No KPI has data yet"


def _title(status: Status) -> str:
    return f"{verdict(status)[0]} · AI 外呼绩效"


def _favicon(status: Status) -> str:
    colour = _ICON_COLOURS.get(worst(status), "#667085")
    disc = f'<circle cx="8" cy="8" r="7" fill="{colour}"/>'
    return "data:image/svg+xml," + quote(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">{disc}</svg>')


def _top(status: Status, now: float) -> str:
    state = worst(status)
    zh, en = verdict(status)
    return (
        f'<header class="top"><p class="brand">AI 外呼绩效 <span class="en" lang="en">outcall-exporter '
        f'{escape(status.version)}</span></p><h1 class="{state}">{icon(state)}<span>{escape(zh)}'
        f'<span class="en" lang="en">{escape(en)}</span></span></h1><dl class="meta">{_meta(status, now)}</dl></header>'
    )


def _meta(status: Status, now: float) -> str:
    entries = [
        (("数据库", "Database"), health(status.database_up, "")),
        (("数据截至", "As of"), _as_of(status, now)),
        (("历史回填", "Backfill"), progress(status.backfill)),
    ]
    return "".join(f"<div><dt>{both(*term)}</dt><dd>{text}</dd></div>" for term, text in entries)


def _as_of(status: Status, now: float) -> str:
    moment = known(status.as_of)
    if moment is None:
        return both("尚无", "nothing yet")
    kind = "age old" if now - moment > OLD_SECONDS else "age"
    age = both(*ago(moment, now))
    return (
        f'<time>{escape(clock(moment, status.timezone))}</time> <span class="zone">{escape(status.timezone)}</span> '
        f'<span class="{kind}">{age}</span>'
    )


def _summary(status: Status) -> str:
    """How many KPIs are in each state; states without any are left out, but the three that matter always stand."""
    if not status.kpis:
        return ""
    tally = Counter(kpi.state for kpi in status.kpis)
    shown = [state for state in STATES if tally[state] or state in ("critical", "warning", "ok")]
    items = "".join(_counter(state, tally[state]) for state in shown)
    return f'<ul class="summary" aria-label="指标状态汇总 KPI states">{items}</ul>'


def _counter(state: KpiState, number: int) -> str:
    zh, en = STATE_WORDS[state]
    kind = state if number else f"{state} zero"
    return f'<li class="{kind}">{icon(state)}<b>{number}</b><span>{both(zh, en)}</span></li>'


def _problems(problems: Sequence[str]) -> str:
    if not problems:
        return ""
    items = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
    return f'<section class="problems" role="alert"><h2>{both("问题", "Problems")}</h2><ul>{items}</ul></section>'


def _dimension_names(kpis: Sequence[KpiStatus]) -> list[str]:
    """The four dimensions of the source, then any that an operator added."""
    present = dict.fromkeys(kpi.dimension for kpi in kpis)
    return [name for name in DIMENSIONS if name in present] + [name for name in present if name not in DIMENSIONS]


def _dimension(name: str, kpis: Sequence[KpiStatus], label_titles: Mapping[str, Mapping[str, str]]) -> str:
    own = [kpi for kpi in kpis if kpi.dimension == name]
    zh, en = DIMENSIONS.get(name, (name, name))
    tally = Counter(kpi.state for kpi in own)
    marks = "".join(
        f'<span class="mark {state}">{icon(state)}{tally[state]} {STATE_WORDS[state][0]}</span>'
        for state in STATES
        if tally[state]
    )
    return (
        f'<section id="{escape(name)}"><h2>{both(zh, en)}<span class="marks">{marks}</span></h2>'
        f"{cards(own, label_titles)}</section>"
    )


def _freshness(status: Status, now: float) -> str:
    sources = sources_table(status.sources, now) if status.sources else ""
    collectors = collectors_table(status.collectors, now) if status.collectors else ""
    parts = (("freshness", "数据新鲜度", "Freshness", sources), ("collectors", "采集器", "Collectors", collectors))
    return "".join(f'<section id="{name}"><h2>{both(zh, en)}</h2>{t}</section>' for name, zh, en, t in parts if t)


def _foot(status: Status, links: Sequence[Link]) -> str:
    items = "".join(f'<a href="{escape(link.href)}">{both(link.zh, link.en)}</a>' for link in links)
    zone = escape(status.timezone)
    note = both(
        f"时间按 {status.timezone},每 {REFRESH_SECONDS} 秒刷新", f"times in {status.timezone}, reloads by itself"
    )
    return f'<footer><nav>{items}</nav><p title="{zone}">{note}</p></footer>'
