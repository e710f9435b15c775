"""`outcall_kpi_state`: each KPI's verdict over the whole as a number, the same that the status page shows."""

from __future__ import annotations

import re

from exporter.expose.board import StatusBuilder
from exporter.kpi.judge import STATES
from tests.golden.world import world

LINE = re.compile(r'^outcall_kpi_state\{kpi="(\w+)",window="(\w+)"\} (\d)$', re.MULTILINE)


def test_as_on_the_status_page() -> None:
    """Of every KPI with a verdict in its headline window; others have none. Worse is more."""
    made = world()
    found = {(slug, window): int(state) for slug, window, state in LINE.findall(made.exposition.render())}
    wanted = {}
    for status in StatusBuilder(made.lanes, made.exposition).build(made.runs).kpis:
        kpi = made.lanes.catalogue.kpis[status.slug]
        if status.window == (kpi.headline_window if kpi.windows else "") and status.state in STATES:
            wanted[status.slug, status.window or "latest"] = STATES.index(status.state)
    assert found == wanted
    assert found["early_hangup", "24h"] == STATES.index("critical") == max(map(STATES.index, STATES))
    assert {0, 2, 4} <= set(found.values())
