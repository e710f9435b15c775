"""Laws of links: each takes the world and a board, and yields what is wrong, with its place and what mends it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from exporter.semantic.names import DOCUMENTS, RUNBOOKS
from tests.docs.pages import ROOT
from tests.docs.test_links import anchors
from tests.generate.dashboards.boards import Board, Json, Panel, used
from tests.generate.dashboards.columns import columns
from tests.generate.dashboards.laws_queries import BUILT_IN
from tests.generate.dashboards.world import World

BOARD = re.compile(r"/d/(?P<uid>[\w-]+)(?:\?(?P<query>.*))?")
FIELD = re.compile(r'\$\{__data\.fields(?:\.(?P<plain>\w+)|\["(?P<quoted>[^"]+)"\])\}')
SERIES_LABEL = re.compile(r"\$\{__field\.labels\.(\w+)\}")
QUERYPARAM = re.compile(r"\$\{(\w+):queryparam\}")
TIME, DATASOURCE = "${__url_time_range}", "${datasource:queryparam}"
BY_ALERT = f"{RUNBOOKS}/${{__value.raw}}.md"


def links_resolve(world: World, board: Board) -> Iterator[str]:
    """A link leads to a board that exists, in the same language but for the one to its twin, or to the documents."""
    for where, _, link in board.links:
        if link["type"] == "dashboards":
            yield from _by_tag(world, board, link)
            continue
        url = link["url"]
        to = BOARD.fullmatch(url)
        if to is None and not url.startswith(f"{DOCUMENTS}/"):
            yield f"{where}, link '{link['title']}': {url} is neither a board nor a page of {DOCUMENTS}; correct it"
        elif to is not None and to["uid"] not in world.boards:
            yield f"{where}, link '{link['title']}': there is no board {to['uid']}; take {', '.join(world.boards)}"
        elif to is not None and not _same_language(board, world.boards[to["uid"]], where):
            yield f"{where}, link '{link['title']}': {to['uid']} is in another language; link to the same"


def _same_language(board: Board, other: Board, where: str) -> bool:
    """Or a board's own link to its twin."""
    return other.language == board.language or (where == "the board" and other.name == board.name)


def _by_tag(world: World, board: Board, link: Json) -> Iterator[str]:
    """A menu of boards has those of the language, all of them."""
    found = [uid for uid, other in world.boards.items() if set(link["tags"]) <= set(other.raw["tags"])]
    wanted = [uid for uid, other in world.boards.items() if other.language == board.language]
    if sorted(found) != sorted(wanted):
        yield f"the board, link '{link['title']}': the tags {link['tags']} do not select the boards of its language"


def twin_is_linked(world: World, board: Board) -> Iterator[str]:
    """Each board leads to itself in the other language, and to all boards of its own."""
    twins = {uid for uid, other in world.boards.items() if other.name == board.name and uid != board.uid}
    urls = {link["url"] for where, _, link in board.links if where == "the board" and link["type"] == "link"}
    for uid in sorted(twins):
        if f"/d/{uid}" not in urls:
            yield f"the board has no link to /d/{uid}; add it"
    if len(twins) != 1:
        yield f"the board is there in {len(twins)} other languages; it has to be in one"
    if not any(link["type"] == "dashboards" for link in board.raw["links"]):
        yield "the board has no menu of boards; add a link by tag"


def links_keep_time(_: World, board: Board) -> Iterator[str]:
    """Who follows a link to a board stays in the same span of time, on the same data source."""
    for where, _column, link in board.links:
        url = str(link.get("url", ""))
        if where == "the board":
            inside = link["type"] == "dashboards" or BOARD.match(url)
            if inside and not (link["keepTime"] and link["includeVars"]):
                yield f"{where}, link '{link['title']}' drops time or variables; set keepTime and includeVars"
        elif BOARD.match(url) and not (TIME in url and DATASOURCE in url):
            yield f"{where}, link '{link['title']}' drops time or data source; add {TIME} and {DATASOURCE}"


def links_choose(world: World, board: Board) -> Iterator[str]:
    """What a link chooses is a variable of the board that it leads to, each once, with a value that this one has; what
    it passes on is a variable of both.
    """
    for where, _, link in board.links:
        to = BOARD.fullmatch(str(link.get("url", "")))
        if to is None or not to["query"] or to["uid"] not in world.boards:
            continue
        target, parts = world.boards[to["uid"]], to["query"].split("&")
        passed = [name for part in parts for name in QUERYPARAM.findall(part)]
        given = [tuple(part.removeprefix("var-").split("=", 1)) for part in parts if part.startswith("var-")]
        names = [*passed, *(name for name, _ in given)]
        place = f"{where}, link '{link['title']}'"
        for name in sorted({*names} - set(target.variables)):
            yield f"{place}: {to['uid']} has no variable {name}; it has {', '.join(target.variables)}"
        for name in sorted(set(passed) - set(board.variables)):
            yield f"{place} passes on {name}, which this board does not have; drop it or give it a value"
        for name in sorted(name for name, times in Counter(names).items() if times > 1):
            yield f"{place} says {name} more than once; once is enough"
        for name, value in given:
            if name in target.variables and not _offers(world, target, name, value):
                yield f"{place}: {name} of {to['uid']} has no value {value}; take one that it offers"
        alone = [f"viewPanel=panel-{one['id']}" for one in target.raw["panels"]]
        if unknown := [part for part in parts if not re.match(r"var-\w+=|\$\{", part) and part not in alone]:
            yield f"{place} has {', '.join(unknown)}, which Grafana does not know; write var-name=value"


