"""A KPI's daily course as inline SVG, by matplotlib (the extra `reviews`). It holds no words."""

from __future__ import annotations

import importlib
import io
import re
from collections.abc import Callable, Sequence
from typing import Any

from exporter.review.model import Day, KpiReview

MISSING = "pip install 'outcall-exporter[reviews]'"
WIDTH, HEIGHT = 7.2, 1.7
# As on the boards and the status page.
NOW, BEFORE, TARGET, ALARM, QUIET = "#1d5fae", "#98a4b3", "#8a4b00", "#b3261e", "#526071"
_FONTS = "system-ui, 'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
# Text stays text, and the same figures give the same file.
_SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "outcall-exporter", "axes.unicode_minus": True, "font.size": 8}
_PROLOGUE = re.compile(r"^.*?(?=<svg)|<metadata>.*?</metadata>\s*", re.DOTALL)
_FONT = re.compile(r"(font: [^;\"]*?px) [^;\"]*")
_SIZE = re.compile(r'(<svg [^>]*?)height="[^"]*" ([^>]*?)width="[^"]*" ', re.DOTALL)
_IDENTITY = re.compile(r'\b(id="|url\(#|href="#)')


def drawing() -> Callable[[KpiReview], str] | None:
    """Draws a KPI's course; None without matplotlib."""
    try:
        matplotlib = importlib.import_module("matplotlib")
        figures = importlib.import_module("matplotlib.figure")
        ticker = importlib.import_module("matplotlib.ticker")
    except ImportError:
        return None

    def draw(review: KpiReview) -> str:
        if sum(day.value is not None for day in review.days) < 2:
            return ""
        with matplotlib.rc_context(_SETTINGS):
            figure = figures.Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
            _fill(figure.add_subplot(), ticker, review)
            target = io.StringIO()
            figure.savefig(target, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        return embedded(target.getvalue(), review.kpi.slug)

    return draw


def embedded(svg: str, name: str) -> str:
    """A drawing to stand among others in a page: no prologue, names of its own, the page's fonts and width."""
    text = _SIZE.sub(r"\1\2", _PROLOGUE.sub("", svg), count=1)
    text = _IDENTITY.sub(rf"\1{name}-", text)
    return _FONT.sub(rf"\1 {_FONTS}", text).strip()


def _fill(axes: Any, ticker: Any, review: KpiReview) -> None:
    kpi, scale = review.kpi, 100.0 if review.kpi.unit == "ratio" else 1.0
    _line(axes, review.days_before, scale, BEFORE, 1.1)
    _line(axes, review.days, scale, NOW, 1.8)
    lines = review.whole.lines
    for value, colour in ((lines.critical, ALARM), (lines.target, TARGET)):
        if value is not None:
            axes.axhline(value * scale, color=colour, linewidth=0.9, linestyle=(0, (4, 3)))
    every = max(1, -(-len(review.days) // 16))
    places = range(0, len(review.days), every)
    axes.set_xticks(list(places), [f"{review.days[at].day:%m-%d}" for at in places])
    axes.margins(x=0.02, y=0.12)
    suffix = "%" if kpi.unit == "ratio" else ""
    axes.yaxis.set_major_locator(ticker.MaxNLocator(4))
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}{suffix}"))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#dde3ea")
    axes.tick_params(colors=QUIET, length=2)
    axes.grid(axis="y", color="#eef1f5", linewidth=0.7)


def _line(axes: Any, days: Sequence[Day], scale: float, colour: str, width: float) -> None:
    """A course; days without a value are gaps."""
    values = [float("nan") if day.value is None else day.value * scale for day in days]
    axes.plot(range(len(days)), values, color=colour, linewidth=width, marker="o", markersize=2.4)
