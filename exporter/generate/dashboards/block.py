"""What a board consists of before it has a place: sections of panels, panels with their queries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from grafana_foundation_sdk.models import dashboard

# One series over the span; one value now; rows of a table now.
Form = Literal["range", "instant", "table"]


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL of a panel."""

    ref: str
    expr: str
    legend: str = ""
    form: Form = "range"


@dataclass(frozen=True, slots=True)
class Block:
    """A panel: `key` names it for good (its id follows from it), size in columns of 24 and rows of 38 pixels.

    `look` holds what depends on the kind of panel: options and field configuration.
    """

    key: str
    title: str
    description: str
    width: int
    height: int
    queries: tuple[Query, ...]
    look: dashboard.Panel
    links: Sequence[dashboard.DashboardLink] = ()
    transformations: Sequence[dashboard.DataTransformerConfig] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Panels below a heading; without a title there is no heading. Several together stand one above the other."""

    key: str
    title: str
    blocks: Sequence[Block | Sequence[Block]]

    def all(self) -> Iterator[Block]:
        """Each panel."""
        for item in self.blocks:
            yield from (item,) if isinstance(item, Block) else item


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard before it is JSON."""

    name: str
    title: str
    description: str
    sections: Sequence[Section]
    variables: Sequence[dashboard.VariableModel]
    annotations: Sequence[dashboard.AnnotationQuery]
    span: str = "now-24h"
    refresh: str = "30s"
