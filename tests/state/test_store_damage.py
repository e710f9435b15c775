"""A state file that is damaged, or not ours, is set aside and never believed: the state is then read again."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from exporter.state.store import FILE_NAME, Store
from tests.state.test_store import FINGERPRINTS, SHAPES, everything, fill, some_state

TABLES = ("meta", "dataset", "cell", "bucket")


def reopened(folder: Path) -> str:
    """How the file was taken: `whole` with all that was saved, `empty`, or set `aside`; then it works."""
    with Store(folder) as store:
        loaded = store.load(FINGERPRINTS, SHAPES)
        if loaded:
            assert loaded == some_state()
            assert store.identity() == "this database"
            assert store.set_aside is None
            return "whole"
        taken = "empty" if store.set_aside is None else "aside"
        store.save(some_state(), everything(some_state()), FINGERPRINTS)
    with Store(folder) as store:
        assert store.load(FINGERPRINTS, SHAPES) == some_state()
    return taken


@pytest.mark.parametrize("junk", [b"junk", b"SQLite format 3\0", b"\0" * 4096, b"SQLite format 3\0" * 999])
def test_junk_is_set_aside(tmp_path: Path, junk: bytes) -> None:
    """It is kept as it was, for whoever wants to know what happened."""
    (tmp_path / FILE_NAME).write_bytes(junk)
    assert reopened(tmp_path) == "aside"
    assert (tmp_path / "state.damaged-1").read_bytes() == junk


def test_every_bit_of_the_head(tmp_path: Path) -> None:
    """The file's own description: format, page size, size, application, version."""
    fill(tmp_path)
    path = tmp_path / FILE_NAME
    good = path.read_bytes()
    taken = set()
    for bit in range(0, 100 * 8, 7):
        bad = bytearray(good)
        bad[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bad)
        taken.add(reopened(tmp_path))
    assert taken == {"whole", "aside"}


@pytest.mark.parametrize("seed", range(60))
def test_random_damage(tmp_path: Path, seed: int) -> None:
    """Flipped bits, bytes written over, sectors of zeros, lost ends: all of the state comes back, or nothing."""
    fill(tmp_path)
    path, rng = tmp_path / FILE_NAME, Random(seed)
    data = bytearray(path.read_bytes())
    at = rng.randrange(len(data))
    match seed % 4:
        case 0:
            data[at] ^= 1 << rng.randrange(8)
        case 1:
            for _ in range(10):
                data[rng.randrange(len(data))] = rng.randrange(256)
        case 2:
            data[at : at + 512] = bytes(len(data[at : at + 512]))
        case _:
            del data[at:]
    path.write_bytes(data)
    assert reopened(tmp_path) in ("whole", "aside")


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_summed(tmp_path: Path, table: str) -> None:
    """A value that changed within a sound SQLite file is noticed, whichever it is."""
    fill(tmp_path)
    path = tmp_path / FILE_NAME
    good = path.read_bytes()
    with closing(sqlite3.connect(path)) as db:
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    for column in columns:
        path.write_bytes(good)
        with closing(sqlite3.connect(path)) as db, db:
            first = f"(SELECT {columns[0]} FROM {table} LIMIT 1)"
            new = "x'00'" if column == "vector" else f"{column} || '77'" if column != "crc" else "crc + 1"
            db.execute(f"UPDATE {table} SET {column} = coalesce({new}, 1) WHERE {columns[0]} = {first}")
        assert reopened(tmp_path) == "aside", column
        (tmp_path / "state.damaged-1").unlink()


FOREIGN = {
    "another program's": "CREATE TABLE notes (text TEXT)",
    "one with tables of our names": "CREATE TABLE meta (key TEXT); CREATE TABLE dataset (id INTEGER)",
    "a newer version's": "PRAGMA user_version=99",
}


@pytest.mark.parametrize("script", FOREIGN.values(), ids=FOREIGN)
def test_another_file_is_not_written_to(tmp_path: Path, script: str) -> None:
    """Another program's database, or a state that this version does not understand, is kept as it is."""
    if script.startswith("PRAGMA"):
        fill(tmp_path)
    path = tmp_path / FILE_NAME
    with closing(sqlite3.connect(path)) as db:
        db.executescript(script)
    before = path.read_bytes()
    assert reopened(tmp_path) == "aside"
    assert (tmp_path / "state.damaged-1").read_bytes() == before


def test_the_state_of_an_older_version_is_set_aside(tmp_path: Path) -> None:
    """A file of the second format, which kept a column more, is no error: it is kept, and the state read again."""
    fill(tmp_path)
    path = tmp_path / FILE_NAME
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            """DROP TABLE dataset;
            CREATE TABLE dataset (
                name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, width INTEGER NOT NULL, as_of REAL, floor REAL,
                xmin INTEGER, covered_from INTEGER, newest_event REAL, crc INTEGER NOT NULL
            ) WITHOUT ROWID;
            INSERT INTO dataset VALUES ('one', 'print of one', 3, 1.0, 1.0, 1, 0, 1.0, 0);
            PRAGMA user_version=2"""
        )
    before = path.read_bytes()
    assert reopened(tmp_path) == "aside"
    assert (tmp_path / "state.damaged-1").read_bytes() == before


def test_the_state_has_no_column_too_many(tmp_path: Path) -> None:
    """The format's number goes with its tables: whoever changes one changes both."""
    fill(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        tables = {
            name: [row[1] for row in db.execute(f"PRAGMA table_info({name})")]
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        version = db.execute("PRAGMA user_version").fetchone()
    assert (version, tables) == (
        (3,),
        {
            "meta": ["name", "value", "crc"],
            "dataset": ["name", "fingerprint", "width", "as_of", "floor", "xmin", "covered_from", "crc"],
            "cell": ["dataset", "id", "labels", "crc"],
            "bucket": ["dataset", "grain", "start", "vector", "crc"],
        },
    )


def test_each_damaged_file_is_kept(tmp_path: Path) -> None:
    """Under the next free number."""
    for number in (1, 2, 3):
        (tmp_path / FILE_NAME).write_bytes(b"junk %d" % number)
        with Store(tmp_path) as store:
            assert store.set_aside == tmp_path / f"state.damaged-{number}"
    assert [(tmp_path / f"state.damaged-{n}").read_bytes() for n in (1, 2, 3)] == [b"junk 1", b"junk 2", b"junk 3"]


def test_an_unfinished_transaction_is_as_if_it_had_not_been(tmp_path: Path) -> None:
    """The log of a process that was killed ends anywhere: what was committed before counts, the rest does not."""
    fill(tmp_path)
    copy = tmp_path / "killed"
    copy.mkdir()
    with Store(tmp_path) as store:
        states = store.load(FINGERPRINTS, SHAPES)
        states["two"].covered_from = 1
        store.save(states, everything(states), FINGERPRINTS)
        log = (tmp_path / f"{FILE_NAME}-wal").read_bytes()
        body = (tmp_path / FILE_NAME).read_bytes()
    seen = set()
    for end in (*range(0, len(log), 1021), len(log)):
        (copy / FILE_NAME).write_bytes(body)
        (copy / f"{FILE_NAME}-wal").write_bytes(log[:end])
        with Store(copy) as store:
            assert store.set_aside is None
            loaded = store.load(FINGERPRINTS, SHAPES)
        seen.add(loaded["two"].covered_from)
        loaded["two"].covered_from = None
        assert loaded == some_state()
    assert seen == {None, 1}
