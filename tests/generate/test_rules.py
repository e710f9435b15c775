"""The rule files: sound, up to date, an alert for every line, labels and annotations as the contract says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.commands.families import families
from exporter.generate.metrics import metrics_reference
from exporter.generate.rules.files import generated_rules, rule_files
from exporter.generate.rules.model import Alert, Options, Recording
from exporter.generate.rules.promql import BAD, number
from exporter.generate.rules.windows import slow_window
from exporter.semantic.lines import slice_of
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Kpi
from exporter.semantic.spec import TargetSpec
from tests.generate.promtool import check

ROOT = Path(__file__).parents[2]
CATALOGUE = load_catalogue()
FILES = rule_files(CATALOGUE, Options())
RULES = [rule for file in FILES for group in file.groups for rule in group.rules]
ALERTS = [rule for rule in RULES if isinstance(rule, Alert)]
OF_KPIS = [alert for alert in ALERTS if alert.labels["kpi"] in CATALOGUE.kpis]
TEXTS = ("summary", "description", "where", "value")
# The slow window, fast ones, and others of the KPIs that have them.
WINDOWS = {
    "early_hangup": ["24h", "1h", "5m"],
    "system_failure": ["24h", "1h", "5m"],
    "violation": ["24h", "1h", "5m"],
    "compliant_speech": ["24h", "1h", "5m"],
    "recovery": ["30d"],
    "acquisition_cost": ["30d"],
    "ltv_uplift": ["latest"],
    "masking": ["1h", "30d"],
    "csat": ["30d", "7d", "24h"],
}
# What is not a KPI's.
HEALTH = {
    "Watchdog", "ExporterDown", "ExporterAbsent", "DatabaseDown", "WatermarkBehind", "WindowIncomplete", "SourceFailed",
    "CollectorFailed", "ReconcileDrift", "RowsRejected", "SeriesDropped", "ConfigReloadFailed", "StateNotSaved",
    "ClockSkew", "NoNewCalls", "SourceSilent", "CallsStuck", "CpuHigh", "LinkSaturated", "MemoryHigh", "DiskFilling",
    "CpuMonthEnd", "RecordingLost", "RecordingStoreFilling", "RelayDeliveryFailed", "RelayBacklog",
    "RelayBudgetExhausted", "RelayDown",
}  # fmt: skip


def lines() -> list[tuple[Kpi, TargetSpec]]:
    """Every target and alarm line."""
    return [(kpi, t) for kpi in CATALOGUE.kpis.values() for t in kpi.targets if t.severity != "goal"]


def of(kpi: Kpi, severity: str) -> list[Alert]:
    return [alert for alert in OF_KPIS if alert.labels["kpi"] == kpi.slug and alert.labels["severity"] == severity]


def test_promtool_has_nothing_to_say() -> None:
    assert check(*sorted((ROOT / "rules").glob("*.rules.yml"))) == ""


def test_files_are_up_to_date() -> None:
    drifted = [file.path for file in generated_rules(CATALOGUE, Options()) if file.drifts(ROOT)]
    assert not drifted, "run `outcall-exporter generate rules`"


def test_no_other_file_lies_beside_them() -> None:
    """What the catalogue no longer gives has to go: Prometheus would still load it."""
    known = {file.path for file in generated_rules(CATALOGUE, Options())}
    there = [*(ROOT / "rules").glob("*.y*ml"), *(ROOT / "rules/kubernetes").iterdir()]
    assert {str(path.relative_to(ROOT)) for path in there} == known


@pytest.mark.parametrize(("kpi", "target"), lines(), ids=lambda item: getattr(item, "slug", None))
def test_every_line_has_its_alert(kpi: Kpi, target: TargetSpec) -> None:
    """With its number, on its side, at its slice, on the KPI's slow window."""
    severity = "critical" if kpi.zero_tolerance else target.severity
    crossed = f"{BAD[kpi.direction]} {number(target.value)}"
    named = slice_of(target)
    found = [
        alert
        for alert in of(kpi, severity)
        if re.search(rf"^outcall:kpi:value{{.*}} {re.escape(crossed)}$", alert.expr, re.MULTILINE)
        and {label: value for label, value in alert.labels.items() if label in kpi.labels} == named
    ]
    assert slow_window(kpi).name in {alert.labels["window"] for alert in found}
    level = 'level="slice"' if named else 'level=~"whole|scenario"'
    assert all(level in alert.expr or 'level="whole"' in alert.expr for alert in found)


