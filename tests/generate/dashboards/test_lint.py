"""The boards of grafana/ keep every law; each law says itself what it asks for.

A failure names the board, the panel and what mends it. test_lint_fails.py shows that each law can fail.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from exporter.generate.rules.model import Alert
from tests.docs.pages import ROOT
from tests.generate.dashboards.laws_boards import NAMES
from tests.generate.dashboards.lint import LAWS, told
from tests.generate.dashboards.twins import differences
from tests.generate.dashboards.world import World, shipped

FILES = sorted(str(path.relative_to(ROOT / "grafana").with_suffix("")) for path in (ROOT / "grafana").glob("*/*.json"))
LANGUAGES = ("zh", "en")


@pytest.fixture(scope="module")
def world() -> World:
    return shipped()


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("law", LAWS)
def test_law(world: World, law: str, file: str) -> None:
    board = next(board for board in world.boards.values() if board.path == f"grafana/{file}.json")
    found = told(law, world, board)
    assert not found, "\n".join([f"{LAWS[law].__doc__}", *found])


def test_there_is_every_board() -> None:
    """Overview, a board for each dimension, drill-down, scripts, two reviews, exporter and host, in both languages."""
    assert sorted(f"{language}/{name}" for language in LANGUAGES for name in NAMES) == FILES


@pytest.mark.parametrize("name", sorted({file.split("/")[1] for file in FILES}))
def test_languages_differ_in_words_only(world: World, name: str) -> None:
    """Titles, descriptions, legends, names of columns and values; never queries, ids, places, colours or units."""
    one, other = (next(b for b in world.boards.values() if (b.language, b.name) == (of, name)) for of in LANGUAGES)
    assert list(differences(one, other))[:20] == []


def wrong_link(world: World, alert: Alert) -> str:
    """What is wrong with an alert's `dashboard_url`."""
    url = urlsplit(alert.annotations["dashboard_url"])
    uid = url.path.removeprefix("/d/")
    if uid not in world.boards:
        return f"{alert.alert}: there is no board {uid}"
    # Templates of Prometheus stand where values will.
    given = {name.removeprefix("var-"): value for name, value in parse_qsl(url.query)}
    unknown = set(given) - set(world.boards[uid].variables)
    if unknown:
        return f"{alert.alert}: {uid} has no variable {', '.join(sorted(unknown))}"
    if given.get("kpi", alert.labels.get("kpi")) != alert.labels.get("kpi"):
        return f"{alert.alert}: it is about {alert.labels['kpi']}, its link about {given['kpi']}"
    return ""


def test_alerts_lead_to_boards(world: World) -> None:
    """`dashboard_url` of every rule is a board that there is, with variables that it has."""
    assert world.alerts
    assert [text for alert in world.alerts if (text := wrong_link(world, alert))] == []
