"""A review in few words, as JSON beside its pages: what a chat is told of it, and the sign that it is whole. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, cast

from exporter.review.conclusions import brief, counts, incomplete
from exporter.review.document import heading
from exporter.review.model import Cadence, Review, Span
from exporter.review.schedule import stem_of
from exporter.review.words import Language, Words
from exporter.semantic.model import Catalogue

VERSION = 1
ENDING = ".json"
# Points that are told; of the others their number.
MOST_POINTS = 6


@dataclass(frozen=True, slots=True)
class Told:
    """A summary in one language. `more`: how many points were left out."""

    title: str
    scope: str
    counts: str
    warnings: tuple[str, ...]
    points: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Summary:
    """`end`: of the period; `as_of`: the database's clock when it was read; `generated`: ours. All Unix seconds."""

    cadence: Cadence
    span: Span
    end: int
    as_of: float
    generated: float
    texts: Mapping[Language, Told]

    @property
    def stem(self) -> str:
        """The name of the review's files, without language and ending."""
        return stem_of(self.cadence, self.span)

    @property
    def is_whole(self) -> bool:
        """Whether the period was over when it was read."""
        return self.as_of >= self.end


def summary_of(catalogue: Catalogue, review: Review) -> Summary:
    """A review in few words, Chinese and English."""
    languages: tuple[Language, ...] = ("zh", "en")
    texts = {language: _told(Words(catalogue, language), review) for language in languages}
    return Summary(review.cadence, review.span, review.full.end, review.as_of, review.generated, texts)


def _told(words: Words, review: Review) -> Told:
    title, scope = heading(words, review)
    points = brief(words, review)
    warnings = incomplete(words, review)
    if review.is_empty:
        warnings.insert(0, words.say("本期没有任何数据。", "There are no data in this period."))
    shown = tuple(points[:MOST_POINTS])
    return Told(title, scope, counts(words, review), tuple(warnings), shown, len(points) - len(shown))


def dumped(summary: Summary) -> str:
    """The text of a summary's file."""
    span = summary.span
    head = {"version": VERSION, "cadence": summary.cadence, "period": span.name}
    days = {"first": span.first.isoformat(), "last": span.last.isoformat(), "end": summary.end}
    read = {"as_of": summary.as_of, "generated": summary.generated}
    texts = {language: asdict(text) for language, text in summary.texts.items()}
    return json.dumps({**head, **days, **read, **texts}, ensure_ascii=False, indent=1) + "\n"


def loaded(text: str) -> Summary | None:
    """What a file says; None for anything that is no summary of this version."""
    try:
        data = json.loads(text)
        if data["version"] != VERSION or data["cadence"] not in ("weekly", "monthly"):
            return None
        days = (date.fromisoformat(data["first"]), date.fromisoformat(data["last"]))
        cadence, span = cast("Cadence", data["cadence"]), Span(str(data["period"]), *days)
        texts: dict[Language, Told] = {"zh": _parsed(data["zh"]), "en": _parsed(data["en"])}
        instants = (int(data["end"]), float(data["as_of"]), float(data["generated"]))
        return Summary(cadence, span, *instants, texts)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _parsed(data: Mapping[str, Any]) -> Told:
    warnings, points = (tuple(str(line) for line in data[name]) for name in ("warnings", "points"))
    title, scope, counted = (str(data[name]) for name in ("title", "scope", "counts"))
    return Told(title, scope, counted, warnings, points, int(data["more"]))
