"""The files of a review: HTML and Markdown in each language. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.review.document import document
from exporter.review.markdown import markdown
from exporter.review.model import Review
from exporter.review.words import Language as Language
from exporter.review.words import Words
from exporter.semantic.model import Catalogue


def files(catalogue: Catalogue, review: Review, languages: Sequence[Language]) -> dict[str, str]:
    """Text by file name: review-weekly-2026-W46.zh.md, …"""
    found: dict[str, str] = {}
    for language in languages:
        made = document(Words(catalogue, language), review, lambda _: "")
        found[f"{stem(review)}.{language}.md"] = markdown(made)
    return found


def stem(review: Review) -> str:
    """The name of a review's files, without language and ending."""
    return f"review-{review.cadence}-{review.span.name}"
