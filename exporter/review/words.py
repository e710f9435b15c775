"""A review's figures and usual words in one language. No figure is written elsewhere, so both languages agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from exporter.expose.format import cny, count, percent, seconds
from exporter.expose.wording import STATE_WORDS
from exporter.generate.wording import ALARM_SIGN, BEST, SIGN, number
from exporter.kpi.attribution_words import digits_for, signed, slice_words
from exporter.kpi.judge import Lines, Verdict
from exporter.review.model import Row
from exporter.review.problems import in_chinese
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.spec import Text

Language = Literal["zh", "en"]
# Two-sided, as on the boards: many KPIs are looked at.
SIGNIFICANT = 0.01
NONE = "–"
# What was changed, as on the boards (whose module needs what only generating needs).
KINDS = {
    "script": ("话术", "script"),
    "lexicon": ("词库", "lexicon"),
    "model": ("模型", "model"),
    "other": ("其他", "other"),
}
_POINTS = {"ratio": ("", ""), "cny": (" 元", " CNY"), "seconds": (" 秒", " s"), "score": ("", "")}


@dataclass(frozen=True, slots=True)
class Words:
    """The catalogue in one language."""

    catalogue: Catalogue
    language: Language

    def say(self, zh: str, en: str) -> str:
        """The one of both that is wanted."""
        return zh if self.language == "zh" else en

    def pick(self, text: Text) -> str:
        """A text of the catalogue."""
        return text.zh if self.language == "zh" else text.en

    def value(self, value: float | None, unit: str) -> str:
        """A measurement in its unit."""
        if value is None:
            return NONE
        if unit == "score":
            return f"{value:.2f}"
        return {"ratio": lambda v: percent(v, decimals=1), "cny": cny, "seconds": seconds}[unit](value)

    def bounds(self, kpi: Kpi, row: Row) -> str:
        """The Wilson interval of a ratio in this period; of money there is none."""
        bounds = row.now.bounds if row.now is not None else None
        return NONE if bounds is None or not kpi.alert.bounds else self.interval(bounds)

    def interval(self, bounds: tuple[float, float]) -> str:
        """An interval of a ratio."""
        lower, upper = (percent(bound, decimals=1) for bound in bounds)
        return f"{lower} – {upper}"

    def count(self, value: float | None) -> str:
        """A number of things."""
        return NONE if value is None else count(value)

    def samples(self, kpi: Kpi, row: Row) -> str:
        """The denominator in this period."""
        if row.now is None or row.now.samples is None:
            return NONE
        return cny(row.now.samples) if kpi.kind == "ratio" and kpi.denominator[0].scale else count(row.now.samples)

    def change(self, change: float | None, kpi: Kpi) -> str:
        """A difference with its sign: ratios in points."""
        if change is None:
            return NONE
        shown = change * 100 if kpi.unit == "ratio" else change
        zh, en = _POINTS[kpi.unit]
        return signed(shown, digits_for(shown, kpi)) + self.say(zh, en)

    def target(self, kpi: Kpi, lines: Lines) -> str:
        """The target as a condition, `≥ 60%`."""
        if lines.target is None:
            return NONE
        exact = kpi.unit == "ratio" and lines.target == BEST[kpi.direction]
        return f"{'=' if exact else SIGN[kpi.direction]} {number(lines.target, kpi.unit)}"

    def alarm(self, kpi: Kpi, lines: Lines) -> str:
        """The alarm line as a condition, `> 30%`: the warning line where the target is a goal and there is no other."""
        line = lines.critical
        if line is None and lines.goal is not None:
            line = lines.warning
        return NONE if line is None else f"{ALARM_SIGN[kpi.direction]} {number(line, kpi.unit)}"

    def state(self, state: Verdict | None) -> str:
        """A verdict on a value; without one there was nothing to count."""
        return self.say(*STATE_WORDS[state or "no_data"])

    def verdict(self, kpi: Kpi, row: Row) -> tuple[str, str]:
        """Whether the change is more than chance, and its tone: `better`, `worse` or nothing."""
        if row.change is None:
            return self.say("无可比", "nothing to compare"), ""
        if row.p is None:
            return self.say("不检验", "no test"), ""
        if row.p >= SIGNIFICANT or not row.change:
            return f"{self.say('无显著变化', 'no sure change')} {p_text(row.p)}", ""
        tone = "better" if (row.change > 0) == (kpi.direction == "higher") else "worse"
        word = self.say("改善", "better") if tone == "better" else self.say("恶化", "worse")
        return f"{word} {p_text(row.p)}", tone

    def slice(self, labels: Mapping[str, str]) -> str:
        """A slice in words; nothing for the whole."""
        return self.pick(slice_words(self.catalogue, tuple(labels), tuple(labels.values()))) if labels else ""

    def member(self, label: str, value: str) -> str:
        """A member of a label in words."""
        return self.slice({label: value})

    def label(self, label: str) -> str:
        """What a label is called."""
        return self.pick(self.catalogue.dimensions[label].title) if label in self.catalogue.dimensions else label

    def instant(self, at: float) -> str:
        """An instant in the business time zone, to the minute."""
        return datetime.fromtimestamp(at, ZoneInfo(self.catalogue.timezone)).strftime("%Y-%m-%d %H:%M")

    def problem(self, text: str) -> str:
        """A problem of the call database, or of Prometheus."""
        return self.say(in_chinese(text), text)


def p_text(p: float) -> str:
    """A p-value for people."""
    return "p<0.001" if p < 0.001 else f"p={p:.3f}"


def runs(days: Sequence[date]) -> list[str]:
    """Days in ascending order, those that follow each other as one: 2026-10-01 – 2026-10-23."""
    found: list[list[date]] = []
    for day in days:
        if found and day - found[-1][-1] == timedelta(days=1):
            found[-1].append(day)
        else:
            found.append([day])
    return [str(run[0]) if len(run) == 1 else f"{run[0]} – {run[-1]}" for run in found]
