"""`serve`'s side of reviews: write what is due, tell of what is written, one after another, until stopped.

What is due or told is read from the folder each time, so a restart loses nothing and repeats nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.calldb.aside import aside
from exporter.errors import OutcallError, RunError
from exporter.expose.health import CollectorRun
from exporter.review import child, ledger
from exporter.review.ledger import Stock
from exporter.review.notice import notice
from exporter.review.schedule import Due, missing, next_due
from exporter.review.setup import ReviewSetup
from exporter.review.summary import Summary

log = logging.getLogger(__name__)

NAME = "reviews"
# After a failure, doubled each time.
FIRST_PAUSE, LONGEST_PAUSE = 60.0, 3600.0
# The folder is looked at after this long even if nothing is due: a clock may be put forward, a file taken away.
LONGEST_SLEEP = 60.0
# After so many attempts a review is written as it can be, even without what is still locked or too slow.
MOST_ATTEMPTS = 5

# Takes (receiver, body); raises RunError unless the relay has it.
Tell = Callable[[str, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Failure:
    """What failed `times` in a row, and is not tried again before `again` (monotonic seconds)."""

    times: int
    again: float
    problem: str


class Reviewer:
    """Writes and tells as the setup of the moment says. `config`: the words that name the configuration file."""

    def __init__(self, config: Sequence[str], tell: Tell, changed: Callable[[], None]) -> None:
        self._config, self._tell, self._changed = tuple(config), tell, changed
        self._setup: ReviewSetup | None = None
        self._task: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        # By what failed: a review, a notice, or with an empty name the folder.
        self._failed: dict[str, Failure] = {}
        self._turn: int | None = None
        self.run = CollectorRun(success=True)

    @property
    def runs(self) -> dict[str, CollectorRun]:
        """For the metrics of collectors: none where no reviews are written."""
        return {NAME: self.run} if self._setup is not None else {}

    async def adopt(self, setup: ReviewSetup | None) -> None:
        """Go on with another setup. A review that is being written is finished, unless none are wanted any more."""
        self._setup = setup
        self._failed.clear()
        if setup is None:
            await self.close()
        elif self._task is None:
            self._task = asyncio.create_task(self._work())
        self._woken.set()

    async def close(self) -> None:
        """Stop; what is being written is given up, and begun anew at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _work(self) -> None:
        while True:
            self._woken.clear()
            try:
                await self._step()
            except OutcallError as error:
                self._fail("", error)
            except Exception as error:  # a bug here must neither end the service nor be silent
                self._fail("", RunError(f"reviews cannot be written ({type(error).__name__})"))
            try:
                async with asyncio.timeout(self._pause()):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def _step(self) -> None:
        """Everything that is to be done now."""
        setup = self._setup
        if setup is None:
            return
        try:
            await aside(self._take_turn, setup.folder)
            await self._all(setup, ours=self._turn is not None)
        finally:
            if self._turn is not None:
                os.close(self._turn)
                self._turn = None

    def _take_turn(self, folder: Path) -> None:
        """Kept here and not returned, so that a cancellation meanwhile cannot lose it."""
        self._turn = ledger.claim(folder)

    async def _all(self, setup: ReviewSetup, *, ours: bool) -> None:
        stock = await aside(ledger.looked, setup.folder, time.time())
        # Also while another one has the turn: what failed here and is still not there has not become right by that.
        wanted = missing(setup.plan, time.time(), stock.written)
        self._forget({due.stem for due in wanted} | {_key(each) for each in stock.untold})
        self._succeed("", stock)
        if not ours:
            return
        await self._deliver(setup, stock)
        for due in wanted:
            if self._may(due.stem) and (after := await self._write(setup, due)) is not None:
                await self._deliver(setup, after)

    async def _write(self, setup: ReviewSetup, due: Due) -> Stock | None:
        """What is there then; None when it failed."""
        began = time.monotonic()
        log.info("review %s %s is being written", due.cadence, due.span.name)
        try:
            tired = self._times(due.stem) >= MOST_ATTEMPTS
            await child.write(due, setup.folder, self._config, os.environ, accept_gaps=tired)
            stock = await aside(ledger.looked, setup.folder, time.time())
            if due.stem not in stock.written:
                fix = "see that the call database's clock and time zone are right"
                raise RunError("it does not hold the whole period", fix)
        except OutcallError as error:
            self._fail(due.stem, error, f"review {due.cadence} {due.span.name}: ")
            return None
        finally:
            self.run.duration = time.monotonic() - began
        log.info("review %s %s is written (%.0f s)", due.cadence, due.span.name, self.run.duration)
        self._succeed(due.stem, stock)
        return stock

    async def _deliver(self, setup: ReviewSetup, stock: Stock) -> None:
        """Tell of everything that nobody was told of."""
        for summary in stock.untold if setup.receiver else ():
            if self._may(_key(summary)):
                await self._deliver_one(setup, summary)

    async def _deliver_one(self, setup: ReviewSetup, summary: Summary) -> None:
        key = _key(summary)
        try:
            files = await aside(ledger.files_of, setup.folder, summary)
            await self._tell(setup.receiver, notice(summary, setup.external_url, files))
            await aside(ledger.note_sent, setup.folder, summary, setup.receiver, time.time())
        except Exception as error:  # a notice that a bug spoils must not hold up the others
            problem = error if isinstance(error, OutcallError) else RunError(f"{type(error).__name__}, which is a bug")
            self._fail(key, problem, f"review {summary.cadence} {summary.span.name} is written, but not told: ")
            return
        log.info("review %s %s: receiver %s is told", summary.cadence, summary.span.name, setup.receiver)
        self._succeed(key)

    def _may(self, key: str) -> bool:
        """Whether the pause after a failure is over."""
        failure = self._failed.get(key)
        return failure is None or failure.again <= time.monotonic()

    def _times(self, key: str) -> int:
        """How often it failed in a row."""
        return self._failed[key].times if key in self._failed else 0

    def _fail(self, key: str, error: OutcallError, what: str = "") -> None:
        before, problem, times = self._failed.get(key), f"{what}{error}", self._times(key) + 1
        # The folder is looked at again whatever its pause, so that it has no growing one.
        longest = LONGEST_PAUSE if key else LONGEST_SLEEP
        pause = min(longest, FIRST_PAUSE * 2.0 ** min(times - 1, 10))
        self._failed[key] = Failure(times, time.monotonic() + pause, problem)
        if key or before is None or before.problem != problem:
            log.warning("%s (tried again in %.0f s)", problem, pause)
        self._tell_state()

    def _forget(self, wanted: Collection[str]) -> None:
        """What is no longer wanted is no longer wrong."""
        self._failed = {key: failure for key, failure in self._failed.items() if key in wanted}

    def _succeed(self, key: str, stock: Stock | None = None) -> None:
        self._failed.pop(key, None)
        if stock is not None:
            self.run.last_success = stock.newest
        self._tell_state()

    def _tell_state(self) -> None:
        """On the status page and in the metrics of collectors."""
        problems = [failure.problem for failure in self._failed.values()]
        before = (self.run.success, self.run.problem)
        self.run.success, self.run.problem = not problems, "; ".join(problems)
        if before != (self.run.success, self.run.problem):
            self._changed()

    def _pause(self) -> float:
        """Seconds until there may be something to do."""
        now, setup = time.monotonic(), self._setup
        due = next_due(setup.plan, time.time()) if setup is not None else None
        waits = [due - time.time()] if due is not None else []
        return shortest([*waits, *(failure.again - now for failure in self._failed.values())])


def shortest(waits: Iterable[float]) -> float:
    """How long to sleep, in seconds, where there may be something to do after any of the waits.

    One that is over does not count: what was not tried by now is left to another process, which has the turn.
    """
    return max(0.1, min([LONGEST_SLEEP, *(wait for wait in waits if wait > 0)]))


def _key(summary: Summary) -> str:
    """Under which a failure to tell of it is kept."""
    return f"{summary.stem}{ledger.SENT}"
