"""Go template of what a KPI's change is and which slice explains it: the sentence of `kpi.attribution_words`.

Numbers and words by the same rules: decimals by the size of the change, `mainly` where a slice did more than all of it,
and no slice where none stands out.
"""

from __future__ import annotations

from exporter.generate import attribution
from exporter.generate.rules.templates import TITLE, Language
from exporter.semantic.model import Kpi
from exporter.semantic.moved import (
    BETWEEN,
    DIGITS,
    MINUS,
    MOST_DIGITS,
    NO_CHANGE,
    NOTHING_STANDS_OUT,
    NOWHERE,
    UNITS,
    counts_trials,
)
from exporter.semantic.names import ALL


def moved(kpi: Kpi, window: str, language: Language) -> str:
    """What a ratio's change is, and which slice did most of it; nothing where that is not known, or of one scenario."""
    if kpi.unit != "ratio" or window not in attribution.WINDOWS:
        return ""
    text = _size(kpi, window, language) + _which(kpi, window, language)
    nothing = NO_CHANGE.zh if language == "zh" else NO_CHANGE.en.lower()
    said = f"{{{{ if eq $all 0.0 }}}}{nothing}{{{{ else }}}}{text}{{{{ end }}}}"
    said = f"较前一个 {window} {said}。" if language == "zh" else f" Against the {window} before: {said}."
    known = f"{{{{ with {_query(_points(kpi, window))} }}}}{{{{ $all := . | first | value }}}}{said}{{{{ end }}}}"
    return f'{{{{ if eq $labels.scenario "{ALL}" }}}}{known}{{{{ end }}}}'


def _points(kpi: Kpi, window: str) -> str:
    """The size of the change."""
    return f"abs({attribution.change(kpi.slug, window)}) * 100"


def _size(kpi: Kpi, window: str, language: Language) -> str:
    """`+7.1 points`; leaves `$sign` and `$format`, by which numbers of this size are written."""
    digits = f"clamp({DIGITS[kpi.unit]} - floor(log10({_points(kpi, window)})), {DIGITS[kpi.unit]}, {MOST_DIGITS})"
    rose = f"{attribution.change(kpi.slug, window)} > 0"
    sign = f'{{{{ $sign := "{MINUS}" }}}}{{{{ with {_query(rose)} }}}}{{{{ $sign = "+" }}}}{{{{ end }}}}'
    written = f'{{{{ $format := {_query(digits)} | first | value | printf "%%.%.0ff" }}}}'
    unit = f"{UNITS[kpi.unit].zh}，" if language == "zh" else f"{UNITS[kpi.unit].en}, "
    return f"{sign}{written}{{{{ $sign }}}}{{{{ $all | printf $format }}}}{unit}"


def _which(kpi: Kpi, window: str, language: Language) -> str:
    """`6.4 of them Elderly x Evening`."""
    words = "".join(f" * on ({label}) group_left ({label}_{language}) {TITLE[label]}" for label in attribution.SLICE)
    top = f"({attribution.top_slice(kpi.slug, window, tested=counts_trials(kpi))}) * 100{words}"
    amount = "{{ .Value | printf $format }}"
    if language == "zh":
        part, mainly = f"其中 {amount} 来自 {{{{ $place }}}}", f"主要来自 {{{{ $place }}}}（{{{{ $sign }}}}{amount}）"
        none = NOTHING_STANDS_OUT.zh
    else:
        part, mainly = f"{amount} of them {{{{ $place }}}}", f"mainly {{{{ $place }}}} ({{{{ $sign }}}}{amount})"
        none = NOTHING_STANDS_OUT.en
    said = f"{{{{ if le .Value $all }}}}{part}{{{{ else }}}}{mainly}{{{{ end }}}}"
    return (
        f"{{{{ with {_query(top)} }}}}{{{{ with first . }}}}{_place(language)}{said}{{{{ end }}}}"
        f"{{{{ else }}}}{none}{{{{ end }}}}"
    )


def _place(language: Language) -> str:
    """Puts the slice's words into `$place`: of those labels that it is broken down by."""
    text = '{{ $place := "" }}{{ $join := "" }}'
    for label in attribution.SLICE:
        joined = f'printf "%s%s%s" $place $join .Labels.{label}_{language}'
        between = f'{{{{ $join = "{getattr(BETWEEN, language)}" }}}}'
        text += f'{{{{ if ne .Labels.{label} "{ALL}" }}}}{{{{ $place = {joined} }}}}{between}{{{{ end }}}}'
    return f'{text}{{{{ if not $place }}}}{{{{ $place = "{getattr(NOWHERE, language)}" }}}}{{{{ end }}}}'


def _query(promql: str) -> str:
    """A query in a template."""
    return 'query "' + promql.replace('"', "'") + '"'
