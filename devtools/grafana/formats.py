"""How the value of a variable is written into a query, a link or a text."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from devtools.grafana.errors import GrafanaError

ALL: Final = "$__all"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a variable stands at.

    `texts` and `values` are the chosen ones ("All" is chosen: all options, and `all` is true); `options` are pairs
    text, value. `listed` is true for a variable that may hold several (multi or with "All"): Grafana escapes it
    for regular expressions.
    """

    name: str
    texts: tuple[str, ...]
    values: tuple[str, ...]
    listed: bool = False
    all: bool = False
    all_value: str = ""
    options: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        return "All" if self.all else " + ".join(self.texts)


def write(choice: Choice, how: str) -> str:
    """The choice in a format of Grafana ("" is the format of a Prometheus query).

    Raises:
        GrafanaError: no such format.
    """
    if how == "text":
        return choice.text
    if how == "queryparam":
        return _queryparam(choice)
    if choice.all and choice.all_value:
        return choice.all_value  # a custom "all" is written as it is, whatever the format
    try:
        return FORMATS[how](choice)
    except KeyError:
        raise GrafanaError(f"${{{choice.name}:{how}}}: no format {how!r} is known here") from None


def _prometheus(choice: Choice) -> str:
    if not choice.listed:
        return choice.values[0].replace("\\", "\\\\").replace('"', '\\"')
    return _alternatives([_special(each) for each in choice.values])


def _special(value: str) -> str:
    """A value as a regular expression inside a PromQL string: both levels are escaped."""
    return re.sub(r"[$^*{}\[\]'+?.()|]", lambda found: "\\\\" + found[0], value.replace("\\", "\\" * 4))


def _alternatives(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"({'|'.join(values)})"


def _regex(choice: Choice) -> str:
    return _alternatives([re.sub(r"[\\^$*+?.()|\[\]{}/]", r"\\\g<0>", each) for each in choice.values])


def _queryparam(choice: Choice) -> str:
    values = (ALL,) if choice.all else choice.values
    return "&".join(f"var-{choice.name}={urllib.parse.quote(each, safe='')}" for each in values)


def _glob(choice: Choice) -> str:
    return choice.values[0] if len(choice.values) == 1 else f"{{{','.join(choice.values)}}}"


def _quoted(choice: Choice, quote: str) -> str:
    return ",".join(quote + each.replace(quote, "\\" + quote) + quote for each in choice.values)


def _joined(separator: str) -> Callable[[Choice], str]:
    return lambda choice: separator.join(choice.values)


FORMATS: Final[Mapping[str, Callable[[Choice], str]]] = {
    "": _prometheus,
    "regex": _regex,
    "raw": _joined(","),
    "csv": _joined(","),
    "pipe": _joined("|"),
    "glob": _glob,
    "percentencode": lambda choice: urllib.parse.quote(_glob(choice), safe=""),
    "singlequote": lambda choice: _quoted(choice, "'"),
    "doublequote": lambda choice: _quoted(choice, '"'),
    "json": lambda choice: json.dumps(choice.values if choice.listed else choice.values[0]),
}
