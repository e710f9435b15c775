"""Laws of queries: each takes the world and a board, and yields what is wrong, with its place and what mends it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.generate.dashboards.boards import LABEL_VALUES, Board, Json, Query, asked, leaves, used
from tests.generate.dashboards.world import MACROS, World

LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")
GROUPS = re.compile(r'(\w+)="\(\?<')
# What Grafana itself puts into links and titles.
BUILT_IN = frozenset(
    (*MACROS, "__url_time_range", "__data", "__field", "__value", "__series", "__all", "__from", "__to")
)


def _common(world: World, board: Board, query: Query, kind: str) -> list[str]:
    """Problems of a kind; of a query for any KPI only those that all have."""
    found = [dict.fromkeys(text for of, text in one.problems if of == kind) for one in world.answers(board, query)]
    if kind == "parse":
        return list(found[0] | {text: None for one in found for text in one})
    # Which KPI it is stands in some texts: then none is common, but a query that is wrong for each is wrong.
    return [] if not all(found) else list(found[0])


def parses(world: World, board: Board) -> Iterator[str]:
    """Every query of a panel, annotation or variable is PromQL once its variables have values."""
    for query in board.queries:
        for text in _common(world, board, query, "parse"):
            yield f"{query.where}: {text}; mend the expression: {query.expr}"


def metrics_exist(world: World, board: Board) -> Iterator[str]:
    """Every metric that a query names is one that the exporter, the relay, a rule or Prometheus itself gives."""
    for query in board.queries:
        for text in _common(world, board, query, "metric"):
            yield f"{query.where}: {text}; docs/metrics.md and rules/recording.rules.yml have all names"


def labels_exist(world: World, board: Board) -> Iterator[str]:
    """Every label in a matcher, in `by`, `on`, `group_left` and so on is one that the series there have."""
    for query in board.queries:
        for text in _common(world, board, query, "label"):
            yield f"{query.where}: {text}; docs/metrics.md has the labels of each family"


def legends_name_labels(world: World, board: Board) -> Iterator[str]:
    """A label in a legend, or in the text of an annotation, comes back with the query."""
    for panel in board.panels:
        for query in panel.queries:
            for label in sorted(set(LEGEND.findall(query.legend)) - world.labels(board, query)):
                yield f"{query.where}: the legend names {label}, which the query does not give; add it to `by`"
    for one in board.annotations:
        query = Query(f"annotation '{one['name']}'", "", one["expr"])
        given = world.labels(board, query)
        named = set(LEGEND.findall(one["titleFormat"] + one["textFormat"])) | {one["tagKeys"]} - {""}
        # A tag that is not there is no tag.
        for label in sorted(named - given - {one["tagKeys"]}):
            yield f"{query.where}: its text names {label}, which the query does not give; add it to `by`"


def variables_exist(_: World, board: Board) -> Iterator[str]:
    """Whatever is written with a dollar is a variable of the board or of Grafana."""
    known = BUILT_IN | set(board.variables)
    for path, value in leaves(board.raw):
        if isinstance(value, str) and "$" in value:
            for name in sorted(used([value]) - known):
                yield f"{'/'.join(map(str, path))}: there is no variable {name}; it has {', '.join(board.variables)}"


def variables_answer(world: World, board: Board) -> Iterator[str]:
    """`label_values` asks for a label that there is; a regular expression takes labels that come back, in order."""
    for name, one in board.variables.items():
        if one["type"] != "query":
            continue
        text = one["query"]["query"]
        given = world.labels(board, Query(f"variable '{name}'", "", asked(text)))
        found = LABEL_VALUES.fullmatch(text)
        wanted = [found["label"]] if found else GROUPS.findall(one.get("regex", ""))
        if not found and not wanted:
            yield f"variable '{name}': neither `label_values` nor a regular expression with a value; give it one"
        if not found and wanted != sorted(wanted):
            yield f"variable '{name}': labels come in alphabetical order, not {', '.join(wanted)}; order them"
        for label in (label for label in wanted if label not in given):
            yield f"variable '{name}': {label} does not come back; ask for one of {', '.join(sorted(given))}"


def variables_cascade(_: World, board: Board) -> Iterator[str]:
    """A variable refers only to those before it, and is asked again when they change."""
    before: set[str] = set()
    for name, one in board.variables.items():
        texts = [text for _, text in leaves({"definition": one.get("definition", ""), "query": one.get("query", "")})]
        for other in sorted(used(map(str, texts)) - before - BUILT_IN):
            yield f"variable '{name}' refers to {other}, which does not stand before it; change their order"
        if one["type"] == "query" and one.get("refresh") not in (1, 2):
            yield f"variable '{name}' is never asked again; refresh on load or with the time range"
        before.add(name)


def choices_agree(world: World, board: Board) -> Iterator[str]:
    """Of a variable with declared values the options are those of its query; what is chosen at first is one of them."""
    for name, one in board.variables.items():
        if one["type"] == "custom":
            pairs = _pairs(one["query"])
            if pairs != [(option["text"], option["value"]) for option in one["options"]]:
                yield f"variable '{name}': its query says other options than it has; make them of one list"
            if one["current"]["value"] not in {value for _, value in pairs}:
                yield f"variable '{name}': {one['current']['value']} is none of its options; choose one"
        if name == "kpi" and one["current"]["value"] not in world.catalogue.kpis:
            yield f"variable 'kpi': the catalogue has no {one['current']['value']}; begin with a KPI that it has"


def _pairs(query: str) -> list[tuple[str, str]]:
    """As Grafana reads them: `text : value, text : value`."""
    found = []
    for part in re.findall(r"(?:\\,|[^,])+", query):
        split = re.fullmatch(r"\s*(.+)\s:\s(.+?)\s*", part.replace("\\,", ","))
        found.append((split[1].strip(), split[2].strip()) if split else (part.strip(), part.strip()))
    return found


def _data_source(one: Json) -> bool:
    return one.get("datasource") == {"type": "prometheus", "uid": "${datasource}"}


def datasource_templated(_: World, board: Board) -> Iterator[str]:
    """Every panel, query, query variable and annotation asks the Prometheus that the first variable says."""
    first = next(iter(board.variables.values()), {})
    if (first.get("name"), first.get("type"), first.get("query")) != ("datasource", "datasource", "prometheus"):
        yield "the first variable is not the data source; put `datasource` first"
    places = [(panel.where, panel.raw) for panel in board.panels if panel.numeric]
    places += [
        (f"{panel.where}, query {one['refId']}", one) for panel in board.panels for one in panel.raw.get("targets", [])
    ]
    places += [(f"variable '{name}'", one) for name, one in board.variables.items() if one["type"] == "query"]
    for one in board.annotations:
        places += [(f"annotation '{one['name']}'", one), (f"annotation '{one['name']}', query", one["target"])]
    for where, one in places:
        if not _data_source(one):
            yield f"{where}: its data source is {one.get('datasource')}; use ${{datasource}}"


LAWS = (
    parses,
    metrics_exist,
    labels_exist,
    legends_name_labels,
    variables_exist,
    variables_answer,
    variables_cascade,
    choices_agree,
    datasource_templated,
)
