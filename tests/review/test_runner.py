"""The reviewer in this process: told once, tried again after a pause, one of several on a folder."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.errors import RunError
from exporter.relay.message import parse_webhook
from exporter.review import runner
from exporter.review.ledger import SENT, claim
from exporter.review.runner import Reviewer
from exporter.review.schedule import Plan
from exporter.review.setup import ReviewSetup
from tests.relay.waiting import until
from tests.review.test_ledger import SUMMARY, put

NOTHING_DUE = Plan("Asia/Shanghai", {})


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


async def test_a_refusal_is_told_and_tried_again(setup: ReviewSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a pause that grows; the collector fails meanwhile and says why."""
    monkeypatch.setattr(runner, "FIRST_PAUSE", 0.01)
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


async def test_a_bug_neither_ends_it_nor_is_silent(setup: ReviewSetup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "FIRST_PAUSE", 0.01)
    attempts = 0

    async def tell(receiver: str, body: str) -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise KeyError("13800000001")

    reviewer = Reviewer((), tell, lambda: None)
    await reviewer.adopt(setup)
    await until(lambda: not reviewer.run.success or attempts > 2)
    assert "1380" not in reviewer.run.problem
    await until(lambda: attempts == 3 and reviewer.run.success)
    await reviewer.close()


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
