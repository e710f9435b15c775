"""Numbers of catalogue/alerts.yaml are taken from there: colours, words and runbooks follow an operator's."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from exporter.generate.dashboards.alarms import BOTH, colours, words
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.ids import Language, panel_id
from exporter.generate.dashboards.machine import BoardSpec
from exporter.semantic.load import load_catalogue
from exporter.semantic.names import DOCUMENTS, runbook_url
from tests.generate.dashboards.own import only, with_files
from tests.generate.dashboards.world import made

HIGH = """
alerts:
  CpuHigh:
    about: host
    summary: {zh: 高, en: High}
    description: {zh: 高, en: High}
    rules:
      - {severity: critical, for: 30, line: 0.6, expr: outcall_host_cpu_utilisation_ratio > <line>}
      - {severity: warning, line: 0.125, expr: outcall_host_cpu_utilisation_ratio > <line>}
"""
OFF = "alerts: {CpuHigh: {enabled: false}}\n"
CPU = panel_id("host", "cpu/now")


def context(folder: Path, text: str = "", language: Language = "en") -> Context:
    return Context(with_files(folder, *([text] if text else [])), language, DOCUMENTS)


def steps(folder: Path, text: str) -> list[tuple[float | None, str]]:
    """Where the colours of CpuHigh begin."""
    found = colours(context(folder, text), "CpuHigh")
    return [(step.value, step.color) for step in found.steps] if found else []


def test_colours_begin_at_the_lines(tmp_path: Path) -> None:
    """Orange at the warning's, red at the critical alert's; the less grave never hides the graver."""
    assert steps(tmp_path, HIGH) == [(None, "green"), (0.125, "orange"), (0.6, "red")]
    assert steps(tmp_path, HIGH.replace("0.125", "0.7")) == [(None, "green"), (0.6, "red")]
    assert steps(tmp_path, OFF) == []


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Alert OutcallCpuHigh: warning above 12.5 %, critical above 60 % for 30 s."),
        ("zh", "告警 OutcallCpuHigh：超过 12.5%为警告；超过 60% 且持续 30 秒为严重。"),
    ],
)
def test_lines_are_told(tmp_path: Path, language: Language, told: str) -> None:
    """In the panel's unit, with how long it has to last."""
    assert words(context(tmp_path, HIGH, language), "CpuHigh", "percentunit") == told


def test_time_is_told_in_its_largest_unit(tmp_path: Path) -> None:
    """A line of 180 s is one of three minutes; what is not asked for is not told; an alert without a line is named."""
    shipped = context(tmp_path)
    assert "above 3 minutes for 1 minute" in words(shipped, "WatermarkBehind", "s")
    assert words(shipped, "DiskFilling", "percentunit", ["critical"]).count("above") == 1
    assert words(shipped, "StateNotSaved", "none") == "Alert OutcallStateNotSaved."


@pytest.mark.parametrize("text", [HIGH, OFF], ids=["other lines", "switched off"])
def test_the_board_follows(tmp_path: Path, text: str) -> None:
    """An operator's lines colour the number; of an alert that is off there is neither word nor runbook."""
    panel = made(with_files(tmp_path, text, only(("early_hangup",)))).boards["outcall-host-en"].panel(CPU)
    assert panel is not None
    begin = [step["value"] for step in panel.defaults["thresholds"]["steps"]]
    assert begin == ([None, 0.125, 0.6] if text is HIGH else [None])
    assert ("12.5 %" in panel.raw["description"]) == (text is HIGH)
    assert [link["url"] for _, link in panel.links] == ([runbook_url("OutcallCpuHigh")] if text is HIGH else [])


@pytest.mark.parametrize("name", ["exporter", "host"])
def test_alerts_of_boards_exist(name: str) -> None:
    """What a board's YAML says to judge a panel is an alert of the catalogue, and has the lines that are asked for."""
    text = files("exporter.generate.dashboards").joinpath(f"{name}.yaml").read_text("utf-8")
    panels = [one for part in BoardSpec.model_validate(yaml.safe_load(text)).sections for one in part.panels]
    known = load_catalogue().alerts
    judged = [panel for panel in panels if panel.alert]
    assert judged
    for panel in judged:
        assert panel.alert in known, f"{panel.key}: there is no alert {panel.alert}"
        lined = {rule.severity for rule in known[panel.alert].rules if rule.line is not None}
        assert tuple(panel.severities) == BOTH or set(panel.severities) <= lined, f"{panel.key}: {panel.severities}"
