"""What an attribution says, in both languages: `+7.1 points, 6.4 of them Elderly x Evening`. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from exporter.kpi.attribution import Attribution, named
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.moved import (
    BETWEEN,
    DIGITS,
    MINUS,
    MOST_DIGITS,
    NO_CHANGE,
    NOTHING_STANDS_OUT,
    NOWHERE,
    UNITS,
)
from exporter.semantic.names import ALL, OTHER, UNKNOWN
from exporter.semantic.spec import Text

_USUAL = {OTHER: Text(zh="其他", en="Other"), UNKNOWN: Text(zh="未知", en="Unknown")}
WHOLE = Text(zh="整体", en="Whole")
REVERSAL = Text(
    zh="辛普森反转：各切片朝一个方向变化，整体却相反，原因在结构（占比），不在各切片本身。",
    en="Simpson reversal: the slices moved one way and the whole the other; the mix did it, not the slices.",
)


def sentence(catalogue: Catalogue, kpi: Kpi, found: Attribution, by: Sequence[str]) -> Text:
    """The change, and the slice that did most to bring it about, if one did more than chance and its share.

    Alerts say the same in Go's templates (`exporter.generate.rules.movement`).
    """
    change = shown(found.change, kpi)
    if not change:
        return NO_CHANGE
    unit, digits, top = UNITS[kpi.unit], digits_for(change, kpi), named(found)
    if top is None:
        said = NOTHING_STANDS_OUT
    else:
        said = _part(shown(top.total, kpi), change, digits, slice_words(catalogue, by, top.key))
    whole = signed(change, digits)
    return Text(zh=f"{whole}{unit.zh}，{said.zh}", en=f"{whole}{unit.en}, {said.en}")


def _part(part: float, change: float, digits: int, words: Text) -> Text:
    """How much of the change a slice is; a slice may have done more than all of it, others against it."""
    if abs(part) <= abs(change):
        amount = f"{abs(part):.{digits}f}"
        return Text(zh=f"其中 {amount} 来自 {words.zh}", en=f"{amount} of them {words.en}")
    amount = signed(part, digits)
    return Text(zh=f"主要来自 {words.zh}（{amount}）", en=f"mainly {words.en} ({amount})")


def slice_words(catalogue: Catalogue, by: Sequence[str], key: Sequence[str]) -> Text:
    """A slice in words; `all` marks facts that have no such label."""
    known = [(label, value) for label, value in zip(by, key, strict=True) if value != ALL]
    if not by:
        return WHOLE
    if not known:
        return NOWHERE
    titles = [_title(catalogue, label, value) for label, value in known]
    rest = len(known) < len(by)
    zh = BETWEEN.zh.join(title.zh for title in titles) + (f" · {NOWHERE.zh}" if rest else "")
    en = BETWEEN.en.join(title.en for title in titles) + (f", {NOWHERE.en.lower()}" if rest else "")
    return Text(zh=zh, en=en)


def _title(catalogue: Catalogue, label: str, value: str) -> Text:
    spec = catalogue.dimensions.get(label)
    return (spec.values.get(value) if spec else None) or _USUAL.get(value) or Text(zh=value, en=value)


def shown(value: Fraction, kpi: Kpi) -> float:
    """A difference as it is read: ratios in points."""
    return float(value * 100 if kpi.unit == "ratio" else value)


def digits_for(value: float, kpi: Kpi) -> int:
    """As many decimals as it takes to see two digits of a small number; of a large one the unit's."""
    digits = DIGITS[kpi.unit]
    while value and digits < MOST_DIGITS and abs(value) * 10**digits < 10:
        digits += 1
    return digits


def signed(value: float, digits: int) -> str:
    """With its sign, and none on nothing."""
    text = f"{abs(value):.{digits}f}"
    if not float(text):
        return text
    return ("+" if value > 0 else MINUS) + text
