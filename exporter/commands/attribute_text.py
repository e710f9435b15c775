"""What `attribute` writes for people: a table of slices, and what to mind. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from exporter.calldb.cohorts import COHORTS, Cohort
from exporter.calldb.period import Period
from exporter.calldb.reference import WORDS, Against
from exporter.commands.table import table
from exporter.kpi.attribution import SIGNIFICANT, Attribution, Effect, Part, are_counts, ratio
from exporter.kpi.attribution_words import REVERSAL, WHOLE, digits_for, sentence, shown, signed, slice_words
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.spec import Text

MOST_SLICES = 20
HINT = Text(
    zh="期间口径的分子与分母不是同一批人，业务起止或变动时有偏差；用 --cohort 跟踪同一批人。",
    en="By period the two sides are not of the same people; --cohort follows those who began in the window.",
)
_TIME = "%Y-%m-%d %H:%M"
_HEADER = (
    "切片 slice",
    "之前 before",
    "之后 after",
    "n",
    "变化内 rate",
    "结构 mix",
    "合计 total",
    "占比 share",
    "p 校正 adj.",
)
_UNITS = {"ratio": "百分点 points", "cny": "元 CNY", "seconds": "秒 s", "score": "分 score"}


@dataclass(frozen=True, slots=True)
class Compared:
    """What was compared (the reference may be several periods), by which labels, and what came out.

    `cohort`: who was followed, None when what happened in the periods was counted. `young`: how many of them began in
    the reference and in the window whose days are not over; they are left out. `offered`: the labels that `by` was
    chosen from, as those that explain the change best; empty where they were asked for.
    """

    window: Period
    before: tuple[Period, ...]
    by: tuple[str, ...]
    attribution: Attribution
    cohort: Cohort | None = None
    young: tuple[int, int] = (0, 0)
    offered: tuple[str, ...] = ()

    @property
    def whole(self) -> Effect:
        """The whole as a slice of its own."""
        found = self.attribution
        return Effect((), found.before, found.after, found.rate, found.mix, found.p, found.p)


def as_text(catalogue: Catalogue, kpi: Kpi, compared: Compared, against: Against) -> str:
    """Both periods, the sentence, the table of slices, and what to mind."""
    found = compared.attribution
    said = sentence(catalogue, kpi, found, compared.by)
    zone = ZoneInfo(catalogue.timezone)
    words = WORDS[against]
    lines = [
        f"{kpi.slug}  {kpi.title.zh}  {kpi.title.en}",
        f"  窗口 window: {_span(compared.window, zone)} ({catalogue.timezone})",
        f"  对比 against: {words.zh} {words.en}: {_spans(compared.before, zone)}",
        f"  口径 basis: {_basis(compared.cohort)}",
        "",
        f"  {said.zh}",
        f"  {said.en}",
        "",
        _table(catalogue, kpi, compared),
        "",
        *(f"  {line}" for line in _notes(kpi, compared)),
        *(f"  {line}" for line in _cohort_notes(kpi, compared)),
    ]
    return "\n".join(lines)


def _basis(cohort: Cohort | None) -> str:
    if cohort is None:
        return "期间（窗口内发生的） by period (what happened then)"
    return f"{cohort.title.zh}，跟踪 {cohort.days} 天 {cohort.title.en}, followed for {cohort.days} days"


def _span(period: Period, zone: ZoneInfo) -> str:
    start, end = (datetime.fromtimestamp(at, zone).strftime(_TIME) for at in (period.start, period.end))
    return f"{start} – {end}"


def _spans(periods: Sequence[Period], zone: ZoneInfo) -> str:
    text = _span(periods[0], zone)
    return text if len(periods) == 1 else f"{text} … {_span(periods[-1], zone)}"


def _table(catalogue: Catalogue, kpi: Kpi, compared: Compared) -> str:
    """The whole, the slices that matter most, and the rest together; effects in the unit named below."""
    found = compared.attribution
    digits = max(digits_for(shown(found.change, kpi), kpi), digits_for(0.0, kpi) + 1)
    top, rest = found.effects[:MOST_SLICES], found.effects[MOST_SLICES:]
    rows = [_row(WHOLE.zh + " " + WHOLE.en, kpi, found, compared.whole, digits)]
    for effect in top:
        words = slice_words(catalogue, compared.by, effect.key)
        rows.append(_row(f"{words.zh}  {words.en}", kpi, found, effect, digits))
    if rest:
        rows.append(_row(f"其余 {len(rest)} 个  {len(rest)} others", kpi, found, _together(rest), digits))
    lines = table(_HEADER, rows, right=range(1, len(_HEADER))).splitlines()
    return "\n".join(f"  {line}" for line in lines)


def _together(effects: Sequence[Effect]) -> Effect:
    first = Effect((), Part(), Part(), effects[0].rate * 0, effects[0].mix * 0)
    for effect in effects:
        sides = first.before + effect.before, first.after + effect.after
        first = Effect((), *sides, first.rate + effect.rate, first.mix + effect.mix)
    return first


def _row(words: str, kpi: Kpi, found: Attribution, effect: Effect, digits: int) -> tuple[str, ...]:
    scale = 10 ** found.scales[1]
    effects = (signed(shown(value, kpi), digits) for value in (effect.rate, effect.mix, effect.total))
    change = found.change
    return (
        words,
        _value(effect.before, kpi, found),
        _value(effect.after, kpi, found),
        f"{effect.before.d / scale:.0f} → {effect.after.d / scale:.0f}",
        *effects,
        f"{float(effect.total / change):.0%}" if change else "-",
        _p_text(effect.q),
    )


def _value(part: Part, kpi: Kpi, found: Attribution) -> str:
    value = ratio(part, found.scales)
    if value is None:
        return "-"
    return f"{float(value):.2%}" if kpi.unit == "ratio" else f"{float(value):.2f}"


def _p_text(p: float | None) -> str:
    if p is None:
        return "-"
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _notes(kpi: Kpi, compared: Compared) -> list[str]:
    """The unit, what chance can do, and a reversal."""
    found = compared.attribution
    lines = [f"效应的单位 unit of effects: {_UNITS[kpi.unit]}；变化内 + 结构 = 合计 rate + mix = total"]
    if are_counts(kpi):
        moved = sum(effect.q is not None and effect.q < SIGNIFICANT for effect in found.effects)
        tested = sum(effect.q is not None for effect in found.effects)
        lines.append(
            f"显著变化的切片 slices that changed by more than chance: {moved} / {tested}"
            f"（双比例检验，Benjamini–Hochberg {SIGNIFICANT:.0%} two-proportion tests）"
        )
    else:
        lines.append("分母不是次数，不做显著性检验 the denominator counts no trials: no significance")
    if set(compared.offered) - set(compared.by):
        lines.append(
            f"按最能解释变化的标签拆分 by the labels that explain it best; --by {','.join(compared.offered)}: 最细 all"
        )
    if found.reversals:
        ways = ", ".join(" x ".join(compared.by[at] for at in way) for way in found.reversals)
        lines += [REVERSAL.zh, f"{REVERSAL.en} (by {ways})"]
    return lines


def _cohort_notes(kpi: Kpi, compared: Compared) -> list[str]:
    """Who was left out of a cohort; or that there is one."""
    cohort = compared.cohort
    if cohort is None:
        return [HINT.zh, HINT.en] if kpi.slug in COHORTS else []
    if not any(compared.young):
        return []
    (before, after), days = compared.young, cohort.days
    return [
        f"未满 {days} 天而未计入：对比期 {before}，窗口 {after}。",
        f"Left out, their {days} days not being over: {before} in the reference, {after} in the window.",
    ]
