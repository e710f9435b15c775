"""The overview: every KPI against its target with the worst first, what fires now, and a tile for each KPI."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.generate.dashboards import kpiblocks, promql
from exporter.generate.dashboards.alerts import firing_table, timeline
from exporter.generate.dashboards.annotations import events
from exporter.generate.dashboards.block import Board, Section
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.counts import counts
from exporter.generate.dashboards.kpitable import kpi_table
from exporter.generate.dashboards.links import whole
from exporter.generate.dashboards.variables import datasource
from exporter.generate.wording import dimension
from exporter.semantic.names import ALL, SLICE_LABELS

# Narrow tiles: six in a row.
TILE = 4


def overview(context: Context) -> Board:
    """The first board."""
    return Board(
        "overview",
        context.say("外呼绩效 · 总览", "Outbound calls · overview"),
        context.say(
            "全部指标对目标，最差的在最前；正在触发的告警；点任一指标下钻。",
            "Every KPI against its target, the worst first; what fires now; every KPI leads to its drill-down.",
        ),
        [
            Section(
                "now",
                "",
                (*counts(context), kpi_table(context), (firing_table(context, 9, 12), timeline(context, 9, 10))),
            ),
            *_tiles(context),
        ],
        [datasource(context)],
        events(context, severity="critical"),
    )


def _tiles(context: Context) -> Iterable[Section]:
    """A section for each dimension, a tile for each KPI over the whole in its main window."""
    own = promql.own_labels(context.catalogue)
    for name in context.dimensions:
        blocks = []
        for kpi in context.kpis(name):
            matchers = {"window": kpi.headline_window} | dict.fromkeys(kpi.labels, ALL)
            window = [f"var-window={kpi.headline_window}"] if kpi.windows else []
            variables = [*window, *whole((*SLICE_LABELS, *own))]
            blocks.append(kpiblocks.tile(context, kpi, matchers, variables, TILE, judged=True))
        yield Section(name, context.pick(dimension(name)), blocks)
