"""Metrics and commands that the pages name exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from exporter.cli import build_parser
from exporter.commands.families import families
from exporter.generate.kpis import metrics
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue
from exporter.semantic.names import measure_metric
from tests.docs.pages import ROOT, blocks, commands, pages

IDS = [str(page.relative_to(ROOT)) for page in pages()]
# The command's role and its settings are no metrics; a name that ends in _ or * stands for several.
NO_METRICS = {"outcall_exporter", "outcall_reader", "outcall_touch"}
_METRIC = re.compile(r"(?<![\w./:\-])outcall_[a-z0-9_]+(?![\w*<]|\.[a-z])")


def of_catalogue(catalogue: Catalogue) -> set[str]:
    """The gauges that a catalogue can have."""
    gauges = {name for kpi in catalogue.kpis.values() for name in metrics(kpi)}
    return gauges | {measure_metric(measure.name) for measure in catalogue.measures.values() if not measure.bounds}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every metric of the page: the catalogue's, those of worked examples, and those that the code describes."""
    own = tmp_path_factory.mktemp("docs") / "own.yaml"
    own.write_text(blocks(ROOT / "docs/adding-a-kpi.md", "yaml")[0], "utf-8")
    catalogue = load_catalogue()
    names = of_catalogue(catalogue) | of_catalogue(load_catalogue([own]))
    for described in families(catalogue).values():
        for family in described:
            names |= {family.name} | {f"{family.name}_{part}" for part in ("bucket", "sum", "count")}
    return names


@pytest.mark.parametrize("page", pages(), ids=IDS)
def test_metrics_exist(page: Path, known: set[str]) -> None:
    """No page names a metric that no exporter would show; those of a collector's example are its own."""
    text = page.read_text("utf-8")
    own = set(re.findall(r'gauge\("(outcall_\w+)"', text))
    named = {name for name in _METRIC.findall(text) if not name.endswith("_")}
    assert named - known - own - NO_METRICS == set()


@pytest.mark.parametrize("page", pages(), ids=IDS)
def test_commands_are_understood(page: Path) -> None:
    """Every line that calls outcall-exporter is parsed by its own parser."""
    parser = build_parser()
    for line in commands(page):
        words = shlex.split(line, comments=True)[1:]
        try:
            parser.parse_args(words)
        except SystemExit as refused:
            pytest.fail(f"{line}: exit status {refused.code}")


def test_the_readme_names_every_command() -> None:
    """Its table has each command once."""
    (known,) = [a.choices for a in build_parser()._actions if a.choices]
    named = re.findall(r"^\| `outcall-exporter ([a-z-]+)", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(known)
