from __future__ import annotations

from collections.abc import Callable, Generator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.collectors.walk import STRIDE, Count, Growth, Scan, Scanner, growth, walk


def fill(folder: Path, sizes: list[int]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, size in enumerate(sizes):
        (folder / f"{number}.wav").write_bytes(b"x" * size)


def finish(steps: Generator[None, None, Count]) -> Count:
    result: list[Count] = []

    def run() -> Generator[None, None, None]:
        result.append((yield from steps))

    for _ in run():
        pass
    return result[0]


def whole(root: Path) -> Count:
    return finish(walk(root))


def ticking() -> Callable[[], float]:
    """A clock that goes on by a second at each look."""
    seconds = count()
    return lambda: float(next(seconds))


def test_it_counts_files_and_bytes_in_every_folder(tmp_path: Path) -> None:
    fill(tmp_path, [1, 2])
    fill(tmp_path / "2026/04/01", [10, 20, 30])
    fill(tmp_path / "2026/04/02", [])
    assert whole(tmp_path) == Count(5, 63, 0)


def test_symbolic_links_are_not_followed(tmp_path: Path) -> None:
    fill(tmp_path / "store", [5])
    (tmp_path / "store/again.wav").symlink_to(tmp_path / "store/0.wav")
    (tmp_path / "store/loop").symlink_to(tmp_path, target_is_directory=True)
    assert whole(tmp_path / "store") == Count(1, 5, 0)


def test_a_folder_that_vanishes_meanwhile_is_no_error(tmp_path: Path) -> None:
    fill(tmp_path, [1])
    (tmp_path / "gone").mkdir()
    steps = walk(tmp_path)
    next(steps)
    (tmp_path / "gone").rmdir()
    assert finish(steps) == Count(1, 1, 0)


def test_a_folder_that_turned_into_a_file_is_an_error(tmp_path: Path) -> None:
    """Root reads every folder, so permission cannot show it."""
    (tmp_path / "odd").mkdir()
    steps = walk(tmp_path)
    next(steps)
    (tmp_path / "odd").rmdir()
    (tmp_path / "odd").write_bytes(b"")
    assert finish(steps) == Count(0, 0, 1)


def test_a_root_that_is_not_there_is_a_failure_not_an_empty_store(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        whole(tmp_path / "nowhere")


def test_a_budget_spreads_the_walk_and_changes_nothing(tmp_path: Path) -> None:
    """Three looks at the clock per step: many steps, one count; until then none."""
    fill(tmp_path, [1] * (3 * STRIDE))
    for day in range(10):
        fill(tmp_path / str(day), [2])
    scanner, steps = Scanner(tmp_path, 0.0, ticking(), lambda: 99.0), 0
    while scanner.last is None:
        scanner.step(3.0)
        steps += 1
    assert steps > 3
    assert scanner.last.count == Count(3 * STRIDE + 10, 3 * STRIDE + 20, 0)
    assert scanner.last.ended_at == 99.0


def test_the_next_walk_waits_until_it_is_due(tmp_path: Path) -> None:
    clock = [0.0]
    scanner = Scanner(tmp_path, 300.0, lambda: clock[0], lambda: 0.0)
    scanner.step(1.0)
    first = scanner.last
    clock[0] = 299.0
    scanner.step(1.0)
    assert scanner.last is first is not None
    clock[0] = 300.0
    scanner.step(1.0)
    assert scanner.previous is first


def test_after_a_failure_the_walk_starts_over(tmp_path: Path) -> None:
    root = tmp_path / "store"
    scanner = Scanner(root, 0.0, ticking(), lambda: 0.0)
    with pytest.raises(FileNotFoundError):
        scanner.step(10.0)
    fill(root, [1])
    scanner.step(10.0)
    assert scanner.last is not None
    assert scanner.last.count == Count(1, 1, 0)


counts = st.builds(Count, st.integers(0, 10**9), st.integers(0, 10**15))


@given(counts, counts, st.floats(0.001, 1e6))
def test_growth_there_and_back_is_nothing(one: Count, other: Count, seconds: float) -> None:
    first, second, third = (Scan(c, 0.0, n * seconds, 0.0) for n, c in enumerate((one, other, one)))
    there, back = growth(first, second), growth(second, third)
    assert there is not None
    assert back is not None
    assert there.files == pytest.approx(-back.files)
    assert there.size == pytest.approx(-back.size)


def test_growth_is_per_second_and_needs_time() -> None:
    before, after = Scan(Count(10, 1000), 0.0, 100.0, 1.0), Scan(Count(16, 4000), 0.0, 160.0, 1.0)
    assert growth(before, after) == Growth(0.1, 50.0)
    assert growth(after, after) is None
