"""The case of the KPI document, end to end: who explains the fall in hang-ups, and the rise in conversion.

What is read from the call database, and split, has to be what plain SQL makes of the raw tables, to 1e-12; and the
figures of the document within sampling error.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import pytest

from exporter.calldb.connect import Access
from exporter.calldb.period import Period, folding_of, read_period
from exporter.kpi.attribution import Attribution, Part, attribute, attribute_kpi
from exporter.kpi.slices import divisible, exposed, grouped
from exporter.semantic.load import load_catalogue
from tests.oracle.attribution import effects
from tests.simulate.figures import CALL, PROPORTIONS
from tests.simulate.test_figures import CHANGE, SPANS

if TYPE_CHECKING:
    from exporter.simulate.write import Connection

CATALOGUE = load_catalogue()
DAYS = 28
MIDDLE = int(CHANGE.timestamp())
BEFORE, AFTER = Period(MIDDLE - DAYS * 86400, MIDDLE), Period(MIDDLE, MIDDLE + DAYS * 86400)
CELLS = ("scenario", "generation", "period")
LARGEST_Z = 4.5
# A ratio, one of two facts, one with facts of no call, money, a mean of money with a ledger, a mean, one over labels.
SLUGS = ("early_hangup", "lead_conversion", "csat", "recovery", "acquisition_cost", "tts_mos", "complaint", "masking")


async def explained(dsn: str, slug: str, by: tuple[str, ...]) -> tuple[Attribution, tuple[str, ...]]:
    """The change from the 28 days before to the 28 after, read as `attribute` reads."""
    kpi = CATALOGUE.kpis[slug]
    sides = [(await read_period(Access(dsn), CATALOGUE, kpi.datasets, p)).cells() for p in (BEFORE, AFTER)]
    fold, kept = folding_of(CATALOGUE, *sides).value, divisible(CATALOGUE, kpi, by)
    slices = [grouped(CATALOGUE, kpi.datasets, exposed(CATALOGUE, side, fold), kept) for side in sides]
    found = attribute_kpi(kpi, *slices)
    assert found is not None
    return found, kept


@pytest.mark.parametrize("slug", SLUGS)
async def test_equals_the_oracle(case_database: str, case: Connection, slug: str) -> None:
    """Every effect of every finest slice, and their sum."""
    found, by = await explained(case_database, slug, CELLS)
    expected, change = await effects(case, slug, by, (BEFORE.start, BEFORE.end), (AFTER.start, AFTER.end))
    size = max(1.0, abs(float(found.old)), abs(float(found.new)))
    mine = {effect.key: effect for effect in found.effects}
    assert {key for key, parts in expected.items() if any(parts)} <= mine.keys() <= expected.keys()
    for key, effect in mine.items():
        rate, mix = expected[key]
        assert float(effect.rate) == pytest.approx(float(rate), rel=0, abs=1e-12 * size)
        assert float(effect.mix) == pytest.approx(float(mix), rel=0, abs=1e-12 * size)
    assert found.rate + found.mix == found.change
    assert float(found.change) == pytest.approx(float(change), rel=0, abs=1e-12 * size)


async def test_the_elderly_explain_the_fall_in_hangups(case_database: str) -> None:
    """91 % of it; and it is they who changed, not their number."""
    found, _ = await explained(case_database, "early_hangup", ("generation",))
    top = found.effects[0]
    assert top.key == ("elderly",)
    assert float(top.total / found.change) == pytest.approx(0.91, abs=LARGEST_Z * share_error(found))
    assert abs(top.rate) > 20 * abs(top.mix)
    assert top.q is not None
    assert top.q < 1e-6
    assert found.reversals == ()


def share_error(found: Attribution) -> float:
    """The standard error of a slice's share of the change, by the first slice and the rest being independent."""
    top, change = found.effects[0], float(found.change)

    def error(effect_share: float, *sides: Part) -> float:
        return effect_share * sqrt(sum(p.n / p.d * (1 - p.n / p.d) / p.d for p in sides))

    of_top = error(float(Part(top.before.d, found.before.d).n / found.before.d), top.before, top.after)
    rest = [Part(w.n - t.n, w.d - t.d) for w, t in ((found.before, top.before), (found.after, top.after))]
    of_rest = error(rest[0].d / found.before.d, *rest)
    share = float(top.total) / change
    return sqrt(((1 - share) * of_top) ** 2 + (share * of_rest) ** 2) / abs(change)


async def test_conversion_rises_by_rate_and_falls_by_mix(case: Connection) -> None:
    """By cohort of contact: +3.19 points by rate, -0.19 by mix."""
    cohorts: list[dict[tuple[str, ...], Part]] = []
    for first, last in SPANS.values():
        rows = await case.fetch(CALL + PROPORTIONS["conversion"], first, last)
        cohorts.append({(name,): Part(hits, of) for name, hits, of in rows if name not in ("all", "unknown")})
    found = attribute(cohorts[0], cohorts[1])
    assert found is not None
    error = sqrt(sum(float(r) * (1 - float(r)) / p.d for r, p in ((found.old, found.before), (found.new, found.after))))
    assert 100 * float(found.rate) == pytest.approx(3.19, abs=LARGEST_Z * 100 * error)
    # Shares of generations among those contacted: of a tenth's difference in conversion, a point's in share.
    assert 100 * float(found.mix) == pytest.approx(-0.19, abs=LARGEST_Z * 100 * error / 4)
    assert found.mix < 0
