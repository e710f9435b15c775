"""One KPI as a card: value, target, trend, certainty, what is wrong, where, and what to do. Pure string building."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from exporter.expose.format import count, figure, known, measured
from exporter.expose.snapshot import KpiStatus, SliceValue
from exporter.expose.sparkline import sparkline
from exporter.expose.wording import STATE_WORDS, both, icon, window_words

LabelTitles = Mapping[str, Mapping[str, str]]

# Somebody has to act: these stand first, with formula and remedy open.
_ACTING = ("critical", "warning", "below_goal")
_GOOD_SIDE = {"higher": "≥", "lower": "≤", "none": ""}
_BAD_SIDE = {"higher": "<", "lower": ">", "none": ""}


def cards(kpis: Sequence[KpiStatus], label_titles: LabelTitles) -> str:
    """The cards of one dimension. Those that call for action have a grid of their own: they are much taller."""
    acting = "".join(card(kpi, label_titles) for kpi in kpis if kpi.state in _ACTING)
    quiet = "".join(card(kpi, label_titles) for kpi in kpis if kpi.state not in _ACTING)
    groups = (("acting", acting), ("quiet", quiet))
    return "".join(f'<div class="cards {name}">{group}</div>' for name, group in groups if group)


def card(kpi: KpiStatus, label_titles: LabelTitles) -> str:
    """The whole card."""
    parts = (_head(kpi), _figure(kpi), _facts(kpi), _reason(kpi), _slices(kpi, label_titles), _definition(kpi))
    return f'<article class="kpi {kpi.state}" id="kpi-{escape(kpi.slug)}">{"".join(parts)}</article>'


def badge(kpi: KpiStatus) -> str:
    """The state as colour, shape and words."""
    zh, en = STATE_WORDS[kpi.state]
    return f'<span class="badge">{icon(kpi.state)}{both(zh, en)}</span>'


def _head(kpi: KpiStatus) -> str:
    return (
        f'<header><h3>{escape(kpi.title_zh)}<span class="en" lang="en">{escape(kpi.title_en)}</span></h3>'
        f"{badge(kpi)}</header>"
    )


def _figure(kpi: KpiStatus) -> str:
    """The value large with its window, the trend beside it."""
    value = known(kpi.value)
    shown = measured(value, kpi.unit) if value is not None else '无数据 <span class="en" lang="en">no data</span>'
    kind = "value" if value is not None else "value none"
    window = f'<p class="window">{both(*window_words(kpi.window))}</p>'
    return f'<div class="figure"><div><p class="{kind}">{shown}</p>{window}</div>{_trend(kpi)}</div>'


def _trend(kpi: KpiStatus) -> str:
    """The drawing with its span and range in words; nothing when there is none to draw."""
    present = [value for value in map(known, kpi.trend) if value is not None]
    aim = kpi.goal if known(kpi.goal) is not None else kpi.target
    low, high = (measured(edge(present), kpi.unit) if present else "" for edge in (min, max))
    spread = low if low == high else f"{low} – {high}"
    drawing = sparkline(kpi.trend, aim, f"{kpi.title_zh} 近 {len(kpi.trend)} 小时趋势 trend, {spread}")
    if not drawing:
        return ""
    caption = f'<span>{len(kpi.trend)} h</span><span class="range">{spread}</span>'
    return f"<figure>{drawing}<figcaption>{caption}</figcaption></figure>"


def _facts(kpi: KpiStatus) -> str:
    items = "".join(f"<div><dt>{both(zh, en)}</dt><dd>{text}</dd></div>" for zh, en, text in _fact_list(kpi))
    return f'<dl class="facts">{items}</dl>'


def _fact_list(kpi: KpiStatus) -> Iterator[tuple[str, str, str]]:
    """Chinese term, English term, value as HTML."""
    yield from _lines(kpi)
    lower, upper = known(kpi.lower), known(kpi.upper)
    if lower is not None and upper is not None:
        yield "95 % 区间", "Wilson", f"{measured(lower, kpi.unit)} – {measured(upper, kpi.unit)}"
    samples = known(kpi.samples)
    if samples is not None or kpi.value is None:
        yield "样本", "samples", count(samples) if samples else '0 <span class="en" lang="en">none</span>'


def _lines(kpi: KpiStatus) -> Iterator[tuple[str, str, str]]:
    """Target, warning line where it differs from the goal, alarm line."""
    good, bad = _GOOD_SIDE[kpi.direction], _BAD_SIDE[kpi.direction]
    goal, target, alarm = known(kpi.goal), known(kpi.target), known(kpi.alarm)
    aim = goal if goal is not None else target
    if aim is not None:
        yield "目标", "target", f"{good} {figure(aim, kpi.unit)}".strip()
    if target is not None and aim != target:
        yield "预警线", "warning", f"{bad} {figure(target, kpi.unit)}".strip()
    if alarm is not None:
        yield "警戒线", "alarm", f"{bad} {figure(alarm, kpi.unit)}".strip()


def _reason(kpi: KpiStatus) -> str:
    if not kpi.reason_zh and not kpi.reason_en:
        return ""
    return f'<p class="reason">{both(kpi.reason_zh, kpi.reason_en)}</p>'


def _slices(kpi: KpiStatus, label_titles: LabelTitles) -> str:
    if not kpi.slices:
        return ""
    rows = "".join(_slice(kpi, part, label_titles) for part in kpi.slices)
    head = "".join(
        f'<th scope="col">{both(zh, en)}</th>'
        for zh, en in (("异常切片", "slice"), ("数值", "value"), ("目标", "target"), ("样本", "samples"))
    )
    return f'<table class="slices"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _slice(kpi: KpiStatus, part: SliceValue, label_titles: LabelTitles) -> str:
    aim = f"{_GOOD_SIDE[kpi.direction]} {figure(part.target, kpi.unit)}"
    samples = known(part.samples)
    return (
        f'<tr class="{part.state}"><th scope="row">{icon(part.state)}{slice_name(part.labels, label_titles)}</th>'
        f"<td>{measured(part.value, kpi.unit)}</td><td>{aim}</td><td>{count(samples) if samples else '–'}</td></tr>"
    )


def slice_name(labels: Mapping[str, str], label_titles: LabelTitles) -> str:
    """`催收 · 老年 · 晚间` with the raw values small: what to click on and what to type into a query."""
    picked = [(name, value) for name, value in labels.items() if value != "all"]
    zh = " · ".join(label_titles.get(name, {}).get(value, value) for name, value in picked)
    raw = " ".join(f"{name}={value}" for name, value in picked)
    return both(zh or "全部", raw or "all")


def _definition(kpi: KpiStatus) -> str:
    """Formula and remedy; open where somebody has to act."""
    entries = (("口径", "formula", kpi.formula_zh, kpi.formula_en), ("对策", "remedy", kpi.remedy_zh, kpi.remedy_en))
    items = "".join(
        f"<div><dt>{both(zh, en)}</dt><dd>{both(text_zh, text_en)}</dd></div>"
        for zh, en, text_zh, text_en in entries
        if text_zh or text_en
    )
    opened = " open" if kpi.state in _ACTING else ""
    summary = f"<summary>{both('口径与对策', 'formula and remedy')}</summary>"
    return f"<details{opened}>{summary}<dl>{items}</dl></details>" if items else ""
