"""Every variable, panel and annotation of every dashboard, asked of a real Prometheus on the simulated case."""

from __future__ import annotations

from collections.abc import Iterator

import asyncpg
import pytest

from devtools.grafana.boards import Panel
from devtools.grafana.errors import GrafanaError
from devtools.grafana.run import Result, run_annotation
from devtools.stage.schedule import compared
from devtools.stage.stage import Stage
from exporter.calldb.reader import instant
from exporter.kpi.verification import Verdict
from tests.dashboards.asking import BOARDS, Asking, Opened, board, catalogue, choosing, variables
from tests.dashboards.checks import problems
from tests.dashboards.empty import ANY, MAY_BE_EMPTY, Empty
from tests.oracle import oracle
from tests.support.scrape import compare

# Variables of labels that only some KPIs have, with one that has it.
OWN_LABELS = {"bucket": "recovery", "dialect": "asr_accuracy", "task": "task_completion"}
SLICES = (
    {"scenario": "collection", "generation": "elderly"},
    {"scenario": "acquisition"},
    {"scenario": "operations", "generation": "gen_z"},
    {"window": "1h"},
    {"window": "7d"},
    {"window": "30d", "generation": "gen_y"},
)
# KPIs of every kind of fact: calls, customers, money, late answers, people's labels, months later.
JUDGED = ("early_hangup", "lead_conversion", "acquisition_cost", "recovery", "csat", "tts_mos", "recording_retention")
MANY = 1_000
OF_ONE_KPI = [name for name in BOARDS if "kpi" in variables(name)]


def complaints(asking: Asking, opened: Opened, *, excused: bool = False) -> Iterator[str]:
    """What is wrong, by dashboard, panel and query. `excused`: slices without calls are right to be empty."""
    for panel in board(opened.name).panels:
        if not panel.targets:
            continue
        where = f"{opened.name} {dict(opened.given)}, panel {panel.id} {panel.title!r}"
        try:
            results = asking.panel(panel, opened)
            found = problems(panel, results, asking.now, whole=not set(opened.given) - {"kpi", "window"})
        except GrafanaError as error:
            found, results = [str(error)], []
        for result in results:
            if not result.series and not is_right(asking, opened, panel, result, excused=excused):
                found.append(f"{result.ref_id}: empty, and no reason is stated, {result.expr}")
        yield from (f"{where}, {' '.join(text.split())}" for text in found)


def is_right(asking: Asking, opened: Opened, panel: Panel, result: Result, *, excused: bool) -> bool:
    """Whether an empty answer has a reason."""
    stated = any(entry.holds(opened, panel, result.ref_id) for entry in MAY_BE_EMPTY)
    return stated or (excused and not asking.has_samples(panel, result, opened))


def report(found: Iterator[str]) -> None:
    """Fails with all of it."""
    lines = list(found)
    assert not lines, "\n".join([f"{len(lines)} problems", *lines])


def test_stage_shows_the_case(stage: Stage) -> None:
    """Something is wrong on it, as in the case: alerts of both severities fire."""
    assert {"critical", "warning"} <= {severity for _, severity in stage.firing()}


def test_change_of_the_case_works(asking: Asking) -> None:
    """Fewer hang up since the wording is plain, by more than the five points expected."""
    of = '{change="plain-words",kpi="early_hangup"'
    (verdict,) = asking.prometheus.instant(f"outcall_change_verdict{of}}}", asking.now)
    (upper,) = asking.prometheus.instant(f'outcall_change_effect_upper{of},kind="did"}}', asking.now)
    assert verdict.last == list(Verdict).index(Verdict.WORKS)
    assert upper.last < -0.05


async def test_past_is_that_of_the_oracle(stage: Stage, asking: Asking) -> None:
    """What the stage shows of an instant a month ago is what a fresh look at all rows gives, in every slice."""
    at = compared(stage.now, days=30)
    connection = await asyncpg.connect(stage.dsn)
    try:
        expected = await oracle(connection, instant(at), timezone=stage.timezone, kpis=JUDGED)
    finally:
        await connection.close()
    shown = {}
    # The stage looks back for over an hour: what had no value at that instant would show the hour before.
    for series in asking.prometheus.instant('last_over_time({job="outcall",__name__=~"outcall_.+"}[1m])', at):
        labels = {name: value for name, value in series.labels.items() if name not in ("job", "instance")}
        shown[labels.pop("__name__"), tuple(sorted(labels.items()))] = series.last
    # Five minutes are shown of the last day only.
    known = {key: value for key, value in expected.items() if ("window", "5m") not in key[1]}
    assert len(known) > MANY
    assert compare(known, shown) == []


