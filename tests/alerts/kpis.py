"""The KPIs' lines, copied BY HAND from the definitions (kpis.md): what the alerts have to do, whatever the rules say.

Never read from the catalogue or from the rules: a line that moves there has to fail here. Ratios as fractions, seconds,
CNY. `step` is how far beyond a line, or within it, a test goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["warning", "critical"]
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and the target beyond which the bound has to lie (none where a KPI has no bounds)."""

    severity: Severity
    at: float
    target: float | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice that has lines of its own."""

    labels: Labels
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Spike:
    """Bad ones, and all, in a window: surely beyond all lines; perhaps chance; surely beyond the target only."""

    certain: tuple[int, int]
    chance: tuple[int, int]
    missed: tuple[tuple[int, int], ...] = ()
    # The same of its slices.
    slices: tuple[tuple[int, int], tuple[int, int]] | None = None


@dataclass(frozen=True, slots=True)
class Fast:
    """Watched in shorter windows, a shorter and a longer one. `tail`: the share that is judged in place of the value.

    5m and 24h ask for 4 standard deviations, 1h and 7d for 3; of early hang-ups both ask for 5.
    """

    spikes: tuple[tuple[str, Spike], tuple[str, Spike]]
    severities: tuple[Severity, ...] = ("warning", "critical")
    tail: str | None = None


@dataclass(frozen=True, slots=True)
class Kpi:
    """A row of the definitions. `bad`: the side of a line that raises the alert; `sources`: what it is counted from."""

    slug: str
    dimension: str
    bad: Literal["High", "Low"]
    step: float
    sources: tuple[str, ...]
    lines: tuple[Line, ...]
    slices: tuple[Slice, ...] = ()
    unit: str = "ratio"
    window: str = "24h"
    recovers_in: str | None = "1h"
    own: tuple[str, ...] = ()
    scenarios: bool = True
    min_samples: int = 30
    fast: Fast | None = None


def _gated(*lines: tuple[Severity, float], target: float) -> tuple[Line, ...]:
    return tuple(Line(severity, at, target) for severity, at in lines)


def _plain(*lines: tuple[Severity, float]) -> tuple[Line, ...]:
    return tuple(Line(severity, at) for severity, at in lines)


def _slice(label: str, value: str, lines: tuple[Line, ...]) -> Slice:
    return Slice(((label, value),), lines)


_EFFECTIVE_CONTACT = Kpi(
    "effective_contact", "business", "Low", 0.01, ("calls",),
    _gated(("warning", 0.60), target=0.60),
    (
        _slice("generation", "gen_z", _gated(("warning", 0.65), target=0.65)),
        _slice("generation", "elderly", _gated(("warning", 0.50), target=0.50)),
    ),
)  # fmt: skip
# Between 0.12 and the goal of 0.22: "below goal", no alert.
_LEAD_CONVERSION = Kpi(
    "lead_conversion", "business", "Low", 0.01, ("calls", "credit_applications"),
    _gated(("warning", 0.12), target=0.22), scenarios=False,
)  # fmt: skip
_ACQUISITION_COST = Kpi(
    "acquisition_cost", "business", "High", 10, ("calls", "cost_ledger", "credit_applications"),
    _plain(("warning", 500), ("critical", 800)),
    unit="cny", window="30d", recovers_in=None, scenarios=False,
)  # fmt: skip
# A share of money, so without bounds; what is counted are the cases that entered.
_RECOVERY = Kpi(
    "recovery", "business", "Low", 0.01, ("collection_cases", "repayments"), (),
    (
        _slice("bucket", "M1", _plain(("warning", 0.55))),
        _slice("bucket", "M2", _plain(("warning", 0.35))),
    ),
    window="30d", recovers_in=None, own=("bucket",), scenarios=False,
)  # fmt: skip
_ESCALATION = Kpi(
    "escalation", "business", "High", 0.01, ("calls",), _gated(("warning", 0.20), target=0.20), scenarios=False
)
_TASK_COMPLETION = Kpi(
    "task_completion", "business", "Low", 0.01, ("customers", "service_tasks"),
    _gated(("warning", 0.85), ("critical", 0.80), target=0.85), own=("task",), scenarios=False,
)  # fmt: skip
# No window: the latest snapshots; what is counted are the customers of the smaller arm.
_LTV_UPLIFT = Kpi(
    "ltv_uplift", "business", "Low", 0.01, ("ltv_snapshots",), _plain(("warning", 0.15)),
    window="latest", recovers_in=None, scenarios=False,
)  # fmt: skip
_EARLY_HANGUP = Kpi(
    "early_hangup", "experience", "High", 0.01, ("calls",),
    _gated(("warning", 0.25), ("critical", 0.30), target=0.25),
    (_slice("generation", "elderly", _gated(("critical", 0.40), target=0.25)),),
    fast=Fast((
        ("5m", Spike((264, 800), (45, 100), ((2950, 10_000),), slices=((64, 150), (390, 1000)))),
        ("1h", Spike((320, 1000), (26, 50), ((2950, 10_000),), slices=((55, 120), (390, 1000)))),
    )),
)  # fmt: skip
_CSAT = Kpi(
    "csat", "experience", "Low", 0.01, ("calls", "surveys"),
    _gated(("warning", 0.80), ("critical", 0.70), target=0.80),
    (
        _slice("generation", "gen_z", _gated(("warning", 0.85), ("critical", 0.70), target=0.85)),
        _slice("generation", "elderly", _gated(("warning", 0.75), ("critical", 0.70), target=0.75)),
    ),
    window="30d", recovers_in="7d",
    # Satisfied are the others: 64 bad of 200 are 0.68.
    fast=Fast((
        ("24h", Spike((64, 200), (20, 60), ((210, 800),), slices=((135, 400), (2800, 10_000)))),
        ("7d", Spike((33, 100), (14, 45), ((1140, 5000),), slices=((98, 300), (2800, 10_000)))),
    )),
)  # fmt: skip
_REPEAT_QUESTION = Kpi(
    "repeat_question", "experience", "High", 0.01, ("calls", "call_analyses"), _gated(("warning", 0.08), target=0.08)
)
_EMOTION_MATCH = Kpi(
    "emotion_match", "experience", "Low", 0.01, ("calls", "quality_labels"), _gated(("warning", 0.92), target=0.92)
)
_COMPLAINT = Kpi(
    "complaint", "experience", "High", 0.0001, ("calls", "complaints"),
    _gated(("warning", 0.001), ("critical", 0.003), target=0.001),
)  # fmt: skip
_ASR_ACCURACY = Kpi(
    "asr_accuracy", "technical", "Low", 0.005, ("calls", "quality_labels"),
    _gated(("warning", 0.97), ("critical", 0.95), target=0.97),
    (
        _slice("dialect", "mandarin", _gated(("warning", 0.97), ("critical", 0.95), target=0.97)),
        _slice("dialect", "cantonese", _gated(("warning", 0.90), target=0.90)),
        _slice("dialect", "sichuanese", _gated(("warning", 0.90), target=0.90)),
    ),
    own=("dialect",),
)  # fmt: skip
_INTENT_ACCURACY = Kpi(
    "intent_accuracy", "technical", "Low", 0.01, ("calls", "quality_labels"),
    _gated(("warning", 0.95), ("critical", 0.90), target=0.95),
)  # fmt: skip
_TTS_MOS = Kpi(
    "tts_mos", "technical", "Low", 0.1, ("calls", "quality_labels"),
    _plain(("warning", 4.0), ("critical", 3.5)), unit="score", recovers_in=None,
)  # fmt: skip
# p95. Of the short windows only the share above the alarm line of 2 s can be judged: certain where it is above 5 %.
_RESPONSE_LATENCY = Kpi(
    "response_latency", "technical", "High", 0.1, ("calls", "turns"),
    _plain(("warning", 1.5), ("critical", 2.0)), unit="seconds",
    fast=Fast(
        (
            ("5m", Spike((150, 2000), (136, 2000), ((150, 2000),))),
            ("1h", Spike((140, 2000), (66, 1000), ((140, 2000),))),
        ),
        ("critical",), "slow_response",
    ),
)  # fmt: skip
_SYSTEM_FAILURE = Kpi(
    "system_failure", "technical", "High", 0.001, ("calls",),
    _gated(("warning", 0.005), ("critical", 0.01), target=0.005),
    fast=Fast((
        ("5m", Spike((12, 100), (8, 260), ((1180, 200_000), (90, 10_000)))),
        ("1h", Spike((25, 1000), (11, 800), ((1180, 200_000), (90, 10_000)))),
    )),
)  # fmt: skip
# A mean of incidents, not a ratio: one of two hours is to be told.
_INCIDENT_RESOLUTION = Kpi(
    "incident_resolution", "technical", "High", 60, ("incidents",),
    _plain(("warning", 900), ("critical", 7200)),
    unit="seconds", recovers_in=None, scenarios=False, min_samples=1,
)  # fmt: skip
_COMPLIANT_SPEECH = Kpi(
    "compliant_speech", "compliance", "Low", 0.0001, ("calls", "qa_checks"),
    _gated(("warning", 0.999), ("critical", 0.99), target=0.999),
    fast=Fast((
        ("5m", Spike((7, 680), (6, 590), ((2360, 2_000_000), (36, 4000)))),
        ("1h", Spike((4, 364), (3, 215), ((2360, 2_000_000), (36, 4000)))),
    )),
)  # fmt: skip
_VIOLATION = Kpi(
    "violation", "compliance", "High", 0.0001, ("calls", "qa_checks"),
    _gated(("warning", 0.001), ("critical", 0.01), target=0.001),
    fast=Fast((
        ("5m", Spike((7, 680), (6, 590), ((2360, 2_000_000), (36, 4000)))),
        ("1h", Spike((4, 364), (3, 215), ((2360, 2_000_000), (36, 4000)))),
    )),
)  # fmt: skip
_VIOLATION_DETECTION = Kpi(
    "violation_detection", "compliance", "Low", 0.001, ("calls", "quality_labels"),
    _gated(("warning", 1.0), ("critical", 0.99), target=1.0),
)  # fmt: skip
_FREQUENCY_COMPLIANCE = Kpi(
    "frequency_compliance", "compliance", "Low", 0.0005, ("calls", "do_not_call"),
    _gated(("warning", 1.0), ("critical", 0.999), target=1.0),
)  # fmt: skip
_PERMITTED_HOURS = Kpi(
    "permitted_hours", "compliance", "Low", 0.0005, ("calls",),
    _gated(("warning", 1.0), ("critical", 0.999), target=1.0), scenarios=False,
)  # fmt: skip

KPIS: tuple[Kpi, ...] = (
    _EFFECTIVE_CONTACT, _LEAD_CONVERSION, _ACQUISITION_COST, _RECOVERY, _ESCALATION, _TASK_COMPLETION, _LTV_UPLIFT,
    _EARLY_HANGUP, _CSAT, _REPEAT_QUESTION, _EMOTION_MATCH, _COMPLAINT,
    _ASR_ACCURACY, _INTENT_ACCURACY, _TTS_MOS, _RESPONSE_LATENCY, _SYSTEM_FAILURE, _INCIDENT_RESOLUTION,
    _COMPLIANT_SPEECH, _VIOLATION, _VIOLATION_DETECTION, _FREQUENCY_COMPLIANCE, _PERMITTED_HOURS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Breach:
    """A KPI of which one breach is critical: the value that is right, and what it is counted from."""

    slug: str
    right: float
    sources: tuple[str, ...]


BREACHES: tuple[Breach, ...] = (
    Breach("blocked_redial", 0, ("calls", "do_not_call")),
    Breach("masking", 1, ("calls", "masking_scans")),
    Breach("recording_retention", 1, ("calls", "recordings")),
)


@dataclass(frozen=True, slots=True)
class Burn:
    """A small budget: 14.4 times too fast in an hour is critical, not kept in a week is a warning."""

    slug: str
    dimension: str
    bad: Literal["High", "Low"]
    sources: tuple[str, ...]
    target: float
    critical: float
    step: float
    # So many bad ones of so many in an hour are beyond the line, but may be chance; None where that cannot be.
    chance: tuple[int, int] | None = None


BURNS: tuple[Burn, ...] = (
    # 14.4 x 0.005.
    Burn("system_failure", "technical", "High", ("calls",), 0.005, 0.072, 0.001),
    # 1 - 14.4 x 0.001.
    Burn("compliant_speech", "compliance", "Low", ("calls", "qa_checks"), 0.999, 0.9856, 0.0002, chance=(1, 30)),
)
