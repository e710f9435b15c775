"""The gauges of attribution: what they compare, that they add up to the change, and when they are withdrawn."""

from __future__ import annotations

import asyncio
import math
import subprocess
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.expose.attribution import BY, END_NAME, NAMES, SPANS, TOP, Attributor, shown
from exporter.kpi.attribution import Attribution, Effect, Part
from tests.commands.process import service
from tests.oracle.attribution import effects
from tests.support.gauges import Stepper, stepper
from tests.support.scrape import Samples, parse

Rows = list[tuple[dict[str, str], float]]

# Two days and more of calls, two a minute; hang-ups depend on hour and generation.
CALLS = """
INSERT INTO calls (call_id, scenario, generation, dialed_at, answered_at, ended_at, answered_by, hangup_by)
SELECT n, (ARRAY['acquisition', 'collection', 'operations'])[1 + n % 3],
    (ARRAY['gen_z', 'gen_y', 'gen_x', 'elderly'])[1 + (n / 3) % 4], at - interval '9 seconds',
    at - interval '9 seconds', at, 'human',
    CASE WHEN (n * 7919) % 97 < 20 + extract(hour FROM at) + 9 * (n % 4) THEN 'customer' END
FROM generate_series(1, 6000) AS n
CROSS JOIN LATERAL (SELECT date_trunc('minute', now()) - make_interval(secs => n * 31 - 15)) AS due (at)
"""


def page(exporter: Stepper, attributor: Attributor) -> Samples:
    """The families as they would be shown now."""
    lanes = exporter.lanes
    fresh = [name for name in lanes.catalogue.datasets if lanes.is_fresh(name)]
    families = attributor.families(lanes.tracker, fresh)
    return parse("".join(family.render() for family in families.values()))


def compute(exporter: Stepper, attributor: Attributor) -> Samples:
    """As once a minute."""
    attributor.compute(attributor.capture(exporter.lanes.tracker))
    return page(exporter, attributor)


def by_kpi(samples: Samples, name: str) -> dict[tuple[str, str], Rows]:
    """(kpi, window) -> labels and values of a family."""
    found: dict[tuple[str, str], Rows] = defaultdict(list)
    for (family, labels), value in samples.items():
        if family == name:
            at = dict(labels)
            found[at["kpi"], at["window"]].append((at, value))
    return found


async def test_gauges_are_the_oracles(database: str) -> None:
    """The five slices that matter most, the others together, and the change: by plain SQL of both periods."""
    connection = await asyncpg.connect(database)
    await connection.execute(CALLS)
    async with stepper(database) as exporter:
        attributor = Attributor(exporter.lanes.catalogue)
        await exporter.poll()
        assert compute(exporter, attributor) == {}
        await exporter.backfill()
        samples = compute(exporter, attributor)
    ends = {dict(labels)["window"]: int(value) for (name, labels), value in samples.items() if "end" in name}
    changes = by_kpi(samples, "outcall_attribution_change")
    found = by_kpi(samples, "outcall_attribution_effect")
    assert ends.keys() == SPANS.keys()
    assert ends["24h"] % 3600 == 0
    for window, (_, seconds) in SPANS.items():
        end = ends[window]
        for slug in ("early_hangup", "effective_contact"):
            periods = (end - 2 * seconds, end - seconds), (end - seconds, end)
            rows = found[slug, window]
            # Everybody was contacted: then there is no effect to be broken down.
            by = tuple(rows[0][0]["by"].split(",")) if rows else BY[:2]
            assert window == "24h" or "period" not in by
            expected, change = await effects(connection, slug, by, *periods)
            assert changes[slug, window][0][1] == pytest.approx(float(change), abs=1e-12)
            wide = {widened(by, key): tuple(map(float, both)) for key, both in expected.items()}
            check(rows, wide, float(change), widened(by, ("other",) * len(by)))
    await connection.close()


def widened(by: tuple[str, ...], key: tuple[str, ...]) -> tuple[str, ...]:
    """A slice by some labels as its series is labelled."""
    return tuple(dict(zip(by, key, strict=True)).get(label, "all") for label in BY)


async def test_the_slice_that_explains(database: str) -> None:
    """What one label names is broken down by it, and that slice alone has a p-value; sums are of one breakdown."""
    connection = await asyncpg.connect(database)
    await connection.execute(CALLS)
    await connection.execute(
        "UPDATE calls SET hangup_by = CASE WHEN call_id % 10 < 8 THEN 'customer' END "
        "WHERE generation = 'elderly' AND ended_at >= date_trunc('hour', now()) - interval '24 hours'"
    )
    await connection.close()
    async with stepper(database) as exporter:
        attributor = Attributor(exporter.lanes.catalogue)
        await exporter.poll()
        await exporter.backfill()
        samples = compute(exporter, attributor)
    at = "early_hangup", "24h"
    ((labels, likely),) = by_kpi(samples, "outcall_attribution_q_value")[at]
    rows = by_kpi(samples, "outcall_attribution_effect")[at]
    assert [labels[label] for label in ("by", *BY)] == ["generation", "all", "elderly", "all"]
    assert 0 <= likely < 0.001
    assert {given["by"] for given, _ in rows} == {"generation"}
    elderly = math.fsum(value for given, value in rows if given["generation"] == "elderly")
    assert elderly > 0.6 * by_kpi(samples, "outcall_attribution_change")[at][0][1] > 0


