"""From the facts of each KPI to its gauges, in every window and every slice."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.oracle.statistics import QUANTILES, mean, quantile, wilson
from tests.oracle.windows import ALL, DAY_AND_LONGER, WINDOWS, Slice, Window, cells

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]

Labels = tuple[tuple[str, str], ...]
Gauges = dict[tuple[str, Labels], float]
Cell = tuple[str, Slice]

HERE = Path(__file__).parent
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Kpi:
    """A quotient: its section in the SQL, the suffix of its gauge, its own label, the windows that it has.

    `unknown` is the section of the amounts that are missing from its numerator: where there are any, 0 is not known.
    """

    slug: str
    suffix: str = "ratio"
    own_label: str = ""
    unknown: str = ""
    windows: tuple[str, ...] = tuple(window.name for window in WINDOWS)

    @property
    def value_name(self) -> str:
        return f"outcall_{self.slug}_{self.suffix}"

    @property
    def samples_name(self) -> str:
        return f"outcall_{self.slug}_samples"

    @property
    def families(self) -> tuple[str, ...]:
        bounds = (f"{self.value_name}_lower", f"{self.value_name}_upper") if self.suffix == "ratio" else ()
        return (self.value_name, self.samples_name, *bounds)


KPIS = (
    Kpi("effective_contact"),
    Kpi("lead_conversion"),
    Kpi("acquisition_cost", suffix="cny", unknown="unknown_cost"),
    Kpi("recovery", own_label="bucket", unknown="unknown_repayment"),
    Kpi("escalation"),
    Kpi("task_completion", own_label="task"),
    Kpi("early_hangup"),
    Kpi("csat"),
    Kpi("repeat_question"),
    Kpi("emotion_match"),
    Kpi("connect"),
    Kpi("hangup"),
    Kpi("complaint"),
    Kpi("asr_accuracy", own_label="dialect"),
    Kpi("intent_accuracy"),
    Kpi("tts_mos", suffix="score"),
    Kpi("slow_response"),
    Kpi("system_failure"),
    Kpi("incident_resolution", suffix="seconds"),
    Kpi("compliant_speech"),
    Kpi("violation"),
    Kpi("violation_detection"),
    Kpi("inspection_coverage", windows=DAY_AND_LONGER),
    Kpi("frequency_compliance"),
    Kpi("blocked_redial"),
    Kpi("permitted_hours"),
    Kpi("masking"),
    Kpi("recording_retention"),
    Kpi("recording_coverage", windows=DAY_AND_LONGER),
)
LATENCY = Kpi("response_latency", suffix="seconds")
MEASURES = ("dials", "answered_calls", "effective_contacts", "early_hangups")
UPLIFTS = ("ltv_uplift", "reborrow_uplift", "credit_limit_uplift")

MEASURE_FAMILIES = frozenset(f"outcall_{measure}" for measure in MEASURES)
FAMILIES: frozenset[str] = MEASURE_FAMILIES.union(
    (name for kpi in (*KPIS, LATENCY) for name in kpi.families),
    (f"outcall_{uplift}_ratio" for uplift in UPLIFTS),
)

# The facts of a KPI, added up per slice and window. `spread` keeps different numerators apart: a distribution.
SUMS = """
SELECT
    scenario, generation, period, script, own, name AS window_name,
    sum(num::numeric) AS num, sum(den::numeric) AS den
FROM ({facts}) AS fact
JOIN unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS span (name, first, stop)
    ON fact.anchor >= span.first AND fact.anchor < span.stop
GROUP BY scenario, generation, period, script, own, name {spread}
"""


async def oracle(
    connection: Connection,
    as_of: datetime,
    *,
    timezone: str = "Asia/Shanghai",
    windows: Iterable[Window] = WINDOWS,
    kpis: Collection[str] | None = None,
) -> Gauges:
    """What every KPI gauge and the main measure gauges must be at the instant `as_of`.

    Returns (metric name, sorted label items) -> value; a gauge without a value is not in it. `kpis` restricts the
    answer to some slugs (sections of the SQL files). The tables are read in one snapshot, found by the search path.
    """
    spans = tuple(windows)
    asked = set(sections()) if kpis is None else set(kpis)
    gauges: Gauges = {}
    async with snapshot(connection, timezone):
        for kpi in KPIS:
            if kpi.slug in asked:
                unknown = await sums(connection, Kpi(kpi.unknown), spans, as_of) if kpi.unknown else []
                gauges |= quotients(kpi, await sums(connection, kpi, spans, as_of), unknown)
        if LATENCY.slug in asked:
            gauges |= latencies(await sums(connection, LATENCY, spans, as_of, spread=True))
        for measure in MEASURES:
            if measure in asked:
                gauges |= measured(measure, await sums(connection, Kpi(measure), spans, as_of))
        if "uplift" in asked:
            gauges |= uplifts(await connection.fetch(sections()["uplift"]))
    return gauges


@asynccontextmanager
async def snapshot(connection: Connection, timezone: str) -> AsyncIterator[None]:
    """One view of all tables: the caller's transaction, else one of our own; the zone is told to the SQL."""
    if connection.is_in_transaction():
        await connection.execute("SELECT set_config('oracle.zone', $1, true)", timezone)
        yield
        return
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute("SELECT set_config('oracle.zone', $1, true)", timezone)
        yield


