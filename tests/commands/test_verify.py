"""`verify` on the case: sixty simulated days with the change in the middle, read from a real database."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from exporter.simulate.plan import SimulationPlan
from tests.commands.process import Done, run, service
from tests.simulate.conftest import SHANGHAI
from tests.support.postgres import Postgres
from tests.support.simulated import simulated

AT = datetime(2026, 3, 2, tzinfo=SHANGHAI)
PLAN = SimulationPlan(seed=5, now=datetime(2026, 4, 1, 4, tzinfo=UTC), days=60, calls_per_day=1_000, change_at=AT)
CHANGES = f"""\
changes:
  - id: plain-words
    at: {AT.isoformat()}
    kind: script
    title: {{zh: 大白话, en: Plain words}}
    kpis: {{early_hangup: {{delta: -0.05}}, lead_conversion: , escalation: , repeat_question: }}
  - id: elderly
    at: {AT.isoformat()}
    kind: script
    title: {{zh: 老年, en: The elderly}}
    scope: {{generation: elderly}}
    kpis: [early_hangup, csat]
  - id: sham
    at: {(AT - timedelta(days=15)).isoformat()}
    until: {AT.isoformat()}
    kind: other
    title: {{zh: 什么也没变, en: Nothing changed}}
    scope: {{generation: elderly}}
    kpis: [early_hangup, connect]
  - id: young
    at: {AT.isoformat()}
    kind: script
    title: {{zh: Z 世代, en: Generation Z}}
    scope: {{generation: gen_z}}
    kpis: [early_hangup]
  - {{id: mark, at: 2026-03-01T00:00:00Z, kind: other, title: {{zh: 记号, en: A mark}}}}
"""
# Plain SQL over the raw table, by itself.
HANGUPS = """
SELECT count(*) FILTER (WHERE hangup_by = 'customer' AND ended_at - answered_at <= interval '30 seconds'), count(*)
FROM calls WHERE answered_at IS NOT NULL AND answered_by <> 'machine' AND ended_at >= $1 AND ended_at < $2
"""


@pytest.fixture(scope="module")
def case(postgres: Postgres) -> Iterator[str]:
    """DSN of a database with the case; to be read only."""
    with simulated(postgres, PLAN) as dsn:
        yield dsn


def verify(case: str, folder: Path, *words: str) -> Done:
    (folder / "changes.yaml").write_text(CHANGES, "utf-8")
    settings = {"database_url": case, "changes_file": "changes.yaml"}
    return run("verify", *words, folder=folder, settings=settings)


def found(case: str, folder: Path, *words: str) -> dict[str, dict[str, Any]]:
    """The KPIs of the JSON."""
    done = verify(case, folder, *words, "--format", "json")
    assert (done.status, done.err) == (0, "")
    return {one["kpi"]: one for one in json.loads(done.out)["kpis"]}


def test_the_case(case: str, tmp_path: Path) -> None:
    """Hang-ups fell by ten points, conversion rose by three; the transfers, which did not change, are not said to."""
    kpis = found(case, tmp_path, "plain-words", "--at", "2026-04-01")
    assert [kpis[slug]["verdict"] for slug in ("early_hangup", "repeat_question")] == ["works", "works"]
    assert kpis["escalation"]["verdict"] in ("undecided", "no_effect")
    # 300 contacts a day, a twelfth of the case's volume: a month may be too short, and then it is not denied.
    assert kpis["lead_conversion"]["verdict"] in ("undecided", "works")
    for slug, truth in (("early_hangup", -0.10), ("lead_conversion", 0.03), ("repeat_question", -0.03)):
        look = kpis[slug]["tests"][0]["looks"][-1]
        assert look["lower"] <= truth <= look["upper"]
    assert kpis["early_hangup"]["tests"][0]["proven_days"] <= 3


async def test_counts_are_those_of_plain_sql(case: str, tmp_path: Path) -> None:
    """Numerators and denominators of both sides."""
    kpis = await asyncio.to_thread(found, case, tmp_path, "plain-words", "--at", "2026-04-01")
    connection = await asyncpg.connect(case)
    for side in ("before", "after"):
        span = [datetime.fromisoformat(kpis["early_hangup"][side][end]) for end in ("start", "end")]
        row = await connection.fetchrow(HANGUPS, *span)
        counts = kpis["early_hangup"]["treated"][side]
        assert row is not None
        assert (counts["numerator"], counts["denominator"]) == tuple(row)
    await connection.close()


def test_against_the_untouched(case: str, tmp_path: Path) -> None:
    """The elderly less the others, who gained a little too: by 18.6 points; their satisfaction by ten."""
    kpis = found(case, tmp_path, "elderly", "--at", "2026-04-01")
    truth = (0.2511 - 0.4533) - (0.1945 - 0.2109)
    for slug, effect in (("early_hangup", truth), ("csat", 0.10)):
        assert (kpis[slug]["verdict"], kpis[slug]["basis"]) == ("works", "did")
        look = kpis[slug]["tests"][1]["looks"][-1]
        assert look["lower"] <= effect <= look["upper"]
    # A survey is answered within three days: what is compared begins then.
    assert kpis["csat"]["after"]["start"] == (AT + timedelta(days=3)).astimezone(UTC).isoformat()


def test_what_was_changed_too_is_no_control(case: str, tmp_path: Path) -> None:
    """Of the young's change the elderly are left out, who have a change of their own: it is not said to do harm."""
    young = found(case, tmp_path, "young", "--at", "2026-04-01")["early_hangup"]
    assert young["left_out_of_untouched"] == ["sham", "elderly"]
    assert young["verdict"] in ("undecided", "no_effect")
    look = young["tests"][1]["looks"][-1]
    # All generations fell a little: the young by 1.1 points, those between by 2.1. With the elderly, by 11.
    assert look["lower"] <= 0.01 <= look["upper"] < 0.08


