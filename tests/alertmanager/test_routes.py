"""Who hears of what: alerts and receivers, written by hand, against `amtool config routes test`."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.alertmanager.alerts import csat, failure, hangup, of_kpi, other, violation
from tests.alertmanager.shipped import FILE, binary, shipped

ADR = Path(__file__).parents[2] / "docs/decisions/0011-alertmanager.md"
COMPLAINT = ("OutcallComplaintHigh", "complaint", "experience")
COMPLIANCE = {"dimension": "compliance"}
RECOVERY = ("OutcallRecoveryLow", "recovery", "business")
TABLE: list[tuple[str, Mapping[str, str], str]] = [
    ("hang-ups, alarm line", hangup("critical"), "page"),
    ("hang-ups of the elderly, alarm line", hangup("critical", generation="elderly"), "page"),
    ("hang-ups in collection, alarm line", hangup("critical", scenario="collection"), "page"),
    ("hang-ups, target", hangup("warning"), "ticket"),
    ("satisfaction, target", csat("warning"), "ticket"),
    ("satisfaction of gen_z, target", csat("warning", generation="gen_z"), "ticket"),
    ("satisfaction in operations, target", csat("warning", scenario="operations"), "ticket"),
    ("satisfaction, alarm line", csat("critical"), "page"),
    ("recovery of M1", of_kpi(*RECOVERY, "warning", scenario="collection", bucket="M1"), "ticket"),
    ("system failures, alarm line", failure("critical", window="5m"), "page"),
    ("system failures, burn", {**failure("critical"), "alertname": "OutcallSystemFailureBurn"}, "page"),
    ("violations, alarm line", violation("critical"), "compliance,page"),
    ("violations in collection, alarm line", violation("critical", scenario="collection"), "compliance,page"),
    ("violations, target", violation("warning"), "compliance,ticket"),
    (
        "masking, a breach",
        of_kpi("OutcallMaskingBreach", "masking", "compliance", "critical", window="1h"),
        "compliance,page",
    ),
    ("a compliance alert for the review", violation("info"), "compliance,review"),
    ("a compliance alert without severity", COMPLIANCE, "compliance,ticket"),
    ("complaints, alarm line", of_kpi(*COMPLAINT, "critical"), "compliance,page"),
    ("complaints in collection, target", of_kpi(*COMPLAINT, "warning", scenario="collection"), "compliance,ticket"),
    ("complaints in acquisition, target", of_kpi(*COMPLAINT, "warning", scenario="acquisition"), "ticket"),
    (
        "a lost recording",
        other("OutcallRecordingLost", "platform", "critical", dimension="compliance"),
        "compliance,page",
    ),
    ("the heartbeat", other("OutcallWatchdog", "exporter", "info"), "watchdog"),
    ("something to know", other("OutcallSeriesDropped", "exporter", "info"), "review"),
    ("the exporter down", other("OutcallExporterDown", "exporter", "critical", instance="a:9877"), "page"),
    ("a replica down", other("OutcallExporterDown", "exporter", "warning", instance="a:9877"), "ticket"),
    ("the database down", other("OutcallDatabaseDown", "exporter", "critical"), "page"),
    ("no calls", other("OutcallNoNewCalls", "platform", "critical"), "page"),
    ("a source silent", other("OutcallSourceSilent", "platform", "warning", source="surveys"), "ticket"),
    ("CPU, alarm line", other("OutcallCpuHigh", "host", "critical", instance="a:9877"), "page"),
    ("CPU before the month's end", other("OutcallCpuMonthEnd", "host", "warning"), "ticket"),
    ("the relay cannot deliver", other("OutcallRelayDeliveryFailed", "relay", "critical", channel="sms"), "page"),
    ("the relay is down", other("OutcallRelayDown", "relay", "critical", instance="r:9878"), "page"),
    ("the relay has a backlog", other("OutcallRelayBacklog", "relay", "critical"), "page"),
    ("the relay's budget is spent", other("OutcallRelayBudgetExhausted", "relay", "critical", channel="sms"), "page"),
    ("somebody else's alert", {"alertname": "NodeDown"}, "ticket"),
    ("somebody else's critical alert", {"alertname": "NodeDown", "severity": "critical"}, "page"),
]


def yaml_blocks(page: Path) -> list[dict[str, Any]]:
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)]


def receivers(labels: Mapping[str, str], expected: str, file: Path = FILE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            binary("amtool"),
            *("config", "routes", "test", f"--config.file={file}", f"--verify.receivers={expected}"),
            *(f"{label}={value}" for label, value in labels.items()),
        ],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("labels", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_route(labels: Mapping[str, str], expected: str) -> None:
    """amtool names the receivers in the order of the routes."""
    found = receivers(labels, expected)
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_way_past_the_relay(tmp_path: Path) -> None:
    """With the ADR's example: what is wrong with the relay comes by mail as well, nothing else does."""
    example = next(text for text in yaml_blocks(ADR) if "route" in text)
    config = shipped()
    config["route"]["routes"][:0] = example["route"]["routes"]
    config["receivers"] += example["receivers"]
    config["templates"] = [f"{FILE.parent}/templates/*.tmpl"]
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump(config, allow_unicode=True), "utf-8")
    checked = subprocess.run([binary("amtool"), "check-config", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    down = other("OutcallRelayDown", "relay", "critical", instance="r:9878")
    for labels, expected in ((down, "mail,page"), (hangup("critical"), "page"), (csat("warning"), "ticket")):
        found = receivers(labels, expected, file)
        assert found.returncode == 0, found.stdout + found.stderr


def test_a_wrong_expectation_fails() -> None:
    """The table can fail."""
    assert receivers(hangup("critical"), "ticket").returncode != 0
