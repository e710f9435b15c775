"""The reviewer in this process: told once, tried again after a pause, one of several on a folder."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from datetime import time as clock
from pathlib import Path

import asyncpg
import pytest

from exporter.errors import RunError
from exporter.relay.message import parse_webhook
from exporter.review import ledger, runner
from exporter.review.ledger import SENT, claim
from exporter.review.model import Span
from exporter.review.runner import Reviewer
from exporter.review.schedule import Plan
from exporter.review.setup import ReviewSetup
from exporter.review.summary import dumped
from exporter.semantic.timetable import Weekly
from tests.relay.waiting import until
from tests.review.test_child import NOWHERE
from tests.review.test_ledger import PAGES, SUMMARY, put

NOTHING_DUE = Plan("Asia/Shanghai", {})
WEEKLY = Plan("Asia/Shanghai", {"weekly": Weekly(0, clock(8))})
LOCKED = "calls was locked or too slow. Fix: wait: it is tried again"


class Relay:
    """Takes what it is told, or refuses it so many times first."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals, self.attempts, self.bodies = refusals, 0, list[str]()

    async def tell(self, receiver: str, body: str) -> None:
        self.attempts += 1
        assert receiver == "reviews"
        if self.attempts <= self.refusals:
            raise RunError("the relay is away", "wait")
        self.bodies.append(body)


@pytest.fixture
def setup(tmp_path: Path) -> ReviewSetup:
    """A folder with a review that nobody was told of."""
    put(tmp_path, replace(SUMMARY, generated=time.time()))
    return ReviewSetup(tmp_path, NOTHING_DUE, "reviews", "https://outcall.example")


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hardly a pause after a failure."""
    monkeypatch.setattr(runner, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(runner, "LONGEST_SLEEP", 0.1)


class Counted:
    """A function of the ledger that counts its calls; `refusals`: so many of them fail first, of a bug."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, refusals: int = 0) -> None:
        self.calls, self.refusals, self.real = 0, refusals, getattr(ledger, name)
        monkeypatch.setattr(ledger, name, self)

    def __call__(self, *arguments: object) -> object:
        self.calls += 1
        if self.calls <= self.refusals:
            raise KeyError("13800000001")
        return self.real(*arguments)

    async def more(self, times: int) -> None:
        """Wait until it was called so many times more, and what came of all but the last is done."""
        enough = self.calls + times + 1
        await until(lambda: self.calls >= enough)


async def with_reviewer(relay: Relay, setup: ReviewSetup, work: Callable[[Reviewer], Awaitable[None]]) -> int:
    """Let a reviewer work; how often it said that something changed."""
    changes = 0

    def changed() -> None:
        nonlocal changes
        changes += 1

    reviewer = Reviewer((), relay.tell, changed)
    await reviewer.adopt(setup)
    try:
        await work(reviewer)
    finally:
        await reviewer.close()
    return changes


async def test_it_is_told_once_and_noted(setup: ReviewSetup) -> None:
    """With the link and the files; not again, neither by it nor by the next one."""
    relay, sent = Relay(), setup.folder / f"{SUMMARY.stem}{SENT}"

    async def work(reviewer: Reviewer) -> None:
        await until(sent.exists)
        for _ in range(3):
            await reviewer.adopt(setup)
            await until(lambda: reviewer.run.last_success is not None)

    for _ in range(2):
        assert await with_reviewer(relay, setup, work) == 0
    [body] = relay.bodies
    said = parse_webhook(body).lead.annotations
    assert said["review_url_zh"] == "https://outcall.example/reviews/review-weekly-2026-W46.zh.html"
    assert said["file"] == f"text of {SUMMARY.stem}.en.md"


@pytest.mark.usefixtures("brisk")
async def test_a_refusal_is_told_and_tried_again(setup: ReviewSetup) -> None:
    """After a pause that grows; the collector fails meanwhile and says why."""
    relay, problems = Relay(refusals=3), set[str]()

    async def work(reviewer: Reviewer) -> None:
        def is_told() -> bool:
            problems.add(reviewer.run.problem)
            return len(relay.bodies) == 1

        await until(is_told)
        await until(lambda: reviewer.run.success)
        assert reviewer.run.problem == ""
        assert list(reviewer.runs) == ["reviews"]

    assert await with_reviewer(relay, setup, work) == 2
    assert relay.attempts == 4
    why = "review weekly 2026-W46 is written, but not told: the relay is away. Fix: wait"
    assert problems - {""} == {why}


