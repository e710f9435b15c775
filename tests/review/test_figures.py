"""The figures of reviews equal those of the oracle: plain SQL over the raw tables, nothing shared with the exporter."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg
import pytest

from exporter.calldb.period import Period
from exporter.kpi.judge import judge
from exporter.kpi.significance import Counts
from exporter.review.model import Cadence, KpiReview, Review, Row
from exporter.review.weekdays import p_value
from tests.oracle.gauges import KPIS, LATENCY, UPLIFTS, Gauges, Kpi, labels, oracle
from tests.oracle.windows import ALL, HOUR, Slice, Window

if TYPE_CHECKING:
    from exporter.semantic.model import Catalogue

# All KPIs of the oracle have it; its width is the period's.
NAME = "30d"

HANGUPS_BY_DAY = """
SELECT (ended_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
    count(*) FILTER (WHERE hangup_by = 'customer' AND ended_at - answered_at <= interval '30 seconds'), count(*)
FROM calls WHERE answered_at IS NOT NULL AND answered_by <> 'machine'
    AND (generation = ANY($3::text[]) OR generation IS NULL AND array_position($3::text[], NULL) > 0)
    AND (ended_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN $1 AND $2
GROUP BY day
"""


async def figures(dsn: str, period: Period) -> Gauges:
    """Every gauge over exactly that period."""
    window = Window(NAME, timedelta(seconds=period.seconds), HOUR, by_period=False)
    connection = await asyncpg.connect(dsn)
    try:
        return await oracle(connection, datetime.fromtimestamp(period.end, UTC), windows=(window,))
    finally:
        await connection.close()


def at(kpi: Kpi, row_labels: dict[str, str], **more: str) -> tuple[tuple[str, str], ...]:
    own = row_labels.get(kpi.own_label, ALL)
    cell = Slice(row_labels.get("scenario", ALL), row_labels.get("generation", ALL), ALL, ALL, own)
    return labels((NAME, cell), kpi.own_label, **more)


def compare(kpi: Kpi, row: Row, value: object, gauges: Gauges, *, stat: str = "") -> int:
    """One row on one side; counts what was compared."""
    place = at(kpi, dict(row.labels), **({"stat": stat} if stat else {}))
    expected = gauges.get((kpi.value_name, place))
    if expected is None:
        assert value is None, (kpi.slug, row.labels)
        return 0
    assert value is not None, (kpi.slug, row.labels)
    assert value.value == pytest.approx(expected, rel=1e-12), (kpi.slug, row.labels)  # type: ignore[attr-defined]
    samples = gauges[kpi.samples_name, at(kpi, dict(row.labels))]
    assert value.samples == pytest.approx(samples, rel=1e-12), (kpi.slug, row.labels)  # type: ignore[attr-defined]
    if kpi.suffix == "ratio":
        bounds = [gauges[f"{kpi.value_name}_{side}", place] for side in ("lower", "upper")]
        assert value.bounds == pytest.approx(bounds, rel=1e-9, abs=1e-12)  # type: ignore[attr-defined]
    return 1


async def test_collection_is_read_together(past: str, reviews: dict[Cadence, Review]) -> None:
    """Recovery beside compliant speech and complaints, all of them of collection."""
    review = reviews["weekly"]
    gauges = await figures(past, review.period)
    known = {kpi.slug: kpi for kpi in KPIS}
    assert [kpi.slug for kpi, _ in review.beside] == ["recovery", "compliant_speech", "complaint"]
    assert sum(compare(known[kpi.slug], row, row.now, gauges) for kpi, row in review.beside) == 3


@pytest.mark.parametrize("cadence", ["weekly", "monthly"])
async def test_every_kpi_equals_the_oracle(past: str, reviews: dict[Cadence, Review], cadence: Cadence) -> None:
    """Values, bounds and samples of the whole and of the slices with lines, in the period and the one before."""
    review = reviews[cadence]
    gauges = await figures(past, review.period), await figures(past, review.before)
    known = {kpi.slug: kpi for kpi in (*KPIS, LATENCY)}
    compared = 0
    for each in review.kpis:
        if each.kpi.slug in UPLIFTS:
            continue
        kpi = known[each.kpi.slug]
        stat = "p95" if kpi is LATENCY else ""
        for row in (each.whole, *each.slices):
            compared += compare(kpi, row, row.now, gauges[0], stat=stat)
            compared += compare(kpi, row, row.before, gauges[1], stat=stat)
    assert compared >= (38 if cadence == "weekly" else 40)


async def test_the_days_of_a_course_equal_the_oracle(past: str, reviews: dict[Cadence, Review]) -> None:
    """Each local day by itself, of the week and of the one before."""
    review = reviews["weekly"]
    early = one(review, "early_hangup")
    kpi = next(each for each in KPIS if each.slug == "early_hangup")
    for number, day in ((2, early.days[2]), (4, early.days_before[4])):
        start = (review.period if day in early.days else review.before).start + number * 86400
        gauges = await figures(past, Period(start, start + 86400))
        assert day.value == pytest.approx(gauges[kpi.value_name, at(kpi, {})], rel=1e-12)
    assert [day.day for day in early.days] == [date(2026, 3, 16) + timedelta(days=n) for n in range(7)]


async def test_uplifts_are_those_of_the_periods_end(past: str, reviews: dict[Cadence, Review]) -> None:
    """A snapshot of a later month does not change a week that is over."""
    connection = await asyncpg.connect(past)
    sql = """
        SELECT avg(value_cny) FROM ltv_snapshots WHERE arm = $1
        AND as_of = (SELECT max(as_of) FROM ltv_snapshots WHERE arm = $1 AND as_of <= $2)"""
    last = reviews["weekly"].span.last
    after, before = [await connection.fetchval(sql, arm, last) for arm in ("after", "before")]
    newest = await connection.fetchval("SELECT max(as_of) FROM ltv_snapshots")
    await connection.close()
    value = one(reviews["weekly"], "ltv_uplift").whole.now
    assert value is not None
    assert value.value == pytest.approx(float(after) / float(before) - 1, rel=1e-9)
    assert newest > last


def test_the_state_is_the_pages(reviews: dict[Cadence, Review]) -> None:
    """Rows are judged as `exporter.kpi.judge` judges gauges, slices by their own lines."""
    rows = [(each, row) for review in reviews.values() for each in review.kpis for row in (each.whole, *each.slices)]
    for each, row in rows:
        assert row.state == (None if row.now is None else judge(each.kpi, row.now, row.lines))
    assert {row.state for _, row in rows} >= {"ok", "warning", "no_target"}
    elderly = next(row for row in one(reviews["weekly"], "early_hangup").slices)
    assert elderly.labels == {"generation": "elderly"}
    assert elderly.lines.critical == 0.40


def test_effects_add_up_to_the_change(reviews: dict[Cadence, Review]) -> None:
    """What moved a KPI is the whole of its change, by every breakdown."""
    causes = [(each, cause) for review in reviews.values() for each in review.kpis for cause in each.causes]
    assert len(causes) >= 30
    for each, cause in causes:
        assert each.whole.change is not None
        assert float(cause.attribution.rate + cause.attribution.mix) == pytest.approx(each.whole.change, abs=1e-9)


def test_money_means_and_percentiles_are_not_tested(reviews: dict[Cadence, Review], catalogue: Catalogue) -> None:
    """A p-value stands beside proportions of counts, and nowhere else."""
    tested = {each.kpi.slug for review in reviews.values() for each in review.kpis if each.whole.p is not None}
    assert not tested & {"recovery", "acquisition_cost", "tts_mos", "response_latency", "incident_resolution", *UPLIFTS}
    assert {"early_hangup", "csat", "compliant_speech", "lead_conversion"} <= tested
    assert len(tested) <= len(catalogue.kpis)


async def test_the_verdict_is_of_the_days_in_the_database(past: str, reviews: dict[Cadence, Review]) -> None:
    """The p-value of the whole and of a slice is that of the counts by local day, as plain SQL has them."""
    review, connection = reviews["weekly"], await asyncpg.connect(past)
    for row, generations in (
        (one(review, "early_hangup").whole, ["elderly", "gen_x", "gen_y", "gen_z", None]),
        (one(review, "early_hangup").slices[0], ["elderly"]),
    ):
        rows = await connection.fetch(HANGUPS_BY_DAY, review.span_before.first, review.span.last, generations)
        counts = {day: Counts(early, answered) for day, early, answered in rows}
        assert len(counts) == 14
        assert row.now is not None
        assert sum(each.trials for day, each in counts.items() if day >= review.span.first) == row.now.samples
        now, before = (
            {day: each for day, each in counts.items() if (day >= review.span.first) is which}
            for which in (True, False)
        )
        assert row.p == pytest.approx(p_value(now, before))
        assert row.p is not None
        assert 0 < row.p < 1
    await connection.close()


def one(review: Review, slug: str) -> KpiReview:
    return next(each for each in review.kpis if each.kpi.slug == slug)
