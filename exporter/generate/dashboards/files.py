"""Which boards there are, and their text."""

from __future__ import annotations

import json
from collections.abc import Iterator

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from exporter.generate.dashboards.block import Board
from exporter.generate.dashboards.build import build
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.dimension import dimension_board
from exporter.generate.dashboards.drilldown import drilldown
from exporter.generate.dashboards.ids import LANGUAGES
from exporter.generate.dashboards.machine import machine_board
from exporter.generate.dashboards.overview import overview
from exporter.generate.dashboards.review import PERIODS, review, reviewed
from exporter.generate.dashboards.scripts import compared, scripts
from exporter.generate.dashboards.sources import sources
from exporter.generate.files import Generated
from exporter.semantic.model import Catalogue
from exporter.semantic.names import DOCUMENTS

FOLDER = "grafana"


def boards(context: Context) -> Iterator[Board]:
    """All of them, in the order in which they are read."""
    yield overview(context)
    for name in context.dimensions:
        yield dimension_board(context, name)
    yield drilldown(context)
    if compared(context):
        yield scripts(context)
    yield from (review(context, period) for period in PERIODS if reviewed(context, period))
    yield machine_board(context, "exporter", {"now": sources})
    yield machine_board(context, "host")


def generated_dashboards(catalogue: Catalogue, folder: str = f"{FOLDER}/") -> list[Generated]:
    """The JSON of every board in both languages, with its path below the root."""
    found = []
    for language in LANGUAGES:
        context = Context(catalogue, language, DOCUMENTS)
        for board in boards(context):
            text = json.dumps(build(context, board), cls=JSONEncoder, ensure_ascii=False, indent=1, sort_keys=True)
            found.append(Generated(f"{folder}{language}/{board.name}.json", text + "\n"))
    return found
