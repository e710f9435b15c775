"""The acceptance test of the whole: who moved what, did the change work, and what the reviews say of it.

Figures of the document hold within sampling error; on the same data they are those of the oracle: plain SQL over
the raw tables, which shares nothing with the exporter. One file, for the history is written once per worker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from exporter.semantic.load import load_catalogue
from tests.case.conftest import CHANGE, DAY, DAYS, SHAM, SHANGHAI, Operator
from tests.case.document import (
    CONVERSION,
    CSAT,
    EARLY_HANGUP,
    FAR,
    MIX,
    WITHIN_WEEK,
    Sides,
    conversion,
    errors,
    hangups,
    whole,
)
from tests.case.pages import Table, figure, tables
from tests.oracle.attribution import effects
from tests.oracle.gauges import HERE, KPIS, Gauges, Kpi, Labels, labels, oracle, sections, snapshot
from tests.oracle.windows import ALL, HOUR, Slice, Window

CATALOGUE = load_catalogue()
# All KPIs of the oracle have a window of this name; its width is the period's.
NAME = "30d"
FACTS = """
SELECT coalesce(generation, 'all'), sum(den), sum(num) FROM ({}) AS fact
WHERE anchor >= $1 AND anchor < $2 GROUP BY ROLLUP (generation)
"""
END = CHANGE + DAYS * DAY
MONTHS = ("--window", f"{DAYS}d", "--against", "previous", "--at", END.isoformat())
BEFORE = int((CHANGE - DAYS * DAY).timestamp()), int(CHANGE.timestamp())
AFTER = int(CHANGE.timestamp()), int(END.timestamp())
CELLS = "scenario,generation,period"


def test_the_document_says_so() -> None:
    """The figures that are quoted follow from its table: 91 % are the elderly's; +3.19 points by rate, -0.19 by mix."""
    assert hangups().share("elderly") == pytest.approx(0.91, abs=0.005)
    assert 100 * conversion().rate == pytest.approx(3.19, abs=0.01)
    assert 100 * conversion().mix == pytest.approx(-0.19, abs=0.01)
    assert whole(EARLY_HANGUP) == pytest.approx((0.32, 0.22), abs=0.001)


def trials(found: dict[str, Any]) -> Sides:
    """The denominators of the document's slices."""
    slices = {each["labels"]["generation"]: each for each in found["slices"]}
    return {name: (slices[name]["before"]["denominator"], slices[name]["after"]["denominator"]) for name in MIX}


async def equals_the_oracle(dsn: str, found: dict[str, Any], section: str) -> None:
    """Both effects of every slice to 1e-9; they add up to the change to 1e-12."""
    connection = await asyncpg.connect(dsn)
    expected, change = await effects(connection, section, found["by"], BEFORE, AFTER)
    await connection.close()
    mine = {tuple(each["labels"].values()): (each["rate"], each["mix"]) for each in found["slices"]}
    assert {key for key, parts in expected.items() if any(parts)} <= mine.keys() <= expected.keys()
    assert mine == {
        key: pytest.approx((float(r), float(m)), abs=1e-9) for key, (r, m) in expected.items() if key in mine
    }
    assert found["change"] == pytest.approx(float(change), abs=1e-9)
    assert sum(map(sum, mine.values())) == pytest.approx(found["change"], abs=1e-12)
    assert found["rate"] + found["mix"] == pytest.approx(found["change"], abs=1e-12)


async def test_the_elderly_explain_the_fall_in_hangups(operator: Operator) -> None:
    """91 % of it, and by their rate: there are no more and no fewer of them."""
    found = operator.asks("attribute", "early_hangup", *MONTHS, "--by", "generation")
    assert [found["window"]["start"], found["reference"][0]["end"]] == [CHANGE.astimezone(UTC).isoformat()] * 2
    top, change = found["slices"][0], found["change"]
    assert top["labels"] == {"generation": "elderly"}
    error = errors(trials(found), EARLY_HANGUP, "elderly")
    assert top["change"] / change == pytest.approx(hangups().share("elderly"), abs=FAR * error.share)
    assert found["rate"] == pytest.approx(hangups().rate, abs=FAR * error.rate)
    assert found["mix"] == pytest.approx(0, abs=FAR * error.mix)
    assert top["p_adjusted"] < 1e-12
    assert found["reversals"] == []
    await equals_the_oracle(operator.dsn, found, "early_hangup")
    await equals_the_oracle(
        operator.dsn, operator.asks("attribute", "early_hangup", *MONTHS, "--by", CELLS), "early_hangup"
    )


