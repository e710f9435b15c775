"""`outcall_kpi_state`: each KPI's verdict over the whole as a number, the same that the status page shows."""

from __future__ import annotations

import re

from exporter.expose.board import StatusBuilder
from exporter.kpi.judge import STATES, judge, lines_for
from exporter.semantic.lines import slice_of
from tests.golden.world import world

LINE = re.compile(r'^outcall_kpi_state\{kpi="(\w+)",window="(\w+)",(.*)\} (\d)$', re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]+)"')


def test_as_on_the_status_page() -> None:
    """Of every KPI with a verdict in its headline window; others have none. Worse is more."""
    made = world()
    lines = LINE.findall(made.exposition.render())
    found = {
        (slug, window): int(state) for slug, window, at, state in lines if {v for _, v in LABEL.findall(at)} == {"all"}
    }
    wanted = {}
    for status in StatusBuilder(made.lanes, made.exposition).build(made.runs).kpis:
        kpi = made.lanes.catalogue.kpis[status.slug]
        if status.window == (kpi.headline_window if kpi.windows else "") and status.state in STATES:
            wanted[status.slug, status.window or "latest"] = STATES.index(status.state)
    assert found == wanted
    assert found["early_hangup", "24h"] == STATES.index("critical") == max(map(STATES.index, STATES))
    assert {0, 2, 4} <= set(found.values())


def test_slices_with_lines_of_their_own() -> None:
    """Each has its verdict by its own line; no other slice has one."""
    made = world()
    found = set()
    for slug, window, at, state in LINE.findall(made.exposition.render()):
        kpi = made.lanes.catalogue.kpis[slug]
        labels = dict(LABEL.findall(at))
        own = {label: value for label, value in labels.items() if value != "all"}
        if own:
            assert own in [slice_of(target) for target in kpi.targets]
            key = tuple(labels[label] for label in kpi.labels)
            value = made.exposition.values[slug, window][key]
            assert STATES[int(state)] == judge(
                kpi, value, lines_for(kpi, {label: labels[label] for label in kpi.labels})
            )
            found.add(slug)
    assert {"early_hangup", "effective_contact"} <= found
