"""The gauges of changes: when they took effect, what they have done so far, and when nothing can be said."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from exporter.calldb.connect import Access
from exporter.calldb.period import reading
from exporter.calldb.sides import verify_change
from exporter.expose.changes import EFFECT, LOWER, MOST_VERIFIED, P_VALUE, TIMESTAMP, UPPER, VERDICT, ChangeGauges
from exporter.kpi.verification import Verdict
from exporter.semantic.changes import Change, load_changes
from exporter.semantic.load import load_catalogue
from tests.support.gauges import Stepper, stepper
from tests.support.scrape import Samples, parse

CATALOGUE = load_catalogue()
DAY = 86_400
# 25 days of calls, one in ten minutes; of the elderly 45 % hang up, since the change 5 %; of the others 20 %.
CALLS = """
INSERT INTO calls (call_id, scenario, generation, dialed_at, answered_at, ended_at, answered_by, hangup_by)
SELECT n, 'acquisition', CASE WHEN n % 2 = 0 THEN 'elderly' ELSE 'gen_y' END, at, at, at, 'human',
    CASE WHEN (n * 7919) % 100 < CASE WHEN n % 2 = 1 THEN 20 WHEN at < now() - interval '8 days' THEN 45 ELSE 5 END
    THEN 'customer' END
FROM generate_series(1, 3600) AS n CROSS JOIN LATERAL (SELECT now() - n * interval '10 minutes') AS due (at)
"""


def recorded(folder: Path, days_ago: float = 8) -> tuple[Change, ...]:
    """A change of the elderly's script so many days ago, one of long ago, one to come, one that names no KPI."""
    at = datetime.fromtimestamp(time.time() - days_ago * DAY, UTC).isoformat()
    path = folder / "changes.yaml"
    path.write_text(
        f"""\
changes:
  - id: plain
    at: "{at}"
    kind: script
    title: {{zh: 大白话, en: 'Plain "words"'}}
    scope: {{generation: elderly}}
    kpis: {{early_hangup: {{delta: -0.2}}, csat: {{}}, connect: {{}}}}
  - {{id: old, at: 2020-01-01T00:00:00Z, kind: model, title: {{zh: 旧, en: Old}}, kpis: [early_hangup]}}
  - {{id: planned, at: 2099-01-01T00:00:00Z, kind: other, title: {{zh: 未来, en: Planned}}, kpis: [early_hangup]}}
  - {{id: mark, at: 2026-01-01T00:00:00Z, kind: lexicon, title: {{zh: 词库, en: Lexicon}}}}
""",
        "utf-8",
    )
    return load_changes(path, CATALOGUE)


def page(exporter: Stepper, gauges: ChangeGauges) -> Samples:
    """The families as they would be shown now."""
    lanes = exporter.lanes
    fresh = [name for name in lanes.catalogue.datasets if lanes.is_fresh(name)]
    return parse("".join(family.render() for family in gauges.families(lanes.tracker, fresh).values()))


def compute(exporter: Stepper, gauges: ChangeGauges) -> Samples:
    """As every few minutes."""
    gauges.compute(gauges.capture(exporter.lanes.tracker))
    return page(exporter, gauges)


def values(samples: Samples, name: str) -> dict[tuple[str, ...], float]:
    """Of one family, by the values of its labels in their order."""
    return {tuple(value for _, value in at): value for (family, at), value in samples.items() if family == name}


