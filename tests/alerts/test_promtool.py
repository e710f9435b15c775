"""Every alert has a promtool test, which holds, and which fails when the alert's rule is wrong."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.alerts.cases import HEAD, TESTS, files
from tests.alerts.mutations import RULES, Mutant, alerts, load, mutants

SHIPPED = load()
ALERTS = alerts(SHIPPED)
NAMES = sorted(path.name for path in TESTS.glob("*.test.yml"))
# Not of one alert: the texts, and what is recorded.
OTHERS = {"annotations", "recording"}
# One of each kind, each in another file: an alert, and how the name of its mutant begins or what it holds.
QUICK = (
    ("OutcallEarlyHangupHigh", "critical 24h: no for"),
    ("OutcallCsatLow", "warning 30d slice: < 0.85 made 0.68"),
    ("OutcallLeadConversionLow", "without and outcall:kpi:bound"),
    ("OutcallEscalationHigh", "without and outcall:kpi:samples"),
    ("OutcallRecoveryLow", "completeness is not asked for"),
    ("OutcallRepeatQuestionHigh", "without unless"),
    ("OutcallTtsMosLow", "the better replica"),
    ("OutcallBlockedRedialBreach", "critical 1h: > 0 made 0.5"),
    ("OutcallSystemFailureBurn", "without and ignoring (window)"),
    ("OutcallNoNewCalls", "without and on () min_over_time"),
    ("OutcallCpuHigh", "warning: > 0.85 made 1.02"),
    ("OutcallDiskFilling", "without and predict_linear"),
)


# What makes no difference: whole numbers; a mean of nothing is absent; what the (strict) bound implies.
EQUIVALENT = {
    "OutcallBlockedRedialBreach": r"30d: > 0 made 0\.5",
    "OutcallCompliantSpeechLow": r"warning (1h|5m): < 0\.999 made 1\.1988",
    "OutcallCsatLow": r"warning (24h|7d)( slice)?: < 0\.(8|85|75) made (0\.96|1\.02|0\.9) ",
    "OutcallDiskFilling": r"[<>] 0 made 0\.5",
    "OutcallEarlyHangupHigh": r"warning (1h|5m): > 0\.25 made 0\.2 ",
    "OutcallIncidentResolutionHigh": r">= 1( made 0\.8|$)",
    "OutcallMaskingBreach": r"30d: (> 0 made 0\.5|< 1 made 1\.2)",
    "OutcallReconcileDrift": r">= 0 made 0\.5",
    "OutcallRecordingLost": r"> 0 made 0\.5",
    "OutcallRecordingRetentionBreach": r"30d: (> 0 made 0\.5|< 1 made 1\.2)",
    "OutcallRecordingStoreFilling": r"[<>] 0 made 0\.5",
    "OutcallRelayBudgetExhausted": r"<= 0 made 0\.5",
    "OutcallRelayDeliveryFailed": r"> 0 made 0\.5",
    "OutcallSeriesDropped": r"> 0 made 0\.5",
    "OutcallSourceSilent": r">= [234] made (1\.6|2\.4|3\.2)",
    "OutcallSystemFailureHigh": r"warning (1h|5m): > 0\.005 made 0\.004",
    "OutcallViolationHigh": r"warning (1h|5m): > 0\.001 made 0\.0008",
    "OutcallSystemFailureBurn": r"critical 1h: (> 0\.005 made|without and outcall:kpi:strict_bound)",
}


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Short-lived and small: collecting garbage less often saves a fifth of the time."""
    environment = os.environ | {"GOGC": "400"}
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize("name", NAMES)
def test_rules(name: str) -> None:
    """`promtool test rules` on the shipped rules."""
    ran = promtool("test", "rules", TESTS / name)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_alert_has_a_test() -> None:
    assert {name.split(".")[0] for name in NAMES} - OTHERS == set(ALERTS)


def test_generated_files_are_up_to_date() -> None:
    """`python -m tests.alerts.cases` writes them."""
    found = {path.name: path.read_text(encoding="utf-8") for path in TESTS.iterdir()}
    assert {name: text for name, text in found.items() if text.startswith(HEAD)} == files()


def test_inputs_exist() -> None:
    """The tests feed series that the exporter and the relay have: families of the reference, with their labels."""
    reference = (RULES.parent / "docs" / "metrics.md").read_text(encoding="utf-8")
    families = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows(reference)}
    families["up"] = set()
    for name in NAMES:
        for metric, labels in inputs((TESTS / name).read_text(encoding="utf-8")):
            if not metric.startswith("outcall_relay_"):
                assert labels - {"job", "instance"} == families[metric] - {"le"}, f"{name}: {metric}"


def rows(reference: str) -> Iterable[tuple[str, str]]:
    """Families and their labels, of a table `| name | type | labels | help |`."""
    return re.findall(r"^\| `(\w+)` \| \w+ \| ([^|]*) \|", reference, re.MULTILINE)


def inputs(text: str) -> Iterable[tuple[str, set[str]]]:
    for metric, labels in set(re.findall(r"series: '(\w+)\{([^}]*)\}'", text)):
        yield metric, set(re.findall(r"(\w+)=", labels))


@pytest.mark.parametrize(("alert", "what"), QUICK)
def test_quick_mutants(alert: str, what: str, tmp_path: Path) -> None:
    """A line moved, a gate or a wait removed, ...: the tests of the alert fail; without the change they hold."""
    shipped, *changed = mutants(SHIPPED, alert)
    assert survives(shipped, tmp_path / "shipped")
    assert not survives(next(mutant for mutant in changed if what in mutant.what), tmp_path / "mutant")


@pytest.mark.faults
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_all_mutants(alert: str, tmp_path: Path) -> None:
    """Everything that can go wrong with one alert, one at a time."""
    shipped, *changed = mutants(SHIPPED, alert)
    assert survives(shipped, tmp_path / "shipped")
    found = [of.what for number, of in enumerate(changed) if survives(of, tmp_path / str(number))]
    assert [what for what in found if not re.search(EQUIVALENT.get(alert, "^$"), what)] == []


def survives(mutant: Mutant, folder: Path) -> bool:
    """Whether the alert's tests hold in spite of what is wrong. Fails where promtool cannot read the mutant."""
    ran = promtool("test", "rules", *mutant.write(folder))
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0 or re.search(r"FAILED:\n\s+(expr|rule|alertname):", said), said
    return ran.returncode == 0
