"""The collector on a real store with lost and short files."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from exporter.collectors.base import Collector
from exporter.collectors.pathtemplate import parse_template
from exporter.collectors.recordings import RecordingsCollector
from exporter.collectors.sample import RecordingRow
from exporter.errors import UsageError
from tests.collectors.exposition import lint, numbers, value

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 1, tzinfo=UTC)
ROWS = [RecordingRow(number, number, START + timedelta(hours=7 * number), 100 + number) for number in range(20)]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Twenty recordings, of which number 3 is lost and numbers 5 and 6 are cut short."""
    template = parse_template("{root}/{started_at:%Y/%m/%d}/{recording_id}.wav", SHANGHAI)
    root = tmp_path / "store"
    for row in ROWS:
        file = root / template.path(row)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * (50 if row.recording_id in (5, 6) else row.bytes or 0))
        if row.recording_id == 3:
            file.unlink()
    return root


def collector(root: Path, scan_interval: float = 0.0) -> RecordingsCollector:
    ticks = count()
    return RecordingsCollector(
        root, SHANGHAI, scan_interval=scan_interval, budget=1e6, clock=lambda: float(next(ticks)), now=lambda: 1.8e9
    )


def test_it_is_a_collector_and_the_page_is_clean(store: Path) -> None:
    reader = collector(store)
    protocol: Collector = reader
    assert (protocol.name, protocol.interval) == ("recordings", 60.0)
    reader.offer(ROWS)
    reader.collect()
    families = reader.collect()
    assert lint(families) == ""
    assert all(family.name.startswith("outcall_recordings_") for family in families)


def test_lost_and_short_recordings_are_found(store: Path) -> None:
    reader = collector(store)
    reader.offer([*ROWS, RecordingRow(99, 1, None, 1)])
    families = reader.collect()
    last = {name: value(families, f"outcall_recordings_sample_{name}") for name in ("checked", "missing", "unknown")}
    assert last == {"checked": 21, "missing": 1, "unknown": 1}
    assert value(families, "outcall_recordings_sample_size_mismatch") == 2
    assert value(families, "outcall_recordings_sample_timestamp_seconds") == 1.8e9


def test_the_judgements_add_up_and_the_last_sample_stands(store: Path) -> None:
    reader = collector(store)
    before = reader.collect()
    assert value(before, "outcall_recordings_judged_total", result="missing") == 0.0
    assert value(before, "outcall_recordings_sample_checked") is None
    for rows in (ROWS[:4], ROWS[4:], None):
        if rows is not None:
            reader.offer(rows)
        families = reader.collect()
    totals = {
        r: value(families, "outcall_recordings_judged_total", result=r) for r in ("ok", "missing", "size_mismatch")
    }
    assert totals == {"ok": 17, "missing": 1, "size_mismatch": 2}
    assert value(families, "outcall_recordings_sample_checked") == 16


def test_a_newer_sample_takes_the_place_of_one_not_judged(store: Path) -> None:
    reader = collector(store)
    reader.offer(ROWS)
    reader.offer(ROWS[:2])
    assert value(reader.collect(), "outcall_recordings_sample_checked") == 2


def test_files_bytes_and_growth(store: Path) -> None:
    reader = collector(store)
    first = reader.collect()
    size = sum(file.stat().st_size for file in store.rglob("*.wav"))
    assert value(first, "outcall_recordings_files") == 19
    assert value(first, "outcall_recordings_bytes") == size
    assert value(first, "outcall_recordings_scan_errors") == 0
    assert value(first, "outcall_recordings_growth_bytes_per_second") is None
    (store / "new.wav").write_bytes(b"x" * 1000)
    second = reader.collect()
    assert value(second, "outcall_recordings_files") == 20
    files, size_rate = (value(second, f"outcall_recordings_growth_{x}_per_second") for x in ("files", "bytes"))
    assert files is not None
    assert files > 0
    assert size_rate == pytest.approx(1000 * files)


def test_the_count_stands_between_two_walks(store: Path) -> None:
    reader = collector(store, scan_interval=1e6)
    reader.collect()
    (store / "new.wav").write_bytes(b"x")
    assert value(reader.collect(), "outcall_recordings_files") == 19


def test_space_is_that_of_the_store(store: Path) -> None:
    families = collector(store).collect()
    size, free = (value(families, f"outcall_recordings_store_{x}_bytes") for x in ("size", "free"))
    assert size is not None
    assert free is not None
    assert 0 <= free <= size


def test_a_store_that_is_gone_is_a_failure_and_loses_no_recording(store: Path) -> None:
    """An unmounted store must not look like thousands of lost recordings; the sample waits."""
    reader = collector(store)
    reader.offer(ROWS)
    store.rename(store.parent / "away")
    with pytest.raises(FileNotFoundError):
        reader.collect()
    (store.parent / "away").rename(store)
    assert value(reader.collect(), "outcall_recordings_sample_missing") == 1


def test_a_root_that_is_no_folder_loses_no_recording(store: Path) -> None:
    reader = collector(store)
    reader.offer(ROWS)
    store.rename(store.parent / "away")
    store.touch()
    with pytest.raises(NotADirectoryError):
        reader.collect()
    store.unlink()
    (store.parent / "away").rename(store)
    assert value(reader.collect(), "outcall_recordings_judged_total", result="missing") == 1


def test_no_name_of_a_recording_is_logged_or_exposed(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    reader = collector(store)
    reader.offer([RecordingRow("secret-13800000000", 1, START, 5), RecordingRow("../secret", 1, START, 5)])
    with caplog.at_level(logging.DEBUG):
        shown = str(numbers(reader.collect()))
    assert "secret" not in caplog.text + shown


def test_a_wrong_template_is_a_user_error(store: Path) -> None:
    with pytest.raises(UsageError, match="unknown field"):
        RecordingsCollector(store, SHANGHAI, "{root}/{phone}.wav")
