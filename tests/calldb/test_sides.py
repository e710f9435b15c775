"""Verification from the call database: every dataset and day is read once, and no more than can matter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from exporter.calldb.connect import Access, connection
from exporter.calldb.period import PATIENCE, Each, Past, Period, Progress, Read
from exporter.calldb.sides import MOST_DAYS_AFTER, Verified, verify_change, verify_changes
from exporter.kpi.verification import Reason, Verdict
from exporter.kpi.verification_words import sentence
from exporter.semantic.changes import Aim, Change
from exporter.semantic.load import load_catalogue
from exporter.semantic.spec import Text

START = datetime(2026, 3, 1, 16, tzinfo=UTC)
HOUR, DAY = 3600, 86_400
# Forty days of calls, one in ten minutes; of the elderly 45 % hang up, from day 20 on 5 %; of the others 20 %.
CALLS = """
INSERT INTO calls (call_id, scenario, generation, dialed_at, answered_at, ended_at, answered_by, hangup_by)
SELECT n, 'acquisition', CASE WHEN n % 2 = 0 THEN 'elderly' ELSE 'gen_y' END, at, at, at, 'human',
    CASE WHEN (n * 7919) % 100 < CASE WHEN n % 2 = 1 THEN 20 WHEN n < 20 * 144 THEN 45 ELSE 5 END THEN 'customer' END
FROM generate_series(0, 40 * 144 - 1) AS n
CROSS JOIN LATERAL (SELECT $1::timestamptz + n * interval '10 minutes') AS due (at)
"""
# Plain SQL over the raw table, by itself.
HANGUPS = """
SELECT count(*) FILTER (WHERE hangup_by = 'customer'), count(*)
FROM calls WHERE generation = $3 AND ended_at >= $1 AND ended_at < $2
"""


class Watched(Past):
    """Keeps what was read: dataset and period."""

    seen: list[tuple[str, Period]]

    async def read(
        self, names: Collection[str], period: Period, *, each: Each | None = None, progress: Progress | None = None
    ) -> Read:
        self.seen += [(name, period) for name in names]
        return await super().read(names, period, each=each, progress=progress)


def at(days: float) -> int:
    """Unix seconds, so many days after the first call."""
    return int((START + timedelta(days=days)).timestamp())


def change(name: str, days: float, *kpis: str) -> Change:
    """A change of the elderly's script."""
    aims = tuple(Aim(kpi, higher=False) for kpi in kpis or ("early_hangup",))
    scope = {"generation": frozenset({"elderly"})}
    return Change(name, at(days), "script", Text(zh="话术", en="Script"), scope, None, None, aims)


@pytest.fixture
async def filled(database: str) -> str:
    writer = await asyncpg.connect(database)
    await writer.execute(CALLS, START)
    await writer.close()
    return database


async def verified(
    dsn: str, changes: list[Change], days: float, timezone: str = "Asia/Shanghai"
) -> tuple[tuple[Verified, ...], list[tuple[str, Period]]]:
    """The changes as of so many days after the first call, and what was read for it."""
    catalogue = load_catalogue(timezone=timezone)
    async with connection(Access(dsn), statement_timeout=PATIENCE) as opened:
        past = Watched(catalogue, opened, Access(dsn), PATIENCE)
        past.seen = []
        return await verify_changes(past, catalogue, changes, at(days)), past.seen


async def alone(dsn: str, one: Change, days: float) -> Verified:
    """One of them by itself."""
    catalogue = load_catalogue()
    async with connection(Access(dsn), statement_timeout=PATIENCE) as opened:
        return await verify_change(Past(catalogue, opened, Access(dsn), PATIENCE), catalogue, one, at(days))


