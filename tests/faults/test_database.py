"""Faults of the database under the real service: stale is absent, recovery needs nobody, and the gauges are right."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from random import Random
from statistics import median

import pytest

from tests.faults.outages import (
    LOST,
    OUTAGES,
    PARTIAL,
    TERMINATE,
    VICTIM,
    Fault,
    crashed,
    frozen,
    locked,
    locked_out,
    replaced,
    slow,
)
from tests.faults.scene import Scene, scene
from tests.faults.service import Page
from tests.support.history import History
from tests.support.postgres import Postgres

SEED = os.environ.get("OUTCALL_TEST_FAULTS_SEED", "1")
FAULTS = int(os.environ.get("OUTCALL_TEST_DATABASE_FAULTS", "60"))

OWN_TARGET = "kpis: {effective_contact: {targets: [{severity: warning, value: 0.5}]}}\n"


async def endure_outage(stage: Scene, fault: Fault) -> tuple[float, float]:
    """The gauges go and come back by themselves; returns after how many seconds each."""
    process = stage.service.pid
    began = time.monotonic()
    async with fault(stage):
        await stage.service.wait_for("gauges withdrawn", lambda page: not page.is_up and not page.kpis)
        withdrawn = time.monotonic() - began
    began = time.monotonic()
    await stage.service.wait_for("the database seen again", lambda page: page.is_up and bool(page.kpis))
    recovered = time.monotonic() - began
    await stage.is_right_again()
    assert stage.service.pid == process
    return withdrawn, recovered


async def endure_partial(stage: Scene, fault: Fault) -> None:
    """Only what hangs on the one source goes; the others stay fresh meanwhile."""
    before = (await stage.is_right_again()).kpis
    assert before >= LOST
    async with fault(stage):
        gone = await stage.service.wait_for("its gauges withdrawn", lambda page: not page.kpis & LOST)
        later = await stage.service.wait_for("another poll", lambda page: page.as_of > gone.as_of)
        assert later.is_up
        # A KPI may come: facts fall due meanwhile. None of the others may go.
        assert not later.kpis & LOST
        assert later.kpis >= before - LOST
        assert later.value("source_up", source=VICTIM) == 0
        assert later.value("source_up", source="calls") == 1
    await stage.is_right_again()


# The others are in the campaign below.
@pytest.mark.parametrize("fault", [crashed, frozen, locked_out], ids=lambda fault: fault.__name__)
async def test_an_outage(postgres: Postgres, database: str, tmp_path: Path, fault: Fault) -> None:
    """`outcall_up` is 0 and every gauge of the call database is withdrawn; both come back without a restart."""
    async with scene(postgres, database, tmp_path) as stage:
        await endure_outage(stage, fault)


@pytest.mark.parametrize("fault", [locked, slow], ids=lambda fault: fault.__name__)
async def test_a_fault_of_one_source(postgres: Postgres, database: str, tmp_path: Path, fault: Fault) -> None:
    """It takes down only its own KPIs, and they come back."""
    async with scene(postgres, database, tmp_path) as stage:
        await endure_partial(stage, fault)


async def test_killed_sessions(postgres: Postgres, database: str, tmp_path: Path) -> None:
    """An administrator ends the sessions again and again: new ones take their place, never more than two."""
    async with scene(postgres, database, tmp_path) as stage:
        for _ in range(3):
            await stage.execute(TERMINATE.format(role=stage.role))
            await stage.is_right_again()


async def test_another_database_at_the_same_address(postgres: Postgres, database: str, tmp_path: Path) -> None:
    """The service starts over: nothing of the first database is left in the gauges of the second, nor the reverse."""
    async with scene(postgres, database, tmp_path) as stage:
        first = stage.history
        async with replaced(stage):
            stage.history = History(6, first.now)
            await stage.write(100)
            await stage.is_right_again()
        stage.history = first
        await stage.is_right_again()


async def test_a_broken_catalogue_changes_nothing(postgres: Postgres, database: str, tmp_path: Path) -> None:
    """SIGHUP with a bad file keeps the last good catalogue and says so; a good file is taken over."""
    own = tmp_path / "own.yaml"
    own.write_text(OWN_TARGET)
    async with scene(postgres, database, tmp_path, {"CATALOGUE_FILES": f"[{own}]"}) as stage:
        before = await stage.is_right_again()
        own.write_text("kpis: {effective_contact: {targets: [{severity: warning, value: 0.5}], nonsense: 1}}\n")
        stage.service.send(signal.SIGHUP)
        await stage.service.wait_for("the failure told", lambda page: reloaded(page) == 0)
        assert (await stage.is_right_again()).kpis >= before.kpis
        own.write_text(OWN_TARGET.replace("0.5", "0.25"))
        stage.service.send(signal.SIGHUP)
        await stage.service.wait_for("the new target", lambda page: reloaded(page) == 1 and " 0.25\n" in page.text)
        await stage.is_right_again()


def reloaded(page: Page) -> float | None:
    return page.value("config_last_reload_successful")


@pytest.mark.faults
@pytest.mark.timeout(7200)
async def test_fault_after_fault(postgres: Postgres, database: str, tmp_path: Path) -> None:
    """One service lives through them all in random order; it never has more than two connections."""
    rng = Random(SEED)
    times: list[tuple[float, float]] = []
    async with scene(postgres, database, tmp_path) as stage:
        for _ in range(FAULTS):
            fault = rng.choice((*OUTAGES, *PARTIAL))
            if fault in OUTAGES:
                times.append(await endure_outage(stage, fault))
            else:
                await endure_partial(stage, fault)
    withdrawn, recovered = zip(*times, strict=True)
    for what, seconds in (("withdrawn", withdrawn), ("recovered", recovered)):
        print(f"{what} after {median(seconds):.2f} s (median), {max(seconds):.2f} s at most, of {len(seconds)}")
    print(f"{FAULTS} faults, {stage.most_connections} connections at most")
