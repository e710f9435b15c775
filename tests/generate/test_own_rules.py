"""`generate rules --out`: an operator's own thresholds and KPIs, for their own Prometheus."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from exporter.cli import main
from tests.generate.promtool import check

OWN = """
sources:
  calls: {expected_within: 1800}
dimensions:
  scenario:
    values:
      welcome: {zh: 迎新, en: Welcome}
parameters: {business_hours: "08:00-21:00"}
alerts:
  CpuHigh: {enabled: false}
  CallsStuck: {rules: [{severity: critical, for: 60, line: 3, expr: sum(outcall_calls_stuck) > <line>}]}
kpis:
  early_hangup:
    windows: [1h, 24h]
    targets:
      - {severity: warning, value: 0.2}
      - {severity: critical, value: 0.28}
      - {severity: critical, value: 0.35, slice: {scenario: welcome}}
  csat: {alert: {enabled: false}}
  long_call:
    title: {zh: 长通话率, en: Long calls}
    definition: {zh: 长通话, en: Long calls / dials}
    dimension: experience
    numerator: [long_calls]
    denominator: [dials]
    direction: higher
    cadence: weekly
    targets: [{severity: warning, value: 0.1}]
    alert: {window: 7d}
    measures:
      long_calls: {fact: dial, count: "calls.answered_at IS NOT NULL", help: Long}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "own.yaml").write_text(OWN, "utf-8")
    (tmp_path / "outcall.yaml").write_text("catalogue_files: [own.yaml]\n", "utf-8")
    return tmp_path / "outcall.yaml"


def generate(config: Path, out: Path, *words: str) -> int:
    return main(["generate", "rules", "--config", str(config), "--out", str(out), *words])


def expressions(folder: Path, file: str, alert: str) -> list[str]:
    groups = yaml.safe_load((folder / f"{file}.rules.yml").read_text("utf-8"))["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"] if rule.get("alert") == alert]


def test_own_thresholds(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines, slices, KPIs, switched-off alerts, expectations: as the operator's files say. Promtool agrees."""
    out = tmp_path / "rules"
    assert generate(config, out) == 0
    assert "wrote recording.rules.yml" in capsys.readouterr().out
    assert check(*out.glob("*.rules.yml")) == ""
    hangup = "\n".join(expressions(out, "experience", "OutcallEarlyHangupHigh"))
    assert "> 0.2\n" in hangup
    assert 'level="slice",window="24h",scenario="welcome"} > 0.35' in hangup
    assert 'window="5m"' not in hangup
    assert len(expressions(out, "experience", "OutcallLongCallLow")) == 1
    assert expressions(out, "experience", "OutcallCsatLow") == []
    assert expressions(out, "host", "OutcallCpuHigh") == []
    assert expressions(out, "exporter", "OutcallCallsStuck") == ["sum(outcall_calls_stuck) > 3"]
    assert "> 1800\n" in expressions(out, "exporter", "OutcallNoNewCalls")[0]
    assert "[30m:1m]" in expressions(out, "exporter", "OutcallNoNewCalls")[0]
    assert "[5m:1m] offset 30m" in expressions(out, "exporter", "OutcallNoNewCalls")[0]


def test_a_scenario_with_a_line_of_its_own_is_a_slice(config: Path, tmp_path: Path) -> None:
    """Nor is it among the others, whose line it would cross."""
    generate(config, tmp_path / "rules")
    recorded = (tmp_path / "rules/recording.rules.yml").read_text("utf-8")
    assert 'outcall_early_hangup_ratio{window=~"1h|24h",scenario!~"all|welcome",' in recorded
    assert 'outcall_early_hangup_ratio{window=~"1h|24h",scenario="welcome",' in recorded


def test_drift_of_own_rules(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "rules"
    assert generate(config, out) == 0
    assert generate(config, out, "--check") == 0
    (tmp_path / "own.yaml").write_text(OWN.replace("0.28", "0.27"), "utf-8")
    capsys.readouterr()
    assert generate(config, out, "--check") == 1
    files = "experience.rules.yml, kubernetes/prometheusrule.yml"
    again = f"outcall-exporter generate rules --config {config} --out {out}"
    assert f"not up to date: {files}. Fix: run `{again}`\n" in capsys.readouterr().err


def test_one_format(config: Path, tmp_path: Path) -> None:
    generate(config, tmp_path / "a", "--format", "kubernetes")
    assert {str(path.relative_to(tmp_path / "a")) for path in (tmp_path / "a").rglob("*.yml")} == {
        "kubernetes/prometheusrule.yml",
        "kubernetes/servicemonitor.yml",
    }
    generate(config, tmp_path / "b", "--format", "prometheus")
    assert not (tmp_path / "b/kubernetes").exists()


def test_job_and_grafana(config: Path, tmp_path: Path) -> None:
    """Where the exporter is scraped, and where alerts link to."""
    out = tmp_path / "rules"
    generate(config, out, "--job", "kpi", "--grafana-url", "https://grafana.example/")
    assert expressions(out, "exporter", "OutcallExporterDown")[0] == 'max by (job) (up{job="kpi"}) == 0'
    assert expressions(out, "exporter", "OutcallRelayDown") == ['up{job="kpi-relay"} == 0']
    assert "replacement: kpi\n" in (out / "kubernetes/servicemonitor.yml").read_text("utf-8")
    for file in out.glob("*.rules.yml"):
        assert "localhost" not in file.read_text("utf-8")
    assert "https://grafana.example/d/outcall-drilldown?" in (out / "experience.rules.yml").read_text("utf-8")


def test_in_a_checkout(tmp_path: Path) -> None:
    """The shipped catalogue, in one format, with a link of one's own."""
    (tmp_path / "README.md").touch()
    words = ["--format", "kubernetes", "--grafana-url", "https://grafana.example"]
    assert main(["generate", "rules", "--root", str(tmp_path), *words]) == 0
    assert [path.name for path in (tmp_path / "rules").iterdir()] == ["kubernetes"]
    assert "https://grafana.example/d/" in (tmp_path / "rules/kubernetes/prometheusrule.yml").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["docs", "--out", "x"],
            "--out is for rules and dashboards only. Fix: run `outcall-exporter generate rules dashboards --out x`",
        ),
        (["--out", "x"], "--out is for rules and dashboards only. Fix: "),
        (["rules", "runbooks", "--out", "x"], "--out is for rules and dashboards only. Fix: "),
        (["dashboards", "--out", "x", "--grafana-url", "y"], "--grafana-url is for rules only. Fix: "),
        (["--job", "x"], "--job is for rules only. Fix: run `outcall-exporter generate rules` with it"),
        (["docs", "--grafana-url", "x"], "--grafana-url is for rules only. Fix: "),
        (["docs", "rules", "--format", "kubernetes"], "--format is for rules only. Fix: "),
        (["rules", "--config", "x.yaml"], "--config is for rules and dashboards of your own. Fix: "),
    ],
)
def test_wrong_usage(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", *words]) == 2
    assert told in capsys.readouterr().err


def test_help_says_how(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["generate", "--help"])
    assert "outcall-exporter generate rules dashboards --config outcall.yaml --out DIR" in capsys.readouterr().out
