"""What the laws are checked against: a catalogue, its metric families and alerts, and all boards made from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import chain

from exporter.commands.families import families as own_families
from exporter.generate.dashboards.files import generated_dashboards
from exporter.generate.files import Generated
from exporter.generate.kpis import labels, metrics
from exporter.generate.metrics import FamilyDoc
from exporter.generate.rules.files import rule_files
from exporter.generate.rules.model import Alert, Options, Recording
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue
from exporter.semantic.names import SLICE_LABELS, kpi_metric, measure_metric
from tests.docs.pages import ROOT
from tests.generate.dashboards.boards import Board, Query, substituted
from tests.generate.dashboards.promql import Answer, Labels, answer

# What Prometheus gives to whatever it scrapes, and what it records of it.
SCRAPED = frozenset({"job", "instance"})
OF_PROMETHEUS = ("up", "scrape_duration_seconds")
MACROS = {"__rate_interval": "1m", "__interval": "1m", "__range": "1d", "__range_s": "86400", "__interval_ms": "60000"}


@dataclass(frozen=True)
class World:
    """Everything that a board may refer to. `shipped`: its pages are those of docs/."""

    catalogue: Catalogue
    families: Mapping[str, Labels]
    alerts: tuple[Alert, ...]
    boards: Mapping[str, Board]
    shipped: bool
    _known: dict[str, Answer] = field(default_factory=dict)

    def answers(self, board: Board, query: Query) -> list[Answer]:
        """One for each KPI that the board's variable can choose; else one."""
        values = MACROS | {name: _value(one) for name, one in board.variables.items()}
        choices = [{"kpi": slug} for slug in self.kinds] if "kpi" in values else [{}]
        return [self._answer(text) for text in {substituted(query.expr, values | choice) for choice in choices}]

    def _answer(self, text: str) -> Answer:
        if text not in self._known:
            self._known[text] = answer(text, self.families, self.anywhere)
        return self._known[text]

    def labels(self, board: Board, query: Query) -> Labels:
        """Those that a query's series have, for some KPI at least."""
        return frozenset().union(*(one.labels for one in self.answers(board, query)))

    def reads(self, board: Board, query: Query) -> set[str]:
        """The families that a query reads, for some KPI at least."""
        return set().union(*(one.families for one in self.answers(board, query)))

    @cached_property
    def anywhere(self) -> Labels:
        """Labels of any family, and that of a percentile, which a catalogue may have or not."""
        return frozenset({"stat"}).union(*self.families.values())

    @cached_property
    def kinds(self) -> list[str]:
        """A KPI of each kind, unit and set of labels, with windows and without: others have the same families."""
        of = {(kpi.kind, kpi.unit, kpi.labels, bool(kpi.windows)): kpi.slug for kpi in self.catalogue.kpis.values()}
        return list(of.values())

    @property
    def alert_names(self) -> set[str]:
        return {alert.alert for alert in self.alerts}


def _value(variable: Mapping[str, object]) -> str:
    """What a variable stands at, or might."""
    current = variable.get("current")
    value = str(current.get("value") or "") if isinstance(current, Mapping) else ""
    return ".+" if value == "$__all" else value or "x"


def world(catalogue: Catalogue, files: Iterable[Generated], *, shipped: bool = False) -> World:
    """Of a catalogue and the JSON of its boards."""
    rules = [rule for file in rule_files(catalogue, Options()) for group in file.groups for rule in group.rules]
    alerts = tuple(rule for rule in rules if isinstance(rule, Alert))
    boards = [Board.read(file.path, file.text) for file in files]
    return World(
        catalogue, _families(catalogue, rules, alerts), alerts, {board.uid: board for board in boards}, shipped
    )


@cache
def shipped() -> World:
    """The files of grafana/, as they lie there."""
    paths = sorted((ROOT / "grafana").glob("*/*.json"))
    files = [Generated(str(path.relative_to(ROOT)), path.read_text("utf-8")) for path in paths]
    return world(load_catalogue(), files, shipped=True)


def made(catalogue: Catalogue) -> World:
    """Made anew, for any catalogue."""
    return world(catalogue, generated_dashboards(catalogue))


def _families(catalogue: Catalogue, rules: list[Alert | Recording], alerts: tuple[Alert, ...]) -> dict[str, Labels]:
    """Name and labels of everything that a Prometheus has."""
    found: dict[str, Labels] = dict.fromkeys(OF_PROMETHEUS, SCRAPED)
    found |= _of_catalogue(catalogue)
    for family in chain.from_iterable(own_families(catalogue).values()):
        found |= _of_family(family)
    for rule in rules:
        if isinstance(rule, Recording):
            of = answer(rule.expr, found).labels | set(rule.labels)
            found[rule.record] = found.get(rule.record, frozenset()) | of
    of_alerts = (answer(one.expr, found).labels | set(one.labels) for one in alerts)
    named: Labels = frozenset({"alertname"}).union(*of_alerts)
    return found | {"ALERTS": named | {"alertstate"}, "ALERTS_FOR_STATE": named}


def _of_catalogue(catalogue: Catalogue) -> dict[str, Labels]:
    found = {}
    for kpi in catalogue.kpis.values():
        for name in metrics(kpi):
            without = set() if name == kpi_metric(kpi.slug, kpi.unit) else {"stat"}
            found[name] = SCRAPED | (frozenset(labels(kpi)) - without)
    for measure in catalogue.measures.values():
        own: tuple[str, ...] = ()
        if measure.dataset not in catalogue.levels:
            own = ("window", *catalogue.datasets[measure.dataset].labels)
        if not measure.bounds:
            found[measure_metric(measure.name)] = SCRAPED | {*SLICE_LABELS, *own}
    return found


def _of_family(family: FamilyDoc) -> dict[str, Labels]:
    named = SCRAPED | set(family.labels)
    if family.kind != "histogram":
        return {family.name: named}
    parts = {f"{family.name}_{part}": named for part in ("sum", "count")}
    return parts | {f"{family.name}_bucket": named | {"le"}}
