"""Laws of panels: each takes the world and a board, and yields what is wrong, with its place and what mends it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise

from grafana_foundation_sdk.models import units

from exporter.semantic.model import Kpi
from exporter.semantic.names import ALL, kpi_metric, samples_metric
from tests.generate.dashboards.boards import Board, Panel
from tests.generate.dashboards.columns import columns, legends, shown
from tests.generate.dashboards.world import World

COLUMNS = 24
UNITS = frozenset(value for name, value in vars(units).items() if isinstance(value, str) and not name.startswith("_"))
# Kinds that show one KPI as a number or over time: there its samples belong into the same panel or beside it.
WITH_SAMPLES = ("stat", "timeseries")
# Boards that show for each KPI what it rests on within the panel itself.
DETAILED = ("overview", "business", "experience", "technical", "compliance")
NO_VALUE = "No data"
TIED_TO_LEGENDS = ("custom.fillBelowTo",)


def titled(_: World, board: Board) -> Iterator[str]:
    """Every panel has a title, and but for headings a description."""
    for panel in board.panels:
        if not panel.title.strip():
            yield f"{panel.where} has no title; give it one"
        if panel.kind != "row" and not str(panel.raw.get("description") or "").strip():
            yield f"{panel.where} has no description; say what it shows"


def units_known(_: World, board: Board) -> Iterator[str]:
    """Every panel with values says their unit, one that Grafana knows or a currency; so do columns of their own."""
    for panel in board.panels:
        if not panel.numeric:
            continue
        for unit in [panel.defaults.get("unit"), *(value for _, value in panel.properties("unit"))]:
            if unit not in UNITS and not re.fullmatch(r"currency:\S+", str(unit)):
                yield f"{panel.where}: {unit!r} is no unit of Grafana; take one of grafana_foundation_sdk.models.units"


def no_value_said(_: World, board: Board) -> Iterator[str]:
    """Where there is no value a panel says so in its own words, never in Grafana's."""
    for panel in board.panels:
        words = str(panel.defaults.get("noValue") or "").strip()
        if panel.numeric and (not words or words.casefold() == NO_VALUE.casefold()):
            yield f"{panel.where}: nothing is said in place of {NO_VALUE!r}; set noValue"


def thresholds_ascend(_: World, board: Board) -> Iterator[str]:
    """Colours begin at rising values, the first from the beginning on."""
    for panel in board.panels:
        found = [panel.defaults.get("thresholds"), *(value for _, value in panel.properties("thresholds"))]
        for steps in (one["steps"] for one in found if one):
            values = [step.get("value") for step in steps]
            if not values or values[0] is not None or any(not a < b for a, b in pairwise(values[1:])):
                yield f"{panel.where}: its colours begin at {values}; the first at null, the others rising"


def ids_are_single(_: World, board: Board) -> Iterator[str]:
    """No two panels of a board, and no two queries of a panel, have the same name."""
    for number, times in Counter(panel.id for panel in board.panels).items():
        if times > 1 or number < 1:
            yield f"the panel id {number} is there {times} times; ids are positive and each there once"
    for panel in board.panels:
        for ref, times in Counter(query.ref for query in panel.queries).items():
            if times > 1 or not ref:
                yield f"{panel.where}: refId {ref!r} is there {times} times; each query has its own"


def placed(_: World, board: Board) -> Iterator[str]:
    """Panels lie within 24 columns, do not overlap, and nothing hangs below an empty line."""
    taken: dict[tuple[int, int], str] = {}
    for panel in board.panels:
        grid = panel.raw["gridPos"]
        x, y, w, h = (int(grid.get(name, 0)) for name in "xywh")
        if not (x >= 0 and y >= 0 and w >= 1 and h >= 1 and x + w <= COLUMNS):
            yield f"{panel.where} lies at {grid}, outside of {COLUMNS} columns; move it"
        cells = [(column, line) for column in range(x, x + w) for line in range(y, y + h)]
        for other in sorted({taken[cell] for cell in cells if cell in taken}):
            yield f"{panel.where} overlaps {other}; move one of them"
        taken |= dict.fromkeys(cells, panel.where)
    used = {line for _, line in taken}
    for line in sorted(set(range(max(used, default=-1) + 1)) - used):
        yield f"line {line} is empty; move what is below it up"