@cache
def sections() -> dict[str, str]:
    """The SQL of each KPI, by its slug."""
    found: dict[str, str] = {}
    for path in sorted(HERE.glob("*.sql")):
        _, *rest = re.split(r"^-- kpi: (\w+).*\n", path.read_text("utf-8"), flags=re.MULTILINE)
        found |= dict(zip(rest[::2], rest[1::2], strict=True))
    return found


async def sums(
    connection: Connection, kpi: Kpi, windows: Iterable[Window], as_of: datetime, *, spread: bool = False
) -> list[asyncpg.Record]:
    """Numerators and denominators of a KPI at its finest slices, per window that it has."""
    query = (HERE / "calls.sql").read_text("utf-8") + SUMS.format(
        facts=sections()[kpi.slug], spread=", num" if spread else ""
    )
    mine = [window for window in windows if window.name in kpi.windows]
    bounds = [window.bounds(as_of) for window in mine]
    return await connection.fetch(
        query, [window.name for window in mine], [first for first, _ in bounds], [stop for _, stop in bounds]
    )


def rolled_up(rows: Iterable[asyncpg.Record]) -> Iterator[tuple[Cell, Decimal, Decimal]]:
    """Each row once for every cell that counts it: (window, labels), numerator, denominator."""
    by_period = {window.name: window.by_period for window in WINDOWS}
    for row in rows:
        window = row["window_name"]
        fact = slice_of(row)
        for cell in cells(fact, by_period[window]):
            yield (window, cell), row["num"], row["den"]


def slice_of(row: asyncpg.Record) -> Slice:
    return Slice(row["scenario"], row["generation"], row["period"], row["script"], row["own"])


def labels(cell: Cell, own_label: str = "", **more: str) -> Labels:
    """Sorted label items of a cell of a KPI."""
    window, at = cell
    named = {"scenario": at.scenario, "generation": at.generation, "period": at.period, "script": at.script}
    own = {own_label: at.own} if own_label else {}
    return tuple(sorted({"window": window, **named, **own, **more}.items()))


def quotients(kpi: Kpi, rows: Iterable[asyncpg.Record], unknown: Iterable[asyncpg.Record] = ()) -> Gauges:
    """Value, bounds and samples of every cell; nothing over nothing is absent, and so is anything over nothing.

    A sum of nothing but unknown amounts is not 0, it is unknown: absent too.
    """
    missing = {cell for cell, _, _ in rolled_up(unknown)}
    totals: defaultdict[Cell, tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    for cell, num, den in rolled_up(rows):
        old_num, old_den = totals[cell]
        totals[cell] = old_num + num, old_den + den
    gauges: Gauges = {}
    for cell, (num, den) in totals.items():
        if den > 0 and (num != 0 or cell not in missing):
            at = labels(cell, kpi.own_label)
            gauges[kpi.value_name, at] = float(num / den)
            gauges[kpi.samples_name, at] = float(den)
            if kpi.suffix == "ratio" and 0 <= num <= den:
                lower, upper = wilson(num, den)
                gauges[f"{kpi.value_name}_lower", at] = lower
                gauges[f"{kpi.value_name}_upper", at] = upper
    return gauges


def latencies(rows: Iterable[asyncpg.Record]) -> Gauges:
    """Percentiles, mean and samples of the response latency."""
    spread: defaultdict[Cell, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        count = int(row["den"])
        each = int(row["num"]) // count  # rows of one latency were added up
        for cell, _, _ in rolled_up([row]):
            spread[cell][each] += count
    gauges: Gauges = {}
    for cell, counts in spread.items():
        for stat, q in QUANTILES.items():
            gauges[LATENCY.value_name, labels(cell, stat=stat)] = quantile(counts, q)
        gauges[LATENCY.value_name, labels(cell, stat="mean")] = mean(counts)
        gauges[LATENCY.samples_name, labels(cell)] = float(sum(counts.values()))
    return gauges


def measured(measure: str, rows: Iterable[asyncpg.Record]) -> Gauges:
    """A measure at its finest cells, no member `all`."""
    return {(f"outcall_{measure}", labels((row["window_name"], slice_of(row)))): float(row["num"]) for row in rows}


def uplifts(rows: Iterable[asyncpg.Record]) -> Gauges:
    """After against before: no window, no slice but the scenario."""
    gauges: Gauges = {}
    for row in rows:
        for uplift in UPLIFTS:
            for scenario in ("operations", ALL):
                if row[uplift] is not None:
                    at = dict.fromkeys(("generation", "period", "script"), ALL) | {"scenario": scenario}
                    gauges[f"outcall_{uplift}_ratio", tuple(sorted(at.items()))] = row[uplift]
    return gauges
