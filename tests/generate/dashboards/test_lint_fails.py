"""Each law can fail: a board is spoilt in one way, and the law that is meant for it says so."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest

from exporter.semantic.load import load_catalogue
from tests.generate.dashboards.boards import Board
from tests.generate.dashboards.lint import LAWS
from tests.generate.dashboards.spoilt import CASES, Case, panel
from tests.generate.dashboards.test_lint import wrong_link
from tests.generate.dashboards.twins import differences
from tests.generate.dashboards.world import World, made


@pytest.fixture(scope="module")
def world() -> World:
    """Boards made anew; they lead to the pages of docs/."""
    return replace(made(load_catalogue()), shipped=True)


def spoilt(board: Board, case: Case) -> Board:
    raw = deepcopy(board.raw)
    case.spoil(raw)
    return Board(board.language, board.name, raw)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.law}-{case.told or case.board}")
def test_spoilt_board_is_caught(world: World, case: Case) -> None:
    """By its law, which names what is wrong; as it was the board keeps the law, or at least in that place."""
    law, board = LAWS[case.law], world.boards[case.board]
    before = set(law(world, board))
    found = [text for text in law(world, spoilt(board, case)) if text not in before]
    assert found, f"{case.law} lets it pass"
    assert any(case.told in text for text in found), found


def test_each_law_is_shown_to_fail() -> None:
    assert {case.law for case in CASES} == set(LAWS)


def test_twins_that_differ_are_caught(world: World) -> None:
    """A colour, a query, a place, a panel; not a word."""
    one, other = world.boards["outcall-overview"], world.boards["outcall-overview-en"]
    known = list(differences(one, other))
    for name, value in (("gridPos", {"h": 4, "w": 3, "x": 0, "y": 99}), ("type", "gauge"), ("id", 1), ("targets", [])):
        raw = deepcopy(other.raw)
        panel(raw, "stat")[name] = value
        assert list(differences(one, Board("en", "overview", raw))) != known, name
    raw = deepcopy(other.raw)
    panel(raw, "stat").update(title="Something else", description="Other words")
    assert list(differences(one, Board("en", "overview", raw))) == known


def test_wrong_links_of_alerts_are_caught(world: World) -> None:
    """A board that is not there, a variable that it does not have, another KPI."""
    alert = next(alert for alert in world.alerts if "var-kpi" in alert.annotations["dashboard_url"])
    url = alert.annotations["dashboard_url"]
    assert not wrong_link(world, alert)
    for old, new in (("outcall-drilldown", "outcall-drill"), ("var-window", "var-span"), ("var-kpi=", "var-kpi=x")):
        assert old in url
        assert wrong_link(world, replace(alert, annotations={"dashboard_url": url.replace(old, new)})), new
