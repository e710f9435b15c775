"""Writer storm: every gauge equals the oracle in the snapshot of every poll, though nobody stops writing."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from exporter.calldb.connect import connection
from exporter.calldb.reader import Nets
from tests.faults.naive import RowVersionAboveMaximum, TwoSecondsOverlap, UpdatedAtAboveMaximum
from tests.faults.storm import HONEST, SKEWED, Storm, blowing, prepare
from tests.faults.witness import Observed, Witness, observed

SEED = int(os.environ.get("OUTCALL_TEST_FAULTS_SEED", "1"))
TRANSACTIONS = int(os.environ.get("OUTCALL_TEST_STORM_TRANSACTIONS", "110000"))
# Each round has a database of its own: the oracle reads it whole at every poll.
PER_ROUND = min(5_000, TRANSACTIONS)
ROUNDS = -(-TRANSACTIONS // PER_ROUND)

# Further back than any window, and than the six months after which a recording is judged.
EVERYTHING = Nets(sweep_always=True, sweep=86400 * 400)


@dataclass(slots=True)
class Outcome:
    """How a storm was endured."""

    tally: Counter[str] = field(default_factory=Counter)
    polls: int = 0
    wrong_polls: int = 0
    wrong_at_the_end: int = 0
    corrections: int = 0
    first: list[str] = field(default_factory=list)

    def take(self, differences: list[str]) -> None:
        self.polls += 1
        self.wrong_polls += bool(differences)
        self.wrong_at_the_end = len(differences)
        self.first = self.first or differences[:5]

    def figures(self) -> str:
        """One line for people."""
        return (
            f"{self.polls} polls, {self.wrong_polls} of them wrong, {self.wrong_at_the_end} series wrong at the end, "
            f"{self.corrections} corrections; {dict(self.tally.most_common())}"
        )


async def endure(
    storm: Storm, nets: Nets, kind: type[Witness] = Witness, *, background: bool = False, until_the_end: bool = False
) -> Outcome:
    """Poll for as long as it blows, and once more; after each poll the page is held against the oracle.

    `until_the_end`: only after the last, so that polls come in quick succession.
    """
    await prepare(storm.dsn)
    outcome = Outcome()
    async with observed(storm.dsn, nets, kind) as exporter, beside(exporter, storm.dsn, background):
        async with blowing(storm) as wind:
            ended = asyncio.create_task(wind.end())
            while not ended.done():
                if until_the_end:
                    await exporter.exporter.poll()
                else:
                    outcome.take(await exporter.poll())
            await ended
        outcome.take(await exporter.poll())
        outcome.corrections = sum(exporter.exporter.lanes.tracker.corrections.values())
    outcome.tally.update(wind.tally)
    print(f"{kind.__name__}: {outcome.figures()}")
    return outcome


@asynccontextmanager
async def beside(exporter: Observed, dsn: str, wanted: bool) -> AsyncIterator[None]:
    """The background lane on its own connection, or nothing."""
    if not wanted:
        yield
        return
    access = replace(exporter.exporter.lanes.access, url=dsn)
    async with connection(access) as opened:
        lane = asyncio.create_task(exporter.background(opened))
        try:
            yield
        finally:
            lane.cancel()
            await asyncio.gather(lane, return_exceptions=True)
            assert lane.cancelled(), lane.exception()


async def test_honest_clocks_are_right_at_every_poll(database: str) -> None:
    """The nets as they come: `updated_at` by index, 120 s behind the oldest running transaction."""
    outcome = await endure(Storm(database, SEED, writers=6, transactions=250), Nets())
    assert (outcome.first, outcome.wrong_polls) == ([], 0)
    assert outcome.polls > 2


async def test_lying_clocks_are_right_at_every_poll(database: str) -> None:
    """Row versions in every poll see what `updated_at` hides."""
    outcome = await endure(Storm(database, SEED, writers=6, transactions=250, stamps=SKEWED), EVERYTHING)
    assert (outcome.first, outcome.wrong_polls) == ([], 0)
    assert outcome.polls > 2


async def test_a_naive_scheme_fails_the_same_harness(database: str) -> None:
    """`updated_at > max seen` loses rows for good, with honest clocks too."""
    outcome = await endure(Storm(database, SEED, writers=6, transactions=250), Nets(), UpdatedAtAboveMaximum)
    assert outcome.wrong_at_the_end


@pytest.mark.faults
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", range(ROUNDS))
async def test_the_whole_storm(database: str, number: int) -> None:
    """Sixteen writers; clocks honest (with the background lane beside the polls) and lying in turn."""
    honest = number % 2 == 0
    storm = Storm(database, SEED * 1000 + number, transactions=PER_ROUND, stamps=HONEST if honest else SKEWED)
    outcome = await endure(storm, Nets() if honest else EVERYTHING, background=honest)
    assert (outcome.first, outcome.wrong_polls, outcome.corrections) == ([], 0, 0)
    assert outcome.tally["committed"] >= PER_ROUND


@pytest.mark.faults
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("stamps", [HONEST, SKEWED], ids=["honest", "skewed"])
@pytest.mark.parametrize("scheme", [UpdatedAtAboveMaximum, TwoSecondsOverlap, RowVersionAboveMaximum])
async def test_losing_schemes(database: str, scheme: type[Witness], stamps: tuple[str, ...]) -> None:
    """Each scheme that others use loses rows for good in the same storm."""
    storm = Storm(database, SEED, transactions=6_000, stamps=stamps)
    outcome = await endure(storm, Nets(), scheme, until_the_end=True)
    assert outcome.wrong_at_the_end
