"""The call platform of the stage: a database that the simulator has filled with the case and goes on feeding."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import asyncpg

from exporter.simulate.plan import EPOCH, MINUTE, SimulationPlan
from tests.e2e.processes import DEADLINE, until
from tests.faults.service import ROOT

# The gauges' past is a day shorter: from its middle on the window of 30 days is complete.
DAYS = 61
# As long ago as the exporter still holds the days before it, by which changes are verified.
CHANGE_DAYS_AGO = 15
# The least with which every KPI has a value in 24 hours, also on a Sunday.
CALLS_PER_DAY = 1_500
SEED = 1
FEEDING = "feeding live"

# Wordings that replaced others: scenario, new, old, how long ago. With the change of the case, and this night.
NEW_SCRIPTS = (
    ("acquisition", "monthly-interest-v2", "monthly-interest-v1", timedelta(days=CHANGE_DAYS_AGO)),
    ("collection", "empathy-v4", "empathy-v3", timedelta(hours=18)),
)
RENAME = "UPDATE calls SET script = $3 WHERE scenario = $1 AND script = $2 AND dialed_at < $4"
OPEN_INCIDENT = "INSERT INTO incidents (incident_id, opened_at, updated_at) VALUES (-1, $1, $1)"
INCIDENT_AGE = timedelta(minutes=20)
# One is a breach: an alert that pages fires on every day of the year.
LEAK = """
UPDATE masking_scans SET masked = sensitive - 1 WHERE scan_id = (
  SELECT scan_id FROM masking_scans WHERE sensitive > 0 AND scanned_at < $1 ORDER BY scanned_at DESC LIMIT 1)
"""


@dataclass
class Platform:
    """A context manager: when entered the history is there, and new calls arrive until it is left."""

    dsn: str
    folder: Path
    timezone: str

    def __post_init__(self) -> None:
        self.recordings = self.folder / "recordings"
        self._log = self.folder / "simulate.log"
        self._feed: subprocess.Popen[bytes] | None = None
        plan = SimulationPlan(SEED, datetime.now(UTC), DAYS, timezone=self.timezone)
        # From when on the tables hold everything, Unix seconds.
        self.covered_from = int((EPOCH + plan.first_minute * MINUTE).timestamp())

    def __enter__(self) -> Self:
        self.recordings.mkdir()
        options = {
            "days": DAYS,
            "calls-per-day": CALLS_PER_DAY,
            "seed": SEED,
            "change-days-ago": CHANGE_DAYS_AGO,
            "timezone": self.timezone,
            "recordings-dir": self.recordings,
        }
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        argv = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "exporter.cli", "simulate", *words]
        environment = own_environment(DATABASE_URL=self.dsn)
        with self._log.open("wb") as log:
            self._feed = subprocess.Popen(
                argv,
                env=environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            until("the history is written", self._is_feeding, 5 * DEADLINE)
            asyncio.run(_shape(self.dsn))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._feed is not None:
            self._feed.kill()
            self._feed.wait(DEADLINE)
            self._feed = None

    def _is_feeding(self) -> bool | None:
        said = self._log.read_text("utf-8")
        if self._feed is None or self._feed.poll() is not None:
            raise RuntimeError(f"the simulator has ended:\n{said[-3_000:]}")
        return FEEDING in said or None


def own_environment(**settings: object) -> dict[str, str]:
    """The environment of a process of the stage: nobody else's settings, but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OUTCALL_")}
    return kept | {f"OUTCALL_{name}": str(value) for name, value in settings.items()}


async def _shape(dsn: str) -> None:
    """What the simulator does not do by itself: wordings that are replaced, an incident that is not over, a leak."""
    now = datetime.now(UTC)
    connection = await asyncpg.connect(dsn)
    try:
        for scenario, new, old, age in NEW_SCRIPTS:
            await connection.execute(RENAME, scenario, new, old, now - age)
        await connection.execute(OPEN_INCIDENT, now - INCIDENT_AGE)
        await connection.execute(LEAK, now)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
