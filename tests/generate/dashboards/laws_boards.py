"""Laws of whole boards: each takes the world and a board, and yields what is wrong and what mends it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from exporter.generate.dashboards.ids import panel_id, uid
from exporter.generate.rules.kpis import alert_names
from exporter.semantic.names import DOCUMENTS, runbook_url
from tests.generate.dashboards.boards import Board, leaves
from tests.generate.dashboards.world import World

NAMES = (
    *("overview", "business", "experience", "technical", "compliance", "drilldown", "scripts"),
    *("weekly", "monthly", "exporter", "host"),
)
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
# A title of abbreviations is the same in every language.
NO_WORDS = re.compile(r"[^a-z]*")
REFRESH = re.compile(r"\d+[smh]")
CROSSHAIR = 1
REVIEWS = ("weekly", "monthly")
# What happened: each by what its query asks for, and the measure without which it cannot be known.
EVENTS = {
    "alerts": ("ALERTS", ""),
    "new scripts": ("script", "dials"),
    "open incidents": ("outcall_open_incidents", "open_incidents"),
}


def introduced(_: World, board: Board) -> Iterator[str]:
    """A board is found by its uid, title and tags, and says what it is."""
    if board.name not in NAMES:
        yield f"the board {board.name} is none of {', '.join(NAMES)}; add it there if it is meant"
    if board.uid != uid(board.name, "zh" if board.language == "zh" else "en"):
        yield f"its uid is {board.uid}; links rely on {uid(board.name, 'zh')} and {uid(board.name, 'en')}"
    for name in ("title", "description"):
        if not str(board.raw.get(name) or "").strip():
            yield f"it has no {name}; give it one"
    if board.raw["tags"] != ["outcall", f"outcall-{board.language}"]:
        yield f"its tags are {board.raw['tags']}; they are outcall and outcall-{board.language}"


def shows_time(world: World, board: Board) -> Iterator[str]:
    """Time is the business' own, refreshed by itself, with one crosshair over all graphs."""
    if board.raw["timezone"] != world.catalogue.timezone:
        yield f"its time zone is {board.raw['timezone']}; the catalogue's is {world.catalogue.timezone}"
    if not REFRESH.fullmatch(str(board.raw.get("refresh"))):
        yield f"it is refreshed {board.raw.get('refresh')!r}; say how often"
    if board.raw["graphTooltip"] != CROSSHAIR:
        yield f"graphTooltip is {board.raw['graphTooltip']}; {CROSSHAIR} shares the crosshair"
    if not str(board.raw["time"]["from"]).startswith("now-") or board.raw["time"]["to"] != "now":
        yield f"it opens with {board.raw['time']}; it has to end now"


def events_are_drawn(world: World, board: Board) -> Iterator[str]:
    """Alerts, new scripts and open incidents are annotations of every board; over weeks and months they may be off."""
    asked = [one["expr"] for one in board.annotations if one.get("enable") or board.name in REVIEWS]
    for what, (text, measure) in EVENTS.items():
        if (not measure or measure in world.catalogue.measures) and not any(text in expr for expr in asked):
            yield f"no annotation for {what}; take exporter.generate.dashboards.annotations.events"
    for one in board.annotations:
        if one["expr"] != one["target"]["expr"]:
            yield f"annotation '{one['name']}' has two expressions that differ; make them of one"


def speaks_chinese(_: World, board: Board) -> Iterator[str]:
    """A Chinese board is in Chinese: its title, and those of headings, panels, variables and annotations."""
    if board.language != "zh":
        return
    titles = {"the board": board.raw["title"]} | {panel.where: panel.title for panel in board.panels}
    titles |= {f"variable '{name}'": one["label"] for name, one in board.variables.items()}
    titles |= {f"annotation '{one['name']}'": one["name"] for one in board.annotations}
    titles |= {f"{panel.where}, description": panel.raw["description"] for panel in board.panels if panel.kind != "row"}
    titles |= {f"{panel.where}, noValue": panel.defaults.get("noValue", "") for panel in board.panels}
    for where, title in titles.items():
        if not CHINESE.search(title) and not NO_WORDS.fullmatch(title):
            yield f"{where}: {title!r} is no Chinese; say it in Chinese"


def speaks_english(_: World, board: Board) -> Iterator[str]:
    """An English board has no Chinese character or mark, but for the link to its twin."""
    if board.language != "en":
        return
    for path, value in leaves(board.raw):
        to_twin = path[0] == "links" and path[-1] == "title"
        if isinstance(value, str) and CHINESE.search(value) and not to_twin:
            yield f"{'/'.join(map(str, path))}: {value!r} has Chinese in it; say it in English"
    for path, _value in leaves(board.raw):
        for key in (key for key in path if isinstance(key, str) and CHINESE.search(key)):
            yield f"{'/'.join(map(str, path))}: {key!r} has Chinese in it; say it in English"


def kpis_have_their_panels(world: World, board: Board) -> Iterator[str]:
    """A KPI's tile and course have the ids that `explain` and docs/traceability.md name, on its dimension's board; its
    tile is on the overview too.
    """
    for kpi in world.catalogue.kpis.values():
        wanted = ("tile", "course") if kpi.dimension == board.name else ("tile",) if board.name == "overview" else ()
        for key in wanted:
            number = panel_id(board.name, f"{kpi.slug}/{key}")
            found = board.panel(number)
            if found is None or getattr(kpi.title, board.language) not in found.title:
                yield f"the {key} of {kpi.slug} is not there with the id {number}; name its block {kpi.slug}/{key}"


def kpis_are_explained(world: World, board: Board) -> Iterator[str]:
    """A KPI's tile and course say its formula and its remedy, and lead to its definition and to every runbook."""
    for kpi in world.catalogue.kpis.values():
        words = [getattr(text, board.language) for text in (kpi.definition, kpi.remedy)]
        wanted = {f"{DOCUMENTS}/kpis.md#{kpi.slug}", *map(runbook_url, alert_names(world.catalogue, kpi))}
        for key in ("tile", "course"):
            panel = board.panel(panel_id(board.name, f"{kpi.slug}/{key}"))
            if panel is None or getattr(kpi.title, board.language) not in panel.title:
                continue
            if not all(text in panel.raw["description"] for text in words):
                yield f"{panel.where}: its description lacks formula or remedy; take kpiblocks.describe"
            if missing := wanted - {link["url"] for _, link in panel.links}:
                yield f"{panel.where}: no link to {', '.join(sorted(missing))}; take links.of_kpi"


def survives_the_sdk(_: World, board: Board) -> Iterator[str]:
    """Decoded and encoded again by Grafana's own library it is the same JSON: nothing in it is unknown or misspelt."""
    register_default_plugins()
    again = json.loads(json.dumps(Dashboard.from_json(board.raw), cls=JSONEncoder))
    before, after = dict(leaves(board.raw)), dict(leaves(again))
    for path in sorted({*before} ^ {*after}, key=str)[:9]:
        yield f"{'/'.join(map(str, path))}: the SDK {'drops' if path in before else 'adds'} it; correct the model"
    for path in sorted(({*before} & {*after}), key=str):
        if before[path] != after[path]:
            yield f"{'/'.join(map(str, path))}: the SDK makes {after[path]!r} of {before[path]!r}; correct the model"


LAWS = (
    introduced,
    shows_time,
    events_are_drawn,
    speaks_chinese,
    speaks_english,
    kpis_have_their_panels,
    kpis_are_explained,
    survives_the_sdk,
)