async def test_days_are_read_once_for_all_changes(filled: str) -> None:
    """Their spans overlap; each change is what it is by itself."""
    changes = [change("early", 16.3), change("at-noon", 20.5, "early_hangup", "hangup"), change("late", 27)]
    found, seen = await verified(filled, changes, 35)
    assert max(Counter((name, period.start // DAY) for name, period in seen).values()) == 1
    hours = Counter((name, hour) for name, period in seen for hour in range(period.start, period.end, HOUR))
    assert max(hours.values()) == 1
    assert [each.change.id for each in found] == ["early", "at-noon", "late"]
    for each in found:
        assert each == await alone(filled, each.change, 35)
    assert found[1].found[0].verdict is Verdict.WORKS


@pytest.mark.parametrize("timezone", ["Asia/Shanghai", "Asia/Kolkata", "America/New_York"])
async def test_counts_are_those_of_plain_sql(filled: str, timezone: str) -> None:
    """Wherever the days of the business are cut."""
    ((found,), _) = await verified(filled, [change("plain", 20.3)], 33, timezone)
    (hangup,) = found.found
    reader = await asyncpg.connect(filled)
    assert hangup.untouched is not None
    for arms, generation in ((hangup.treated, "elderly"), (hangup.untouched, "gen_y")):
        for span, counts in ((hangup.before, arms.before), (hangup.after, arms.after)):
            bounds = [datetime.fromtimestamp(each, UTC) for each in (span.start, span.end)]
            row = await reader.fetchrow(HANGUPS, *bounds, generation)
            assert row is not None
            assert (counts.successes, counts.trials) == tuple(row)
            assert counts.trials > 500
    await reader.close()


async def test_where_nothing_was_before_nothing_is_read_after(filled: str) -> None:
    """A change of long ago costs the days before it; one to come costs nothing."""
    (old, future), seen = await verified(filled, [change("old", -9000), change("future", 50)], 40)
    assert [each.found[0].reason for each in (old, future)] == [Reason.NO_BEFORE, Reason.FUTURE]
    assert max(period.end for _, period in seen) <= at(-9000)
    assert len({period.start for _, period in seen}) <= 15


async def test_what_comes_long_after_is_not_read(filled: str) -> None:
    """A year and no more, and that is said; there is no use in looking again."""
    ((found,), seen) = await verified(filled, [change("plain", 20)], 4000)
    (hangup,) = found.found
    assert hangup.after.days == MOST_DAYS_AFTER
    assert max(period.end for _, period in seen) <= hangup.after.end
    assert f"the first {MOST_DAYS_AFTER} days are looked at" in sentence(hangup, "Asia/Shanghai").en
    assert hangup.again is None


async def test_a_refused_source_is_asked_once(filled: str) -> None:
    """Its KPIs are not read, of each change that has one; the others are."""
    owner = await asyncpg.connect(filled)
    await owner.execute("DROP TABLE surveys")
    await owner.close()
    changes = [change("one", 20, "csat", "early_hangup"), change("other", 21, "csat"), change("third", 21)]
    found, seen = await verified(filled, changes, 35)
    assert [[one.reason is Reason.NOT_READ for one in each.found] for each in found] == [[True, False], [True], [False]]
    assert [bool(each.failed) for each in found] == [True, True, False]
    assert all(count == 1 for name, count in Counter(name for name, _ in seen).items() if name.startswith("survey"))


async def test_what_others_changed_is_not_untouched(filled: str) -> None:
    """The other generation's script was changed meanwhile, so there is nothing to compare with."""
    plain = change("plain", 20)
    other = replace(change("other", 24), scope={"generation": frozenset({"gen_y"})})
    (by_itself,), _ = await verified(filled, [plain], 35)
    async with connection(Access(filled), statement_timeout=PATIENCE) as opened:
        past = Past(load_catalogue(), opened, Access(filled), PATIENCE)
        beside = await verify_change(past, load_catalogue(), plain, at(35), recorded=[plain, other])
    assert by_itself.found[0].untouched is not None
    assert beside.found[0].untouched is None
    assert beside.found[0].treated == by_itself.found[0].treated