async def test_conversion_rises_by_rate_and_falls_by_mix(operator: Operator) -> None:
    """Of contacts followed for seven days, in which 97 % of the applications come: 0.97 x (+3.19 and -0.19) points."""
    found = operator.asks("attribute", "lead_conversion", "--cohort", *MONTHS, "--by", "generation")
    assert found["cohort"] == {"of": "contact", "days": 7, "not_matured": {"before": 0, "after": 0}}
    error = errors(trials(found), CONVERSION, "elderly")
    assert found["rate"] == pytest.approx(WITHIN_WEEK * conversion().rate, abs=FAR * error.rate)
    assert found["mix"] == pytest.approx(WITHIN_WEEK * conversion().mix, abs=FAR * error.mix)
    assert found["rate"] > FAR * error.rate
    assert found["mix"] < 0
    await equals_the_oracle(operator.dsn, found, "contact_cohort")
    finest = operator.asks("attribute", "lead_conversion", "--cohort", *MONTHS, "--by", CELLS)
    await equals_the_oracle(operator.dsn, finest, "contact_cohort")


async def test_by_period_is_labelled_and_exact_too(operator: Operator) -> None:
    """What happened in each period, whosever: another figure, and it says so."""
    found = operator.asks("attribute", "lead_conversion", *MONTHS, "--by", "generation")
    assert (found["basis"], found["cohort"]) == ("period", None)
    await equals_the_oracle(operator.dsn, found, "lead_conversion")


def test_the_change_is_found_in_days(operator: Operator) -> None:
    """Looked at every morning: the hang-ups by the second, and once found it stays; the interval holds the truth."""
    looks = [operator.verifies("plain-words", CHANGE + day * DAY)["early_hangup"] for day in (1, 2, 3)]
    assert [look["verdict"] for look in looks[1:]] == ["works", "works"]
    truth = whole(EARLY_HANGUP)[1] - whole(EARLY_HANGUP)[0]
    for look in looks[1:]:
        last = look["tests"][0]["looks"][-1]
        assert last["lower"] <= truth <= last["upper"]


def test_after_a_month(operator: Operator) -> None:
    """What both changes did, as the simulator made it; the elderly by more than others. Looks of old stay."""
    plain, elderly = (operator.verifies(change, END) for change in ("plain-words", "for-the-elderly"))
    others = {name: share for name, share in MIX.items() if name != "elderly"}
    rest = [sum(share * EARLY_HANGUP[name][at] for name, share in others.items()) / 0.55 for at in (0, 1)]
    truths = [
        (plain["early_hangup"], whole(EARLY_HANGUP)[1] - whole(EARLY_HANGUP)[0]),
        (plain["compliant_speech"], 0.997 - 0.990),
        (elderly["early_hangup"], EARLY_HANGUP["elderly"][1] - EARLY_HANGUP["elderly"][0] - (rest[1] - rest[0])),
        (elderly["csat"], CSAT["elderly"][1] - CSAT["elderly"][0]),
        (plain["lead_conversion"], conversion().rate + conversion().mix),
    ]
    for found, truth in truths:
        last = next(test for test in found["tests"] if test["kind"] == found["basis"])["looks"][-1]
        assert last["lower"] <= truth <= last["upper"], found["kpi"]
    assert [found["verdict"] for found, _ in truths[:-1]] == ["works"] * 4
    # A sixth of the case's volume: a month may be too short to be sure of three points, and then it is not denied.
    assert plain["lead_conversion"]["verdict"] in ("works", "undecided")
    assert elderly["early_hangup"]["basis"] == "did"
    third = operator.verifies("plain-words", CHANGE + 3 * DAY)["early_hangup"]["tests"][0]["looks"]
    assert plain["early_hangup"]["tests"][0]["looks"][:3] == third


def test_nothing_is_found_where_nothing_changed(operator: Operator) -> None:
    """A change recorded on a day like any other: none of its daily looks says that it did anything."""
    looks = [operator.verifies("nothing", SHAM + day * DAY) for day in (2, 7, 14)]
    verdicts = {(kpi, one["verdict"]) for look in looks for kpi, one in look.items()}
    assert {verdict for _, verdict in verdicts} <= {"undecided", "no_effect"}
    assert ("early_hangup", "no_effect") in verdicts
    every_day = looks[-1]["early_hangup"]["tests"][0]["looks"]
    assert len(every_day) == 14
    assert all(look is not None and look["lower"] <= 0 <= look["upper"] for look in every_day)


