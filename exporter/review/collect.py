"""Reads a period and the one before from the call database: one connection, one statement after another."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import asyncpg

from exporter.calldb.asking import Asker
from exporter.calldb.connect import Access, connection
from exporter.calldb.period import PATIENCE, Each, Past, Period, Read, days, folding_of
from exporter.calldb.statements import StatementFailure
from exporter.errors import RunError
from exporter.review import periods
from exporter.review.changed import verified
from exporter.review.cohorts import cohorts, has_cohorts
from exporter.review.composite import composite
from exporter.review.facts import incidents, lateness, levels, newest_call
from exporter.review.model import Alerts, Cadence, Quality, Rejected, Review, Span
from exporter.review.prometheus import alerts
from exporter.review.rows import Side, review_kpi, review_slice, side
from exporter.semantic.changes import Change
from exporter.semantic.model import Catalogue, Kpi
from exporter.semantic.names import KPI_DIMENSIONS

# (share done, what is being read).
Progress = Callable[[float, str], None]
DIMENSIONS: Mapping[Cadence, tuple[str, ...]] = {
    "weekly": ("business", "experience"),
    "monthly": ("technical", "compliance"),
}
# The dataset whose empty days are days without calls.
CALLS = "dial"
# What has to be read together in collection: pressure that recovers money shows as complaints and violations.
BESIDE: Mapping[Cadence, tuple[str, ...]] = {"weekly": ("recovery", "compliant_speech", "complaint"), "monthly": ()}
SCENARIO = {"scenario": "collection"}
# Shares of the progress: this period, the one before, the rest.
_NOW, _BEFORE = 0.45, 0.85


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. `weights`: of the composite, by KPI; `changes`: all that are recorded.

    `prometheus`: address of a server, empty for none. `gapless`: rather none than one that lacks what is locked or too
    slow at the moment.
    """

    cadence: Cadence
    span: Span
    weights: Mapping[str, float] = field(default_factory=dict)
    prometheus: str = ""
    changes: tuple[Change, ...] = ()
    gapless: bool = False


def reviewed(catalogue: Catalogue, cadence: Cadence) -> list[Kpi]:
    """The KPIs of a review, by its dimensions; an operator's own dimensions go by the cadence of their KPIs."""
    usual = {name for names in DIMENSIONS.values() for name in names}

    def belongs(kpi: Kpi) -> bool:
        if kpi.dimension in usual:
            return kpi.dimension in DIMENSIONS[cadence]
        return (kpi.cadence == "weekly") == (cadence == "weekly")

    found = (kpi for kpi in catalogue.kpis.values() if belongs(kpi))
    order = [*KPI_DIMENSIONS, *(kpi.dimension for kpi in catalogue.kpis.values())]
    return sorted(found, key=lambda kpi: order.index(kpi.dimension))


async def collect(access: Access, catalogue: Catalogue, request: Request, progress: Progress | None = None) -> Review:
    """A review of a period; raises DatabaseError when the database cannot be reached or is lost.

    What one source refuses is told in the review: its KPIs have no value, everything else has. Where it is to be
    `gapless`, raises RunError for what may be read later.
    """
    tell: Progress = progress or (lambda *_: None)
    async with connection(access, statement_timeout=PATIENCE) as opened:
        asker_class, past_class = (GaplessAsker, GaplessPast) if request.gapless else (Asker, Past)
        asker = asker_class(catalogue, opened, access, PATIENCE)
        past = past_class(catalogue, opened, access, PATIENCE)
        review = await _Collector(asker, past, request, tell).review()
    tell(1.0, "")
    return review


