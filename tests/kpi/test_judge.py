"""Verdicts, by a table written from kpis.md: the line, the bound on the good side, the number of samples."""

from __future__ import annotations

import pytest

from exporter.kpi.evaluate import Value
from exporter.kpi.judge import judge, lines_for
from exporter.semantic.names import ALL
from tests.kpi.kpis import catalogue, kpi

# slug, slice, value, (lower, upper), samples -> verdict
RATIOS = [
    # Lower is better, target 0.25, alarm 0.30: both the value and its lower bound have to be beyond.
    ("early_hangup", {}, 0.20, (0.18, 0.22), 900, "ok"),
    ("early_hangup", {}, 0.25, (0.24, 0.26), 9000, "ok"),
    ("early_hangup", {}, 0.28, (0.26, 0.30), 900, "warning"),
    ("early_hangup", {}, 0.28, (0.24, 0.32), 300, "watch"),
    ("early_hangup", {}, 0.30, (0.28, 0.32), 900, "warning"),
    ("early_hangup", {}, 0.33, (0.28, 0.38), 300, "critical"),
    ("early_hangup", {}, 0.33, (0.25, 0.41), 100, "watch"),
    ("early_hangup", {}, 0.33, (0.251, 0.41), 30, "critical"),
    ("early_hangup", {}, 0.90, (0.75, 0.97), 29, "watch"),
    # The alarm line of the elderly takes the place of the general one; their target is the general one.
    ("early_hangup", {"generation": "elderly"}, 0.33, (0.29, 0.37), 900, "warning"),
    ("early_hangup", {"generation": "elderly"}, 0.41, (0.37, 0.45), 900, "critical"),
    ("early_hangup", {"generation": "gen_z"}, 0.41, (0.37, 0.45), 900, "critical"),
    ("early_hangup", {"generation": "elderly", "period": "evening"}, 0.33, (0.29, 0.37), 900, "warning"),
    # Higher is better: the upper bound has to be below the target.
    ("csat", {}, 0.80, (0.78, 0.82), 900, "ok"),
    ("csat", {}, 0.79, (0.77, 0.81), 900, "watch"),
    ("csat", {}, 0.78, (0.76, 0.799), 900, "warning"),
    ("csat", {}, 0.69, (0.60, 0.77), 90, "critical"),
    ("csat", {}, 0.69, (0.50, 0.83), 30, "watch"),
    ("csat", {"generation": "gen_z"}, 0.82, (0.80, 0.84), 900, "warning"),
    ("csat", {"generation": "elderly"}, 0.76, (0.73, 0.79), 900, "ok"),
    ("csat", {"generation": "elderly"}, 0.69, (0.66, 0.72), 900, "critical"),
    ("effective_contact", {"generation": "elderly"}, 0.55, (0.53, 0.57), 900, "ok"),
    ("effective_contact", {}, 0.55, (0.53, 0.57), 900, "warning"),
    ("effective_contact", {"generation": "gen_z"}, 0.62, (0.60, 0.64), 900, "warning"),
    # Between 0.12 and 0.22 the panel says "below goal", no alert.
    ("lead_conversion", {}, 0.23, (0.20, 0.26), 900, "ok"),
    ("lead_conversion", {}, 0.15, (0.13, 0.17), 900, "below_goal"),
    ("lead_conversion", {}, 0.10, (0.08, 0.119), 900, "warning"),
    # Its target is 0.22, its line 0.12: the value has to be below the line, its upper bound below the target.
    ("lead_conversion", {}, 0.10, (0.05, 0.18), 90, "warning"),
    ("lead_conversion", {}, 0.10, (0.03, 0.25), 40, "watch"),
    ("lead_conversion", {}, 0.12, (0.08, 0.18), 90, "below_goal"),
    # One breach is a breach, on a single sample.
    ("blocked_redial", {}, 0.0, (0.0, 0.79), 1, "ok"),
    ("blocked_redial", {}, 1.0, (0.20, 1.0), 1, "critical"),
    ("blocked_redial", {}, 1e-6, (0.0, 1e-5), 1_000_000, "critical"),
    ("masking", {}, 1.0, (0.20, 1.0), 1, "ok"),
    ("masking", {}, 0.0, (0.0, 0.79), 1, "critical"),
    ("recording_retention", {}, 0.999, (0.99, 0.9999), 1000, "critical"),
    # A target of 1 that is not of that kind: the upper bound is below 1 as soon as there is one breach.
    ("frequency_compliance", {}, 0.9995, (0.998, 0.9999), 4000, "warning"),
    ("frequency_compliance", {}, 0.99, (0.98, 0.995), 900, "critical"),
    ("frequency_compliance", {}, 0.5, (0.1, 0.9), 2, "watch"),
    ("permitted_hours", {}, 0.998, (0.99, 0.9995), 900, "critical"),
    ("compliant_speech", {}, 0.995, (0.992, 0.998), 9000, "warning"),
    ("violation", {}, 0.02, (0.01, 0.03), 900, "critical"),
    ("system_failure", {}, 0.011, (0.004, 0.03), 500, "watch"),
    ("system_failure", {}, 0.02, (0.006, 0.05), 500, "critical"),
    ("violation_detection", {}, 0.98, (0.95, 0.99), 90, "critical"),
    # By bucket only: the whole has no line.
    ("recovery", {}, 0.10, (0.09, 0.11), 900, "no_target"),
    ("recovery", {"bucket": "M1"}, 0.50, (0.48, 0.52), 900, "warning"),
    ("recovery", {"bucket": "M2"}, 0.50, (0.48, 0.52), 900, "ok"),
    ("recovery", {"bucket": "M3"}, 0.10, (0.09, 0.11), 900, "no_target"),
    # Alarm line for Mandarin and overall only.
    ("asr_accuracy", {}, 0.94, (0.93, 0.95), 900, "critical"),
    ("asr_accuracy", {"dialect": "mandarin"}, 0.94, (0.93, 0.95), 900, "critical"),
    ("asr_accuracy", {"dialect": "mandarin"}, 0.96, (0.955, 0.965), 900, "warning"),
    ("asr_accuracy", {"dialect": "cantonese"}, 0.93, (0.92, 0.94), 900, "ok"),
    ("asr_accuracy", {"dialect": "cantonese"}, 0.88, (0.87, 0.89), 900, "warning"),
    ("asr_accuracy", {"dialect": "sichuanese"}, 0.60, (0.55, 0.65), 900, "warning"),
    ("asr_accuracy", {"dialect": "hakka"}, 0.60, (0.55, 0.65), 900, "warning"),
    ("connect", {}, 0.0, (0.0, 0.01), 900, "no_target"),
]

