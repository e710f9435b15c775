"""Who hears of what: alerts and receivers, written by hand, against `amtool config routes test`."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

import pytest

from tests.alertmanager.alerts import csat, failure, hangup, of_kpi, other, violation
from tests.alertmanager.shipped import FILE, binary

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
    ("the relay has a backlog", other("OutcallRelayBacklog", "relay", "critical"), "page"),
    ("the relay's budget is spent", other("OutcallRelayBudgetExhausted", "relay", "critical", channel="sms"), "page"),
    ("somebody else's alert", {"alertname": "NodeDown"}, "ticket"),
    ("somebody else's critical alert", {"alertname": "NodeDown", "severity": "critical"}, "page"),
]


def receivers(labels: Mapping[str, str], expected: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            binary("amtool"),
            *("config", "routes", "test", f"--config.file={FILE}", f"--verify.receivers={expected}"),
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


def test_a_wrong_expectation_fails() -> None:
    """The table can fail."""
    assert receivers(hangup("critical"), "ticket").returncode != 0
