"""Minutes are made from the plan alone: the same every time, each without the others, and sound in themselves."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.simulate.calls import opening_versions
from exporter.simulate.generate import generate_day, generate_minute, minutes_of
from exporter.simulate.plan import EPOCH, MINUTE, SimulationPlan
from exporter.simulate.tables import TABLES, Facts, Row

PLAN = SimulationPlan(seed=5, now=datetime(2026, 3, 30, tzinfo=UTC), days=40, calls_per_day=3_000)
DAY = date(2026, 3, 12)
COLUMNS = {table.name: table.columns for table in TABLES}
# Nothing here may lead to a person.
PRIVATE = ("phone", "name", "mobile", "address", "id_number", "transcript")


@pytest.fixture(scope="module")
def day() -> Facts:
    """A day in the middle of the history."""
    return generate_day(PLAN, DAY)


def column(row: Row, table: str, name: str) -> object:
    """A column of a row."""
    return row[COLUMNS[table].index(name)]


def test_same_seed_same_day(day: Facts) -> None:
    """A day made again is the same, row for row."""
    assert generate_day(PLAN, DAY) == day


def test_other_seed_other_day(day: Facts) -> None:
    """Another seed makes another day."""
    assert generate_day(replace(PLAN, seed=6), DAY).first["calls"] != day.first["calls"]


def test_days_do_not_need_each_other(day: Facts) -> None:
    """Minutes made in reverse order make the same day."""
    backwards = [generate_minute(PLAN, minute) for minute in reversed(minutes_of(PLAN, DAY))]
    assert sorted(row for facts in backwards for row in facts.first["turns"]) == sorted(day.first["turns"])


def test_keys_are_unique(day: Facts) -> None:
    """No two first versions in a table have one key, over two days, and later versions have a first."""
    other = generate_day(PLAN, DAY + timedelta(days=1))
    for table in TABLES:
        key = table.key()
        keys = Counter(key(row) for facts in (day, other) for row in facts.first[table.name])
        assert not keys or max(keys.values()) == 1, table.name
        assert {key(row) for row in day.later[table.name]} <= keys.keys(), table.name


def test_rows_have_the_columns_of_their_table(day: Facts) -> None:
    """Each row is as wide as its table, and no table asks for what leads to a person."""
    for table in TABLES:
        assert not set(PRIVATE) & set(table.columns)
        for row in (*day.first[table.name], *day.later[table.name]):
            assert len(row) == len(table.columns)
            assert row[-1].tzinfo is UTC


def test_later_versions_arrive_a_minute_later(day: Facts) -> None:
    """So a second delivery of the first version (within 30 s) never undoes a change."""
    for table in TABLES:
        key = table.key()
        first = {key(row): row[-1] for row in day.first[table.name]}
        for row in day.later[table.name]:
            assert row[-1] - first[key(row)] >= timedelta(seconds=30), table.name


def test_facts_arrive_after_they_happened(day: Facts) -> None:
    """No row tells of an instant after its arrival, but for what a running call may still do."""
    for versions in (day.first, day.later):
        for table in TABLES:
            for row in versions[table.name]:
                instants = [value for value in row[:-1] if isinstance(value, datetime)]
                assert all(instant <= row[-1] for instant in instants), (table.name, row)


def test_course_of_a_call(day: Facts) -> None:
    """Instants of a call are in order, and its results agree with one another."""
    names = COLUMNS["calls"]
    for row in day.first["calls"]:
        call = dict(zip(names, row, strict=True))
        order = [call[name] for name in ("dialed_at", "answered_at", "transferred_at", "ended_at") if call[name]]
        assert order == sorted(order)
        assert (call["answered_at"] is not None) == (call["result"] == "answered") == (call["answered_by"] is not None)
        if call["interaction_seconds"] is not None:
            assert 0 <= call["interaction_seconds"] <= (call["ended_at"] - call["answered_at"]).total_seconds()
        assert timedelta(seconds=2) <= call["updated_at"] - call["ended_at"]


def test_turns(day: Facts) -> None:
    """An answered call has 2 to 8 turns within the call, with positive latency."""
    calls = {row[0]: row for row in day.first["calls"]}
    per_call = Counter(row[0] for row in day.first["turns"])
    assert set(per_call.values()) <= set(range(2, 9))
    for call_id, _, user_end, bot_start, _ in day.first["turns"]:
        row = calls[call_id]
        assert column(row, "calls", "answered_at") <= user_end < bot_start
        assert user_end <= column(row, "calls", "ended_at")


def test_variety(day: Facts) -> None:
    """All that the KPIs tell apart occurs: campaigns, scripts, dialects, answerers, kinds and channels."""

    def values(table: str, name: str) -> set[object]:
        return {column(row, table, name) for row in day.first[table]}

    scripts = {(column(row, "calls", "scenario"), column(row, "calls", "script")) for row in day.first["calls"]}
    assert len(scripts) == 6
    assert len(values("calls", "campaign_id")) >= 9
    assert {"mandarin", "cantonese", "sichuanese"} < values("calls", "dialect")
    assert values("calls", "answered_by") == {"human", "machine", "unknown", None}
    assert values("quality_labels", "kind") == {"asr", "intent", "emotion", "tts_mos", "audit"}
    assert values("qa_checks", "mode") == {"auto", "human"}
    assert values("surveys", "channel") == {"ivr", "sms"}
    assert values("collection_cases", "bucket") == {"M1", "M2", "M3", "M3+"}


def test_repeated_contacts(day: Facts) -> None:
    """Some customers are dialled again in the same campaign, some in another."""
    dials: dict[object, list[object]] = {}
    for row in day.first["calls"]:
        dials.setdefault(row[1], []).append(row[2])
    again = [campaigns for campaigns in dials.values() if len(campaigns) > 1]
    assert any(len(set(campaigns)) < len(campaigns) for campaigns in again)
    assert any(len(set(campaigns)) > 1 for campaigns in again)


def test_nothing_comes_after_an_erasure() -> None:
    """No row of a customer arrives within 30 s before the erasure or later."""
    case = replace(PLAN.case, erasure=1.0)
    facts = generate_day(replace(PLAN, case=case, calls_per_day=200), DAY)
    erased_at = dict(facts.erasures)
    calls = {row[0]: row[1] for row in facts.first["calls"]}
    assert len(erased_at) > 50
    for row in facts.first["turns"] + facts.first["quality_labels"]:
        call_id = row[0] if row[0] in calls else row[1]
        assert row[-1] < erased_at[calls[call_id]] - timedelta(seconds=29)


def test_running_calls(day: Facts) -> None:
    """A running call has no end, no result and no cost; an unanswered one is never seen talking."""
    for row in day.first["calls"][:200]:
        versions = opening_versions(row)
        assert len(versions) == (1 if row[8] is None else 2)
        for version in versions:
            assert len(version) == len(row)
            assert version[:8] == row[:8]
            assert column(version, "calls", "ended_at") is None
            assert column(version, "calls", "cost_cny") is None
            assert version[-1] < row[-1]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 20 * 366 * 1440), st.sampled_from(["Asia/Shanghai", "America/New_York", "Asia/Kathmandu"]))
def test_any_minute(number: int, timezone: str) -> None:
    """Any minute can be made; what begins in it begins in it; at night nobody is dialled."""
    plan = replace(PLAN, calls_per_day=40_000, timezone=timezone)
    facts = generate_minute(plan, number)
    start = EPOCH + number * MINUTE
    assert all(row[-1] == start for row in facts.first["customers"])
    assert all(row[7] >= start for row in facts.first["calls"])
    hour = start.astimezone(plan.zone).hour
    assert bool(facts.first["calls"]) == (8 <= hour < 21)


def test_night_share() -> None:
    """A plan may ask for marketing dials at night, collection stays silent."""
    minute = minutes_of(PLAN, DAY)[120]
    facts = generate_minute(replace(PLAN, night_share=1.0, calls_per_day=50_000), minute)
    scenarios = {row[3] for row in facts.first["calls"]}
    assert scenarios == {"acquisition", "operations"}
