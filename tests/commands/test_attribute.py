"""`attribute` reads two periods and says which slices explain the change."""

from __future__ import annotations

import json
from pathlib import Path

import asyncpg
import pytest

from exporter.commands.table import width
from tests.commands.process import Done, run
from tests.oracle.attribution import effects

# Nine days of calls to the first of April: the elderly hang up more in the last 24 h, in the evening above all.
FILL = """
INSERT INTO calls (call_id, scenario, generation, dialed_at, answered_at, ended_at, answered_by, hangup_by)
SELECT n, (ARRAY['acquisition', 'collection'])[1 + n % 2], (ARRAY['gen_z', 'elderly', 'elderly'])[1 + n % 3],
    at - interval '5 seconds', at - interval '5 seconds', at, 'human',
    CASE WHEN n % 10 < 2 OR (n % 3 > 0 AND n % 5 < 4 AND at >= '2026-03-31 00:00+08'
        AND extract(hour FROM at AT TIME ZONE 'Asia/Shanghai') >= 18) THEN 'customer' END
FROM generate_series(1, 9 * 480) AS n
CROSS JOIN LATERAL (SELECT '2026-04-01 00:00+08'::timestamptz - make_interval(mins => 3 * n, secs => -1)) AS due (at);
INSERT INTO cost_ledger (entry_id, booked_at, scenario, amount_cny)
VALUES (1, '2026-03-30 10:00+08', 'acquisition', 100), (2, '2026-03-31 10:00+08', 'acquisition', 300);
INSERT INTO credit_applications (application_id, customer_id, source_call_id, applied_at, granted_at)
SELECT n, n, CASE WHEN n < 40 THEN n * 2 ELSE 480 + n * 2 END, at, at
FROM generate_series(1, 80) AS n CROSS JOIN LATERAL (
    SELECT CASE WHEN n < 40 THEN '2026-03-31 12:00+08' ELSE '2026-03-30 12:00+08' END::timestamptz) AS due (at);
UPDATE calls SET cost_cny = 0.5;
"""
END = 1774972800  # 2026-04-01 00:00+08
DAY = 86400


@pytest.fixture
async def opened(database: str) -> asyncpg.Connection[asyncpg.Record]:
    """A connection to the filled database."""
    connection = await asyncpg.connect(database)
    await connection.execute(FILL)
    return connection


def attribute(database: str, folder: Path, *words: str) -> Done:
    return run("attribute", *words, "--at", "2026-04-01", folder=folder, settings={"database_url": database})


async def test_the_best_labels(database: str, opened: asyncpg.Connection[asyncpg.Record], tmp_path: Path) -> None:
    """Unless asked for, those labels make the slices that explain the change best; within a day not the period."""
    done = attribute(database, tmp_path, "early_hangup")
    found = json.loads(attribute(database, tmp_path, "early_hangup", "--format", "json").out)
    assert found["by"] == ["generation", "period"]
    assert "by the labels that explain it best; --by scenario,generation,period" in done.out
    hours = json.loads(attribute(database, tmp_path, "early_hangup", "--window", "4h", "--format", "json").out)
    assert "period" not in hours["by"]
    await opened.close()


async def test_text(database: str, opened: asyncpg.Connection[asyncpg.Record], tmp_path: Path) -> None:
    """Both languages, both periods, the sentence, the slices with their samples, chance; columns stand straight."""
    done = attribute(database, tmp_path, "30秒内挂断率", "--by", "generation,period")
    assert (done.status, done.err) == (0, "")
    for text in (
        "early_hangup  30秒内挂断率  Early hang-up rate (30 s)",
        "2026-03-31 00:00 – 2026-04-01 00:00 (Asia/Shanghai)",
        "前一窗口 the window before: 2026-03-30 00:00 – 2026-03-31 00:00",
        "+10.0 个百分点，其中 5.0 来自 老年 × 晚间",
        "+10.0 points, 5.0 of them Elderly x Evening",
        "整体 Whole",
        "老年 × 晚间  Elderly x Evening",
        "显著变化的切片 slices that changed by more than chance: ",
    ):
        assert text in done.out
    lines = done.out.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("  切片 slice"))
    table = lines[start : lines.index("", start)]
    assert len({width(line) for line in table}) == 1
    await opened.close()