def test_nothing_changed(case: str, tmp_path: Path) -> None:
    """A change that did nothing is not said to have worked, however often it is looked at."""
    for day in (20, 28):
        kpis = found(case, tmp_path, "sham", "--at", f"2026-02-{day}")
        assert {one["verdict"] for one in kpis.values()} <= {"undecided", "no_effect"}


def test_for_people(case: str, tmp_path: Path) -> None:
    """Verdict in both languages, figures, both tests, the required sample, what else was changed."""
    done = verify(case, tmp_path, "elderly", "--at", "2026-04-01")
    assert (done.status, done.err) == (0, "")
    for text in (
        "elderly  老年  The elderly",
        "生效 in force: 2026-03-02 00:00 (Asia/Shanghai)  script",
        "范围 scope: generation elderly；对照 untouched: 其余 all the rest",
        "early_hangup  30秒内挂断率  Early hang-up rate (30 s)",
        "有效；双重差分 −",
        "works; difference in differences −",
        "双重差分，随时可看 difference in differences, always valid",
        "每组所需样本 required sample per arm",
        "other changes meanwhile, effects cannot be told apart: sham, mark, plain-words",
    ):
        assert text in done.out


def test_early_is_told(case: str, tmp_path: Path) -> None:
    """The day after: hang-ups may be judged, satisfaction has not settled and says when it will have."""
    kpis = found(case, tmp_path, "elderly", "--at", "2026-03-03T12:00")
    assert kpis["csat"]["reason"] == "settling"
    assert kpis["csat"]["look_again"] == (AT + timedelta(days=4)).astimezone(UTC).isoformat()
    assert kpis["early_hangup"]["reason"] in ("", "few")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("plain",), "there is no change 'plain'. Fix: did you mean plain-words?"),
        (("mark",), "change 'mark' names no KPI. Fix: say under its `kpis` what it is to move"),
        (("elderly", "--days", "3"), "--days is 3. Fix: choose 7 to 366, whole weeks are best"),
        (("elderly", "--at", "soon"), "--at 'soon' is not an instant. Fix: write 2026-03-31T18:00 or 2026-03-31"),
        (("elderly", "--at", "2199-01-01"), "--at '2199-01-01' has not been, or is long past."),
    ],
)
def test_wrong_usage(case: str, tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    done = verify(case, tmp_path, *words)
    assert (done.status, done.out) == (2, "")
    assert told in done.err


def test_check_reads_the_changes(tmp_path: Path) -> None:
    """A mistake in the file is found by `check`, with the line and the fix."""
    (tmp_path / "changes.yaml").write_text(CHANGES.replace("csat", "csta"), "utf-8")
    done = run("check", folder=tmp_path, settings={"changes_file": "changes.yaml"})
    assert done.status == 2
    assert "changes.yaml:12: unknown KPI 'csta'. Fix: use one of asr_accuracy" in done.err


def test_a_source_that_cannot_be_read(postgres: Postgres, tmp_path: Path) -> None:
    """Its KPIs say so, the others are judged all the same; exit status 1."""
    dsn = postgres.create_database()
    postgres.psql("DROP TABLE surveys", dsn.rpartition("/")[2])
    done = verify(dsn, tmp_path, "elderly", "--at", "2026-03-10")
    postgres.drop_database(dsn)
    assert done.status == 1
    assert "数据源无法读取" in done.out
    assert "surveys does not exist" in done.out
    assert "变更前该切片有数据的天数不足" in done.out


def test_the_service_shows_the_changes(postgres: Postgres, tmp_path: Path) -> None:
    """When each takes effect; and again after a reload."""
    dsn = postgres.create_database()
    path = tmp_path / "changes.yaml"
    path.write_text(CHANGES, "utf-8")
    settings = {"database_url": dsn, "changes_file": str(path), "state_dir": str(tmp_path), "listen": "127.0.0.1:0"}
    line = 'outcall_change_timestamp_seconds{change="mark",kind="other",title_zh="记号",title_en="A mark"} %s'
    with service(tmp_path, settings) as running:
        running.await_page(line % "1772323200.0")
        path.write_text(CHANGES.replace("2026-03-01T00:00:00Z", "2026-03-01T01:00:00Z"), "utf-8")
        running.process.send_signal(signal.SIGHUP)
        running.await_page(line % "1772326800.0")
    postgres.drop_database(dsn)