def samples_beside_ratios(world: World, board: Board) -> Iterator[str]:
    """A ratio's value or course comes with its samples: in the same panel, on other boards than those of KPIs at least
    on the same board.
    """
    read = {panel.id: _reads(world, board, panel) for panel in board.panels}
    everywhere = set().union(*read.values())
    for panel in board.panels:
        if panel.kind not in WITH_SAMPLES:
            continue
        beside = read[panel.id] if board.name in DETAILED else everywhere
        for kpi in _kpis(world, read[panel.id]):
            if kpi.kind == "ratio" and samples_metric(kpi.slug) not in beside:
                yield f"{panel.where} shows {kpi.slug} without its samples; ask for {samples_metric(kpi.slug)} too"


def lines_are_shown(world: World, board: Board) -> Iterator[str]:
    """A graph or number of one KPI that has a target or alarm line over the whole shows it: as a line, or as colours
    that begin there.
    """
    for panel in (panel for panel in board.panels if panel.kind != "table"):
        read = _reads(world, board, panel)
        kpis = _kpis(world, read)
        if not panel.numeric or len(kpis) != 1 or "kpi" in board.variables:
            continue
        lines = [t.value for t in kpis[0].targets if t.severity != "goal" and set(t.slice.values()) <= {ALL}]
        steps = [step.get("value") for step in panel.defaults["thresholds"]["steps"]]
        coloured = all(any(at is not None and abs(at - line) < 1e-6 for at in steps) for line in lines)
        if lines and not coloured and "outcall_kpi_target" not in read:
            yield f"{panel.where}: neither lines nor colours at {lines}; add outcall_kpi_target or thresholds"


def _reads(world: World, board: Board, panel: Panel) -> set[str]:
    return set().union(*(world.reads(board, query) for query in panel.queries))


def _kpis(world: World, families: set[str]) -> list[Kpi]:
    return [kpi for kpi in world.catalogue.kpis.values() if kpi_metric(kpi.slug, kpi.unit) in families]


def transformations_refer(world: World, board: Board) -> Iterator[str]:
    """What transformations name is there, and every column that people see was given its place."""
    for panel in board.panels:
        if panel.kind != "table":
            continue
        found = columns(world, board, panel)
        for text in found.problems:
            yield f"{panel.where}: {text}, which is not there or not known; correct the name"
        if found.placed is None:
            yield f"{panel.where}: its columns have no order; end with `organize`"
            continue
        for name in (name for name in shown(found, panel) if name not in found.placed):
            yield f"{panel.where}: the column {name} was not given a place; order, hide or exclude it"


def overrides_refer(world: World, board: Board) -> Iterator[str]:
    """What an override is for is there: a query, a column, a series' name."""
    for panel in board.panels:
        for one in panel.overrides:
            kind, options = one["matcher"]["id"], one["matcher"]["options"]
            if not _is_there(world, board, panel, kind, options):
                yield f"{panel.where}: an override is for {options!r} ({kind}), which is not there; correct or drop it"
        for name in TIED_TO_LEGENDS:
            for _, value in panel.properties(name):
                if value not in legends(panel).fixed:
                    yield f"{panel.where}: {name} is {value!r}, the name of no series; give a legend of the panel"


def _is_there(world: World, board: Board, panel: Panel, kind: str, options: str) -> bool:
    if kind == "byFrameRefID":
        return options in {query.ref for query in panel.queries}
    if kind == "byName" and panel.kind == "table":
        return columns(world, board, panel).has(options)
    if kind == "byName":
        found = legends(panel)
        return options in found.fixed or any(_may_be(world, label, options) for label in found.labels)
    if kind == "byRegexp":
        return _matches(world, board, panel, options)
    return False


def _may_be(world: World, label: str, value: str) -> bool:
    """Whether a label can have a value: one that is declared, or any."""
    declared: Mapping[str, object] = {}
    if label in world.catalogue.dimensions:
        declared = world.catalogue.dimensions[label].values
    return not declared or value in declared or value in ("other", "unknown")


def _matches(world: World, board: Board, panel: Panel, pattern: str) -> bool:
    if panel.kind != "table":
        return any(re.search(pattern.strip("/"), name) for name in legends(panel).fixed)
    found = columns(world, board, panel)
    return found.open_ended or any(re.search(pattern.strip("/"), name) for name in found.names)


def queries_differ(_: World, board: Board) -> Iterator[str]:
    """No panel asks the same twice, and none asks for nothing."""
    for panel in board.panels:
        asked = Counter((query.expr, query.form) for query in panel.queries)
        for (expr, _form), times in asked.items():
            if times > 1 or not expr.strip():
                yield f"{panel.where} asks {times} times: {expr!r}; once is enough"


LAWS = (
    titled,
    units_known,
    no_value_said,
    thresholds_ascend,
    ids_are_single,
    placed,
    samples_beside_ratios,
    lines_are_shown,
    transformations_refer,
    overrides_refer,
    queries_differ,
)
