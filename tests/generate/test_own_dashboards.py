"""`generate dashboards --out`: boards of an operator's own KPIs, lines and time zone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from exporter.cli import main
from exporter.generate.dashboards.ids import panel_id
from tests.generate.dashboards.laws_boards import NAMES
from tests.generate.dashboards.own import VOICEMAIL


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "own.yaml").write_text(VOICEMAIL, "utf-8")
    (tmp_path / "outcall.yaml").write_text("catalogue_files: [own.yaml]\ntimezone: Europe/Berlin\n", "utf-8")
    return tmp_path / "outcall.yaml"


def generate(config: Path, out: Path, *words: str) -> int:
    return main(["generate", *words, "--config", str(config), "--out", str(out)])


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


BOARDS = {f"{language}/{name}.json" for language in ("zh", "en") for name in NAMES}


def test_own_dashboards(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both languages, nothing else; the operator's KPI with its line, the configuration's time zone."""
    out = tmp_path / "boards"
    assert generate(config, out, "dashboards") == 0
    assert "wrote zh/overview.json" in capsys.readouterr().out
    assert files(out) == BOARDS
    board = json.loads((out / "en/technical.json").read_text("utf-8"))
    assert board["timezone"] == "Europe/Berlin"
    panels = {panel["id"]: panel for panel in board["panels"]}
    tile = panels[panel_id("technical", "voicemail/tile")]
    assert "Voicemail share" in tile["title"]
    assert [step["value"] for step in tile["fieldConfig"]["defaults"]["thresholds"]["steps"]] == [
        None,
        pytest.approx(0.15),
        pytest.approx(0.25),
    ]


def test_with_rules_in_one_folder(config: Path, tmp_path: Path) -> None:
    """Each where it is alone too."""
    both, boards, rules = (tmp_path / name for name in ("both", "boards", "rules"))
    assert generate(config, both, "rules", "dashboards", "--grafana-url", "https://grafana.example") == 0
    assert generate(config, boards, "dashboards") == 0
    assert generate(config, rules, "rules") == 0
    assert files(both) == files(boards) | files(rules)
    assert files(boards) & files(rules) == set()
    assert "https://grafana.example/d/outcall-drilldown?" in (both / "technical.rules.yml").read_text("utf-8")


def test_drift_of_own_dashboards(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line that is moved shows, with the command that mends it."""
    out = tmp_path / "boards"
    assert generate(config, out, "dashboards") == 0
    assert generate(config, out, "dashboards", "--check") == 0
    (tmp_path / "own.yaml").write_text(VOICEMAIL.replace("0.25", "0.24"), "utf-8")
    capsys.readouterr()
    assert generate(config, out, "dashboards", "--check") == 1
    told = capsys.readouterr().err
    assert "zh/technical.json" in told
    assert "zh/host.json" not in told
    assert told.endswith(f"Fix: run `outcall-exporter generate dashboards --config {config} --out {out}`\n")