async def gauges(operator: Operator, dimensions: tuple[str, ...], first: datetime, last: datetime) -> Gauges:
    """The oracle's, over the days of a review, of its KPIs; percentiles are left to the tests of reviews."""
    mine = [kpi.slug for kpi in KPIS if kpi.slug in CATALOGUE.kpis and CATALOGUE.kpis[kpi.slug].dimension in dimensions]
    window = Window(NAME, last - first, HOUR, by_period=False)
    connection = await asyncpg.connect(operator.dsn)
    try:
        return await oracle(connection, last, windows=(window,), kpis=mine)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("cadence", "dimensions", "period", "first", "last"),
    [
        ("weekly", ("business", "experience"), "2026-W10", CHANGE, CHANGE + 7 * DAY),
        ("monthly", ("technical", "compliance"), "2026-03", CHANGE - DAY, datetime(2026, 4, 1, tzinfo=SHANGHAI)),
    ],
)
async def test_reviews(
    operator: Operator, cadence: str, dimensions: tuple[str, ...], period: str, first: datetime, last: datetime
) -> None:
    """Every KPI's row is the oracle's; both changes with their verdicts, and the one that did nothing."""
    operator.types("review", cadence, "--period", period, "--out", "reviews")
    pages = [operator.folder / "reviews" / f"review-{cadence}-{period}.{language}.md" for language in ("zh", "en")]
    zh, en = (page.read_text("utf-8") for page in pages)
    expected, found = await gauges(operator, dimensions, first, last), tables(en)
    (table,) = [each for each in found if (each.section, each.heading) == ("Every KPI", "")]
    assert compared(table, expected) >= 30
    changes = {each.heading.split(" (")[0]: each for each in found if each.section == "Changes and their effect"}
    assert changes.keys() == {"Plain words", "For the elderly", "Nothing changed"}
    verdicts = {name: [row[-1].split(";")[0] for row in each.rows] for name, each in changes.items()}
    assert verdicts["Plain words"][0] == "works"
    assert {"大白话", "有效"} <= set(re.split(r"[ ；|（(]+", zh))
    assert set(verdicts["Nothing changed"]) <= {"undecided", "does not work"}
    verified = operator.verifies("plain-words", last)["early_hangup"]["tests"][0]["looks"][-1]
    effect = figure(changes["Plain words"].rows[0][1])
    assert effect is not None
    assert effect.shows(100 * verified["estimate"])
    if cadence == "weekly":
        await cohorts_stand_beside(operator, found, expected, first, last)


def compared(table: Table, expected: Gauges) -> int:
    """Values and samples of all rows that the oracle knows; returns how many figures were compared."""
    count = 0
    for kpi, at, row in kpi_rows(table):
        for column, name in (("This period", kpi.value_name), ("Samples", kpi.samples_name)):
            shown = figure(row[table.column(column)])
            if shown is not None:
                assert shown.shows(expected[name, at]), (kpi.slug, row)
                count += 1
    return count


def kpi_rows(table: Table) -> Iterator[tuple[Kpi, Labels, tuple[str, ...]]]:
    """The rows of a review's table with the oracle's KPI and labels; those of slices follow their KPI's."""
    known, title = {kpi.slug: kpi for kpi in KPIS}, ""
    slugs = {kpi.title.en: kpi.slug for kpi in CATALOGUE.kpis.values()}
    for row in table.rows:
        title, member = (title, row[0][2:]) if row[0].startswith("· ") else (row[0], "")
        kpi = known.get(slugs.get(title, ""))
        if kpi is not None:
            yield kpi, labels((NAME, cell(kpi, member)), kpi.own_label), row


def cell(kpi: Kpi, member: str) -> Slice:
    """The whole, or a member of the generations or of the KPI's own label, by its title."""
    for label in ("generation", kpi.own_label):
        spec = CATALOGUE.dimensions.get(label)
        for name, title in spec.values.items() if spec is not None else ():
            if title.en == member:
                return Slice(
                    ALL, name if label == "generation" else ALL, ALL, ALL, ALL if label == "generation" else name
                )
    assert not member
    return Slice(ALL, ALL, ALL, ALL, ALL)


async def cohorts_stand_beside(
    operator: Operator, found: list[Table], expected: Gauges, first: datetime, last: datetime
) -> None:
    """Conversion by contact cohort is the oracle's, and named so; beside it the period's figure."""
    (table,) = [each for each in found if each.heading.startswith("Conversion by contact cohort")]
    connection = await asyncpg.connect(operator.dsn)
    sql = (HERE / "calls.sql").read_text("utf-8") + FACTS.format(sections()["contact_cohort"])
    async with snapshot(connection, "Asia/Shanghai"):
        rows = {name: counts for name, *counts in await connection.fetch(sql, first, last)}
    await connection.close()
    titles = {title.en: name for name, title in CATALOGUE.dimensions["generation"].values.items()}
    conversion = next(kpi for kpi in KPIS if kpi.slug == "lead_conversion")
    columns = [table.column(name) for name in ("7 days over", "Applied in 7 days", "Cohort conversion", "By period")]
    for row in table.rows:
        name = titles.get(row[0], "unknown" if row[0] == "Unknown" else ALL)
        contacted, applied = rows[name]
        by_period = expected[conversion.value_name, labels((NAME, Slice(ALL, name, ALL, ALL, ALL)))]
        for at, value in zip(columns, (contacted, applied, applied / contacted, by_period), strict=True):
            shown = figure(row[at])
            assert shown is not None, row
            assert shown.shows(float(value)), row
    assert len(table.rows) == len(rows)