async def test_the_gauges_are_the_commands(database: str, tmp_path: Path) -> None:
    """From the buckets the same as `verify` reads from the call database as of the same instant."""
    changes = recorded(tmp_path)
    connection = await asyncpg.connect(database)
    await connection.execute(CALLS)
    await connection.close()
    async with stepper(database) as exporter:
        gauges = ChangeGauges(CATALOGUE, changes)
        await exporter.poll()
        assert {name for name, _ in compute(exporter, gauges)} == {TIMESTAMP}
        await exporter.backfill()
        samples = compute(exporter, gauges)
        as_of = exporter.lanes.tracker.cube.as_of
    plain = next(change for change in changes if change.id == "plain")
    async with reading(Access(database), CATALOGUE) as past:
        found = {one.kpi: one for one in (await verify_change(past, CATALOGUE, plain, as_of)).found}
    hangup = found["early_hangup"]
    assert hangup.verdict is Verdict.WORKS
    assert hangup.difference is not None
    assert hangup.did is not None
    for tested in (hangup.difference, hangup.did):
        at, look = ("plain", tested.kind, "early_hangup"), tested.look
        assert look is not None
        assert values(samples, EFFECT)[at] == pytest.approx(look.estimate)
        assert values(samples, LOWER)[at] == pytest.approx(look.lower)
        assert values(samples, UPPER)[at] == pytest.approx(look.upper)
    assert hangup.did.look is not None
    assert values(samples, P_VALUE)["plain", "early_hangup"] == pytest.approx(hangup.did.look.p_value)
    assert values(samples, VERDICT)["plain", "early_hangup"] == 1
    # Nobody answered a survey, every dial was answered, the others are too old or to come: nothing can be said of them.
    assert set(values(samples, VERDICT)) == {("plain", "early_hangup")}


async def test_timestamps_are_always_there(database: str, tmp_path: Path) -> None:
    """Whether or not there is anything to verify; titles are escaped."""
    changes = recorded(tmp_path)
    async with stepper(database) as exporter:
        samples = page(exporter, ChangeGauges(CATALOGUE, changes))
    found = {dict(at)["change"]: (dict(at), value) for (name, at), value in samples.items() if name == TIMESTAMP}
    assert {name: value for name, (_, value) in found.items()} == {change.id: change.at for change in changes}
    assert found["plain"][0] == {
        "change": "plain",
        "kind": "script",
        "title_zh": "大白话",
        "title_en": 'Plain "words"',
    }


async def test_absent_when_not_fresh_not_covered_or_too_old(database: str, tmp_path: Path) -> None:
    """At once when a dataset is withdrawn or begun anew; and when the days before are older than what is kept."""
    connection = await asyncpg.connect(database)
    await connection.execute(CALLS)
    await connection.close()
    async with stepper(database) as exporter:
        gauges, tracker = ChangeGauges(CATALOGUE, recorded(tmp_path)), exporter.lanes.tracker
        await exporter.poll()
        await exporter.backfill()
        assert values(compute(exporter, gauges), EFFECT)
        assert gauges.families(tracker, [])[EFFECT].series() == 0
        kept = compute(exporter, ChangeGauges(CATALOGUE, recorded(tmp_path, days_ago=15.5)))
        assert values(kept, EFFECT)
        too_old = compute(exporter, ChangeGauges(CATALOGUE, recorded(tmp_path, days_ago=16.5)))
        assert not values(too_old, EFFECT)
        tracker.start_over("dial")
        assert not values(page(exporter, gauges), EFFECT)
        assert not values(compute(exporter, gauges), EFFECT)


async def test_series_are_bounded(database: str, tmp_path: Path) -> None:
    """Of many changes the newest are verified; each has its timestamp."""
    many = "".join(
        f"  - {{id: c{n}, at: {datetime.fromtimestamp(time.time() - (9 + n / 24) * DAY, UTC).isoformat()}, kind: other,"
        f" title: {{zh: 甲, en: A}}, scope: {{generation: elderly}}, kpis: [early_hangup]}}\n"
        for n in range(MOST_VERIFIED + 10)
    )
    path = tmp_path / "many.yaml"
    path.write_text(f"changes:\n{many}", "utf-8")
    connection = await asyncpg.connect(database)
    await connection.execute(CALLS)
    await connection.close()
    async with stepper(database) as exporter:
        gauges = ChangeGauges(CATALOGUE, load_changes(path, CATALOGUE))
        await exporter.poll()
        await exporter.backfill()
        samples = compute(exporter, gauges)
    assert len(values(samples, TIMESTAMP)) == MOST_VERIFIED + 10
    assert {change for change, _ in values(samples, VERDICT)} == {f"c{n}" for n in range(MOST_VERIFIED)}
