"""An operator who changes a KPI need not mend its `alert` stanza; lines are those of the most specific slice."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.semantic.lines import Lines, lines_for
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue
from exporter.semantic.names import ALL, alert_name, runbook_url

SHIPPED = load_catalogue()


def own(text: str, folder: Path) -> Catalogue:
    (folder / "own.yaml").write_text(text, "utf-8")
    return load_catalogue([folder / "own.yaml"])


def test_windows_that_are_gone_are_not_watched(tmp_path: Path) -> None:
    """Fast windows, burn-rate pairs and late ones that the KPI no longer has."""
    text = "kpis: {system_failure: {windows: [1h, 24h, 7d]}, masking: {windows: [1h, 7d]}}"
    catalogue = own(text, tmp_path)
    failure, masking = catalogue.kpis["system_failure"].alert, catalogue.kpis["masking"].alert
    assert failure.fast == ["1h"]
    assert [(burn.long, burn.short) for burn in failure.burn] == [("7d", "24h")]
    assert (masking.window, masking.late) == ("1h", None)


@pytest.mark.parametrize(
    "text",
    [
        "kpis: {slow_response: {enabled: false}}",
        "kpis: {slow_response: {windows: [24h]}}",
    ],
)
def test_without_its_tail_a_percentile_has_no_fast_windows(text: str, tmp_path: Path) -> None:
    """Nothing could tell chance from a fault in five minutes."""
    alert = own(text, tmp_path).kpis["response_latency"].alert
    assert (alert.fast, alert.tail) == ([], None)
    assert SHIPPED.kpis["response_latency"].alert.tail == "slow_response"


def test_health_alerts_can_be_switched_off(tmp_path: Path) -> None:
    catalogue = own("alerts: {CpuMonthEnd: {enabled: false}}", tmp_path)
    assert set(SHIPPED.alerts) - set(catalogue.alerts) == {"CpuMonthEnd"}


def test_lines_of_a_slice() -> None:
    """Its own where it has one, the general ones else; the target is the goal where there is one."""
    hangup = SHIPPED.kpis["early_hangup"]
    whole = dict.fromkeys(hangup.labels, ALL)
    assert lines_for(hangup, whole) == Lines(None, 0.25, 0.30)
    assert lines_for(hangup, whole | {"generation": "elderly"}) == Lines(None, 0.25, 0.40)
    conversion = SHIPPED.kpis["lead_conversion"]
    assert lines_for(conversion, dict.fromkeys(conversion.labels, ALL)).target == 0.22
    assert Lines(None, None, 0.3).target == 0.3
    assert Lines().target is None


def test_names() -> None:
    assert alert_name("tts_mos", "Low") == "OutcallTtsMosLow"
    assert runbook_url("OutcallTtsMosLow").endswith("/docs/runbooks/OutcallTtsMosLow.md")
