"""A random sample of the recordings that the call database says are stored, and the judgement of each.

The rows are read with `sample_query`; a row whose file is missing, or has another size, is a recording lost or cut
short. Nothing here logs or keeps a name or a number of a recording.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Protocol, Self

from exporter.collectors.base import CollectorError

SAMPLE_SIZE = 50
# A little less than the six calendar months of retention: clear of what the platform is about to delete rightly.
RETENTION = timedelta(days=179)
# A network file system may remember for a minute that a file was not there.
SETTLED = timedelta(minutes=5)

# Random instants rather than ORDER BY random(), which reads the whole table: each costs one look into the index of
# started_at. An instant followed by an hour without recordings (a night) draws nothing, so that the first calls of a
# morning are not drawn again and again; four times the wanted number of instants makes up for it.
QUERY = """
WITH span AS (
    SELECT greatest(min(started_at), $1::timestamptz) AS low, $2::timestamptz AS high FROM {relation}
), instants AS MATERIALIZED (
    SELECT low + random() * (high - low) AS instant, high
    FROM span CROSS JOIN generate_series(1, 4 * $3::int) WHERE low < high
), drawn AS (
    SELECT DISTINCT picked.recording_id, picked.call_id, picked.started_at, picked.bytes
    FROM instants CROSS JOIN LATERAL (
        SELECT * FROM (
            SELECT recording_id, call_id, started_at, bytes FROM {relation}
            WHERE started_at >= instants.instant
              AND started_at < least(instants.instant + interval '1 hour', instants.high)
              AND stored_at < instants.high AND deleted_at IS NULL
            ORDER BY started_at LIMIT 32
        ) AS following ORDER BY random() LIMIT 1
    ) AS picked
)
SELECT * FROM drawn ORDER BY random() LIMIT $3::int
"""


class Verdict(StrEnum):
    """What became of one recording; `unknown` when neither can be told (a NULL, no permission)."""

    OK = "ok"
    MISSING = "missing"
    SIZE_MISMATCH = "size_mismatch"
    UNKNOWN = "unknown"


class Named(Protocol):
    """A row whose columns have names: asyncpg's Record, or a dict."""

    def __getitem__(self, name: str, /) -> object: ...


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """A stored and not deleted recording; identifiers may be text where the operator's own view has it so."""

    recording_id: int | str | None
    call_id: int | str | None
    started_at: datetime | None
    bytes: int | None

    @classmethod
    def from_record(cls, record: Named) -> Self:
        """From a row of `sample_query` (an asyncpg Record). Raises CollectorError for a column of another type."""
        recording_id, call_id = record["recording_id"], record["call_id"]
        started_at, size = record["started_at"], record["bytes"]
        if not isinstance(recording_id, int | str | None) or not isinstance(call_id, int | str | None):
            raise wrong_type("recording_id or call_id is neither a number nor text")
        if not isinstance(started_at, datetime | None) or (started_at and started_at.tzinfo is None):
            raise wrong_type("started_at is not timestamptz")
        if not isinstance(size, int | None):
            raise wrong_type("bytes is not bigint")
        return cls(recording_id, call_id, started_at, size)


def wrong_type(problem: str) -> CollectorError:
    """A column of another type than the sample needs."""
    return CollectorError(f"recordings.{problem}: cast it in a SELECT under sources")


def sample_query(relation: str, now: datetime, size: int = SAMPLE_SIZE) -> tuple[str, tuple[datetime, datetime, int]]:
    """SQL and its parameters for about `size` random recordings that must be there at the instant `now`.

    `relation` is a name or a parenthesised SELECT with an alias, from validated configuration. The draw is uniform over
    the hours in which calls were recorded, not over the recordings: it finds losses, it does not estimate their share.
    """
    return QUERY.format(relation=relation), (now - RETENTION, now - SETTLED, size)


def judge(row: RecordingRow, root: Path, locate: Callable[[RecordingRow], PurePosixPath]) -> Verdict:
    """Whether the file of a row is there with the size the database says (a NULL size: whether it is there).

    `locate` gives the path below the root and raises ValueError when the row does not tell it.
    """
    try:
        found = (root / locate(row)).stat()
    except (FileNotFoundError, NotADirectoryError):
        return Verdict.MISSING
    except (OSError, ValueError):
        return Verdict.UNKNOWN
    if not stat.S_ISREG(found.st_mode):
        return Verdict.MISSING
    return Verdict.OK if row.bytes is None or found.st_size == row.bytes else Verdict.SIZE_MISMATCH


def tally(verdicts: Iterable[Verdict]) -> dict[Verdict, int]:
    """How many of each verdict; 0 for those that did not occur."""
    counts = dict.fromkeys(Verdict, 0)
    for verdict in verdicts:
        counts[verdict] += 1
    return counts
