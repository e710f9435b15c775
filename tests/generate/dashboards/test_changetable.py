"""The table of changes: in the words of `verify`, for the KPIs that can be verified, within the limit of series."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from exporter.expose.changes import EFFECT, LABELS, LOWER, MOST_VERIFIED, P_VALUE, TIMESTAMP, UPPER, VERDICT
from exporter.generate.dashboards.changetable import BEGUN, KINDS, NEWEST, VERDICTS
from exporter.generate.dashboards.ids import panel_id
from exporter.kpi.verification import Verdict
from exporter.kpi.verification_words import VERDICTS as WORDS
from exporter.semantic.change_rules import countable
from exporter.semantic.change_spec import Kind
from tests.generate.dashboards.boards import Board, Panel
from tests.generate.dashboards.own import only, with_files
from tests.generate.dashboards.world import made, shipped

MOST_SERIES = 200


def panel(name: str) -> tuple[Board, Panel]:
    """The table of a shipped board."""
    board = shipped().boards[f"outcall-{name}"]
    found = board.panel(panel_id(name, "changes"))
    assert found is not None
    return board, found


def test_words_are_those_of_the_command() -> None:
    """The number of the gauge, the word of `verify`; every kind of change has one."""
    assert {number: text for number, (text, _) in VERDICTS.items()} == {
        str(number): WORDS[verdict] for number, verdict in enumerate(Verdict)
    }
    assert set(KINDS) == set(get_args(Kind))


@pytest.mark.parametrize("name", ["weekly", "monthly", "drilldown"])
def test_all_gauges_of_changes_are_shown(name: str) -> None:
    """Every family, both estimates, and no more series than a panel may have."""
    board, found = panel(name)
    read = {query.ref: shipped().reads(board, query) for query in found.queries}
    assert set().union(*read.values()) >= {TIMESTAMP, EFFECT, LOWER, UPPER, P_VALUE, VERDICT}
    estimates = [query.expr for query in found.queries if "outcall_change_effect" in query.expr]
    assert (
        sum('kind="did"' in expr for expr in estimates) == sum('kind="difference"' in expr for expr in estimates) == 3
    )
    assert MOST_VERIFIED <= NEWEST
    assert len(found.queries) * NEWEST <= MOST_SERIES
    assert all(f"topk({NEWEST}, " in query.expr for query in found.queries)
    assert TIMESTAMP == BEGUN
    assert "kind" in LABELS[EFFECT]


def test_each_review_has_its_kpis() -> None:
    """The weekly those of business and experience, the monthly the rest; together every one that can be verified."""
    catalogue = shipped().catalogue
    asked = {name: panel(name)[1].queries[0].expr for name in ("weekly", "monthly")}
    for slug in countable(catalogue):
        weekly = catalogue.kpis[slug].dimension in ("business", "experience")
        of = {name for name, expr in asked.items() if slug in expr.partition('kpi=~"')[2].partition('"')[0].split("|")}
        assert of == {"weekly" if weekly else "monthly"}, slug


def test_without_a_share_there_is_no_table(tmp_path: Path) -> None:
    """A review of means alone has nothing to verify; the drill-down, of any KPI, says so in its place."""
    world = made(with_files(tmp_path, only(("tts_mos",))))
    assert world.boards["outcall-monthly"].panel(panel_id("monthly", "changes")) is None
    alone = world.boards["outcall-drilldown"].panel(panel_id("drilldown", "changes"))
    assert alone is not None
    assert alone.defaults["noValue"] == "近期没有可验证的变更"
