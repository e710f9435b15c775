"""One worker a channel: takes what is due, tries once, notes what came of it. A slow vendor holds up nobody else."""

from __future__ import annotations

import asyncio
import logging
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from exporter.relay.channels.base import Channel, Letter, Transport, next_day
from exporter.relay.message import NotAWebhook, parse_webhook
from exporter.relay.outcome import Outcome, Result, never, retry
from exporter.relay.queue import Job, Queue
from exporter.relay.statements import Bounds, doubt_pause

log = logging.getLogger(__name__)
T = TypeVar("T")

# The longest pause of a message between two attempts.
LONGEST_PAUSE = 300.0
# So many failures in a row are the vendor's trouble, not the message's: then the channel pauses, not only the message.
BREAK_AFTER, LONGEST_BREAK = 5, 60.0
# A worker looks again after this long even if nobody wakes it (a clock that was changed, `relay retry`).
LONGEST_SLEEP = 2.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How much a channel may: messages a minute and a day, days cut in the business time zone; its first pause."""

    per_minute: int
    daily_budget: int | None
    zone: ZoneInfo
    first_pause: float

    def bounds(self, now: float) -> Bounds:
        """Today's."""
        return Bounds(self.per_minute, self.daily_budget, day_start(now, self.zone), next_day(now, self.zone))


class Meter(Protocol):
    """Is told how long an attempt took."""

    def __call__(self, channel: str, seconds: float) -> None: ...


class Aside(Protocol):
    """Runs what touches the disk in a thread."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]: ...


def day_start(now: float, zone: ZoneInfo) -> float:
    """The last midnight of the zone, Unix seconds."""
    return datetime.combine(datetime.fromtimestamp(now, zone).date(), datetime.min.time(), zone).timestamp()


def backoff(attempts: int, first: float, longest: float, draw: Callable[[], float]) -> float:
    """Seconds to wait after so many attempts: doubled each time, the upper half of it drawn (no marching in step)."""
    return min(longest, first * 2.0 ** min(attempts - 1, 30)) * (0.5 + 0.5 * draw())


class Worker:
    """Delivers the messages of one channel, one at a time, until it is told to stop."""

    def __init__(
        self, name: str, channel: Channel, people: tuple[str, ...], pace: Pace, queue: Queue, transport: Transport,
        aside: Aside, meter: Meter,
    ) -> None:  # fmt: skip
        self.name, self._channel, self._people, self._pace = name, channel, people, pace
        self._queue, self._transport, self._aside, self._meter = queue, transport, aside, meter
        self._woken = asyncio.Event()
        self._stopping = False
        self._failures = 0
        self.problem = ""

    def wake(self) -> None:
        """There is something new."""
        self._woken.set()

    def stop(self) -> None:
        """End after what is being sent now."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Deliver until stopped. Trouble with the disk is waited out: what is queued is not lost by it."""
        while not self._stopping:
            self._woken.clear()
            try:
                wait = await self._step()
                self.problem = ""
            except Exception as error:  # a worker that ends by a bug would fall silent
                self.problem = type(error).__name__
                log.warning("relay: channel %s: %s", self.name, self.problem)
                wait = LONGEST_SLEEP
            if wait and not self._stopping:
                await self._sleep(wait)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(min(seconds, LONGEST_SLEEP)):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _step(self) -> float:
        """Deliver one message; returns how long to sleep, in seconds."""
        now = time.time()
        found = await self._aside(lambda: self._queue.take(self.name, self._pace.bounds(now), now))
        if found is None:
            return LONGEST_SLEEP
        if isinstance(found, float):
            return max(found - now, 0.01)
        began = time.monotonic()
        outcome = await self._attempt(found, now)
        self._meter(self.name, time.monotonic() - began)
        await self._settle(found, outcome)
        return 0.0

    async def _attempt(self, job: Job, now: float) -> Outcome:
        try:
            if job.person not in self._people:
                return never("recipient_removed")
            notice = replace(parse_webhook(job.body), leading=job.lead)
            letter = Letter(job.message, job.receiver, notice, self._people.index(job.person), job.repeated)
            return await self._channel.deliver(letter, self._transport, now)
        except NotAWebhook:
            return never("unreadable")
        except Exception as error:  # a bug in one channel; the message is kept, the class is logged
            return retry(type(error).__name__)

    async def _note(self, work: Callable[[], None]) -> None:
        """Write it down, however long the disk takes: an outcome that is known must not become a doubt."""
        while True:
            try:
                return await self._aside(work)
            except sqlite3.Error as error:
                self.problem = type(error).__name__
                log.warning("relay: channel %s: the outcome cannot be stored (%s)", self.name, self.problem)
                if self._stopping:
                    return None
            self._woken.clear()
            await self._sleep(LONGEST_SLEEP)

    async def _settle(self, job: Job, outcome: Outcome) -> None:
        now = time.time()
        pause = backoff(job.attempts, self._pace.first_pause, LONGEST_PAUSE, random.random)
        if outcome.result is Result.DOUBTFUL:
            pause = max(pause, doubt_pause(job.doubts + 1))
        again = now + pause
        await self._note(lambda: self._queue.finish(self.name, job, outcome, now, again))
        failed = outcome.result in (Result.RETRY, Result.DOUBTFUL)
        self._failures = self._failures + 1 if failed else 0
        if failed and self._failures >= BREAK_AFTER:
            pause = backoff(self._failures - BREAK_AFTER + 1, self._pace.first_pause, LONGEST_BREAK, random.random)
            until = now + pause
            await self._note(lambda: self._queue.pause(self.name, until))
        if outcome.result is not Result.DELIVERED:
            log.warning("relay: channel %s: %s (%s)", self.name, outcome.result.value, outcome.code)