def test_no_alert_without_a_line() -> None:
    """A goal is shown and never alerts; nor does a KPI without lines."""
    with_lines = {kpi.slug for kpi, _ in lines()}
    assert {alert.labels["kpi"] for alert in OF_KPIS} == with_lines
    assert not {"connect", "hangup", "slow_response", "recording_coverage"} & with_lines
    assert [alert.labels["severity"] for alert in OF_KPIS if alert.labels["kpi"] == "lead_conversion"] == ["warning"]


@pytest.mark.parametrize(("slug", "windows"), WINDOWS.items())
def test_windows(slug: str, windows: list[str]) -> None:
    found = [a.labels["window"] for a in of(CATALOGUE.kpis[slug], "critical") or of(CATALOGUE.kpis[slug], "warning")]
    assert set(found) == set(windows)


def test_who_does_not_tolerate_a_breach_does_not_warn() -> None:
    for kpi in (kpi for kpi in CATALOGUE.kpis.values() if kpi.zero_tolerance):
        assert of(kpi, "warning") == []
        assert {(alert.alert.endswith("Breach"), alert.wait) for alert in of(kpi, "critical")} == {(True, 0)}


def test_times() -> None:
    """A spike within minutes, a day's drift after a quarter of an hour."""
    waits = {(a.labels["window"], a.wait, a.keep) for a in OF_KPIS if a.labels["kpi"] == "early_hangup"}
    assert waits == {("5m", 60, 300), ("1h", 120, 300), ("24h", 900, 900)}


def test_burn_rates() -> None:
    """14.4 times the budget, 0.005 x 14.4 and 1 - 0.001 x 14.4; and the budget itself."""
    burns = {(a.alert, a.labels["severity"]): a.expr for a in ALERTS if a.alert.endswith("Burn")}
    assert len(burns) == 4
    assert "> 0.072\n" in burns["OutcallSystemFailureBurn", "critical"]
    assert "> 0.005\n" in burns["OutcallSystemFailureBurn", "warning"]
    assert "< 0.9856\n" in burns["OutcallCompliantSpeechBurn", "critical"]
    assert "< 0.999\n" in burns["OutcallCompliantSpeechBurn", "warning"]


def test_names() -> None:
    """Prefix and camel case; those that are not a KPI's are all there."""
    names = {alert.alert for alert in ALERTS}
    assert all(re.fullmatch(r"Outcall([A-Z][a-z0-9]*)+", name) for name in names)
    assert {name.removeprefix("Outcall") for name in names - {alert.alert for alert in OF_KPIS}} == HEALTH


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.alert)
def test_labels_and_annotations(alert: Alert) -> None:
    """Contract §5; what a series brings (level, slice) is not repeated by the rule."""
    assert alert.labels["severity"] in ("critical", "warning", "info")
    assert alert.labels["dimension"] in ("business", "experience", "technical", "compliance")
    assert alert.labels["kpi"] in (*CATALOGUE.kpis, "exporter", "platform", "host", "relay")
    wanted = {*TEXTS, *(f"{name}_zh" for name in TEXTS), "runbook_url", "dashboard_url"}
    assert set(alert.annotations) == wanted
    assert all(alert.annotations.values())
    assert alert.annotations["runbook_url"].endswith(f"/docs/runbooks/{alert.alert}.md")
    assert alert.annotations["dashboard_url"].startswith("http://localhost:3000/d/outcall-")
    assert "{{" not in alert.annotations["summary"] + alert.annotations["summary_zh"]


