"""The words: a few short variables for SMS, a few lines for chat; Chinese first. No number of a person, no secret.

Alerts carry no personal data by construction. What is masked here is what a mistake could bring in: a run of eleven or
more digits (a telephone, identity or card number, with or without separators), and the secrets that this relay knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from exporter.relay.message import Alert, Notice

Language = Literal["zh", "en", "both"]

# How many alerts of a group are written out in a chat.
SHOWN = 5
# The shortest secret that is looked for in texts: shorter ones would turn up by chance.
MIN_SECRET = 6
MASK = "***"
REPEATED = "（此前一次发送未得到答复，可能重复 / the last attempt was not answered, this may be a repetition）"

_SEVERITY_ZH = {"critical": "严重", "warning": "预警", "info": "提示"}
_AREA = {  # the labels `kpi` that are no KPI
    "exporter": ("指标采集", "exporter"),
    "host": ("主机", "host"),
    "platform": ("外呼平台", "calling platform"),
    "relay": ("告警转发", "relay"),
}
_DIGITS = re.compile(r"\+?\d(?:[ \-]?\d){10,}")
# Vendors refuse links of any scheme in variables.
_URL = re.compile(r"\w*://\S*")
_BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
# What could open a tag of a robot's dialect: <@all>, <at id=all>, <font>.
TAG = re.compile(r"<(?=[A-Za-z@/!])")
LINK = re.compile(r"https?://[^\s()<>]+")


@dataclass(frozen=True, slots=True)
class SmsText:
    """The variables of a template, in this order: 指标 kpi, 位置 where, 数值 value, 起始 since."""

    kpi: str
    where: str
    value: str
    since: str


@dataclass(frozen=True, slots=True)
class ChatText:
    """A title of one line, and lines in Markdown; `colour` as Feishu names it."""

    title: str
    lines: tuple[str, ...]
    colour: str


@dataclass(frozen=True, slots=True)
class Wording:
    """How to put things: the business time zone, titles of KPIs (slug: zh, en), secrets to keep out of every text."""

    zone: ZoneInfo
    titles: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    def mask(self, text: str) -> str:
        """`text` without secrets and without anything that looks like the number of a person."""
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        return _DIGITS.sub(MASK, text)

    def line(self, text: str) -> str:
        """`text` masked and in one line."""
        return self.mask(_BREAKS.sub(" ", text).strip())

    def clock(self, instant: float, now: float, *, zone: bool = False) -> str:
        """Local `HH:MM`, with month and day when it is another day's."""
        at, today = (datetime.fromtimestamp(t, self.zone) for t in (instant, now))
        text = f"{at:%H:%M}" if at.date() == today.date() else f"{at:%m-%d %H:%M}"
        return f"{text} ({self.zone.key})" if zone else text


def known_secrets(values: Iterable[str]) -> frozenset[str]:
    """Those worth looking for."""
    return frozenset(value for value in values if len(value) >= MIN_SECRET)


def sms_text(notice: Notice, wording: Wording, language: Language, longest: int, now: float) -> SmsText:
    """The variables, each of at most `longest` characters, without links (vendors refuse them)."""
    lead, en = notice.lead, language == "en"
    since = lead.started if notice.leading else min(a.started for a in (notice.firing or notice.resolved))

    def short(text: str) -> str:
        plain = _URL.sub("", wording.line(text)).strip() or "-"
        return plain if len(plain) <= longest else plain[: longest - 1] + "…"

    where, value = (_annotation(lead, name, en=en) for name in ("where", "value"))
    if notice.unlisted:  # the values at hand are of what is over
        where, value = _unlisted(notice, en=en), "-"
    return SmsText(short(title(lead, wording, en=en)), short(where), short(compact(value, longest)),
                   wording.clock(since, now))  # fmt: skip


def _unlisted(notice: Notice, *, en: bool) -> str:
    number = notice.truncated
    return f"{number} more, not listed" if en else f"另有 {number} 条未列出"


def compact(value: str, longest: int) -> str:
    """`33.2 % (>30 %, n=512)` without spaces, and without the samples where it is still too long."""
    tight = re.sub(r"\s+", "", value)
    if len(tight) <= longest:
        return tight
    shorter = re.sub(r",n=[\d,]+(?=\))", "", tight)
    return shorter if len(shorter) <= longest else re.sub(r"\(.*", "", tight)


def title(alert: Alert, wording: Wording, *, en: bool) -> str:
    """What the alert is about, in few words: its own title, that of its KPI, its area, its summary, its name."""
    own = alert.annotations.get("title" if en else "title_zh", "")
    slug = alert.labels.get("kpi", "")
    pair = wording.titles.get(slug)
    if own or pair:
        return own or (pair or ("", ""))[1 if en else 0]
    summary = alert.annotations.get("summary" if en else "summary_zh", "")
    area = _AREA.get(slug, ("", ""))[1 if en else 0]
    return summary or area or alert.labels["alertname"]


