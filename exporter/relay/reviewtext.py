"""The words for a notice of a review: what it is of, the conclusions in few lines, a link. It is no alarm."""

from __future__ import annotations

from exporter.relay.message import Alert, Notice
from exporter.relay.text import LINK, REPEATED, TAG, ChatText, Language, Wording, chat_text
from exporter.semantic import noticenames as names

_LANGUAGES: dict[Language, tuple[bool, ...]] = {"zh": (False,), "en": (True,), "both": (False, True)}


def worded(notice: Notice, wording: Wording, language: Language, now: float, *, repeated: bool) -> ChatText:
    """A notice for a chat: of a review, or of alerts."""
    if notice.is_review:
        return review_text(notice, wording, language, repeated=repeated)
    return chat_text(notice, wording, language, now, repeated=repeated)


def review_text(notice: Notice, wording: Wording, language: Language, *, repeated: bool) -> ChatText:
    """Both languages, Chinese first, unless one is asked for. The link goes first: a long text is cut at its end."""
    lead = notice.lead
    lines: list[str] = []
    for en in _LANGUAGES[language]:
        lines += ["---"] if lines else []
        lines += _section(lead, wording, en=en)
    if repeated:
        lines.append(REPEATED)
    return ChatText(heading(lead, wording, en=language == "en"), tuple(lines), "blue")


def heading(alert: Alert, wording: Wording, *, en: bool) -> str:
    """The title in one line."""
    return _line(wording, _value(alert, names.TITLE, en=en)) or ("Review" if en else "复盘")


def _section(alert: Alert, wording: Wording, *, en: bool) -> list[str]:
    found = [_link(alert, wording, en=en), f"**{_line(wording, _value(alert, names.SUMMARY, en=en))}**"]
    found += [f"> {line}" for line in lines_of(alert, names.WARNINGS, wording, en=en)]
    found += [f"- {line}" for line in lines_of(alert, names.POINTS, wording, en=en)]
    found.append(_line(wording, _value(alert, names.MORE, en=en)))
    return [line for line in found if line not in ("", "****")]


def lines_of(alert: Alert, name: str, wording: Wording, *, en: bool) -> list[str]:
    """An annotation of several lines."""
    return [line for text in _value(alert, name, en=en).splitlines() if (line := _line(wording, text))]


def url_of(alert: Alert, wording: Wording, *, en: bool) -> str:
    """The page's address; empty where there is none."""
    url = wording.line(_value(alert, names.URL, en=en))
    return url if LINK.fullmatch(url) else ""


def files_of(alert: Alert, wording: Wording) -> list[dict[str, str]]:
    """The files that came with it: name, language, media type, text."""
    found = []
    for en in (False, True):
        text = wording.mask(_value(alert, names.FILE, en=en))
        name = _line(wording, _value(alert, names.FILE_NAME, en=en))
        if text and name:
            language = "en" if en else "zh"
            found.append({"name": name, "language": language, "media_type": names.MEDIA_TYPE, "text": text})
    return found


def _link(alert: Alert, wording: Wording, *, en: bool) -> str:
    url = url_of(alert, wording, en=en)
    if url:
        return f"[{'Read the review' if en else '查看复盘'}]({url})"
    name = _line(wording, _value(alert, names.FILE_NAME, en=en))
    return (f"File: {name}" if en else f"文件：{name}") if name else ""


def _value(alert: Alert, name: str, *, en: bool) -> str:
    return alert.annotations.get(name if en else f"{name}_zh", "")


def _line(wording: Wording, text: str) -> str:
    """Masked, in one line, and opening no tag of a robot's dialect."""
    return TAG.sub("＜", wording.line(text))
