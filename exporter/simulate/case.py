"""The figures of the case, before and after the change of wording: what the simulated call centre is like.

Source: "The source's own case" of the KPI document. Rates are probabilities, times seconds, money CNY. What the case
leaves open (shares of the rest, small violations that every real stream has) is set here and said so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType


def _shares(**values: float) -> Mapping[str, float]:
    return MappingProxyType(values)


@dataclass(frozen=True, slots=True)
class Rates:
    """One generation, given an answered call (`conversion`: given a contacted customer; `satisfied`: a response)."""

    early_hangup: float
    contact: float
    conversion: float
    satisfied: float


@dataclass(frozen=True, slots=True, eq=False)
class Phase:
    """What changes between before and after, and what a fault can disturb."""

    rates: Mapping[str, Rates]
    repeat: float
    emotion: float
    compliance: float
    acquisition_cost: float
    recovery: Mapping[str, float]
    # The case's ASR .965 is overall; with the shares of the dialects below: .85 x .98 + .15 x .88.
    asr_mandarin: float = 0.98
    asr_dialect: float = 0.88
    intent: float = 0.94
    mos: float = 3.9
    latency_median: float = 1.1
    latency_sigma: float = 0.35
    system_fault: float = 0.003
    system_fault_burst: float = 0.02
    escalation: float = 0.22
    completion: float = 0.83
    # Not in the case.
    dial_cost: float = 0.0
    detection: float = 0.995
    masking_leak: float = 0.00002
    overdialling: float = 0.0005
    redial: float = 0.05
    recording_coverage: float = 0.998
    early_deletion: float = 0.00001
    file_loss: float = 0.0
    label_share: float = 0.03
    label_share_dialect: float = 0.03
    label_delay: tuple[float, float] = (86_400.0, 5 * 86_400.0)
    label_delay_dialect: tuple[float, float] = (86_400.0, 5 * 86_400.0)
    qa_delay: tuple[float, float] = (60.0, 1_800.0)
    incidents_per_minute: float = 4 / 1_440
    incident_median: float = 600.0


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Both phases and what stays the same: mix, volume over the day, the week and the month, lateness."""

    before: Phase
    after: Phase
    answer: float = 0.68
    machine: float = 0.03
    # Some birth dates are not known; the case's mix adds up to 1 without them, so they are few.
    mix: Mapping[str, float] = field(
        default_factory=lambda: _shares(gen_z=0.15, gen_y=0.25, gen_x=0.15, elderly=0.4495, unknown=0.0005)
    )
    scenarios: Mapping[str, float] = field(
        default_factory=lambda: _shares(acquisition=0.5, collection=0.35, operations=0.15)
    )
    dialects: Mapping[str, float] = field(
        default_factory=lambda: _shares(mandarin=0.85, cantonese=0.07, sichuanese=0.06, minnan=0.02)
    )
    buckets: Mapping[str, float] = field(
        default_factory=lambda: MappingProxyType({"M1": 0.6, "M2": 0.25, "M3": 0.1, "M3+": 0.05})
    )
    first_hour: int = 8
    hourly: tuple[int, ...] = (2, 7, 9, 8, 3, 4, 8, 9, 9, 7, 6, 5, 3)
    weekend: float = 0.6
    month_end: float = 1.5
    month_end_from: int = 26
    burst_hours: tuple[int, ...] = (10, 15)
    # Further dials to the same customer, as a share of the first dials: {days later: share}.
    marketing_follow_ups: Mapping[int, float] = field(default_factory=lambda: MappingProxyType({3: 0.08}))
    collection_follow_ups: Mapping[int, float] = field(
        default_factory=lambda: MappingProxyType({1: 0.3, 3: 0.25, 6: 0.2})
    )
    same_day_retry: float = 0.06
    other_campaign: float = 0.2
    grant: float = 0.35
    ledger_share: float = 0.3
    response: float = 0.12
    ivr_share: float = 0.7
    complaint: float = 0.0008
    block: float = 0.003
    reversal: float = 0.01
    wording_effect: float = 0.0476
    ltv_uplift: float = 0.2
    duplicate: float = 0.005
    correction: float = 0.002
    erasure: float = 0.0004
    stuck: float = 0.00005


def _before() -> Phase:
    return Phase(
        rates=MappingProxyType(
            {
                "gen_z": Rates(0.18, 0.93, 0.20, 0.86),
                "gen_y": Rates(0.20, 0.92, 0.195, 0.83),
                "gen_x": Rates(0.26, 0.90, 0.175, 0.80),
                "elderly": Rates(0.4533, 0.80, 0.0925, 0.68),
                "unknown": Rates(0.32, 0.865, 0.15, 0.75),
            }
        ),
        repeat=0.10,
        emotion=0.90,
        compliance=0.990,
        acquisition_cost=800.0,
        recovery=MappingProxyType({"M1": 0.45, "M2": 0.33, "M3": 0.15, "M3+": 0.06}),
    )


def _after() -> Phase:
    return Phase(
        rates=MappingProxyType(
            {
                "gen_z": Rates(0.17, 0.93, 0.205, 0.86),
                "gen_y": Rates(0.185, 0.925, 0.205, 0.83),
                "gen_x": Rates(0.235, 0.91, 0.195, 0.80),
                "elderly": Rates(0.2511, 0.89, 0.1517, 0.78),
                "unknown": Rates(0.22, 0.908, 0.18, 0.80),
            }
        ),
        repeat=0.07,
        emotion=0.93,
        compliance=0.997,
        acquisition_cost=490.0,
        recovery=MappingProxyType({"M1": 0.52, "M2": 0.33, "M3": 0.15, "M3+": 0.06}),
    )


@lru_cache(maxsize=1)
def source_case() -> Case:
    """The case as the KPI document gives it, with the cost of a dial that makes its acquisition cost come out."""
    case = Case(before=_before(), after=_after())
    return replace(
        case,
        before=replace(case.before, dial_cost=dial_cost(case, case.before)),
        after=replace(case.after, dial_cost=dial_cost(case, case.after)),
    )


def dial_cost(case: Case, phase: Phase) -> float:
    """Mean cost of an acquisition dial, ledger included, in CNY: cost per grant of the phase x grants per dial."""
    grants = sum(
        share * phase.rates[generation].conversion * contacts(case, case.answer * phase.rates[generation].contact)
        for generation, share in case.mix.items()
    )
    return phase.acquisition_cost * case.grant * grants / dials_per_customer(case)


def contacts(case: Case, reached: float) -> float:
    """First effective contacts (per campaign) of an acquisition customer, of whom a dial reaches a share `reached`."""
    follow_ups = sum(case.marketing_follow_ups.values())
    newly = case.other_campaign + (1 - case.other_campaign) * (1 - reached)
    return reached * (1 + case.same_day_retry + follow_ups * newly)


def dials_per_customer(case: Case) -> float:
    """Dials to a marketing customer, retries and follow-ups included."""
    return 1 + case.same_day_retry + sum(case.marketing_follow_ups.values())
