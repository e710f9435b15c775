"""What a review holds, language apart: figures, states, and why something is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from exporter.calldb.period import Period
from exporter.kpi.attribution import Attribution
from exporter.kpi.evaluate import Value
from exporter.kpi.judge import Lines, Verdict
from exporter.semantic.model import Kpi
from exporter.semantic.spec import Text

Cadence = Literal["weekly", "monthly"]


@dataclass(frozen=True, slots=True)
class Span:
    """Local days `first` to `last`, both included; `name` is how it is asked for (2026-W46, 2026-10, FIRST..LAST)."""

    name: str
    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Row:
    """A KPI over the whole, or over one slice (`labels`), in the period and in the one before.

    `p`: two-sided p-value of the change, None where nothing can be tested.
    """

    labels: Mapping[str, str]
    now: Value | None
    before: Value | None
    lines: Lines
    state: Verdict | None
    p: float | None = None

    @property
    def change(self) -> float | None:
        if self.now is None or self.before is None:
            return None
        return self.now.value - self.before.value


@dataclass(frozen=True, slots=True)
class Cause:
    """What moved a KPI: its change split over the slices of the labels `by`."""

    by: tuple[str, ...]
    attribution: Attribution


@dataclass(frozen=True, slots=True)
class Day:
    """A KPI on one local day; None where it has no value."""

    day: date
    value: float | None


@dataclass(frozen=True, slots=True)
class KpiReview:
    """A KPI in the period. `slices`: those with lines of their own. `problem`: why there is no value at all, if so."""

    kpi: Kpi
    whole: Row
    slices: tuple[Row, ...] = ()
    causes: tuple[Cause, ...] = ()
    days: tuple[Day, ...] = ()
    days_before: tuple[Day, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Contacts:
    """Customers first effectively contacted in the period, of one generation, and who of them applied within 7 days.

    `matured`: those whose 7 days are over; `applied` counts of these only, `applied_early` of the others so far.
    """

    generation: str
    contacted: int = 0
    matured: int = 0
    applied: int = 0
    applied_early: int = 0

    def __add__(self, other: Contacts) -> Contacts:
        return Contacts(
            self.generation,
            self.contacted + other.contacted,
            self.matured + other.matured,
            self.applied + other.applied,
            self.applied_early + other.applied_early,
        )


@dataclass(frozen=True, slots=True)
class Entries:
    """Cases that entered in the period, of one bucket. Money in CNY times 10**6.

    `matured_*`: of cases that entered at least 30 days ago; `repaid_within`: of these, within 30 days of entry.
    """

    bucket: str
    cases: int = 0
    overdue: int = 0
    repaid: int = 0
    matured_cases: int = 0
    matured_overdue: int = 0
    repaid_within: int = 0

    def __add__(self, other: Entries) -> Entries:
        return Entries(
            self.bucket,
            self.cases + other.cases,
            self.overdue + other.overdue,
            self.repaid + other.repaid,
            self.matured_cases + other.matured_cases,
            self.matured_overdue + other.matured_overdue,
            self.repaid_within + other.repaid_within,
        )


@dataclass(frozen=True, slots=True)
class Cohorts:
    """Both cohorts by the span in which they began: the review's, and the newest before it that has wholly matured.

    `problems`: why one is missing, by its name (`contacts`, `entries`).
    """

    contacts: tuple[tuple[Span, tuple[Contacts, ...]], ...] = ()
    entries: tuple[tuple[Span, tuple[Entries, ...]], ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident; instants in Unix seconds, `resolved` None while it is open."""

    number: int
    opened: float
    resolved: float | None


@dataclass(frozen=True, slots=True)
class Incidents:
    """Incidents that were opened, resolved or open in the period; times to resolution in seconds."""

    opened: int = 0
    resolved: int = 0
    open_at_end: int = 0
    mean: float | None = None
    longest: float | None = None
    listed: tuple[Incident, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert in the period: how often it began, and for how many seconds it fired."""

    name: str
    severity: str
    kpi: str
    times: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Alerts:
    """Alerts of Prometheus; None where it was not asked. `corrections`: rows mended by reconcile, by source."""

    fired: tuple[Alert, ...] | None = None
    corrections: Mapping[str, float] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change did to a KPI, as verified: difference in the KPI's unit, its interval, and the verdict in words."""

    slug: str
    difference: float | None
    interval: tuple[float, float] | None
    p: float | None
    verdict: Text


@dataclass(frozen=True, slots=True)
class Change:
    """A recorded change that took effect in the period or is being verified in it."""

    name: str
    at: float
    kind: str
    title: Text
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """The recorded changes that a review tells of, in the order of time; `left_out`: of how many it does not."""

    told: tuple[Change, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class SourceQuality:
    """Rows of a source in the period; `late`: written or corrected over a day after the event."""

    source: str
    rows: int
    late: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """Rows whose value made no sense and was left out."""

    dataset: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class Quality:
    """Data quality; `silent`: days without calls, None where calls could not be read.

    `failed`: why a dataset has no figures; `uncounted`: why the late rows of a source could not be counted.
    """

    sources: tuple[SourceQuality, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    silent: tuple[date, ...] | None = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    uncounted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """A KPI's place in the composite; scores 0 to 1, None where the KPI has no value.

    `both`: this period's score and the last one's, over those slices that have one in both.
    """

    kpi: Kpi
    weight: float
    score: float | None
    before: float | None
    both: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Composite:
    """Weighted scores; None over nothing."""

    parts: tuple[Part, ...]

    @property
    def whole(self) -> float | None:
        return _weighted([(part.weight, part.score) for part in self.parts if part.score is not None])

    @property
    def compared(self) -> tuple[float, float] | None:
        """This period's score and the last one's, over the same KPIs."""
        known = [(part.weight, part.both) for part in self.parts if part.both is not None]
        now, before = (_weighted([(weight, both[at]) for weight, both in known]) for at in (0, 1))
        return None if now is None or before is None else (now, before)

    @property
    def is_alike(self) -> bool:
        """Whether all that has a score has been compared as it is."""
        return all(part.score is None or (part.both is not None and part.both[0] == part.score) for part in self.parts)

    @property
    def known(self) -> float:
        """The weight of KPIs that have a score."""
        return sum(part.weight for part in self.parts if part.score is not None)


def _weighted(known: list[tuple[float, float]]) -> float | None:
    return sum(w * score for w, score in known) / sum(w for w, _ in known) if known else None


@dataclass(frozen=True, slots=True)
class Review:
    """A whole review. `as_of`: the database's clock when reading began; `newest`: its newest call before that.

    `full` is the whole span in Unix seconds; `period` ends at `as_of` while it is still running, `before` is then cut
    as long. `beside`: KPIs of one scenario that have to be read together.
    """

    cadence: Cadence
    span: Span
    span_before: Span
    full: Period
    period: Period
    before: Period
    timezone: str
    generated: float
    as_of: float
    newest: float | None
    kpis: tuple[KpiReview, ...]
    beside: tuple[tuple[Kpi, Row], ...]
    cohorts: Cohorts | None
    incidents: Incidents
    alerts: Alerts
    changes: Changes
    quality: Quality
    composite: Composite | None

    @property
    def is_running(self) -> bool:
        return self.period.seconds < self.full.seconds

    @property
    def is_empty(self) -> bool:
        return all(each.whole.now is None for each in self.kpis)