class _Collector:
    """One run over an open connection."""

    def __init__(self, asker: Asker, past: Past, request: Request, tell: Progress) -> None:
        self.asker, self.past, self.request, self.tell = asker, past, request, tell
        self.catalogue, self.zone = asker.catalogue, asker.catalogue.timezone
        self.kpis = reviewed(self.catalogue, request.cadence)
        self.weighted = [self.catalogue.kpis[slug] for slug in request.weights]
        names = BESIDE[request.cadence]
        self.beside = [self.catalogue.kpis[slug] for slug in names if slug in self.catalogue.kpis]

    async def review(self) -> Review:
        as_of = await self.asker.clock()
        span, span_before = self.request.span, periods.before(self.request.span)
        full, full_before = (periods.period_of(each, self.zone) for each in (span, span_before))
        period = periods.elapsed(full, as_of)
        # A period that is still running is compared with as much of the one before.
        cut = min(full_before.end, full_before.start + period.seconds) if period != full else full_before.end
        before = Period(full_before.start, cut)
        newest = await newest_call(self.asker)
        read, read_before = await self._read(period, 0.0, _NOW), await self._read(before, _NOW, _BEFORE)
        fold = folding_of(self.catalogue, read.cells(), read_before.cells()).value
        now = await self._side(read, fold, period, span.last)
        then = await self._side(read_before, fold, before, span_before.last)
        reviews = {kpi.slug: review_kpi(self.catalogue, kpi, now, then) for kpi in self._all().values()}
        self.tell(_BEFORE, "cohorts")
        weekly = self.request.cadence == "weekly" and has_cohorts(self.catalogue)
        return Review(
            cadence=self.request.cadence,
            span=span,
            span_before=span_before,
            full=full,
            period=period,
            before=before,
            timezone=self.zone,
            generated=time.time(),
            as_of=as_of,
            newest=newest,
            kpis=tuple(reviews[kpi.slug] for kpi in self.kpis),
            beside=tuple((kpi, review_slice(self.catalogue, kpi, SCENARIO, now, then)) for kpi in self.beside),
            cohorts=await cohorts(self.asker, self.request.span, as_of, fold) if weekly else None,
            incidents=await incidents(self.asker, period),
            alerts=await alerts(self.request.prometheus, period) if self.request.prometheus else Alerts(),
            changes=await verified(self.past, self.catalogue, self.request.changes, period),
            quality=await self._quality(read, period),
            composite=composite(self.request.weights, reviews) if self.request.weights else None,
        )

    def _all(self) -> dict[str, Kpi]:
        return {kpi.slug: kpi for kpi in (*self.kpis, *self.weighted, *self.beside)}

    def _names(self) -> set[str]:
        """Datasets and levels; days without calls are told whatever is reviewed."""
        return {CALLS, *(name for kpi in self._all().values() for name in kpi.datasets)} & {
            *self.catalogue.datasets,
            *self.catalogue.levels,
        }

    async def _read(self, period: Period, start: float, end: float) -> Read:
        def tell(share: float, name: str) -> None:
            self.tell(start + (end - start) * share, name)

        return await self.past.read(self._names(), period, each="day", progress=tell)

    async def _side(self, read: Read, fold: Callable[[str, str | None], str], period: Period, last: date) -> Side:
        found, failed = await levels(self.asker, self._names() & self.catalogue.levels.keys(), last)
        starts = [day.start for day in days(period, self.zone)]
        by_day = {
            periods.day_of(start, self.zone): {name: each.get(start, {}) for name, each in read.buckets.items()}
            for start in starts
        }
        return side(self.catalogue, by_day, read.cells(), fold, found, {**read.failed, **failed})

    async def _quality(self, read: Read, period: Period) -> Quality:
        self.tell(0.9, "data quality")
        names = self._names() & self.catalogue.datasets.keys()
        rejected = [row for name in sorted(read.buckets) for row in _rejected(self.catalogue, name, read)]
        silent = None
        if CALLS in read.buckets:
            starts = (day.start for day in days(period, self.zone))
            silent = tuple(periods.day_of(at, self.zone) for at in starts if not read.buckets[CALLS].get(at))
        late, uncounted = await lateness(self.asker, period, names - read.failed.keys())
        return Quality(late, tuple(rejected), silent, dict(read.failed), uncounted)


def _rejected(catalogue: Catalogue, name: str, read: Read) -> list[Rejected]:
    """Rows that were left out of a dataset, by reason: their counts stand between the measures and the row count."""
    dataset = catalogue.datasets[name]
    first = dataset.width - len(dataset.rejects)
    vectors: Collection[Sequence[int]] = [v for cells in read.buckets[name].values() for v in cells.values()]
    counts = [(reason, sum(v[first + at] for v in vectors)) for at, (reason, _) in enumerate(dataset.rejects)]
    return [Rejected(name, reason, rows) for reason, rows in counts if rows]


class GaplessPast(Past):
    """Raises RunError for what may be read later."""

    async def read(
        self, names: Collection[str], period: Period, *, each: Each | None = None, progress: Progress | None = None
    ) -> Read:
        found = await super().read(names, period, each=each, progress=progress)
        if found.passing:
            raise _gap({self._catalogue.datasets[name].source for name in found.passing})
        return found


class GaplessAsker(Asker):
    """Raises RunError for what is locked; what is slow is asked again in parts."""

    async def ask(self, source: str, sql: str, *arguments: object) -> list[asyncpg.Record]:
        try:
            return await super().ask(source, sql, *arguments)
        except StatementFailure as failure:
            if failure.passing and not failure.slow:
                raise _gap({source}) from None
            raise


def _gap(sources: Collection[str]) -> RunError:
    verb = "was" if len(sources) == 1 else "were"
    return RunError(f"{', '.join(sorted(sources))} {verb} locked or too slow", "wait: it is tried again")
