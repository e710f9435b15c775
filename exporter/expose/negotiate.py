"""Content negotiation (RFC 9110 §12.5): which exposition format, and whether gzipped.

Two formats are on offer: the Prometheus text format 0.0.4 and OpenMetrics 1.0.0. A client that names neither gets the
text format, as the Prometheus client libraries do, because a scrape that is answered beats a correct 406.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Format = Literal["text", "openmetrics"]

CONTENT_TYPES: dict[Format, str] = {
    "text": "text/plain; version=0.0.4; charset=utf-8",
    "openmetrics": "application/openmetrics-text; version=1.0.0; charset=utf-8",
}

_QUALITY = re.compile(r"(?:0(?:\.\d*)?|1(?:\.0*)?)", re.ASCII)

# How closely a media range names an offer; the closest range decides its quality.
_ANYTHING, _SAME_TYPE, _SAME_SUBTYPE, _SAME_VERSION = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Preference:
    """One element of an Accept or Accept-Encoding header: lower-case value, its parameters, quality 0..1."""

    value: str
    params: dict[str, str]
    quality: float


@dataclass(frozen=True, slots=True)
class _Offer:
    type: str
    subtype: str
    version: str

    def closeness(self, wanted: Preference) -> int | None:
        """How closely `wanted` names this offer; None when it names something else."""
        kind, _, subtype = wanted.value.partition("/")
        if (kind, subtype) == ("*", "*"):
            return _ANYTHING
        if kind != self.type:
            return None
        if subtype == "*":
            return _SAME_TYPE
        version = wanted.params.get("version")
        if subtype != self.subtype or version not in (None, self.version):
            return None
        return _SAME_SUBTYPE if version is None else _SAME_VERSION


_TEXT = _Offer("text", "plain", "0.0.4")
_OPENMETRICS = _Offer("application", "openmetrics-text", "1.0.0")


def parse_preferences(header: str) -> list[Preference]:
    """The elements of an Accept-like header; an element that cannot be read is left out."""
    return [preference for element in header.split(",") if (preference := _preference(element)) is not None]


def _preference(element: str) -> Preference | None:
    value, *rest = (part.strip().lower() for part in element.split(";"))
    params = {name.strip(): text.strip().strip('"') for name, _, text in (part.partition("=") for part in rest)}
    quality = params.pop("q", "1")
    if not value or _QUALITY.fullmatch(quality) is None:
        return None
    return Preference(value, params, float(quality))


def choose_format(accept: str) -> Format:
    """The format for an Accept header; OpenMetrics only for a client that asks for it by name."""
    wanted = parse_preferences(accept)
    text, _ = _judge(_TEXT, wanted)
    openmetrics, closeness = _judge(_OPENMETRICS, wanted)
    if openmetrics > 0 and openmetrics >= text and closeness >= _SAME_SUBTYPE:
        return "openmetrics"
    return "text"


def _judge(offer: _Offer, wanted: Iterable[Preference]) -> tuple[float, int]:
    """Quality and closeness of the range that names `offer` most closely; (0, -1) when none does."""
    matches = [(closeness, p.quality) for p in wanted if (closeness := offer.closeness(p)) is not None]
    closeness, quality = max(matches, default=(-1, 0.0))
    return quality, closeness


def wants_gzip(accept_encoding: str) -> bool:
    """Whether to gzip, for an Accept-Encoding header: `gzip;q=0` forbids it, a preferred identity too."""
    qualities = {p.value: p.quality for p in parse_preferences(accept_encoding)}
    anything = qualities.get("*", 0.0)
    gzip = qualities.get("gzip", qualities.get("x-gzip", anything))
    return gzip > 0 and gzip >= qualities.get("identity", 0.0)
