"""`explain` tells everything about one KPI."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.calldb.query import aggregate_sql
from exporter.commands.explain import find
from exporter.commands.explain_text import explanation, readable
from exporter.errors import UsageError
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Kpi
from exporter.semantic.names import kpi_metric
from tests.commands.process import run

CATALOGUE = load_catalogue()
ROOT = Path(__file__).parents[2]


def test_early_hangup(tmp_path: Path) -> None:
    """Definition in both languages, formula, conditions, SQL, metrics, windows, slices, lines, remedy."""
    done = run("explain", "early_hangup", folder=tmp_path)
    assert (done.status, done.err) == (0, "")
    for text in (
        "early_hangup  30秒内挂断率  Early hang-up rate (30 s)",
        "（通话≤30 秒的客户挂断数 / 总接通数）×100%",
        "early_hangups / answered_calls",
        "calls.answered_at >= calls.ended_at - make_interval(secs => 30)",
        "dial: calls; placed in time by calls.ended_at",
        "outcall_early_hangup_ratio_lower{window, scenario, generation, period, script}",
        "windows: 5m, 1h, 24h, 7d, 30d",
        "5m, 1h, 24h: scenario x generation x period; scenario x script, each rolled up to `all`",
        "<= 0.4   generation elderly  alarm line; crossed = alert of severity critical",
        "WHERE calls.ended_at >= $1::timestamptz AND calls.ended_at < $2::timestamptz",
        "reviewed weekly",
        "outcall-overview    grafana/zh/overview.json",
        "outcall-drilldown   grafana/zh/drilldown.json   var-kpi=early_hangup",
        "remedy: ",
    ):
        assert text in done.out


def test_what_is_not_known_is_told() -> None:
    """When a cost of 0 is absent stands beside the formula."""
    text = explanation(CATALOGUE, CATALOGUE.kpis["acquisition_cost"])
    rule = "and so is 0 while there are (acquisition_dials_without_cost + ledger_entries_without_amount)"
    assert f"nothing over nothing is absent, {rule}\n" in text
    assert rule[:10] not in explanation(CATALOGUE, CATALOGUE.kpis["csat"])


@pytest.mark.parametrize("kpi", CATALOGUE.kpis.values(), ids=CATALOGUE.kpis.keys())
def test_every_kpi(kpi: Kpi) -> None:
    """Each names the families, every measure with its SQL, and every source with its statement."""
    text = explanation(CATALOGUE, kpi)
    assert kpi_metric(kpi.slug, kpi.unit) in text
    for measure in kpi.measures:
        assert measure.help in text
        assert all(column in text for column in measure.columns)
    for name in kpi.datasets:
        assert f"SQL of {name}" in text
    assert kpi.title.zh in text
    assert kpi.remedy.zh in text


@pytest.mark.parametrize("kpi", CATALOGUE.kpis.values(), ids=CATALOGUE.kpis.keys())
def test_panels_are_there(kpi: Kpi) -> None:
    """Each board and panel that is named is in the file that is named, is of that KPI, and in both languages."""
    lines = re.findall(r"^ +(outcall-\S+) +(grafana/zh/\S+) +(.*)$", explanation(CATALOGUE, kpi), re.MULTILINE)
    assert [uid for uid, _, _ in lines] == ["outcall-overview", f"outcall-{kpi.dimension}", "outcall-drilldown"]
    for uid, file, panels in lines:
        for path, suffix, title in ((file, "", kpi.title.zh), (file.replace("zh", "en"), "-en", kpi.title.en)):
            board = json.loads((ROOT / path).read_text("utf-8"))
            assert board["uid"] == f"{uid}{suffix}"
            titles = {str(panel["id"]): panel["title"] for panel in board["panels"]}
            assert all(title in titles[number] for number in re.findall(r"(?:tile|course) (\d+)", panels))
    assert [len(re.findall(r"\d+", panels)) for _, _, panels in lines[:2]] == [1, 2]


def test_explains_without_the_dashboards_library(tmp_path: Path) -> None:
    """Panel ids follow from names: running the exporter needs no library of Grafana's."""
    program = (
        "import sys\n"
        "sys.modules['grafana_foundation_sdk'] = None\n"
        "from exporter.cli import main\n"
        "sys.exit(main(['explain', 'csat']))"
    )
    (tmp_path / "outcall.yaml").write_text("database_url: postgresql://nowhere\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "OUTCALL_CONFIG": str(tmp_path / "outcall.yaml")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "grafana/zh/experience.json" in done.stdout


def test_mapped_source(tmp_path: Path) -> None:
    """An operator's mapping and threshold are shown."""
    (tmp_path / "own.yaml").write_text(
        "sources: {calls: {relation: crm.dialled}}\nkpis: {connect: {targets: [{severity: warning, value: 0.5}]}}"
    )
    done = run("explain", "connect", folder=tmp_path, settings={"catalogue_files": "[own.yaml]"})
    assert "calls = crm.dialled" in done.out
    assert "FROM crm.dialled AS calls" in done.out
    assert ">= 0.5  the whole" in done.out


@pytest.mark.parametrize("name", ["csat", "客户满意度", "Customer satisfaction", "outcall_csat_ratio", " csat "])
def test_by_any_name(name: str) -> None:
    """A KPI is found by its slug, either title, or its metric."""
    assert find(CATALOGUE, name).slug == "csat"


def test_unknown() -> None:
    """An unknown name comes with those that are spelt alike."""
    with pytest.raises(UsageError) as caught:
        find(CATALOGUE, "recording_retentoin")
    assert caught.value.fix.startswith("did you mean recording_retention")


def test_readable_sql_is_the_same_sql() -> None:
    """The shown statement differs from the one that is sent in white space only."""
    for dataset in CATALOGUE.datasets.values():
        sql = aggregate_sql(dataset, CATALOGUE.sources[dataset.source], "minute")
        assert readable(sql).split() == sql.split()
