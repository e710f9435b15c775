"""Writes variables and time macros into the texts of a dashboard."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from typing import Final

from devtools.grafana.formats import Choice, write
from devtools.grafana.timing import Interval, Span, spell

# $name | [[name]] and [[name:format]] | ${name}, ${name.field} and ${name:format}
REFERENCE: Final = re.compile(r"\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:}]+))?(?::([^}]+))?\}")
LINK_STYLE: Final = "glob"


def interpolate(
    text: str,
    choices: Mapping[str, Choice],
    span: Span,
    interval: Interval,
    style: str = "",
) -> str:
    """The text with variables and macros written in; unknown names stay as they are, as in Grafana.

    `style` is the format of references without one: "" for queries, "text" for titles, "glob" for links.
    """
    macros = _macros(choices, span, interval)

    def replaced(found: re.Match[str]) -> str:
        name = found[1] or found[2] or found[4]
        how = found[3] or found[6]
        if name in macros:
            return macros[name]
        return write(choices[name], how or style) if name in choices else found[0]

    return REFERENCE.sub(replaced, text)


def unknown(text: str, choices: Mapping[str, Choice]) -> list[str]:
    """Names in a query that are neither a variable nor a macro: Grafana would send them as they stand."""
    macros = _macros(choices, Span(0, 1), Interval(1))
    names = (found[1] or found[2] or found[4] for found in REFERENCE.finditer(text))
    # `$1` is a group of label_replace.
    return [name for name in names if name not in macros and name not in choices and not name.isdigit()]


def _macros(choices: Mapping[str, Choice], span: Span, interval: Interval) -> dict[str, str]:
    seconds = round(span.seconds)
    start, end = round(span.start * 1000), round(span.end * 1000)
    shown = [write(each, "queryparam") for each in choices.values()]
    return {
        "__interval": spell(interval.seconds),
        "__interval_ms": str(round(interval.seconds * 1000)),
        "__rate_interval": spell_exactly(interval.rate),
        "__rate_interval_ms": str(round(interval.rate * 1000)),
        "__range": f"{seconds}s",
        "__range_s": str(seconds),
        "__range_ms": str(seconds * 1000),
        "__from": str(start),
        "__to": str(end),
        "__url_time_range": f"from={start}&to={end}",
        "__all_variables": "&".join(shown),
    }


def spell_exactly(seconds: float) -> str:
    """A duration of Go's kind, nothing rounded: "1m15s"."""
    whole = int(seconds)
    if whole != seconds:
        return f"{round(seconds * 1000)}ms"
    parts = [(whole // 3600, "h"), (whole % 3600 // 60, "m"), (whole % 60, "s")]
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"


def legend(template: str, labels: Mapping[str, str]) -> str:
    """`{{label}}` replaced, "" for a label that the series has not."""
    return re.sub(r"\{\{\s*(.+?)\s*\}\}", lambda found: labels.get(found[1], ""), template)


def link(url: str, values: Mapping[str, str]) -> str:
    """`${__data.fields...}`, `${__field...}`, `${__value...}` of a data link, percent-encoded where Grafana does so."""

    def replaced(found: re.Match[str]) -> str:
        inner, how = found[1], found[2]
        name = re.sub(r"""\[["'](.*?)["']\]""", r".\1", inner)
        if name not in values:
            return found[0]
        return values[name] if how == "raw" else urllib.parse.quote(values[name], safe="")

    return re.sub(r"\$\{(__(?:data|field|value|series)[^}:]*)(?::(\w+))?\}", replaced, url)
