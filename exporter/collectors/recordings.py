"""The recording store: its space, its files, and whether the recordings that must be there are. `outcall_recordings_*`.

The sample comes from the call database, which this collector never asks: the application draws it with
`sample.sample_query` and hands it over with `offer`; the next `collect` judges it. The files are counted by a walk that
takes at most `budget` seconds of each `collect`, so a large store is counted over many of them.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from zoneinfo import ZoneInfo

from prometheus_client.metrics_core import Metric

from exporter.collectors.base import CollectorError
from exporter.collectors.disk import Space, space
from exporter.collectors.families import counters, gauge
from exporter.collectors.pathtemplate import DEFAULT_TEMPLATE, parse_template
from exporter.collectors.sample import RecordingRow, Verdict, judge, tally
from exporter.collectors.walk import Scan, Scanner, growth


class RecordingsCollector:
    """Watches the folder `root` where the recordings are.

    `timezone`: the business time zone; `template`: where the file of a recording is (see `pathtemplate`).
    `interval`: seconds between two readings; `scan_interval`: between the starts of two full counts; `budget`: seconds
    of each reading spent on counting. Raises UsageError for a wrong template.
    """

    name = "recordings"

    def __init__(
        self,
        root: Path,
        timezone: ZoneInfo,
        template: str = DEFAULT_TEMPLATE,
        interval: float = 60.0,
        scan_interval: float = 300.0,
        budget: float = 1.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.interval = interval
        self._root = root
        self._template = parse_template(template, timezone)
        self._budget = budget
        self._now = now
        self._scanner = Scanner(root, scan_interval, clock, now)
        # One slot, taken and filled in one step each: `offer` and `collect` run in different threads.
        self._offered: deque[tuple[RecordingRow, ...]] = deque(maxlen=1)
        self._refusal = ""
        self._totals = dict.fromkeys(Verdict, 0)
        self._sample: dict[Verdict, int] | None = None
        self._sampled_at: float | None = None

    def offer(self, rows: Iterable[RecordingRow]) -> None:
        """Hand over a fresh sample for the next `collect`; it takes the place of one not judged yet."""
        self._offered.append(tuple(rows))
        self._refusal = ""

    def refuse(self, problem: str) -> None:
        """The call database gives no sample that can be judged: `collect` fails with this sentence until one comes."""
        self._refusal = problem

    def collect(self) -> list[Metric]:
        """Read once. Raises OSError when the store cannot be read; then no recording is judged as missing.

        Raises CollectorError when the call database gives no sample.
        """
        if self._refusal:
            raise CollectorError(self._refusal)
        store = space(self._root)
        os.scandir(self._root).close()
        self._judge_offered()
        self._scanner.step(self._budget)
        return [
            *space_families(store),
            *scan_families(self._scanner.previous, self._scanner.last),
            *sample_families(self._sample, self._sampled_at, self._totals),
        ]

    def _judge_offered(self) -> None:
        if not self._offered:
            return
        rows = self._offered.pop()
        self._sample = tally(judge(row, self._root, self._template.path) for row in rows)
        self._sampled_at = self._now()
        for verdict, number in self._sample.items():
            self._totals[verdict] += number


def space_families(store: Space) -> list[Metric]:
    """Space of the file system that holds the store, in bytes and inodes."""
    prefix = "outcall_recordings_store"
    return [
        *gauge(f"{prefix}_size_bytes", "Size of the recording store's file system, in bytes.", store.size),
        *gauge(
            f"{prefix}_free_bytes", "Space that can still be written to the recording store, in bytes.", store.avail
        ),
        *gauge(f"{prefix}_inodes", "Inodes of the recording store's file system.", store.files),
        *gauge(f"{prefix}_inodes_free", "Inodes that the recording store can still use.", store.files_free),
        *gauge(
            f"{prefix}_readonly",
            "1 if the recording store's file system itself is read-only, not only the exporter's mount of it, else 0.",
            store.readonly,
        ),
    ]


def scan_families(previous: Scan | None, last: Scan | None) -> list[Metric]:
    """The last complete count, and the growth since the one before it; absent until there is one (there are two)."""
    if last is None:
        return []
    rate = None if previous is None else growth(previous, last)
    prefix = "outcall_recordings"
    return [
        *gauge(f"{prefix}_files", "Files in the recording store at the last full count.", last.count.files),
        *gauge(f"{prefix}_bytes", "Bytes of all files in the store at the last full count.", last.count.size),
        *gauge(
            f"{prefix}_growth_files_per_second",
            "Files gained per second between the last two full counts; negative when the store shrinks.",
            rate.files if rate else None,
        ),
        *gauge(
            f"{prefix}_growth_bytes_per_second",
            "Bytes gained per second between the last two full counts; negative when the store shrinks.",
            rate.size if rate else None,
        ),
        *gauge(
            f"{prefix}_scan_timestamp_seconds", "When the last full count ended, seconds since 1970.", last.ended_at
        ),
        *gauge(f"{prefix}_scan_duration_seconds", "Seconds the last full count took, pauses included.", last.seconds),
        *gauge(f"{prefix}_scan_errors", "Entries that the last full count could not read.", last.count.errors),
    ]


def sample_families(sample: dict[Verdict, int] | None, at: float | None, totals: dict[Verdict, int]) -> list[Metric]:
    """The last sample judged (absent before the first), and all judged since the start by result."""
    prefix = "outcall_recordings_sample"
    last = sample or {}
    return [
        *gauge(f"{prefix}_checked", "Recordings in the last sample.", sum(last.values()) if sample else None),
        *gauge(f"{prefix}_missing", "Recordings of the last sample without a file.", last.get(Verdict.MISSING)),
        *gauge(
            f"{prefix}_size_mismatch",
            "Recordings of the last sample whose file has another size than the call database says.",
            last.get(Verdict.SIZE_MISMATCH),
        ),
        *gauge(
            f"{prefix}_unknown",
            "Recordings of the last sample that cannot be judged: no permission, or a NULL in the path's fields.",
            last.get(Verdict.UNKNOWN),
        ),
        *gauge(f"{prefix}_timestamp_seconds", "When the last sample was judged, seconds since 1970.", at),
        *counters(
            "outcall_recordings_judged_total",
            "Sampled recordings judged since the start, by result: ok, missing, size_mismatch, unknown.",
            ("result",),
            [((verdict.value,), number) for verdict, number in totals.items()],
        ),
    ]
