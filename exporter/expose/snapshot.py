"""What the HTTP side is given: immutable values, built aside and published in one step.

The poller builds a `Snapshot` (rendered pages and a `Status`) and puts it on the board; handlers only read it, so that
a scrape never waits for the database and never sees half an update.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

KpiState = Literal[
    "ok", "warning", "critical", "below_goal", "watch", "no_target", "no_data", "incomplete", "withdrawn"
]


@dataclass(frozen=True, slots=True)
class SliceValue:
    """One slice that misses its own target, worst first on the status page."""

    labels: Mapping[str, str]
    value: float
    samples: float | None
    target: float
    state: KpiState


@dataclass(frozen=True, slots=True)
class KpiStatus:
    """One KPI as people see it: its value over the whole (every slice label `all`) and what is wrong with it.

    `value`, `target`, `alarm` are in the KPI's unit (`ratio` is 0..1, shown as a percentage); `direction` tells on
    which side of the target it is good; `trend` holds one value per hour, oldest first, None where there is nothing.
    """

    slug: str
    title_zh: str
    title_en: str
    dimension: str
    unit: Literal["ratio", "cny", "seconds", "score"]
    direction: Literal["higher", "lower", "none"]
    window: str
    value: float | None
    lower: float | None
    upper: float | None
    samples: float | None
    goal: float | None
    target: float | None
    alarm: float | None
    state: KpiState
    reason_zh: str
    reason_en: str
    formula_zh: str
    formula_en: str
    remedy_zh: str
    remedy_en: str
    trend: tuple[float | None, ...] = ()
    slices: tuple[SliceValue, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One relation of the call database: how fresh it is, how far its windows reach, what is wrong."""

    name: str
    ok: bool
    problem: str
    watermark: float | None
    newest_event: float | None
    complete_windows: tuple[str, ...]
    incomplete_windows: tuple[str, ...]
    progress: float


@dataclass(frozen=True, slots=True)
class CollectorStatus:
    """One collector (call database, host, recordings): whether its last run succeeded."""

    name: str
    ok: bool
    problem: str
    last_success: float | None


@dataclass(frozen=True, slots=True)
class Status:
    """Everything the status page shows. Instants are Unix seconds; `timezone` is the business time zone."""

    version: str
    timezone: str
    as_of: float | None
    database_up: bool
    ready: bool
    backfill: float
    kpis: tuple[KpiStatus, ...] = ()
    sources: tuple[SourceStatus, ...] = ()
    collectors: tuple[CollectorStatus, ...] = ()
    problems: tuple[str, ...] = ()
    label_titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One rendered exposition, plain and gzipped once."""

    plain: bytes
    gzipped: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One published state of the exporter."""

    text: Page
    openmetrics: Page
    status: Status


class Board(Protocol):
    """What the HTTP handlers ask the application for."""

    @property
    def snapshot(self) -> Snapshot:
        """The latest published snapshot (an empty one before the first poll)."""

    def health(self) -> str:
        """Empty when the process is healthy, else one sentence why it is not (a wedged poller)."""

    async def reload(self) -> str:
        """Reload the configuration; empty on success, else the errors, with the last good one kept."""

    def reload_failed(self, errors: str) -> None:
        """A reload failed before it reached the board (the web configuration is wrong)."""


@dataclass(slots=True)
class StaticBoard:
    """A board that always shows the same snapshot: for tests and for the time before the application is up."""

    snapshot: Snapshot
    problem: str = ""
    reload_result: str = ""
    reloads: int = field(default=0)

    def health(self) -> str:
        return self.problem

    async def reload(self) -> str:
        self.reloads += 1
        return self.reload_result

    def reload_failed(self, errors: str) -> None:
        self.reload_result = errors
