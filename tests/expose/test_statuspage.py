"""The status page: what stands on it, in which order, and that nothing from data becomes markup."""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any, get_args

import pytest

from exporter.expose.snapshot import CollectorStatus, KpiState, SliceValue, SourceStatus, Status
from exporter.expose.statuspage import render
from exporter.expose.style import load_style
from exporter.expose.wording import STATE_WORDS, STATES
from tests.expose.samples import LABEL_TITLES, NOW, empty_status, sample_status, with_kpi

VOID = {"meta", "link", "br", "hr", "img", "input"}
EVIL = "<script>alert('x')</script>\"'&<img src=x onerror=alert(1)>"


class Outline(HTMLParser):
    """Checks that tags are balanced, and gathers tags, attributes and visible text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.ids: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes.update(name for name, _ in attrs)
        self.ids += [str(value) for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        """The visible text, blanks joined."""
        return re.sub(r"\s+", " ", "".join(self.words))


def page(status: Status, now: float = NOW) -> str:
    """The rendered page."""
    return render(status, now=now, style=load_style().css, label_titles=LABEL_TITLES)


def outline(status: Status, now: float = NOW) -> Outline:
    """The parsed page, with every tag closed."""
    parsed = Outline()
    parsed.feed(page(status, now))
    parsed.close()
    assert parsed.open == []
    return parsed


@pytest.mark.parametrize("status", [sample_status(), empty_status(), with_kpi(trend=(), slices=(), reason_zh="")])
def test_well_formed_and_self_contained(status: Status) -> None:
    """Balanced tags, unique ids, no script, no inline style, nothing loaded from elsewhere."""
    parsed = outline(status)
    assert len(parsed.ids) == len(set(parsed.ids))
    assert not parsed.tags["script"]
    assert not parsed.attributes["style"]
    assert not [name for name in parsed.attributes if name.startswith("on")]
    assert not re.findall(r'(?:src|href)="(?!/|data:)', page(status))
    assert "@import" not in load_style().css
    assert "url(" not in load_style().css


def test_everything_is_escaped() -> None:
    """Markup in any text that comes from data stays text."""
    status = sample_status()
    names = "slug title_zh title_en dimension window reason_zh reason_en formula_zh formula_en remedy_zh remedy_en"
    changes: dict[str, Any] = dict.fromkeys(names.split(), EVIL)
    evil = replace(
        status,
        version=EVIL,
        timezone=EVIL,
        kpis=tuple(
            replace(kpi, **changes, slices=(SliceValue({EVIL: EVIL, "scenario": EVIL}, 0.5, 3, 0.4, "warning"),))
            for kpi in status.kpis[:1]
        ),
        sources=(SourceStatus(EVIL, False, EVIL, None, None, (EVIL,), (EVIL,), 0.5),),
        collectors=(CollectorStatus(EVIL, False, EVIL, None),),
        problems=(EVIL,),
    )
    parsed = outline(evil)
    assert not parsed.tags["script"]
    assert not parsed.tags["img"]
    assert parsed.text.count("<script>alert('x')") >= 17
    assert html.escape(EVIL) in page(evil)


@pytest.mark.parametrize("text", ["\ud800", "\x00\x07", "‮反", "]]>", "a" * 5000, "客" * 500])
def test_odd_text_does_not_break_the_page(text: str) -> None:
    """Lone surrogates, control characters and endless words are shown somehow."""
    assert outline(with_kpi(title_zh=text, reason_zh=text)).open == []
    page(with_kpi(title_zh=text)).encode("utf-8", "replace")


def test_the_worst_stands_first() -> None:
    """Within a dimension the order is that of STATES; dimensions keep theirs."""
    text = page(sample_status())
    order = re.findall(r'<article class="kpi (\w+)"', text.partition('id="experience"')[0])
    assert order == sorted(order, key=lambda state: [str(known) for known in STATES].index(state))
    sections = re.findall(r'<section id="(\w+)"', text)
    assert sections == ["business", "experience", "technical", "compliance", "freshness", "collectors"]


def test_headline_and_counters() -> None:
    """How many KPIs are in each state, in both languages."""
    text = outline(sample_status()).text
    assert "3 项指标严重" in text
    assert "3 KPIs critical" in text
    tally = Counter(kpi.state for kpi in sample_status().kpis)
    assert f"{tally['warning']}预警 Warning" in text
    assert f"{tally['ok']}达标 On target" in text


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"database_up": False}, "通话数据库不可达"),
        ({"ready": False}, "正在读取首批数据"),
        ({"kpis": ()}, "尚无指标数据"),
        ({"kpis": with_kpi(state="ok").kpis}, "无预警、无严重指标"),
        ({"kpis": with_kpi(state="warning").kpis}, "1 KPI in warning"),
    ],
)
def test_verdict(change: dict[str, object], expected: str) -> None:
    """The one sentence above all."""
    assert expected in outline(replace(sample_status(), **change)).text  # type: ignore[arg-type]


def test_a_card_says_everything() -> None:
    """Value, lines, bounds, samples, window, reason, slices by their Chinese names, formula, remedy."""
    text = outline(with_kpi(lower=0.311, upper=0.331)).text
    for expected in (
        "30秒内挂断率",
        "Hang-up within 30 s",
        "32.1 %",
        "近 1 小时 last 1 h",
        "目标 target≤ 25 %",
        "警戒线 alarm> 30 %",
        "31.1 % – 33.1 %",
        "8,214",
        "置信下限 31.1 %",
        "催收 · 老年 · 晚间",
        "scenario=collection generation=elderly",
        "56.3 %",
        "1,280",
        "通话 ≤30 秒",
        "放慢语速",
        "Slow down",
    ):
        assert expected in text


def test_goal_apart_from_the_warning_line() -> None:
    """Where the goal lies beyond the warning line both are shown, each on its side."""
    text = outline(with_kpi(goal=0.22, target=0.12, alarm=None, direction="higher", value=0.15)).text
    assert "目标 target≥ 22 %" in text
    assert "预警线 warning< 12 %" in text


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_nothing_is_said_in_words(value: float | None) -> None:
    """A KPI without a value says so; no blank, no 0, no nan."""
    text = outline(with_kpi(value=value, lower=None, upper=None, samples=0, trend=(), slices=())).text
    assert "无数据 no data" in text
    assert "样本 samples0 none" in text
    assert "nan" not in text
    assert "inf" not in text.lower().replace("information", "")


def test_every_state_has_word_and_shape() -> None:
    """No state is told by colour alone, and no two share a word or a shape."""
    states = get_args(KpiState)
    assert set(STATES) == set(STATE_WORDS) == set(states)
    shapes = []
    for state in states:
        text = page(with_kpi(state=state, slices=()))
        badge = text[text.index('<span class="badge">') :]
        shapes.append(re.findall(r' d="([^"]+)"', badge)[0])
        assert STATE_WORDS[state][0] in badge[:300]
    assert len(set(shapes)) == len(states)


def test_freshness() -> None:
    """Each source's age, its problem, and which of its windows are not covered yet."""
    text = outline(sample_status()).text
    assert "3 秒前 3 s ago" in text
    assert "does not exist (42P01)" in text
    assert "42 %" in text
    assert "the recording store is not mounted" in text
    assert "2026-11-18 19:06:28" in text, "in the business time zone"


def test_old_figures_are_marked() -> None:
    """Beyond two minutes the age stands out."""
    assert 'class="age old"' not in page(sample_status(), NOW)
    assert 'class="age old"' in page(sample_status(), NOW + 300)


def test_links() -> None:
    """The machine-readable pages are one click away."""
    for path in ("/metrics", "/-/healthy", "/-/ready"):
        assert f'href="{path}"' in page(sample_status())


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1])
def test_contrast(scheme: int) -> None:
    """Light and dark: every text colour has at least 4.5 : 1 (WCAG AA) on the grounds that it stands on."""
    block = re.findall(r":root \{(.*?)\}", load_style().css, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    tones = ("critical", "warning", "goal", "ok", "quiet")
    pairs = [(ink, ground) for ink in ("ink", "soft", "link", *tones) for ground in ("page", "card")]
    pairs += [(ink, f"{tone}-soft") for tone in tones for ink in (tone, "ink", "soft")]
    for ink, ground in pairs:
        bright, dark = sorted((_luminance(colours[ink]), _luminance(colours[ground])), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)
