"""The state on disk: what was saved comes back, changed datasets alone are read again, a file has one owner."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.state.buckets import HOUR, MINUTE, Buckets, Mark, RawLabels, Vector
from exporter.state.store import FILE_NAME, Changes, Store

SHAPES = {"one": (3, 2), "two": (2, 0)}
FINGERPRINTS = {"one": "print of one", "two": "print of two"}
BASE = 1_790_000_000 // HOUR * HOUR

TEXTS = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
BIG = st.integers(-(2**63), 2**63 - 1)
MARKS = st.none() | st.builds(Mark, st.floats(0, 4e9), st.floats(0, 4e9), st.integers(0, 2**62))
OPENS = "import sys; from pathlib import Path; from exporter.state.store import Store; Store(Path(sys.argv[1]))"


def cells_of(name: str) -> st.SearchStrategy[dict[RawLabels, Vector]]:
    width, labels = SHAPES[name]
    return st.dictionaries(st.tuples(*[TEXTS] * labels), st.tuples(*[BIG] * width), max_size=3)


@st.composite
def saved_states(draw: st.DrawFn) -> dict[str, Buckets]:
    """Arbitrary buckets of both datasets; minutes go in as hours do, their sum is not the point here."""
    result = {}
    for name, (width, labels) in SHAPES.items():
        state = Buckets(width, labels, mark=draw(MARKS), covered_from=draw(st.none() | st.integers(0, 2**40)))
        for held in (state.minutes, state.hours):
            for number in draw(st.sets(st.integers(0, 5), max_size=3)):
                state.hours.clear()
                state.replace_hour(BASE + number * HOUR, draw(cells_of(name)))
                held |= state.hours
        result[name] = state
    return result


def everything(states: dict[str, Buckets]) -> Changes:
    """The changes that stand for all of it."""
    changes = Changes()
    for name, state in states.items():
        for grain, held in ((MINUTE, state.minutes), (HOUR, state.hours)):
            for start in held:
                changes.add(name, grain, start)
    return changes


def some_state() -> dict[str, Buckets]:
    """Two datasets with a little in them."""
    states = {name: Buckets(*shape, mark=Mark(BASE + 0.5, BASE - 0.25, 77)) for name, shape in SHAPES.items()}
    for number in range(4):
        states["one"].replace_minute(BASE + number * MINUTE, {("a", None): (1, number, 1), ("b", "x"): (2, 0, 1)})
        states["two"].replace_hour(BASE + number * HOUR, {(): (number, 1)})
    states["one"].covered_from = BASE
    return states


def fill(folder: Path) -> dict[str, Buckets]:
    """A folder that holds `some_state`, its file closed."""
    states = some_state()
    with Store(folder) as store:
        store.clear("this database")
        store.save(states, everything(states), FINGERPRINTS)
    return states


@settings(max_examples=40)
@given(saved_states())
def test_what_was_saved_comes_back(states: dict[str, Buckets]) -> None:
    """Any labels, any integers of 64 bits, with and without a mark; the cells under their numbers."""
    with tempfile.TemporaryDirectory() as folder:
        with Store(Path(folder)) as store:
            assert store.load(FINGERPRINTS, SHAPES) == {}
            store.save(states, everything(states), FINGERPRINTS)
        with Store(Path(folder)) as store:
            assert store.load(FINGERPRINTS, SHAPES) == states
            assert store.set_aside is None


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    """A later save adds, replaces and removes the buckets that it names, and forgets the old ones of all datasets."""
    states = fill(tmp_path)
    with Store(tmp_path) as store:
        states = store.load(FINGERPRINTS, SHAPES)
        changes = Changes(forget=dict.fromkeys(states, (BASE + MINUTE, BASE + 2 * HOUR)))
        contents: dict[int, dict[RawLabels, Vector]] = {
            BASE + MINUTE: {},
            BASE + 9 * MINUTE: {("new", None): (1, 1, 1)},
        }
        for start, cells in contents.items():
            states["one"].replace_minute(start, cells)
            changes.add("one", MINUTE, start)
        store.save({"one": states["one"]}, changes, FINGERPRINTS)
    with Store(tmp_path) as store:
        loaded = store.load(FINGERPRINTS, SHAPES)
    assert sorted(loaded["one"].minutes) == [BASE + m * MINUTE for m in (2, 3, 9)]
    assert loaded["one"].cells[-1] == ("new", None)
    assert (sorted(loaded["one"].hours), sorted(loaded["two"].hours)) == ([], [BASE + 2 * HOUR, BASE + 3 * HOUR])


@pytest.mark.parametrize(
    ("fingerprints", "shapes", "left"),
    [
        (FINGERPRINTS | {"one": "another"}, SHAPES, {"two"}),
        (FINGERPRINTS, SHAPES | {"one": (4, 2)}, {"two"}),
        ({"one": "print of one"}, {"one": (3, 2)}, {"one"}),
    ],
    ids=["its SQL changed", "its width changed", "it is gone"],
)
def test_what_changed_is_read_again(
    tmp_path: Path, fingerprints: dict[str, str], shapes: dict[str, tuple[int, int]], left: set[str]
) -> None:
    """A dataset whose fingerprint differs is dropped, for good; the others stay."""
    states = fill(tmp_path)
    for _ in range(2):
        with Store(tmp_path) as store:
            assert store.load(fingerprints, shapes) == {name: states[name] for name in left}
        fingerprints, shapes = FINGERPRINTS, SHAPES


def test_the_identity_of_the_call_database(tmp_path: Path) -> None:
    """Kept with the buckets; starting over for another database drops them all."""
    with Store(tmp_path) as store:
        assert store.identity() is None
    fill(tmp_path)
    with Store(tmp_path) as store:
        assert store.identity() == "this database"
        store.clear("another one")
    with Store(tmp_path) as store:
        assert store.identity() == "another one"
        assert store.load(FINGERPRINTS, SHAPES) == {}


def test_a_dropped_dataset_numbers_its_cells_anew(tmp_path: Path) -> None:
    """What is saved after a drop stands under new numbers, not beside the old ones."""
    fill(tmp_path)
    with Store(tmp_path) as store:
        store.load(FINGERPRINTS, SHAPES)
        store.drop("one")
        anew = Buckets(*SHAPES["one"])
        anew.replace_hour(BASE, {("z", "z"): (1, 1, 1)})
        store.save({"one": anew}, everything({"one": anew}), FINGERPRINTS)
    with Store(tmp_path) as store:
        assert store.load(FINGERPRINTS, SHAPES)["one"] == anew


def test_a_failed_save_changes_nothing(tmp_path: Path) -> None:
    """All of a save or nothing of it: marks never run ahead of their buckets."""
    states = fill(tmp_path)
    with Store(tmp_path) as store:
        loaded = store.load(FINGERPRINTS, SHAPES)
        loaded["two"].replace_hour(BASE, {(): (99, 99)})
        loaded["two"].mark = Mark(BASE + 99.0, BASE + 99.0, 99)
        with pytest.raises(KeyError):  # "one" comes after "two", and has no fingerprint
            store.save({"two": loaded["two"], "one": loaded["one"]}, everything(loaded), {"two": "print of two"})
    with Store(tmp_path) as store:
        assert store.load(FINGERPRINTS, SHAPES) == states


def test_a_second_process_is_told(tmp_path: Path) -> None:
    """One clear sentence that names the file; the first goes on undisturbed."""
    states = fill(tmp_path)
    with Store(tmp_path) as store:
        done = subprocess.run([sys.executable, "-c", OPENS, tmp_path], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        last = done.stderr.strip().splitlines()[-1]
        assert f"StateError: the state file {tmp_path / FILE_NAME} is in use by another process. Fix: stop it" in last
        assert store.load(FINGERPRINTS, SHAPES) == states
    Store(tmp_path).close()


@pytest.mark.parametrize("obstacle", ["a file", "a folder in the way", "not permitted"])
def test_an_unusable_folder_is_told(tmp_path: Path, obstacle: str) -> None:
    """The folder and the setting are named, the cause too."""
    folder = tmp_path / "state"
    command = [sys.executable, "-c", OPENS, str(folder)]
    if obstacle == "a file":
        folder.write_text("not a folder")
    elif obstacle == "a folder in the way":
        (folder / FILE_NAME).mkdir(parents=True)
    else:
        folder.mkdir(mode=0o555)
        # Root may write anywhere.
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command] if os.geteuid() == 0 else command
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert f"StateError: the state folder {folder} cannot be used (" in last
    assert "OUTCALL_STATE_DIR" in last
