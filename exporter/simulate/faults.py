"""Faults that can be switched on and off while the stream runs, and what each does to a phase.

A fault touches the calls of the minutes in which it is on. Facts that arrive days late in reality (quality labels)
arrive within minutes where a fault concerns them, so that its effect is seen while one watches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from exporter.errors import UsageError
from exporter.simulate.case import Phase

EVENING = range(18, 21)


@dataclass(frozen=True, slots=True)
class Fault:
    """A switch: its name, its titles, and what to expect of it."""

    name: str
    title_zh: str
    title_en: str
    effect: str


FAULTS: tuple[Fault, ...] = (
    Fault(
        "elderly_hangup",
        "老年客户傍晚挂断激增",
        "Hang-up spike among the elderly in the evening",
        "70 % of answered elderly calls end within 30 s, from 18:00 to 21:00 business time only",
    ),
    Fault(
        "dialect_asr",
        "方言语音识别失效",
        "Speech recognition fails on dialects",
        "recognition of dialects falls to 55 %; their labels arrive within 2 minutes",
    ),
    Fault(
        "violations",
        "违规激增",
        "Surge of violations",
        "8 % of inspected calls violate, 5 % of sensitive scans leak, customers are dialled too often",
    ),
    Fault(
        "recordings_lost",
        "录音丢失",
        "Recordings lost",
        "recordings are missing, deleted early, or without their file",
    ),
    Fault(
        "month_end_overload",
        "月末催收过载",
        "Overload of the month-end collection peak",
        "responses 1.8 times slower, 4 % of dials fail, incidents take longer",
    ),
)
NAMES = frozenset(fault.name for fault in FAULTS)


class Faults:
    """The switches of a running stream. Raises UsageError for an unknown name."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._active: frozenset[str] = frozenset()
        for name in names:
            self.switch(name, on=True)

    @property
    def active(self) -> frozenset[str]:
        """Names of the faults that are on."""
        return self._active

    def switch(self, name: str, *, on: bool) -> None:
        """Turn one on or off, from the next minute of the stream on."""
        if name not in NAMES:
            raise UsageError(f"unknown fault {name!r}", f"choose one of {', '.join(sorted(NAMES))}")
        self._active = self._active | {name} if on else self._active - {name}


def disturbed(phase: Phase, faults: frozenset[str], local_hour: int) -> Phase:
    """The phase as it is while `faults` are on."""
    if "elderly_hangup" in faults and local_hour in EVENING:
        elderly = replace(phase.rates["elderly"], early_hangup=0.70)
        phase = replace(phase, rates={**phase.rates, "elderly": elderly})
    for name, changes in _CHANGES.items():
        if name in faults:
            phase = changes(phase)
    return phase


def _dialect_asr(phase: Phase) -> Phase:
    return replace(phase, asr_dialect=0.55, label_share_dialect=0.5, label_delay_dialect=(20.0, 120.0))


def _violations(phase: Phase) -> Phase:
    return replace(
        phase, compliance=0.92, masking_leak=0.05, overdialling=0.02, redial=0.9, detection=0.95, qa_delay=(15.0, 90.0)
    )


def _recordings_lost(phase: Phase) -> Phase:
    return replace(phase, recording_coverage=0.6, early_deletion=0.05, file_loss=0.3)


def _overload(phase: Phase) -> Phase:
    return replace(
        phase,
        latency_median=phase.latency_median * 1.8,
        system_fault=0.04,
        system_fault_burst=0.04,
        incidents_per_minute=0.2,
        incident_median=phase.incident_median * 4,
    )


_CHANGES: Mapping[str, Callable[[Phase], Phase]] = {
    "dialect_asr": _dialect_asr,
    "violations": _violations,
    "recordings_lost": _recordings_lost,
    "month_end_overload": _overload,
}
