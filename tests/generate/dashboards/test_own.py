"""Boards of operators' catalogues: as lawful as the shipped ones, and nothing else moves when a KPI comes or goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.generate.dashboards.ids import panel_id
from exporter.semantic.load import load_catalogue
from tests.generate.dashboards.boards import Board, Json, leaves
from tests.generate.dashboards.lint import LAWS, told
from tests.generate.dashboards.own import FEW, NO_CSAT, OTHERS, VOICEMAIL, only, with_files
from tests.generate.dashboards.twins import differences
from tests.generate.dashboards.world import World, made


@pytest.fixture(scope="module")
def usual() -> World:
    """The shipped catalogue's, made anew."""
    return made(load_catalogue())


OWN = {"more": (VOICEMAIL, OTHERS, NO_CSAT), "few": (only(FEW),)}


@pytest.mark.parametrize("files", OWN.values(), ids=OWN.keys())
def test_own_boards_keep_the_laws(tmp_path: Path, files: tuple[str, ...]) -> None:
    """Every law, every board, both languages, in another time zone."""
    world = made(with_files(tmp_path, *files, timezone="Europe/Berlin"))
    found = [text for board in world.boards.values() for law in LAWS for text in told(law, world, board)]
    assert found[:20] == []
    twins = [(b, world.boards[f"{b.uid}-en"]) for b in world.boards.values() if b.language == "zh"]
    assert [text for one, other in twins for text in differences(one, other)][:20] == []


@pytest.mark.parametrize("slug", ["early_hangup", "tts_mos", "ltv_uplift"])
def test_one_kpi_is_enough(tmp_path: Path, slug: str) -> None:
    """A catalogue of one KPI, of whatever kind, has boards too; their queries parse and their panels have places."""
    world, laws = made(with_files(tmp_path, only((slug,)))), ("parses", "titled", "placed")
    assert [text for board in world.boards.values() for law in laws for text in told(law, world, board)][:20] == []


def test_samples_are_those_that_alerts_ask_for(tmp_path: Path) -> None:
    """Slices that moved need as many as the alerts of their own KPI, in both periods; the board says so."""
    world = made(with_files(tmp_path, VOICEMAIL.replace("    dimension:", "    min_samples: 50\n    dimension:")))
    board = world.boards["outcall-monthly-en"]
    moved = board.panel(panel_id("monthly", "moved"))
    assert moved is not None
    assert "with 30 (some KPIs differ) samples" in moved.raw["description"]
    asked = moved.queries[-1].expr
    assert [asked.count(f">= {least}") for least in (30, 50)] == [2, 2]
    assert told("parses", world, board) == told("labels_exist", world, board) == []


def changed(before: Board, after: Board) -> dict[str, set[str]]:
    """By panel that both have, the keys of the leaves that differ; its place apart, which follows from those above."""
    found = {}
    for panel in before.panels:
        other = after.panel(panel.id)
        if other is not None and _still(panel.raw) != _still(other.raw):
            one, two = dict(leaves(_still(panel.raw))), dict(leaves(_still(other.raw)))
            found[panel.where] = {str(path[-1]) for path in {*one} | {*two} if one.get(path) != two.get(path)}
    return found


def _still(raw: Json) -> Json:
    return {name: value for name, value in raw.items() if name != "gridPos"}


def ids(board: Board) -> set[int]:
    return {panel.id for panel in board.panels}


def check_others_stay(few: World, many: World, slug: str) -> None:
    """`many` has one KPI more: its panels are all that differs, but for queries that name every KPI."""
    for uid, board in few.boards.items():
        other = many.boards[uid]
        assert ids(board) <= ids(other), f"{board.path}: panels of other KPIs have other ids"
        more = [panel for panel in other.panels if panel.id not in ids(board)]
        title = many.catalogue.kpis[slug].title
        assert all(getattr(title, board.language) in panel.title for panel in more), f"{board.path}: {more}"
        for where, keys in changed(board, other).items():
            assert keys == {"expr"}, f"{board.path}, {where}: {keys} differ"
            assert not any(kpi.title.zh in where or kpi.title.en in where for kpi in few.catalogue.kpis.values())


def test_adding_a_kpi_leaves_the_others(usual: World, tmp_path: Path) -> None:
    """An operator's KPI adds panels; those that were there keep id and JSON."""
    own = made(with_files(tmp_path, VOICEMAIL))
    assert set(own.boards) == set(usual.boards)
    assert ids(own.boards["outcall-technical"]) > ids(usual.boards["outcall-technical"])
    check_others_stay(usual, own, "voicemail")


def test_removing_a_kpi_leaves_the_others(usual: World, tmp_path: Path) -> None:
    """So does one that is switched off, the other way round."""
    less = made(with_files(tmp_path, NO_CSAT))
    assert ids(less.boards["outcall-experience"]) < ids(usual.boards["outcall-experience"])
    check_others_stay(less, usual, "csat")