@pytest.mark.usefixtures("brisk")
async def test_a_bug_neither_ends_it_nor_is_silent(setup: ReviewSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its class is told, and no value."""
    relay, looked, problems = Relay(), Counted(monkeypatch, "looked", refusals=3), set[str]()

    async def work(reviewer: Reviewer) -> None:
        def is_told() -> bool:
            problems.add(reviewer.run.problem)
            return len(relay.bodies) == 1 and reviewer.run.success

        await until(is_told)

    assert await with_reviewer(relay, setup, work) == 2
    assert problems - {""} == {"reviews cannot be written (KeyError)"}
    assert looked.calls >= 4


@pytest.mark.usefixtures("brisk")
async def test_a_notice_that_a_bug_spoils_holds_up_no_other(setup: ReviewSetup) -> None:
    """The older one cannot be told; the newer one is."""
    older = replace(SUMMARY, span=Span("2026-W45", date(2026, 11, 2), date(2026, 11, 8)), end=SUMMARY.end - 7 * 86400)
    for name in PAGES:
        (setup.folder / name.replace(SUMMARY.stem, older.stem)).touch()
    (setup.folder / f"{older.stem}.json").write_text(dumped(replace(older, generated=time.time())), "utf-8")

    async def tell(receiver: str, body: str) -> None:
        if older.stem in body:
            raise KeyError("13800000001")

    reviewer = Reviewer((), tell, lambda: None)
    await reviewer.adopt(setup)
    await until((setup.folder / f"{SUMMARY.stem}{SENT}").exists)
    assert reviewer.run.problem == "review weekly 2026-W45 is written, but not told: KeyError, which is a bug"
    assert not (setup.folder / f"{older.stem}{SENT}").exists()
    await reviewer.close()


@pytest.mark.usefixtures("brisk")
async def test_a_broken_folder_is_logged_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However often it is looked at; and at once used when it is mended."""
    (tmp_path / "taken").touch()
    claims = Counted(monkeypatch, "claim")

    async def work(reviewer: Reviewer) -> None:
        await claims.more(5)
        assert not reviewer.run.success
        (tmp_path / "taken").unlink()
        await until(lambda: reviewer.run.success)

    await with_reviewer(Relay(), ReviewSetup(tmp_path / "taken", NOTHING_DUE, "", ""), work)
    [record] = [record for record in caplog.records if record.name == runner.log.name]
    assert "taken cannot be used" in record.getMessage()


@pytest.mark.usefixtures("brisk")
async def test_what_failed_is_wrong_until_it_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while another process has the turn: it may fail just as well."""
    monkeypatch.setattr(runner, "FIRST_PAUSE", 0.1)
    monkeypatch.setenv("OUTCALL_DATABASE_URL", NOWHERE)
    looked, others = Counted(monkeypatch, "looked"), list[int]()

    def is_others() -> bool:
        turn = claim(tmp_path)
        others.extend([] if turn is None else [turn])
        return turn is not None

    async def work(reviewer: Reviewer) -> None:
        await until(lambda: not reviewer.run.success)
        await until(is_others)
        await looked.more(3)
        assert "nothing listens at the call database's address" in reviewer.run.problem
        assert not reviewer.run.success
        os.close(others[0])

    assert await with_reviewer(Relay(), ReviewSetup(tmp_path, WEEKLY, "", ""), work) == 1


@pytest.mark.usefixtures("brisk")
async def test_a_lock_that_does_not_pass(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for, but not for ever: at last the review is written without what is locked."""
    monkeypatch.setattr(runner, "MOST_ATTEMPTS", 2)
    monkeypatch.setenv("OUTCALL_DATABASE_URL", database)
    monkeypatch.setenv("OUTCALL_LOCK_TIMEOUT", "0.1")
    connection = await asyncpg.connect(database)
    await connection.execute("BEGIN; LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
    problems = list[str]()

    reviewer = Reviewer((), Relay().tell, lambda: problems.append(reviewer.run.problem))
    await reviewer.adopt(ReviewSetup(tmp_path, WEEKLY, "", ""))
    await until(lambda: reviewer.run.last_success is not None)
    await reviewer.close()
    await connection.close()
    assert [problem.partition(": ")[2] for problem in problems] == [LOCKED, ""]
    [stem] = ledger.looked(tmp_path, time.time()).written
    assert "calls is locked" in (tmp_path / f"{stem}.en.md").read_text("utf-8")


def test_a_pause_that_is_over_is_none() -> None:
    """Else one would not sleep at all where another process has the turn."""
    assert runner.shortest([]) == runner.shortest([-5.0, 0.0]) == runner.LONGEST_SLEEP
    assert runner.shortest([-5.0, 7.0, 9.0]) == 7.0
    assert runner.shortest([1e-6, 7.0]) == 0.1


async def test_another_process_has_the_turn(setup: ReviewSetup) -> None:
    """Nothing is told meanwhile, and nothing is wrong; afterwards it is told."""
    relay, other = Relay(), claim(setup.folder)
    assert other is not None

    async def work(reviewer: Reviewer) -> None:
        await until(lambda: reviewer.run.last_success is not None)
        assert (relay.attempts, reviewer.run.success) == (0, True)
        os.close(other)
        await reviewer.adopt(setup)
        await until(lambda: len(relay.bodies) == 1)

    await with_reviewer(relay, setup, work)


async def test_without_a_receiver_nobody_is_told(setup: ReviewSetup) -> None:
    """Nor is anything marked: a receiver that is set within two weeks hears of it."""
    relay = Relay()

    async def work(reviewer: Reviewer) -> None:
        await until(lambda: reviewer.run.last_success is not None)
        await reviewer.adopt(setup)
        await until(lambda: len(relay.bodies) == 1)
        await reviewer.adopt(None)
        assert reviewer.runs == {}

    await with_reviewer(relay, replace(setup, receiver=""), work)


async def test_closing_gives_the_turn_back(setup: ReviewSetup) -> None:
    """Also while it tells."""
    reached = asyncio.Event()

    async def tell(receiver: str, body: str) -> None:
        reached.set()
        await asyncio.Event().wait()

    reviewer = Reviewer((), tell, lambda: None)
    await reviewer.adopt(setup)
    await reached.wait()
    assert claim(setup.folder) is None
    await reviewer.close()
    mine = claim(setup.folder)
    assert mine is not None
    os.close(mine)
