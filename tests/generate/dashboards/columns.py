"""The columns of a table after its transformations, as far as they can be known without asking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.generate.dashboards.boards import Board, Json, Panel
from tests.generate.dashboards.world import World


@dataclass(frozen=True)
class Columns:
    """Name now -> name that it had first. `open_ended`: there are more, which the data decide."""

    names: Mapping[str, str]
    open_ended: bool = False
    problems: tuple[str, ...] = ()
    placed: frozenset[str] | None = None

    def has(self, name: str) -> bool:
        return name in self.names or self.open_ended


def columns(world: World, board: Board, panel: Panel) -> Columns:
    """Of a table panel."""
    queries = panel.queries
    names = {"Time"}
    for query in queries:
        value = f"Value #{query.ref}" if len(queries) > 1 else "Value"
        names |= world.labels(board, query) | {value}
    found = Columns({name: name for name in names})
    for step in panel.raw.get("transformations", []):
        found = STEPS.get(step["id"], _unknown)(found, step)
    return found


def _unknown(before: Columns, step: Json) -> Columns:
    text = f"this lint does not know the transformation {step['id']}: teach it in columns.py"
    return Columns(before.names, before.open_ended, (*before.problems, text))


def _merge(before: Columns, _: Json) -> Columns:
    return before


def _sort(before: Columns, step: Json) -> Columns:
    missing = [f"it is sorted by {one['field']}" for one in step["options"]["sort"] if not before.has(one["field"])]
    return Columns(before.names, before.open_ended, (*before.problems, *missing), before.placed)


def _organize(before: Columns, step: Json) -> Columns:
    options = step["options"]
    kept = {name for name in before.names if not options["excludeByName"].get(name)}
    renamed = {options["renameByName"].get(name, name): before.names[name] for name in kept}
    problems = list(before.problems)
    for what in ("excludeByName", "indexByName", "renameByName"):
        problems += [f"`organize` ({what}) names {name}" for name in options[what] if not before.has(name)]
    titles = [options["renameByName"].get(name, name) for name in kept]
    problems += [f"two columns are called {name}" for name in set(titles) if titles.count(name) > 1]
    placed = frozenset(options["renameByName"].get(name, name) for name in options["indexByName"])
    return Columns(renamed, before.open_ended, tuple(problems), placed)


def _matrix(before: Columns, step: Json) -> Columns:
    options = step["options"]
    used = [options[name] for name in ("columnField", "rowField", "valueField")]
    missing = [f"the matrix is made of {name}" for name in used if not before.has(name)]
    corner = f"{options['rowField']}\\{options['columnField']}"
    return Columns({corner: options["rowField"]}, True, (*before.problems, *missing))


STEPS: Mapping[str, Callable[[Columns, Json], Columns]] = {
    "merge": _merge,
    "sortBy": _sort,
    "organize": _organize,
    "groupingToMatrix": _matrix,
}


@dataclass(frozen=True)
class Legends:
    """What the series of a panel are called: fixed texts, and labels whose value is the whole name."""

    fixed: frozenset[str]
    labels: frozenset[str] = field(default_factory=frozenset)


def legends(panel: Panel) -> Legends:
    """Of the queries of a panel that is no table."""
    texts = {query.legend for query in panel.queries}
    whole = frozenset(text[2:-2].strip() for text in texts if text.startswith("{{") and text.count("{{") == 1)
    return Legends(frozenset(text for text in texts if "{{" not in text), whole)


def shown(found: Columns, panel: Panel) -> Iterator[str]:
    """Columns that people see."""
    hidden = {matcher["options"] for matcher, value in panel.properties("custom.hidden") if value}
    yield from (name for name in sorted(found.names) if name not in hidden)
