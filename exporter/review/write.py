"""The files of a review: HTML and Markdown in each language. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.review.charts import drawing
from exporter.review.document import Draw, document
from exporter.review.html import html
from exporter.review.markdown import markdown
from exporter.review.model import KpiReview, Review
from exporter.review.schedule import stem_of
from exporter.review.words import Language as Language
from exporter.review.words import Words
from exporter.semantic.model import Catalogue


def files(catalogue: Catalogue, review: Review, languages: Sequence[Language]) -> dict[str, str]:
    """Text by file name: review-weekly-2026-W46.zh.html, and so on."""
    found: dict[str, str] = {}
    draw = cached(drawing())
    for language in languages:
        words = Words(catalogue, language)
        made = document(words, review, draw)
        name = f"{stem_of(review.cadence, review.span)}.{language}"
        found |= {f"{name}.html": html(made), f"{name}.md": markdown(made)}
    return found


def cached(draw: Draw) -> Draw:
    """Draws each KPI once: a course has no words, so it is the same in every language."""
    drawn: dict[str, str] = {}
    if draw is None:
        return None

    def once(review: KpiReview) -> str:
        if review.kpi.slug not in drawn:
            drawn[review.kpi.slug] = draw(review)
        return drawn[review.kpi.slug]

    return once