@pytest.mark.parametrize("slug", ["early_hangup", "acquisition_cost"])
async def test_json_is_the_oracles(
    database: str, opened: asyncpg.Connection[asyncpg.Record], tmp_path: Path, slug: str
) -> None:
    """Every effect of the finest slices, the ledger's among them."""
    done = attribute(database, tmp_path, slug, "--by", "scenario,generation,period", "--format", "json")
    assert (done.status, done.err) == (0, "")
    found = json.loads(done.out)
    expected, change = await effects(opened, slug, found["by"], (END - 2 * DAY, END - DAY), (END - DAY, END))
    slices = {tuple(each["labels"].values()): (each["rate"], each["mix"]) for each in found["slices"]}
    assert slices == {key: pytest.approx((float(r), float(m)), abs=1e-9) for key, (r, m) in expected.items()
                      if key in slices}  # fmt: skip
    assert all(not any(effect) for key, effect in expected.items() if key not in slices)
    assert found["change"] == pytest.approx(float(change), abs=1e-9)
    assert (("acquisition", "all", "all") in slices) == (slug == "acquisition_cost")
    await opened.close()


@pytest.mark.parametrize(
    ("against", "days"), [("day-before", [1]), ("week-before", [7]), ("same-hours", [1, 2, 3, 4, 5, 6, 7])]
)
async def test_references(
    database: str, opened: asyncpg.Connection[asyncpg.Record], tmp_path: Path, against: str, days: list[int]
) -> None:
    """The same hours of other days; several are pooled."""
    done = attribute(database, tmp_path, "early_hangup", "--window", "4h", "--against", against, "--format", "json")
    found = json.loads(done.out)
    answered, hangups = await opened.fetchrow(
        """SELECT count(*), count(hangup_by) FROM calls JOIN unnest($1::int[]) AS days ON
             ended_at >= '2026-03-31 20:00+08'::timestamptz - make_interval(days => days)
             AND ended_at < '2026-04-01 00:00+08'::timestamptz - make_interval(days => days)""",
        days,
    ) or (0, 0)
    assert (found["before"]["denominator"], found["before"]["numerator"]) == (answered, hangups)
    assert found["after"]["denominator"] == 80
    assert found["window"] == {"start": "2026-03-31T12:00:00+00:00", "end": "2026-03-31T16:00:00+00:00"}
    assert len(found["reference"]) == len(days)
    await opened.close()


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (("early_hangups",), 2, "there is no KPI 'early_hangups'. Fix: did you mean early_hangup"),
        (("response_latency",), 2, "percentiles do not add up"),
        (("ltv_uplift",), 2, "it has no past"),
        (("csat", "--window", "24"), 2, "--window '24' is not a span of up to 366 days"),
        (("csat", "--window", "400d"), 2, "--window '400d' is not a span"),
        (("csat", "--by", "agent"), 2, "--by names 'agent', which is no label. Fix: choose from generation, period,"),
        (("recovery", "--by", "period"), 2, "recovery cannot be broken down by period. Fix: choose from bucket,"),
        (("incident_resolution",), 2, "its facts have no labels"),
        (("csat", "--window", "7d", "--against", "day-before"), 2, "it would meet its own reference"),
        (("csat",), 1, "csat has no value in the window or in its reference"),
        (("csat", "--against", "yesterday"), 2, "invalid choice: 'yesterday'"),
    ],
)
async def test_errors(database: str, tmp_path: Path, words: tuple[str, ...], status: int, text: str) -> None:
    """One sentence each, with the fix."""
    done = attribute(database, tmp_path, *words)
    assert (done.status, done.out) == (status, "")
    assert text in done.err
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("at", "text"),
    [("soon", "is not an instant"), ("2999-01-01", "is in the future"), ("0001-01-01", "far in the past")],
)
def test_instants(database: str, tmp_path: Path, at: str, text: str) -> None:
    """What is no instant, or cannot be read."""
    done = run("attribute", "csat", "--at", at, folder=tmp_path, settings={"database_url": database})
    assert (done.status, done.out) == (2, "")
    assert text in done.err


async def test_a_table_that_is_missing(database: str, tmp_path: Path) -> None:
    """Told as `serve` tells it."""
    connection = await asyncpg.connect(database)
    await connection.execute("DROP TABLE surveys")
    await connection.close()
    done = attribute(database, tmp_path, "csat")
    assert (done.status, done.out) == (1, "")
    assert "surveys does not exist: create it, or map it under sources" in done.err