def test_the_remedy_is_told() -> None:
    for alert in OF_KPIS:
        remedy = CATALOGUE.kpis[alert.labels["kpi"]].remedy
        assert remedy.zh in alert.annotations["description_zh"]
        assert remedy.en in alert.annotations["description"]


def test_recorded_series_are_those_that_alerts_ask_for() -> None:
    """No recording is idle, none is missing; titles are for templates."""
    recorded = {rule.record for rule in RULES if isinstance(rule, Recording)}
    everything = " ".join(
        [*(alert.expr for alert in ALERTS), *(text for a in ALERTS for text in a.annotations.values())]
    )
    asked = set(re.findall(r"outcall:\w+:\w+", everything))
    inner = {"outcall:kpi:samples"}
    assert asked | inner == recorded


def test_every_recorded_kpi_window_is_complete() -> None:
    """No value of a KPI is recorded but where everything that it needs is read."""
    for rule in RULES:
        if isinstance(rule, Recording) and rule.record in ("outcall:kpi:value", "outcall:kpi:samples"):
            needs = {s for name in CATALOGUE.kpis[rule.labels["kpi"]].datasets for s in _sources(name)}
            asked = set(re.findall(r'outcall_window_complete\{source=~?"([^"]+)"\}', rule.expr))
            assert {name for text in asked for name in text.split("|")} == needs


def _sources(dataset: str) -> set[str]:
    level = CATALOGUE.levels.get(dataset)
    return {level.source} if level else set(CATALOGUE.datasets[dataset].needs)


def test_metrics_exist() -> None:
    """Every family that a rule asks for is one that the exporter gives (the relay's are told in docs/relay.md)."""
    given = set(re.findall(r"^\| `(\w+)` \|", metrics_reference(CATALOGUE, families(CATALOGUE)), re.MULTILINE))
    texts = [*(rule.expr for rule in RULES), *(text for a in ALERTS for text in a.annotations.values())]
    asked = {name for text in texts for name in re.findall(r"\b(outcall_[a-z0-9_]+)[{) ]", text)}
    assert {name for name in asked if not name.startswith("outcall_relay_")} <= given
    assert len(asked) > 100


def test_kubernetes_has_the_same_rules() -> None:
    text = (ROOT / "rules/kubernetes/prometheusrule.yml").read_text("utf-8")
    resources = list(yaml.safe_load_all(text))
    assert {item["kind"] for item in resources} == {"PrometheusRule"}
    assert [item["spec"] for item in resources] == [file.plain() for file in FILES]
    # The operator puts each into a ConfigMap, of at most 1 MiB.
    assert max(len(yaml.safe_dump(item)) for item in resources) < 500_000


def test_kubernetes_scrapes_under_the_job_that_the_rules_know() -> None:
    monitors: list[dict[str, Any]] = list(
        yaml.safe_load_all((ROOT / "rules/kubernetes/servicemonitor.yml").read_text("utf-8"))
    )
    jobs = [monitor["spec"]["endpoints"][0]["relabelings"][0]["replacement"] for monitor in monitors]
    assert jobs == ["outcall", "outcall-relay"]
    for job in jobs:
        assert any(f'up{{job="{job}"}}' in alert.expr for alert in ALERTS)


def test_kubernetes_scrapes_the_relay_with_its_token() -> None:
    """Every route of the relay wants it: without, no alert on the relay could ever fire."""
    monitors = list(yaml.safe_load_all((ROOT / "rules/kubernetes/servicemonitor.yml").read_text("utf-8")))
    access = {m["metadata"]["name"]: m["spec"]["endpoints"][0].get("authorization") for m in monitors}
    assert access == {
        "outcall-exporter": None,
        "outcall-relay": {"type": "Bearer", "credentials": {"name": "outcall-relay", "key": "token"}},
    }


def test_files_say_where_they_come_from() -> None:
    for file in generated_rules(CATALOGUE, Options()):
        assert file.text.startswith("# generated by `outcall-exporter generate rules` from exporter/catalogue")
