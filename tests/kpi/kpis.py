"""KPIs of the shipped catalogue, and vectors of their datasets by name."""

from __future__ import annotations

from functools import cache

from exporter.kpi.evaluate import Lookup
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue, Kpi


@cache
def catalogue() -> Catalogue:
    return load_catalogue()


def kpi(slug: str) -> Kpi:
    return catalogue().kpis[slug]


def lookup(slug: str, **measures: int | tuple[int, ...]) -> Lookup:
    """The vectors that have these (stored) values; a dataset of which nothing is given has no rows there."""
    vectors: dict[str, list[int]] = {}
    for measure in kpi(slug).measures:
        if measure.name in measures:
            given = measures[measure.name]
            width = max(
                m.offset + len(m.columns) for m in catalogue().measures.values() if m.dataset == measure.dataset
            )
            vector = vectors.setdefault(measure.dataset, [0] * (width + 1))
            values = given if isinstance(given, tuple) else (given,)
            vector[measure.offset : measure.offset + len(values)] = values
    return vectors.get
