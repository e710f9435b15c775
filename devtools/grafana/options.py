"""The options of a variable: regular expression, order, and the pairs of a custom one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from devtools.grafana.errors import GrafanaError

Option = tuple[str, str]


def custom(query: str) -> list[Option]:
    """Pairs of "text : value, other : value"; a value alone is its own text, `\\,` is a comma."""
    found = []
    for part in re.findall(r"(?:\\,|[^,])+", query):
        text = part.replace("\\,", ",").strip()
        pair = re.fullmatch(r"(.+)\s:\s(.+)", text)
        found.append((pair[1].strip(), pair[2].strip()) if pair else (text, text))
    return found


def chosen(texts: Iterable[str], regex: str, sort: int) -> list[Option]:
    """The options made of a query's answers: filtered and cut by the expression, unique by value, in order."""
    pattern = _compiled(regex) if regex else None
    found = [option for text in texts for option in (_matched(text, pattern) if pattern else [(text, text)])]
    unique = {value: (text, value) for text, value in reversed(found)}
    return ordered([unique[value] for value in dict.fromkeys(value for _, value in found)], sort)


def ordered(options: Sequence[Option], sort: int) -> list[Option]:
    """Options in one of Grafana's orders: 0 as they come, odd upwards, even downwards."""
    if sort == 0:
        return list(options)
    try:
        key = ORDERS[(sort - 1) // 2]
    except IndexError:
        raise GrafanaError(f"a variable's sort {sort} is not known here") from None
    return sorted(options, key=key, reverse=sort % 2 == 0)


def _compiled(regex: str) -> re.Pattern[str]:
    written = re.fullmatch(r"/(.*)/([gimsuy]*)", regex, re.DOTALL)
    body, flags = (written[1], written[2]) if written else (f"^{regex}$", "")
    try:
        return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", body), re.IGNORECASE if "i" in flags else 0)
    except re.error as error:
        raise GrafanaError(f"the expression {regex!r} of a variable: {error}") from error


def _matched(text: str, pattern: re.Pattern[str]) -> list[Option]:
    matches = list(pattern.finditer(text))
    if not matches:
        return []
    value = next((each["value"] for each in matches if "value" in each.groupdict() and each["value"]), None)
    shown = next((each["text"] for each in matches if "text" in each.groupdict() and each["text"]), None)
    if value is not None or shown is not None:
        return [(shown or value or "", value or shown or "")]
    if pattern.groups and len(matches) > 1:
        return [(each[1], each[1]) for each in matches if each[1]]
    return [(matches[0][1] or "",) * 2] if pattern.groups else [(text, text)]


def _number(option: Option) -> float:
    found = re.search(r".*?(\d+).*", option[0])
    return float(found[1]) if found else -1.0


def _natural(option: Option) -> list[tuple[int, float, str]]:
    return [(0, float(part), "") if part.isdigit() else (1, 0.0, part) for part in re.split(r"(\d+)", option[0])]


ORDERS: Final[Sequence[Callable[[Option], Any]]] = (
    lambda option: option[0],
    _number,
    lambda option: option[0].lower(),
    _natural,
)