@pytest.mark.parametrize("name", BOARDS)
def test_variables_have_values(asking: Asking, name: str) -> None:
    """Each is resolved by its own query, after those that it refers to."""
    opened = asking.open(name)
    empty = {one for one, choice in opened.choices.items() if not any(value for _, value in choice.options)}
    assert empty <= set(OWN_LABELS)
    for label in empty:
        filled = asking.open(name, choosing(catalogue().kpis[OWN_LABELS[label]]))
        assert filled.choices[label].options, f"{name}: {label} has no value for {OWN_LABELS[label]}"


@pytest.mark.parametrize("name", BOARDS)
def test_panels_show_data(asking: Asking, name: str) -> None:
    """As the dashboard opens."""
    report(complaints(asking, asking.open(name)))


@pytest.mark.parametrize("name", BOARDS)
def test_annotations_are_found(asking: Asking, name: str) -> None:
    """Alerts, a new script and an open incident lie within the range of every dashboard; every query is understood."""
    opened = asking.open(name)
    for annotation in board(name).annotations:
        result = run_annotation(annotation, asking.prometheus, opened.choices, asking.span(name))
        # The stage tells of its change only since it runs, which may lie between two steps.
        if annotation.name == "变更":
            continue
        assert result.series or opened.kpi, f"{name}, annotation {annotation.name!r}: empty, {result.expr}"


@pytest.mark.parametrize("slug", catalogue().kpis)
def test_every_kpi_is_shown(asking: Asking, slug: str) -> None:
    """On every dashboard of one KPI that offers it, at its headline window."""
    kpi = catalogue().kpis[slug]
    for name in OF_ONE_KPI:
        offered = {value for _, value in asking.open(name).choices["kpi"].options}
        assert slug in offered or name != "drilldown", f"{name} does not offer {slug}"
        if slug in offered:
            report(complaints(asking, asking.open(name, choosing(kpi)), excused=True))


@pytest.mark.parametrize("given", SLICES, ids=lambda given: ",".join(given.values()))
@pytest.mark.parametrize("name", [name for name in BOARDS if {"scenario", "window"} & variables(name)])
def test_slices_are_shown(asking: Asking, name: str, given: dict[str, str]) -> None:
    """Drilling down to a slice or another window: what has samples is shown."""
    kept = {variable: value for variable, value in given.items() if variable in variables(name)}
    report(complaints(asking, asking.open(name, kept), excused=True))


@pytest.mark.parametrize("entry", MAY_BE_EMPTY, ids=lambda entry: f"{entry.board}-{entry.panel}-{entry.refs}")
def test_no_reason_is_superfluous(asking: Asking, entry: Empty) -> None:
    """What is said to be empty is there, and is empty whenever the reason holds."""
    panels = [one for one in board(entry.board).panels if entry.panel in (one.title, ANY) and one.targets]
    assert panels, f"{entry.board} has no panel {entry.panel!r}"
    for panel in panels:
        assert set(entry.refs) <= {target.ref_id for target in panel.targets}
    held = 0
    for opened in openings(asking, entry):
        for panel in panels:
            for ref in {target.ref_id for target in panel.targets if entry.holds(opened, panel, target.ref_id)}:
                held += 1
                is_empty = entry.sometimes or ref in asking.empty(panel, opened)
                assert is_empty, f"{opened.given}, panel {panel.title!r}: {ref} is not empty"
    assert held, "the reason never holds"


def openings(asking: Asking, entry: Empty) -> Iterator[Opened]:
    """The dashboard with every KPI that it offers, in the windows that matter, or as it opens."""
    first = asking.open(entry.board)
    if first.kpi is None:
        yield first
        return
    for _, slug in first.choices["kpi"].options:
        kpi = catalogue().kpis[slug]
        offered = {one.name for one in kpi.windows}
        for window in {kpi.headline_window, *(offered & set(entry.windows or ("7d",)))}:
            yield asking.open(entry.board, choosing(kpi) | ({"window": window} if kpi.windows else {}))
