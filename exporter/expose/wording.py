"""The status page's words, Chinese and English, and the shapes that stand beside the colours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from exporter.expose.snapshot import KpiState

# Worst first: the order on the page.
STATES: tuple[KpiState, ...] = (
    "critical",
    "warning",
    "below_goal",
    "watch",
    "withdrawn",
    "incomplete",
    "no_data",
    "ok",
    "no_target",
)

STATE_WORDS: dict[KpiState, tuple[str, str]] = {
    "critical": ("严重", "Critical"),
    "warning": ("预警", "Warning"),
    "below_goal": ("未达目标", "Below goal"),
    "watch": ("待观察", "Watch"),
    "withdrawn": ("已撤回", "Withdrawn"),
    "incomplete": ("窗口未满", "Incomplete"),
    "no_data": ("无数据", "No data"),
    "ok": ("达标", "On target"),
    "no_target": ("无目标", "No target"),
}

# Each in a box of 16 x 16; every state can be told without its colour.
_SHAPES: dict[KpiState, str] = {
    "critical": "M5 1h6l4 4v6l-4 4H5l-4-4V5zM5 5l6 6M11 5l-6 6",
    "warning": "M8 1.5l7 13H1zM8 6v4M8 12.2h0",
    "below_goal": "M8 1l7 7-7 7-7-7z",
    "watch": "M1 8c2-4 4.5-5.5 7-5.5S13 4 15 8c-2 4-4.5 5.5-7 5.5S3 12 1 8zM6 8a2 2 0 1 0 4 0a2 2 0 1 0-4 0z",
    "withdrawn": "M1 8a7 7 0 1 0 14 0A7 7 0 1 0 1 8zM3 13L13 3",
    "incomplete": "M1 8a7 7 0 1 0 14 0A7 7 0 1 0 1 8zM8 4v4l3 2",
    "no_data": "M1 8a7 7 0 1 0 14 0A7 7 0 1 0 1 8z",
    "ok": "M1 8a7 7 0 1 0 14 0A7 7 0 1 0 1 8zM4.5 8.2l2.5 2.5 4.5-5",
    "no_target": "M2 8h12",
}

DIMENSIONS: dict[str, tuple[str, str]] = {
    "business": ("业务效果", "Business"),
    "experience": ("客户体验", "Customer experience"),
    "technical": ("技术性能", "Technical"),
    "compliance": ("合规安全", "Compliance"),
}

_SPANS = {"m": ("分钟", "min"), "h": ("小时", "h"), "d": ("天", "d")}


@dataclass(frozen=True, slots=True)
class Link:
    """A link at the foot of the page."""

    href: str
    zh: str
    en: str


LINKS = (
    Link("/metrics", "指标", "Metrics"),
    Link("/-/healthy", "存活检查", "Health"),
    Link("/-/ready", "就绪检查", "Readiness"),
)


def icon(state: KpiState) -> str:
    """The state's shape; the word always stands beside it, so it is hidden from screen readers."""
    return f'<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="{_SHAPES[state]}"/></svg>'


def both(zh: str, en: str) -> str:
    """A text in both languages: Chinese first, English small."""
    return f'{escape(zh)} <span class="en" lang="en">{escape(en)}</span>'


def window_words(window: str) -> tuple[str, str]:
    """`24h` is 近 24 小时, last 24 h; a KPI without a window has the latest value."""
    found = re.fullmatch(r"(\d+)([mhd])", window)
    if found is None:
        return (window, window) if window else ("最新", "latest")
    zh, en = _SPANS[found[2]]
    return f"近 {found[1]} {zh}", f"last {found[1]} {en}"
