"""The worked example of docs/adding-a-kpi.md, run as it stands."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
import yaml

from exporter.cli import main
from exporter.generate.dashboards.ids import panel_id
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue
from tests.docs.pages import ROOT, blocks, commands
from tests.support.gauges import Stepper, stepper

PAGE = ROOT / "docs/adding-a-kpi.md"
STANZA, SETTING, CHANGES = blocks(PAGE, "yaml")
MACHINE = "outcall_machine_answered_dials"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The example as the file that it tells to write."""
    name = str(yaml.safe_load(SETTING)["catalogue_files"][0])
    file = tmp_path / name
    file.write_text(STANZA, "utf-8")
    return file


async def write_calls(dsn: str) -> None:
    """Eight dials of three minutes ago: two reached a machine, three a person, three nobody."""
    writer = await asyncpg.connect(dsn)
    ended = datetime.now(UTC) - timedelta(minutes=3)
    answers = ["machine", "machine", "human", "human", "unknown", None, None, None]
    sql = """
        INSERT INTO calls (call_id, scenario, generation, script, dialed_at, answered_at, ended_at, answered_by)
        VALUES ($1, 'acquisition', 'gen_z', 'A', $2, $3, $4, $5)"""
    for number, answer in enumerate(answers):
        rang = ended - timedelta(seconds=30)
        await writer.execute(sql, number, rang - timedelta(seconds=9), rang if answer else None, ended, answer)
    await writer.close()


def kpi_gauges(exporter: Stepper) -> dict[str, float]:
    """The new KPI's family of gauges, over one hour, nothing sliced."""
    wanted = {"scenario": "all", "generation": "all", "period": "all", "script": "all", "window": "1h"}
    labels = tuple(sorted(wanted.items()))
    return {name: value for (name, at), value in exporter.gauges().items() if at == labels and "voicemail" in name}


async def test_the_stanza_is_all_it_takes(database: str, tmp_path: Path, own: Path) -> None:
    """The gauge appears with the right value, and no dataset that was known before is read again."""
    await write_calls(database)
    async with stepper(database, state_dir=tmp_path) as before:
        await before.poll()
        await before.backfill()
        known = set(before.lanes.catalogue.datasets)
        assert kpi_gauges(before) == {}
    async with stepper(database, state_dir=tmp_path, own_files=[own]) as after:
        assert after.lanes.tracker.restored == known
        assert set(after.lanes.catalogue.datasets) - known == {"dial.voicemail"}
        await after.poll()
        await after.backfill()
        gauges = kpi_gauges(after)
        assert gauges["outcall_voicemail_ratio"] == 2 / 8
        assert gauges["outcall_voicemail_samples"] == 8
        assert gauges["outcall_voicemail_ratio_lower"] < 2 / 8 < gauges["outcall_voicemail_ratio_upper"]
        assert {value for (name, _), value in after.gauges().items() if name == MACHINE} == {2}
        assert await after.differences() == []


async def test_only_the_new_dataset_is_read(database: str, tmp_path: Path, own: Path) -> None:
    """After the reload the background reads history for the new dataset and nothing else."""
    async with stepper(database, state_dir=tmp_path) as before:
        await before.poll()
        await before.backfill()
    async with stepper(database, state_dir=tmp_path, own_files=[own]) as after:
        await after.poll()
        hours = after.lanes.background.horizon().hours
        behind = {n for n, b in after.lanes.tracker.buckets.items() if b.covered_from is None or b.covered_from > hours}
        assert behind == {"dial.voicemail"}


def test_rules_and_dashboards_follow(tmp_path: Path, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command of the page: its alerts, its tile and course with what the stanza says, on the boards named."""
    (own.parent / "outcall.yaml").write_text(SETTING, "utf-8")
    monkeypatch.chdir(own.parent)
    (command,) = [line for line in commands(PAGE) if "generate rules dashboards" in line]
    assert main(shlex.split(command)[1:]) == 0
    rules = yaml.safe_load((tmp_path / "own/technical.rules.yml").read_text("utf-8"))["groups"][0]["rules"]
    assert {rule["labels"]["severity"] for rule in rules if rule["alert"] == "OutcallVoicemailHigh"} == {
        "warning",
        "critical",
    }
    for board, parts in (("overview", ("tile",)), ("technical", ("tile", "course"))):
        found = json.loads((tmp_path / f"own/en/{board}.json").read_text("utf-8"))
        panels = {panel["id"]: panel for panel in found["panels"]}
        for part in parts:
            panel = panels[panel_id(board, f"voicemail/{part}")]
            assert "Voicemail share" in panel["title"]
            assert all(words in panel["description"] for words in ("answered by a machine", "15%", "Call at other"))


def test_the_shipped_drill_down_offers_it() -> None:
    """Its variable asks the page which KPIs there are."""
    board = json.loads((ROOT / "grafana/en/drilldown.json").read_text("utf-8"))
    (variable,) = [one for one in board["templating"]["list"] if one["name"] == "kpi"]
    assert "outcall_kpi_info" in variable["query"]["query"]


def changed(tmp_path: Path) -> tuple[Catalogue, Catalogue]:
    """The catalogue as shipped, and with the second example."""
    file = tmp_path / "changes.yaml"
    file.write_text(CHANGES, "utf-8")
    return load_catalogue(), load_catalogue([file])


def test_changes_say_only_what_differs(tmp_path: Path) -> None:
    """Targets are replaced, the KPI is gone, the parameter reaches the SQL of one dataset only."""
    shipped, own = changed(tmp_path)
    assert [(line.severity, line.value) for line in own.kpis["early_hangup"].targets] == [
        ("warning", 0.22),
        ("critical", 0.28),
    ]
    assert own.kpis["early_hangup"].title == shipped.kpis["early_hangup"].title
    assert set(shipped.kpis) - set(own.kpis) == {"csat"}
    differing = {name for name, dataset in own.datasets.items() if dataset != shipped.datasets[name]}
    assert differing == {"regulated_dial"}