def check(rows: Rows, expected: dict[tuple[str, ...], tuple[float, ...]], change: float, pool: tuple[str, ...]) -> None:
    """Of one KPI and window: the rows against the effects of every slice."""
    assert math.fsum(value for _, value in rows) == pytest.approx(change, abs=1e-12)
    given_by_key = {(at["effect"], *(at[label] for label in BY)): value for at, value in rows}
    keys = {key[1:] for key in given_by_key}
    ranked = sorted(expected.items(), key=lambda item: -abs(sum(item[1])))
    assert len(keys) <= TOP + 1
    for key in keys - {pool}:
        assert abs(sum(expected[key])) >= abs(sum(ranked[min(TOP, len(ranked)) - 1][1])) - 1e-12
        for effect, value in zip(("rate", "mix"), expected[key], strict=True):
            assert given_by_key[effect, *key] == pytest.approx(value, abs=1e-12)


async def test_what_changes_is_followed(database: str) -> None:
    """Corrections, deletions and a turn of the hour: as computed anew by another one from nothing."""
    connection = await asyncpg.connect(database)
    await connection.execute(CALLS)
    async with stepper(database) as exporter:
        attributor = Attributor(exporter.lanes.catalogue)
        await exporter.poll()
        await exporter.backfill()
        before = compute(exporter, attributor)
        await connection.execute("UPDATE calls SET generation = 'elderly', hangup_by = 'customer', "
                                 "updated_at = clock_timestamp() WHERE call_id % 5 = 0")  # fmt: skip
        await connection.execute("DELETE FROM calls WHERE call_id % 11 = 0")
        await exporter.poll()
        await exporter.reconcile()
        after = compute(exporter, attributor)
        assert after == compute(exporter, Attributor(exporter.lanes.catalogue))
        assert after != before
        exporter.lanes.tracker.cube.advance(exporter.lanes.tracker.cube.as_of + 3700)
        assert compute(exporter, attributor) == compute(exporter, Attributor(exporter.lanes.catalogue))
    await connection.close()


async def test_withdrawn_when_not_fresh_or_not_covered(database: str) -> None:
    """At once, not a minute later; and sums begin anew when a dataset does."""
    connection = await asyncpg.connect(database)
    await connection.execute(CALLS)
    await connection.close()
    async with stepper(database) as exporter:
        attributor, tracker = Attributor(exporter.lanes.catalogue), exporter.lanes.tracker
        await exporter.poll()
        await exporter.backfill()
        there = compute(exporter, attributor)
        assert ("early_hangup", "24h") in by_kpi(there, "outcall_attribution_change")
        assert attributor.families(tracker, [])["outcall_attribution_change"].series() == 0
        tracker.start_over("dial")
        assert ("early_hangup", "24h") not in by_kpi(page(exporter, attributor), "outcall_attribution_change")
        await exporter.poll()
        assert ("early_hangup", "1h") not in by_kpi(compute(exporter, attributor), "outcall_attribution_change")
        await exporter.backfill()
        assert compute(exporter, attributor) == compute(exporter, Attributor(exporter.lanes.catalogue))


FRACTIONS = st.fractions(-1, 1, max_denominator=999)


@given(st.dictionaries(st.tuples(*(st.sampled_from(["a", "b", "other"]) for _ in BY)), st.tuples(FRACTIONS, FRACTIONS)))
def test_shown_add_up(given_effects: dict[tuple[str, ...], tuple[Fraction, Fraction]]) -> None:
    """However many slices there are, few are shown, each once, and the sums are those of all."""
    found = [Effect(key, Part(1, 1), Part(1, 1), rate, mix) for key, (rate, mix) in given_effects.items()]
    found.sort(key=lambda effect: -abs(effect.total))
    whole = Part(0, 1), Part(1, 1)
    rows = shown(Attribution(*whole, (0, 0), tuple(found), None, ()), len(BY))
    assert len(rows) <= TOP + 1
    assert len({key for key, *_ in rows}) == len(rows)
    sums = (math.fsum(rate for _, rate, _ in rows), math.fsum(mix for *_, mix in rows))
    totals = (sum(parts[place] for parts in given_effects.values()) for place in (0, 1))
    assert sums == pytest.approx([float(total) for total in totals], abs=1e-12)


def test_what_is_named_is_shown() -> None:
    """However many slices did more, in the other direction."""
    against = [Effect((str(n), "a", "a"), Part(1, 1), Part(1, 1), Fraction(-n), Fraction(0)) for n in range(19, 9, -1)]
    along = Effect(("b", "b", "b"), Part(1, 1), Part(1, 1), Fraction(9), Fraction(0))
    whole = Part(0, 1), Part(1, 1)
    rows = shown(Attribution(*whole, (0, 0), (*against, along), None, ()), len(BY))
    assert along.key in {key for key, *_ in rows}
    assert len(rows) == TOP + 1


async def test_a_service_shows_them(database: str, tmp_path: Path) -> None:
    """Wired: they stand on the page soon after the history is read, and promtool has nothing to say."""
    connection = await asyncpg.connect(database)
    await connection.execute(CALLS)
    await connection.close()
    settings = {"database_url": database, "listen": "127.0.0.1:0", "poll_interval": "1", "state_dir": str(tmp_path)}
    with service(tmp_path, settings) as running:
        await asyncio.to_thread(running.await_page, 'outcall_attribution_reversal{kpi="early_hangup",window="24h"} 0')
        text = await asyncio.to_thread(running.page)
    page = "".join(f"{line}\n" for line in text.splitlines() if "outcall_attribution_" in line)
    assert {name for name, _ in parse(page)} | {NAMES["q_value"]} == {*NAMES.values(), END_NAME}
    assert await asyncio.to_thread(objections, page) == ""


def objections(page: str) -> str:
    """What promtool says of a page."""
    done = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
