"""Opens the folded rows of a dashboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from devtools.grafana.boards import Panel


def unfolded(panels: Sequence[Panel]) -> list[Panel]:
    """All panels; those of a folded row stand below it, and what follows moves down."""
    moved, shift = list[Panel](), 0
    for folded, group in groupby(panels, key=lambda panel: panel.folded):
        found = list(group)
        if not folded:
            moved += [_down(panel, shift) for panel in found]
            continue
        row = moved[-1].grid
        start = min(panel.grid.y for panel in found)
        moved += [_down(panel, row.y + row.h - start) for panel in found]
        shift += max(panel.grid.y + panel.grid.h for panel in found) - start
    return moved


def _down(panel: Panel, rows: int) -> Panel:
    return replace(panel, grid=replace(panel.grid, y=panel.grid.y + rows))
