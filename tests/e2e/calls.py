"""What the calling platform writes, as statements: ordinary calls, bad ones, checks, recordings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.support.postgres import Postgres

INSERT = """
INSERT INTO calls (call_id, customer_id, campaign_id, scenario, generation, dialect, script, dialed_at, answered_at,
                   ended_at, result, answered_by, interaction_seconds, hangup_by, cost_cny)
SELECT {first} + n, {first} + n, 1, '{scenario}', (ARRAY[{generations}])[1 + n % {kinds}], 'mandarin', 'standard-v3',
       ended - talk - interval '8 s', ended - talk, ended, 'answered', 'human', extract(epoch FROM talk),
       CASE WHEN short THEN 'customer' ELSE 'agent' END, 0.5
FROM (
    SELECT n, clock_timestamp() - make_interval(secs => {oldest} + ({newest} - {oldest}) * n / {number}.0) AS ended,
           n % 100 < {short} AS short, CASE WHEN n % 100 < {short} THEN interval '20 s' ELSE interval '75 s' END AS talk
    FROM generate_series(0, {number} - 1) AS n
) AS made;
SELECT extract(epoch FROM min(updated_at)) FROM calls WHERE call_id >= {first};
"""
GENERATIONS = ("gen_z", "gen_y", "gen_x", "elderly")
RECORDING_BYTES = 4_000


@dataclass(slots=True)
class Platform:
    """Writes as superuser into one database; everything blocks."""

    cluster: Postgres
    database: str
    recordings: Path
    timezone: str
    numbers: count[int] = field(default_factory=lambda: count(1_000_000, 1_000_000))

    def calls(
        self,
        number: int,
        *,
        short: int,
        generations: tuple[str, ...] = GENERATIONS,
        oldest: float = 0.0,
        newest: float = 0.0,
        scenario: str = "acquisition",
    ) -> float:
        """Answered calls that ended `oldest` to `newest` seconds ago, `short` per cent of them hung up within 30 s.

        Returns when the first row was written, Unix seconds.
        """
        script = INSERT.format(
            first=next(self.numbers),
            number=number,
            short=short,
            scenario=scenario,
            oldest=oldest,
            newest=newest,
            generations=", ".join(f"'{name}'" for name in generations),
            kinds=len(generations),
        )
        return float(self.run(script))

    def checks(self, number: int, violations: int) -> float:
        """Automatic checks of so many calls, now; so many of them find a violation. Returns as `calls` does."""
        return float(
            self.run(
                "INSERT INTO qa_checks (call_id, mode, checked_at, violations, rule_codes)"
                f" SELECT call_id, 'auto', clock_timestamp(), (row_number() OVER () <= {violations})::int, NULL"
                f" FROM calls ORDER BY call_id LIMIT {number};"
                "SELECT extract(epoch FROM min(updated_at)) FROM qa_checks;"
            )
        )

    def score_again(self) -> None:
        """The violations were none."""
        self.run("UPDATE qa_checks SET violations = 0 WHERE violations > 0;")

    def store_recordings(self, number: int) -> list[Path]:
        """Recordings of half an hour ago, with their files, which are returned."""
        rows = self.run(
            "INSERT INTO recordings (recording_id, call_id, started_at, stored_at, bytes)"
            " SELECT n, n, clock_timestamp() - make_interval(mins => 20, secs => n),"
            f" clock_timestamp() - interval '15 min', {RECORDING_BYTES} FROM generate_series(1, {number}) AS n;"
            "SELECT recording_id, extract(epoch FROM started_at) FROM recordings;"
        )
        return [self._store(*line.split("|")) for line in rows.splitlines()]

    def _store(self, recording: str, started: str) -> Path:
        day = datetime.fromtimestamp(float(started), ZoneInfo(self.timezone))
        path = self.recordings / f"{day:%Y/%m/%d}" / f"{recording}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(RECORDING_BYTES))
        return path

    def run(self, script: str) -> str:
        return self.cluster.psql(script, self.database).strip()
