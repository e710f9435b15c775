"""Sixty days of the case with the change of wording in their middle, and a week for applications to come in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from exporter.simulate.plan import SimulationPlan
from tests.commands.process import Done, run
from tests.support.postgres import Postgres
from tests.support.simulated import simulated

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAYS = 30
DAY = timedelta(days=1)
# A Monday.
CHANGE = datetime(2026, 3, 2, tzinfo=SHANGHAI)
SHAM = CHANGE - 15 * DAY
# A sixth of the case's volume.
PLAN = SimulationPlan(
    seed=20260302, now=CHANGE + (DAYS + 8) * DAY, days=DAYS + DAYS + 8, calls_per_day=2_000, change_at=CHANGE
)
CHANGES = f"""\
changes:
  - id: plain-words
    at: {CHANGE.isoformat()}
    kind: script
    title: {{zh: 大白话, en: Plain words}}
    kpis: {{early_hangup: {{delta: -0.05}}, lead_conversion: , compliant_speech: }}
  - id: for-the-elderly
    at: {CHANGE.isoformat()}
    kind: script
    title: {{zh: 老年话术, en: For the elderly}}
    scope: {{generation: elderly}}
    kpis: [early_hangup, csat]
  - id: nothing
    at: {SHAM.isoformat()}
    until: {CHANGE.isoformat()}
    kind: other
    title: {{zh: 什么也没变, en: Nothing changed}}
    kpis: [early_hangup, csat, connect]
"""


@pytest.fixture(scope="session")
def history(postgres: Postgres) -> Iterator[str]:
    """DSN of a database with the case; to be read only."""
    with simulated(postgres, PLAN) as dsn:
        yield dsn


class Operator:
    """Who types the commands, in a folder of their own."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn, self.folder = dsn, folder
        (folder / "changes.yaml").write_text(CHANGES, "utf-8")

    def types(self, *words: str) -> Done:
        """A command that has to succeed, without a word on stderr."""
        settings = {"database_url": self.dsn, "changes_file": "changes.yaml"}
        done = run(*words, folder=self.folder, settings=settings)
        assert (done.status, done.err) == (0, "")
        return done

    def asks(self, *words: str) -> dict[str, Any]:
        """The JSON that a command answers."""
        found: dict[str, Any] = json.loads(self.types(*words, "--format", "json").out)
        return found

    def verifies(self, change: str, as_of: datetime) -> dict[str, dict[str, Any]]:
        """What `verify` says of each KPI."""
        return {one["kpi"]: one for one in self.asks("verify", change, "--at", as_of.isoformat())["kpis"]}


@pytest.fixture
def operator(history: str, tmp_path: Path) -> Operator:
    """An operator of the case's call centre."""
    return Operator(history, tmp_path)
