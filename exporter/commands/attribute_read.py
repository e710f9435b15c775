"""What `attribute` reads: what happened in each period, or what became of those who began in it; and the difference."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from exporter.calldb.asking import Asker
from exporter.calldb.cohorts import Began, Cohort, read_cohort
from exporter.calldb.connect import Access, connection
from exporter.calldb.period import Period, Progress, folding_of, pooled, reading
from exporter.commands.attribute_text import Compared
from exporter.errors import DatabaseError, RunError
from exporter.kpi.breakdown import explain, split
from exporter.kpi.slices import divisible, exposed, grouped
from exporter.semantic.model import Catalogue, Kpi


async def read(
    access: Access,
    catalogue: Catalogue,
    kpi: Kpi,
    cohort: Cohort | None,
    periods: Sequence[Period],
    patience: float,
) -> list[Began]:
    """The KPI's datasets over each period, of its cohort where one is given; raises DatabaseError."""
    if cohort is None:
        return await _by_period(access, catalogue, kpi, periods, patience)
    return await _by_cohort(access, catalogue, cohort, periods, patience)


async def _by_period(
    access: Access, catalogue: Catalogue, kpi: Kpi, periods: Sequence[Period], patience: float
) -> list[Began]:
    """What happened in each period; raises DatabaseError."""
    found = []
    async with reading(access, catalogue, patience) as past:
        for number, period in enumerate(periods):
            read = await past.read(kpi.datasets, period, progress=_progress(number, len(periods)))
            for problem in read.failed.values():
                raise DatabaseError(problem)
            found.append(Began(read.cells()))
    return found


async def _by_cohort(
    access: Access, catalogue: Catalogue, cohort: Cohort, periods: Sequence[Period], patience: float
) -> list[Began]:
    """What became of those who began in each period; raises DatabaseError."""
    async with connection(access, statement_timeout=patience) as opened:
        asker = Asker(catalogue, opened, access, patience)
        as_of = await asker.clock()
        return [
            await read_cohort(asker, cohort, period, as_of, _progress(number, len(periods)))
            for number, period in enumerate(periods)
        ]


def compare(
    catalogue: Catalogue,
    kpi: Kpi,
    cohort: Cohort | None,
    periods: Sequence[Period],
    reads: Sequence[Began],
    by: Sequence[str],
    *,
    best: bool = False,
) -> Compared:
    """Split the change from all periods but the last, the reference, to the last; raises RunError without a change.

    `best`: by those of the labels that explain it best, instead of by all.
    """
    *references, window = reads
    new = window.cells
    old = {name: pooled(each.cells[name] for each in references) for name in new}
    fold = folding_of(catalogue, old, new).value
    kept = divisible(catalogue, kpi, by)
    before, after = (grouped(catalogue, kpi.datasets, exposed(catalogue, side, fold), kept) for side in (old, new))
    found = explain(kpi, before, after, kept) if best else split(kpi, before, after, kept)
    if found is None:
        raise _no_value(kpi, cohort)
    young = sum(each.young for each in references), window.young
    offered = kept if best else ()
    return Compared(periods[-1], tuple(periods[:-1]), found.by, found.attribution, cohort, young, offered)


def _no_value(kpi: Kpi, cohort: Cohort | None) -> RunError:
    problem = f"{kpi.slug} has no value in the window or in its reference"
    if cohort is None:
        return RunError(problem, "choose another --window, --against or --at; `explain` tells when it has none")
    fix = f"end them at least {cohort.days} days ago with --at, or choose a longer --window"
    return RunError(f"{problem}: of its cohort only those count who began {cohort.days} days ago or earlier", fix)


def _progress(number: int, of: int) -> Progress | None:
    """Shows how far reading is, to a person who waits."""
    if not sys.stderr.isatty():
        return None

    def show(share: float, name: str) -> None:
        done = (number + share) / of
        sys.stderr.write("\r\x1b[K" + (f"{done:4.0%} {name}" if done < 1 else ""))
        sys.stderr.flush()

    return show