# Values without bounds: the line and the number of samples.
OTHERS = [
    ("acquisition_cost", 500.0, 30, "ok"),
    ("acquisition_cost", 500.01, 30, "warning"),
    ("acquisition_cost", 800.0, 30, "warning"),
    ("acquisition_cost", 800.01, 30, "critical"),
    ("acquisition_cost", 5000.0, 29, "watch"),
    ("tts_mos", 3.9, 30, "warning"),
    ("tts_mos", 3.49, 30, "critical"),
    ("tts_mos", 4.0, 30, "ok"),
    ("response_latency", 1.5, 99, "ok"),
    ("response_latency", 1.9, 99, "warning"),
    ("response_latency", 2.1, 99, "critical"),
    ("incident_resolution", 901.0, 1, "warning"),
    ("incident_resolution", 7201.0, 1, "critical"),
    ("ltv_uplift", 0.14, None, "warning"),
    ("ltv_uplift", 0.15, None, "ok"),
    ("reborrow_uplift", -0.5, None, "no_target"),
]


def whole(slug: str, **slices: str) -> dict[str, str]:
    """The labels of a slice, `all` where it says nothing."""
    return dict.fromkeys(kpi(slug).labels, ALL) | slices


@pytest.mark.parametrize(("slug", "slices", "ratio", "bounds", "samples", "verdict"), RATIOS)
def test_ratios(
    slug: str, slices: dict[str, str], ratio: float, bounds: tuple[float, float], samples: float, verdict: str
) -> None:
    lines = lines_for(kpi(slug), whole(slug, **slices))
    assert judge(kpi(slug), Value(ratio, samples, bounds), lines) == verdict


@pytest.mark.parametrize(("slug", "number", "samples", "verdict"), OTHERS)
def test_means_quantiles_and_uplifts(slug: str, number: float, samples: float | None, verdict: str) -> None:
    assert judge(kpi(slug), Value(number, samples), lines_for(kpi(slug), whole(slug))) == verdict


@pytest.mark.parametrize("slug", sorted(catalogue().kpis))
def test_targets_lie_on_the_good_side_of_alarm_lines(slug: str) -> None:
    """In every slice that has both, goals before targets; else a critical alert would fire without a warning."""
    for target in kpi(slug).targets:
        lines = lines_for(kpi(slug), whole(slug, **target.slice))
        there = [line for line in (lines.goal, lines.warning, lines.critical) if line is not None]
        assert there == sorted(there, reverse=kpi(slug).direction == "higher")


def test_every_kpi_with_a_target_has_judged_examples() -> None:
    """A KPI that is added with a target needs a line in the tables above."""
    judged = {row[0] for row in RATIOS} | {row[0] for row in OTHERS}
    unjudged = {"escalation", "task_completion", "repeat_question", "emotion_match", "complaint", "intent_accuracy"}
    assert {slug for slug, item in catalogue().kpis.items() if item.targets} == judged - {
        "connect",
        "reborrow_uplift",
    } | unjudged