def links_keep_choices(world: World, board: Board) -> Iterator[str]:
    """What is chosen on a board stays chosen on the one that a link leads to, unless the link chooses otherwise."""
    for where, _, link in board.links:
        to = BOARD.fullmatch(str(link.get("url", "")))
        if to is None or not to["query"] or to["uid"] not in world.boards:
            continue
        said = set(QUERYPARAM.findall(to["query"])) | set(re.findall(r"var-(\w+)=", to["query"]))
        for name in sorted(set(board.variables) & set(world.boards[to["uid"]].variables) - said):
            yield f"{where}, link '{link['title']}' forgets {name}; add ${{{name}:queryparam}} or var-{name}=…"


def _offers(world: World, target: Board, name: str, value: str) -> bool:
    variable = target.variables[name]
    if "$" in value:
        return True
    if name == "kpi":
        return value in world.catalogue.kpis
    return variable["type"] != "custom" or value in {option["value"] for option in variable["options"]}


def links_read_values(world: World, board: Board) -> Iterator[str]:
    """What a link takes of the clicked row or series is there: columns after all transformations, labels."""
    for panel in board.panels:
        for _, link in panel.links:
            yield from _reads(world, board, panel, link)


def _reads(world: World, board: Board, panel: Panel, link: Json) -> Iterator[str]:
    url, place = link["url"], f"{panel.where}, link '{link['title']}'"
    names = [match["plain"] or match["quoted"] for match in FIELD.finditer(url)]
    if names and panel.kind != "table":
        yield f"{place}: rows have columns in tables only; use ${{__field.labels.…}}"
    found = columns(world, board, panel)
    for name in (name for name in names if panel.kind == "table" and not found.has(name)):
        yield f"{place}: there is no column {name}; it has {', '.join(sorted(found.names))}"
    labels = frozenset().union(*(world.labels(board, query) for query in panel.queries))
    for label in sorted(set(SERIES_LABEL.findall(url)) - labels):
        yield f"{place}: the series have no label {label}; they have {', '.join(sorted(labels))}"
    understood = FIELD.sub("", SERIES_LABEL.sub("", url))
    left = used([understood]) - set(board.variables) - {"__url_time_range", "__value"}
    for name in sorted(left & BUILT_IN | {name for name in left if name.startswith("__")}):
        yield f"{place}: ${{{name}…}} is not understood; use __data.fields, __field.labels or __value.raw"


def documents_exist(world: World, board: Board) -> Iterator[str]:
    """Pages that links name are there, with their anchors; runbooks for each alert that may be clicked."""
    for where, column, link in board.links:
        url = str(link.get("url", ""))
        if not url.startswith(f"{DOCUMENTS}/"):
            continue
        place = f"{where}, link '{link['title']}'"
        if url == BY_ALERT:
            yield from _by_alert(world, board, place, column)
        elif world.shipped:
            yield from (f"{place}: {text}" for text in _missing(url))


_anchors = cache(anchors)


def _missing(url: str) -> Iterator[str]:
    path, _, anchor = url.removeprefix(f"{DOCUMENTS}/").partition("#")
    page = ROOT / "docs" / path
    if not page.is_file():
        yield f"there is no docs/{path}; write it or correct the link"
    elif anchor and anchor not in _anchors(page):
        yield f"docs/{path} has no anchor {anchor}; correct it"


def _by_alert(world: World, board: Board, place: str, column: str) -> Iterator[str]:
    """The value clicked is the name of an alert, and each of them has its page."""
    panel = next(panel for panel in board.panels if place.startswith(panel.where))
    if columns(world, board, panel).names.get(column) != "alertname":
        yield f"{place}: the column {column} does not hold alerts' names; link from that one"
    for name in sorted(world.alert_names) if world.shipped else ():
        if not (ROOT / "docs/runbooks" / f"{name}.md").is_file():
            yield f"{place}: there is no docs/runbooks/{name}.md; write it"


LAWS = (
    links_resolve,
    twin_is_linked,
    links_keep_time,
    links_choose,
    links_keep_choices,
    links_read_values,
    documents_exist,
)
