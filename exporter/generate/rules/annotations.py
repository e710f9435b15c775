"""What an alert on a KPI says, in both languages: short for a telephone, longer for a chat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from exporter.generate.rules import movement, templates
from exporter.generate.rules.model import Options
from exporter.generate.rules.templates import Language, plain
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.names import dashboard_url, runbook_url
from exporter.semantic.spec import Severity, Text

Kind = Literal["line", "breach", "burn"]
_BEYOND = {"lower": Text(zh="超过", en="above"), "higher": Text(zh="低于", en="below")}
_LINES: Mapping[Severity, Text] = {
    "warning": Text(zh="目标", en="target"),
    "critical": Text(zh="告警线", en="alarm line"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """What an alert is about. `at`: the line that is crossed; `named`: the labels of a slice with lines of its own."""

    name: str
    kind: Kind
    severity: Severity
    window: str
    at: float
    named: Mapping[str, str]


def texts(catalogue: Catalogue, kpi: Kpi, said: Said, options: Options) -> dict[str, str]:
    """All annotations of contract §5, and the short ones."""
    found: dict[str, str] = {}
    languages: tuple[tuple[Language, str], ...] = (("en", ""), ("zh", "_zh"))
    for language, suffix in languages:
        found[f"summary{suffix}"] = _summary(catalogue, kpi, said, language)
        found[f"description{suffix}"] = _description(catalogue, kpi, said, language)
        found[f"where{suffix}"] = templates.worst_cell(catalogue, kpi, said.window, said.at, said.named, language)
        found[f"value{suffix}"] = _value(kpi, said, language)
    return found | {"runbook_url": runbook_url(said.name), "dashboard_url": _dashboard(kpi, said, options)}


def _summary(catalogue: Catalogue, kpi: Kpi, said: Said, language: Language) -> str:
    """Without numbers, so that it stays the same while the alert lasts."""
    name = plain(getattr(kpi.title, language))
    if said.named:
        place = templates.slice_words(catalogue, said.named, language)
        name += f"（{place}）" if language == "zh" else f" ({place})"
    if said.kind == "breach":
        return f"{name}：出现违规" if language == "zh" else f"{name}: a breach"
    if said.kind == "burn":
        return f"{name}：错误预算消耗过快" if language == "zh" else f"{name}: the error budget burns too fast"
    beyond, line = (getattr(text, language) for text in (_BEYOND[kpi.direction], _LINES[said.severity]))
    return f"{name}{beyond}{line}" if language == "zh" else f"{name} {beyond} its {line}"


def _value(kpi: Kpi, said: Said, language: Language) -> str:
    """`33.2% (>30%, n=512)`; of breaches how many."""
    count = templates.samples(kpi, said.window, said.named)
    if said.kind == "breach":
        return f"{templates.breaches(kpi, said.window, said.named)}{' 起' if language == 'zh' else ''}{count}"
    return f"{templates.value(kpi, language)} ({templates.line(kpi, said.at, language)}{count})"


def _description(catalogue: Catalogue, kpi: Kpi, said: Said, language: Language) -> str:
    """What, where, how bad, and the remedy that the source names."""
    name, remedy = (plain(getattr(text, language)) for text in (kpi.title, kpi.remedy))
    place = templates.slice_words(catalogue, said.named, language)
    value = _value(kpi, said, language)
    window = said.window if kpi.windows else ""
    moved = movement.moved(kpi, window, language) if said.kind == "line" and not said.named else ""
    if language == "zh":
        head = f"{name}（{place}，{'最近 ' + window if window else '最新'}）：{value}。{moved}"
        return head + (f"措施：{remedy}。" if remedy else "")
    head = f"{name} ({place}, {'last ' + window if window else 'latest'}): {value}.{moved}"
    return head + (f" Remedy: {remedy}." if remedy else "")


def _dashboard(kpi: Kpi, said: Said, options: Options) -> str:
    """The drill-down of the KPI, at the alert's slice."""
    fixed = {"var-kpi": kpi.slug} | ({"var-window": said.window} if kpi.windows else {})
    fixed |= {f"var-{label}": name for label, name in said.named.items()}
    scenario = "" if said.named else "&var-scenario={{ $labels.scenario }}"
    return f"{dashboard_url(options.grafana, 'outcall-drilldown')}?{urlencode(fixed)}{scenario}"
