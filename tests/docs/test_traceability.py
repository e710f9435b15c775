"""docs/traceability.md is complete: checked against the rule files, the test files, the boards, the oracle and the
runbooks as they lie there, not against what wrote it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Kpi
from exporter.semantic.names import KPI_DIMENSIONS, kpi_metric, samples_metric
from tests.docs.pages import ROOT
from tests.docs.test_links import links
from tests.oracle.gauges import UPLIFTS

PAGE = ROOT / "docs/traceability.md"
CATALOGUE = load_catalogue()
CELLS = re.compile(r"^\| (\[.*|`Outcall.*) \|$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)]+)\)")
PANEL = re.compile(r"\(\.\./grafana/zh/(\w+)\.json\): (.*)")
# Cases that are about all alerts, or about recorded series.
GENERAL = {"annotations", "recording"}
# What is said in place of an alert: when it is true.
REASONS: Mapping[str, Callable[[Kpi], bool]] = {
    "no line, so no alert": lambda kpi: not kpi.targets,
    "a goal only, so no alert": lambda kpi: {line.severity for line in kpi.targets} == {"goal"},
}


@dataclass(frozen=True)
class Row:
    """A KPI's row, cell by cell."""

    metrics: str
    rules: str
    tests: str
    panels: str
    runbooks: str


@cache
def rows() -> dict[str, Row]:
    """By slug."""
    found = {}
    for line in CELLS.findall(PAGE.read_text("utf-8")):
        first, *cells = line.split(" | ")
        if slug := re.search(r"\(kpis\.md#(\w+)\)$", first):
            found[slug[1]] = Row(*cells)
    return found


@cache
def alerts() -> dict[str, tuple[str, str]]:
    """Of the rule files: alert -> its file and its KPI, if any."""
    found = {}
    for path in sorted((ROOT / "rules").glob("*.rules.yml")):
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    found[rule["alert"]] = (path.name, rule["labels"].get("kpi", ""))
    return found


@cache
def board(language: str, name: str) -> Any:
    return json.loads((ROOT / f"grafana/{language}/{name}.json").read_text("utf-8"))


def of_kpi(slug: str) -> dict[str, str]:
    """Its alerts and their files."""
    return {name: file for name, (file, kpi) in alerts().items() if kpi == slug}


def cases(alert: str) -> set[str]:
    """The names of an alert's test files: `<alert>.test.yml`, and with a word between."""
    return {path.name for path in (ROOT / "rules/tests").glob(f"{alert}.*test.yml")}


KPIS = pytest.mark.parametrize("kpi", CATALOGUE.kpis.values(), ids=CATALOGUE.kpis.keys())


def test_every_kpi_has_a_row() -> None:
    """Dimension by dimension."""
    kpis = CATALOGUE.kpis.values()
    assert list(rows()) == [kpi.slug for name in KPI_DIMENSIONS for kpi in kpis if kpi.dimension == name]


@KPIS
def test_metrics(kpi: Kpi) -> None:
    """The gauge, and what it was computed of."""
    row = rows()[kpi.slug]
    assert f"`{kpi_metric(kpi.slug, kpi.unit)}`" in row.metrics
    assert (f"`{samples_metric(kpi.slug)}`" in row.metrics) == (kpi.kind != "uplift")


@KPIS
def test_rules_and_runbooks(kpi: Kpi) -> None:
    """Every alert of the KPI with its file and its runbook; where there is none, a reason that is true."""
    row, found = rows()[kpi.slug], of_kpi(kpi.slug)
    for name, file in found.items():
        assert f"`{name}` [{file}](../rules/{file})" in row.rules
        assert f"[{name}](runbooks/{name}.md)" in row.runbooks
    if not found:
        (said,) = [holds for words, holds in REASONS.items() if row.rules.endswith(words)]
        assert said(kpi)
        assert row.runbooks == row.rules


@KPIS
def test_tests(kpi: Kpi) -> None:
    """All cases of its alerts, no others, and the oracle's section."""
    row = rows()[kpi.slug]
    linked = {Path(link).name for link in LINK.findall(row.tests)}
    assert linked - {f"{kpi.dimension}.sql"} == {name for alert in of_kpi(kpi.slug) for name in cases(alert)}
    oracle = (ROOT / f"tests/oracle/{kpi.dimension}.sql").read_text("utf-8")
    assert f"(../tests/oracle/{kpi.dimension}.sql)" in row.tests
    section = "uplift" if kpi.slug in UPLIFTS else kpi.slug
    assert re.search(rf"^-- kpi: {section}\b", oracle, re.MULTILINE)
    assert kpi.slug in oracle


@KPIS
def test_panels(kpi: Kpi) -> None:
    """Tile on the overview, tile and course on its dimension's board, the drill-down; each id is there in both
    languages, on a panel that is called after the KPI.
    """
    listed = [found for part in rows()[kpi.slug].panels.split("<br>") if (found := PANEL.search(part))]
    ids = {found[1]: re.findall(r"(tile|course) `(\d+)`", found[2]) for found in listed}
    assert [part for part, _ in ids["overview"]] == ["tile"]
    assert [part for part, _ in ids[kpi.dimension]] == ["tile", "course"]
    assert f"`var-kpi={kpi.slug}`" in rows()[kpi.slug].panels
    for name, panels in ids.items():
        for language in ("zh", "en"):
            titles = {str(panel["id"]): panel["title"] for panel in board(language, name)["panels"]}
            for _, number in panels:
                assert getattr(kpi.title, language) in titles[number]


@pytest.mark.parametrize("alert", alerts())
def test_every_alert_is_named(alert: str) -> None:
    """With its rule file, its cases and its runbook, which exist."""
    text, (file, _) = PAGE.read_text("utf-8"), alerts()[alert]
    (line,) = [line for line in CELLS.findall(text) if f"`{alert}`" in line]
    for link in (f"../rules/{file}", f"../rules/tests/{alert}.test.yml", f"runbooks/{alert}.md"):
        assert f"({link})" in line
        assert (PAGE.parent / link).is_file()


def test_every_case_is_of_an_alert_that_is_named() -> None:
    """No test file is left over."""
    named = {path.name.split(".")[0] for path in (ROOT / "rules/tests").glob("*.test.yml")}
    assert named - GENERAL == set(alerts())


def test_links_exist() -> None:
    """Every file that the page links is there."""
    assert len(links(PAGE)) > len(CATALOGUE.kpis)
    assert [link for link in links(PAGE) if not (PAGE.parent / link.partition("#")[0]).is_file()] == []
