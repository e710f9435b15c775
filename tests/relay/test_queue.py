"""The laws of the queue, whatever the order of webhooks, outcomes and deaths of the process."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.errors import StateError
from exporter.relay.deliver import backoff
from exporter.relay.message import parse_webhook
from exporter.relay.outcome import DELIVERED, Outcome, doubtful, never, retry, throttled
from exporter.relay.queue import Job, Queue, Target
from exporter.relay.statements import Bounds
from tests.relay.webhooks import alert, marked, resolved, webhook

DAY, REMIND = 86_400.0, 14_400.0
FREE = Bounds(1_000_000, None, 0.0, DAY)
CHAT, SMS = Target("chat", ("",), sms=False), Target("sms", ("li", "wu"), sms=True)


def accept(queue: Queue, body: str, now: float, *targets: Target) -> int:
    return queue.accept("page", parse_webhook(body), body, targets or (CHAT, SMS), now, REMIND)


def taken(queue: Queue, channel: str, now: float, bounds: Bounds = FREE) -> Job:
    job = queue.take(channel, bounds, now)
    assert isinstance(job, Job)
    return job


@pytest.fixture
def queue() -> Queue:
    return Queue(None)


ACTIONS = st.lists(st.sampled_from(["yes", "later", "throttled", "doubt", "no", "kill", "repeat"]), max_size=40)


@settings(max_examples=40)
@given(ACTIONS, st.integers(1, 5), st.integers(0, 2**32))
def test_nothing_is_lost_or_repeated_without_doubt(actions: list[str], marks: int, seed: int) -> None:
    """In any order of failures and deaths each message is told at least once, or is a dead letter; more than once only
    where its vendor, or a death, left it in doubt.
    """
    with tempfile.TemporaryDirectory() as folder:
        queue, now, rng = Queue(Path(folder)), 1_000.0, Random(seed)
        told: Counter[str] = Counter()
        doubts: Counter[str] = Counter()
        dead: set[str] = set()
        bodies = [marked(f"m-{mark}") for mark in range(marks)]
        for body in bodies:
            accept(queue, body, now, CHAT)
        for action in [*actions, *(["yes"] * 100)]:
            now += 400
            if action == "repeat":
                assert accept(queue, rng.choice(bodies), 1_001.0, CHAT) == 0
                continue
            job = queue.take("chat", FREE, now)
            if not isinstance(job, Job):
                continue
            if action == "kill":
                told[job.body] += rng.random() < 0.5
                doubts[job.body] += 1
                queue.close()
                queue = Queue(Path(folder))
                assert queue.recover(now) == 1
                continue
            outcome: Outcome = {
                "yes": DELIVERED, "later": retry("x"), "throttled": throttled("x", now + 60, whole=rng.random() < 0.5),
                "doubt": doubtful("x"), "no": never("x"),
            }[action]  # fmt: skip
            told[job.body] += action == "yes" or (action == "doubt" and rng.random() < 0.5)
            doubts[job.body] += action == "doubt"
            dead |= {job.body} if action == "no" else set()
            queue.finish("chat", job, outcome, now, now + 1)
        for body in bodies:
            assert told[body] >= 1 or body in dead
            assert told[body] <= 1 + doubts[body]
        assert queue.take("chat", FREE, now) is None
        queue.close()


@given(st.lists(st.tuples(st.sampled_from(["fire", "change", "over"]), st.floats(1, 20_000)), max_size=25))
def test_one_sms_an_incident_and_reminders(story: list[tuple[str, float]]) -> None:
    """Whatever happens to a group: none on its end, none sooner than `remind_after` within an incident, and
    the first firing of each incident makes one.
    """
    queue, now, is_open, last, serial = Queue(None), 1_000_000.0, False, 0.0, 0
    for event, pause in story:
        now, serial = now + pause, serial + 1
        one = alert(startsAt=f"2025-11-22T06:{serial:02}:00Z")
        ended = alert(status="resolved", endsAt=f"2025-11-22T07:{serial:02}:00Z")
        body = webhook(ended, status="resolved") if event == "over" else webhook(one)
        before = len(queue.read("SELECT 1 FROM message"))
        accept(queue, body, now, Target("sms", ("li",), sms=True))
        made = len(queue.read("SELECT 1 FROM message")) - before
        due = event != "over" and (not is_open or now - last >= REMIND)
        assert made == due
        last, is_open = now if made else last, event != "over"
        job = queue.take("sms", FREE, now)
        if isinstance(job, Job):
            queue.finish("sms", job, DELIVERED, now, now)


def test_a_repeated_delivery_is_known_and_a_reminder_is_not(queue: Queue) -> None:
    assert accept(queue, webhook(), 1000.0) == 3
    assert accept(queue, webhook(), 1001.0) == 0
    assert accept(queue, webhook(alert(annotations={"value_zh": "35 %"})), 1000.0 + REMIND - 1) == 0
    for target in ("chat", "sms", "sms"):
        queue.finish(target, taken(queue, target, 1002.0), DELIVERED, 1002.0, 0)
    assert accept(queue, webhook(), 1000.0 + REMIND) == 3


def test_an_sms_that_still_waits_is_neither_doubled_nor_sent_after_the_end(queue: Queue) -> None:
    accept(queue, webhook(), 1000.0)
    accept(queue, webhook(), 1000.0 + REMIND)
    assert queue.read("SELECT count(*) FROM message WHERE channel = 'sms'") == [(2,)]
    accept(queue, webhook(resolved(), status="resolved"), 1001.0 + REMIND)
    assert queue.take("sms", FREE, 1002.0 + REMIND) is None
    assert queue.read("SELECT status, number FROM tally") == [("overtaken", 2)]


def test_the_messages_of_an_incident_stay_in_order(queue: Queue) -> None:
    """The end is not told before the beginning, but other incidents need not wait."""
    accept(queue, marked("m-1"), 1000.0, CHAT)
    accept(queue, marked("m-1", over=True), 1001.0, CHAT)
    accept(queue, marked("m-2"), 1002.0, CHAT)
    first = taken(queue, "chat", 1003.0)
    queue.finish("chat", first, retry("x"), 1003.0, 1010.0)
    assert "m-2" in taken(queue, "chat", 1004.0).body
    assert isinstance(queue.take("chat", FREE, 1005.0), float)
    again = taken(queue, "chat", 1010.0)
    assert again.message == first.message
    queue.finish("chat", again, DELIVERED, 1011.0, 0)
    assert '"resolved"' in taken(queue, "chat", 1012.0).body


@given(st.integers(1, 5), st.lists(st.floats(0, 50), min_size=1, max_size=60))
def test_never_more_than_the_pace(per_minute: int, pauses: list[float]) -> None:
    """In no sixty seconds are there more attempts than `per_minute`, however often one asks."""
    queue, now, at = Queue(None), 1_000.0, []
    for number in range(60):
        accept(queue, marked(f"m-{number}"), now, CHAT)
    bounds = Bounds(per_minute, None, 0.0, DAY)
    for pause in pauses:
        now += pause
        job = queue.take("chat", bounds, now)
        if isinstance(job, Job):
            queue.finish("chat", job, retry("x"), now, now)
            at.append(now)
    assert all(sum(start <= t < start + 60 for t in at) <= per_minute for start in at)


def test_the_budget_counts_what_may_have_been_delivered(queue: Queue) -> None:
    """Refusals are free; doubts are not; the next day begins anew."""
    for number in range(5):
        accept(queue, marked(f"m-{number}"), 1000.0, CHAT)
    bounds = Bounds(100, 2, 0.0, DAY)
    for outcome in (never("x"), doubtful("x"), DELIVERED):
        queue.finish("chat", taken(queue, "chat", 1001.0, bounds), outcome, 1001.0, DAY + 50)
    assert queue.take("chat", bounds, 1002.0) == DAY
    assert isinstance(queue.take("chat", Bounds(100, 2, DAY, 2 * DAY), DAY + 1), Job)


def test_what_waits_for_too_long_is_given_up_and_can_be_revived(queue: Queue) -> None:
    accept(queue, webhook(), 1000.0, CHAT)
    queue.sweep(1000.0 + DAY + 1, DAY)
    assert queue.take("chat", FREE, 1001.0 + DAY) is None
    assert queue.read("SELECT code FROM message WHERE state = 'dead'") == [("expired",)]
    assert queue.revive("chat", 1002.0 + DAY) == 1
    queue.sweep(1003.0 + DAY, DAY)
    assert isinstance(queue.take("chat", FREE, 1003.0 + DAY), Job)


def test_settled_messages_are_forgotten_dead_letters_are_not(queue: Queue) -> None:
    accept(queue, marked("m-1"), 1000.0, CHAT)
    accept(queue, marked("m-2"), 1000.0, CHAT)
    queue.finish("chat", taken(queue, "chat", 1001.0), DELIVERED, 1001.0, 0)
    queue.finish("chat", taken(queue, "chat", 1001.0), never("x"), 1001.0, 0)
    queue.sweep(1002.0 + 8 * DAY, DAY)
    assert queue.read("SELECT state FROM message") == [("dead",)]
    assert queue.read("SELECT count(*) FROM notice") == [(1,)]


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "relay.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 50)
    with pytest.raises(StateError, match="queue"):
        Queue(tmp_path)


@given(st.integers(1, 10_000), st.floats(0.01, 60), st.floats(0, 1, exclude_max=True))
def test_pauses_grow_within_bounds(attempts: int, first: float, drawn: float) -> None:
    pause = backoff(attempts, first, 300.0, lambda: drawn)
    assert first / 2 <= pause <= 300.0
    assert pause <= backoff(attempts + 1, first, 300.0, lambda: drawn)
