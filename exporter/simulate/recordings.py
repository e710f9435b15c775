"""Files of simulated recordings: sparse, of the recorded size, at `yyyy/mm/dd/{recording_id}.wav` (local day)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from exporter.errors import RunError
from exporter.simulate.plan import SimulationPlan
from exporter.simulate.tables import Row


class RecordingStore:
    """The folder of recordings of a plan; does nothing when the plan has none. Raises RunError when it cannot write."""

    def __init__(self, plan: SimulationPlan) -> None:
        self._root = plan.recordings_dir
        self._zone = plan.zone

    def path(self, recording_id: int, started_at: datetime) -> Path:
        """Where the file of a recording is."""
        day = started_at.astimezone(self._zone)
        return (self._root or Path()) / f"{day:%Y/%m/%d}" / f"{recording_id}.wav"

    def write_recent(self, recordings: Iterable[Row], since: datetime) -> None:
        """Files of the recordings of a history that began after an instant and are not deleted."""
        if self._root is not None:
            self.apply(row for row in recordings if row[2] >= since)

    def apply(self, recordings: Iterable[Row]) -> None:
        """Make the files as the rows say: there with their size, or gone with `deleted_at`."""
        if self._root is None:
            return
        for row in recordings:
            recording_id, _, started_at, _, size, _, deleted_at, _ = row
            if deleted_at is None:
                self._write(self.path(recording_id, started_at), size)
            else:
                self.lose(recording_id, started_at)

    def lose_all(self, recordings: Iterable[tuple[int, datetime]]) -> None:
        """Remove files, given as (recording_id, started_at)."""
        for recording_id, started_at in recordings:
            self.lose(recording_id, started_at)

    def lose(self, recording_id: int, started_at: datetime) -> None:
        """Remove a file; the row of its recording stays as it is."""
        if self._root is not None:
            try:
                self.path(recording_id, started_at).unlink(missing_ok=True)
            except OSError as error:
                raise self._failure(error) from None

    def _write(self, path: Path, size: int) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            os.truncate(path, size)
        except OSError as error:
            raise self._failure(error) from None

    def _failure(self, error: OSError) -> RunError:
        reason = error.strerror or type(error).__name__
        return RunError(f"the recordings folder {self._root} cannot be written ({reason})", "choose another folder")