def _annotation(alert: Alert, name: str, *, en: bool) -> str:
    """The annotation in one language, in the other if it has no such, `-` if it has none."""
    names = (name, f"{name}_zh") if en else (f"{name}_zh", name)
    return next((found for n in names if (found := alert.annotations.get(n, ""))), "-")


def chat_text(notice: Notice, wording: Wording, language: Language, now: float, *, repeated: bool) -> ChatText:
    """Firing alerts first, then those that are over; both languages, Chinese first, unless one is asked for."""
    lead = notice.lead
    over = notice.status == "resolved" and not notice.truncated
    spoken = {"zh": (False,), "en": (True,), "both": (False, True)}[language]
    lines: list[str] = []
    for en in spoken:
        lines += ["---"] if lines else []
        lines += _section(notice, wording, now, en=en)
    lines += _links(lead, wording)
    if repeated:
        lines.append(REPEATED)
    heading = _heading(lead, wording, over=over, en=language == "en")
    colour = "green" if over else {"critical": "red", "warning": "orange"}.get(lead.severity, "blue")
    return ChatText(TAG.sub("＜", heading), tuple(lines), colour)


def _heading(alert: Alert, wording: Wording, *, over: bool, en: bool) -> str:
    found = _annotation(alert, "summary", en=en)
    summary = wording.line(title(alert, wording, en=en) if found == "-" else found)
    if en:
        return f"[{'resolved' if over else alert.severity}] {summary}"
    return f"【{'恢复' if over else _SEVERITY_ZH[alert.severity]}】{summary}"


def _section(notice: Notice, wording: Wording, now: float, *, en: bool) -> list[str]:
    lines: list[str] = []
    for alerts, over in ((notice.firing, False), (notice.resolved, True)):
        for alert in alerts[:SHOWN]:
            lines.append(f"**{TAG.sub('＜', _heading(alert, wording, over=over, en=en))}**")
            lines += [f"> {TAG.sub('＜', line)}" for line in _details(alert, wording, now, over=over, en=en)]
        more = max(0, len(alerts) - SHOWN) + (notice.truncated if not over else 0)
        if more and not over and notice.unlisted:
            lines.append(_still(notice, en=en))
        elif more:
            lines.append(f"({more} more)" if en else f"（另有 {more} 条）")
    return lines


def _still(notice: Notice, *, en: bool) -> str:
    """What is over is listed, what fires is not: Alertmanager's status is that of the listed ones."""
    known = notice.status == "firing"
    if en:
        return f"({_unlisted(notice, en=True)}; {'firing' if known else 'they may be firing'})"
    return f"（{_unlisted(notice, en=False)}，{'仍在告警' if known else '可能仍在告警'}）"


def _details(alert: Alert, wording: Wording, now: float, *, over: bool, en: bool) -> list[str]:
    since = wording.clock(alert.started, now, zone=True)
    until = wording.clock(alert.ended, now) if alert.ended else "-"
    labels = ("where", "value", "since", "over", "what to do") if en else ("位置", "数值", "起始", "恢复", "处置")
    where, value = (wording.line(_annotation(alert, name, en=en)) for name in ("where", "value"))
    rows = [(labels[0], where), (labels[1], value), (labels[2], since)]
    rows = [rows[0], rows[2], (labels[3], until)] if over else rows
    description = wording.line(_annotation(alert, "description", en=en))
    if not over:
        rows.append((labels[4], description))
    colon = ": " if en else "："
    return [f"{name}{colon}{text}" for name, text in rows if text not in ("", "-")]


def _links(alert: Alert, wording: Wording) -> list[str]:
    """Links to the runbook and the dashboard, where they are links."""
    named = (("处置手册 runbook", "runbook_url"), ("看板 dashboard", "dashboard_url"))
    found = [
        f"[{name}]({url})" for name, key in named if LINK.fullmatch(url := wording.line(alert.annotations.get(key, "")))
    ]
    return [" · ".join(found)] if found else []


def cut(lines: Iterable[str], joint: str, most: int) -> str:
    """The lines joined, as many as fit into `most` bytes of UTF-8; what is left out is told by an ellipsis."""
    kept: list[str] = []
    room = most - len("…".encode()) - len(joint.encode())
    for line in lines:
        room -= len((line + joint).encode())
        if room < 0:
            return joint.join([*kept, "…"])
        kept.append(line)
    return joint.join(kept)
