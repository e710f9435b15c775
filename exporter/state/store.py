"""The state on disk: buckets with the marks they belong to, in one SQLite file; survives `kill -9`.

Every poll is one transaction: buckets replaced and marks moved together, or not at all. SQLite's write-ahead log is
checksummed and recovers by itself; each row carries a CRC besides, and a file that is damaged anyway, or not ours, is
set aside and rebuilt from the call database. `synchronous=NORMAL` may lose the last polls when the power fails, never
their order: an older state is only read further from there.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from exporter.errors import StateError
from exporter.state.buckets import HOUR, MINUTE, Buckets, Mark

FILE_NAME = "state.sqlite3"
_VERSION = 3
_APPLICATION = 0x4F555443  # "OUTC": tells our files from other programs' databases
# The last column of every table is the checksum of the others.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dataset (
    name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, width INTEGER NOT NULL, as_of REAL, floor REAL, xmin INTEGER,
    covered_from INTEGER, crc INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cell (
    dataset TEXT NOT NULL, id INTEGER NOT NULL, labels TEXT NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (dataset, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bucket (
    dataset TEXT NOT NULL, grain INTEGER NOT NULL, start INTEGER NOT NULL, vector BLOB NOT NULL, crc INTEGER NOT NULL,
    PRIMARY KEY (dataset, grain, start)
) WITHOUT ROWID;
"""

# In `meta`: the relation behind a source, by its name.
_RELATION = "relation:"
_TABLES = ("meta", "dataset", "cell", "bucket")
# SQLite's result codes that tell of the folder, the disk or another process, not of a damaged file.
_TROUBLE = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_NOMEM,
    )
)


@dataclass(slots=True)
class Changes:
    """What one step changed: (grain, start) by dataset, and before which minute and hour a dataset forgets all."""

    buckets: dict[str, set[tuple[int, int]]] = field(default_factory=dict)
    forget: dict[str, tuple[int, int]] = field(default_factory=dict)

    def merge(self, later: Changes) -> None:
        """Add what came after."""
        for dataset, places in later.buckets.items():
            self.buckets.setdefault(dataset, set()).update(places)
        self.forget |= later.forget

    def add(self, dataset: str, grain: int, start: int) -> None:
        self.buckets.setdefault(dataset, set()).add((grain, start))


class Store:
    """One state folder; raises StateError naming it when it cannot be used."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self.set_aside: Path | None = None
        self._cells_saved: dict[str, int] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._db = self._open()
        except (OSError, sqlite3.Error) as error:
            raise self._error(error) from None

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self._db.close()

    def _error(self, error: Exception) -> StateError:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        if "locked" in str(error):
            return StateError(
                f"the state file {self.path} is in use by another process",
                "stop it, or give this one its own state_dir",
            )
        return StateError(
            f"the state folder {self.path.parent} cannot be used ({reason})",
            "make it writable, or set state_dir (OUTCALL_STATE_DIR) to another folder",
        )

    def _open(self) -> sqlite3.Connection:
        db = self._connect()
        if self._takes(db):
            return db
        db.close()
        self._put_aside()
        db = self._connect()
        self._prepare(db)
        return db

    def _takes(self, db: sqlite3.Connection) -> bool:
        """Prepare a file that is empty, or ours and whole, else False; raises what is not the file's fault."""
        try:
            if _is_whole(db):
                self._prepare(db)
                return True
        except sqlite3.DatabaseError as error:
            # A damaged header can say that the file is read only.
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            if code in _TROUBLE or (code == sqlite3.SQLITE_READONLY and not os.access(self.path, os.W_OK)):
                db.close()
                raise
        except ValueError:
            pass  # text that is none
        return False

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None, timeout=1.0)
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        return db

    @staticmethod
    def _prepare(db: sqlite3.Connection) -> None:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.executescript(_SCHEMA)
        db.execute(f"PRAGMA application_id={_APPLICATION}")
        db.execute(f"PRAGMA user_version={_VERSION}")

    def _put_aside(self) -> None:
        """Keep a damaged file for inspection, with its log, and start with an empty one."""
        number = 1
        while (aside := self.path.with_suffix(f".damaged-{number}")).exists():
            number += 1
        self.path.rename(aside)
        for suffix in ("-wal", "-shm"):
            companion = self.path.with_name(self.path.name + suffix)
            if companion.exists():
                companion.rename(aside.with_name(aside.name + suffix))
        self.set_aside = aside

    def identity(self) -> str | None:
        """What call database the state belongs to; None when it is empty."""
        row = self._db.execute("SELECT value FROM meta WHERE name = 'identity'").fetchone()
        return None if row is None else str(row[0])

    def clear(self, identity: str) -> None:
        """Start over for another call database (or one that went back in time)."""
        self._cells_saved.clear()
        self._write(lambda db: self._clear(db, identity))

    @staticmethod
    def _clear(db: sqlite3.Connection, identity: str) -> None:
        for table in ("dataset", "cell", "bucket"):
            db.execute(f"DELETE FROM {table}")
        # The relations stay: were they forgotten, what is read from now on would be read again at the next start.
        _put(db, "meta", ("identity", identity))

    def relations(self) -> dict[str, str]:
        """Per source, the relation that the state was read from."""
        rows = self._db.execute("SELECT name, value FROM meta WHERE name LIKE ?", (f"{_RELATION}%",))
        return {name.removeprefix(_RELATION): value for name, value in rows}

    def save_relations(self, relations: Mapping[str, str]) -> None:
        """What `relations` gives from now on, for these sources."""

        def write(db: sqlite3.Connection) -> None:
            for source, value in relations.items():
                _put(db, "meta", (_RELATION + source, value))

        self._write(write)

    def load(self, fingerprints: Mapping[str, str], shapes: Mapping[str, tuple[int, int]]) -> dict[str, Buckets]:
        """The saved datasets whose fingerprint still holds; others are removed. `shapes`: (width, labels)."""
        result: dict[str, Buckets] = {}
        rows = self._db.execute("SELECT name, fingerprint, width, as_of, floor, xmin, covered_from FROM dataset")
        for name, fingerprint, width, as_of, floor, xmin, covered_from in rows.fetchall():
            if fingerprints.get(name) != fingerprint or shapes[name][0] != width:
                self.drop(name)
                continue
            buckets = Buckets(width, shapes[name][1], covered_from=covered_from)
            buckets.mark = None if as_of is None else Mark(as_of, floor, xmin)
            if self._load_buckets(name, buckets):
                result[name] = buckets
            else:
                self.drop(name)
        return result

    def _load_buckets(self, name: str, buckets: Buckets) -> bool:
        cells = self._db.execute("SELECT labels FROM cell WHERE dataset = ? ORDER BY id", (name,))
        buckets.restore_cells(tuple(json.loads(labels)) for (labels,) in cells)
        self._cells_saved[name] = len(buckets.cells)
        for grain, start, blob in self._db.execute(
            "SELECT grain, start, vector FROM bucket WHERE dataset = ?", (name,)
        ):
            vector = array("q")
            if len(blob) % (8 * (buckets.width + 1)):
                return False
            vector.frombytes(blob)
            if any(cell >= len(buckets.cells) for cell in vector[:: buckets.width + 1]):
                return False
            (buckets.minutes if grain == 60 else buckets.hours)[start] = vector
        return True

    def drop(self, name: str) -> None:
        """Forget one dataset."""
        self._cells_saved.pop(name, None)

        def write(db: sqlite3.Connection) -> None:
            for table, column in (("dataset", "name"), ("cell", "dataset"), ("bucket", "dataset")):
                db.execute(f"DELETE FROM {table} WHERE {column} = ?", (name,))

        self._write(write)

    def save(self, buckets: Mapping[str, Buckets], changes: Changes, fingerprints: Mapping[str, str]) -> None:
        """One transaction: changed buckets, new cells, marks."""

        def write(db: sqlite3.Connection) -> None:
            for name, state in buckets.items():
                self._save_one(db, name, state, changes.buckets.get(name, ()), fingerprints[name])
            for name, befores in changes.forget.items():
                gone = [(name, grain, before) for grain, before in zip((MINUTE, HOUR), befores, strict=True)]
                db.executemany("DELETE FROM bucket WHERE dataset = ? AND grain = ? AND start < ?", gone)

        self._write(write)
        self._cells_saved |= {name: len(state.cells) for name, state in buckets.items()}

    def _save_one(
        self, db: sqlite3.Connection, name: str, state: Buckets, changed: Iterable[tuple[int, int]], fingerprint: str
    ) -> None:
        mark = state.mark
        fields = (mark.as_of, mark.floor, mark.xmin) if mark else (None, None, None)
        _put(db, "dataset", (name, fingerprint, state.width, *fields, state.covered_from))
        saved = self._cells_saved.get(name, 0)
        for number, labels in enumerate(state.cells[saved:], start=saved):
            _put(db, "cell", (name, number, json.dumps(labels)))
        for grain, start in changed:
            vector = (state.minutes if grain == 60 else state.hours).get(start)
            if vector is None:
                db.execute("DELETE FROM bucket WHERE dataset = ? AND grain = ? AND start = ?", (name, grain, start))
            else:
                _put(db, "bucket", (name, grain, start, vector.tobytes()))

    def _write(self, work: Callable[[sqlite3.Connection], None]) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                work(self._db)
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise self._error(error) from None


def _put(db: sqlite3.Connection, table: str, row: Sequence[object]) -> None:
    """Write a row with its checksum."""
    marks = ", ".join("?" * (len(row) + 1))
    db.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", (*row, _checksum(row)))


def _checksum(row: Sequence[object]) -> int:
    total = 0
    for value in row:
        total = zlib.crc32(value if isinstance(value, bytes) else f"{value!r},".encode(), total)
    return total


def _schema(db: sqlite3.Connection) -> list[tuple[str, str]]:
    return db.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


def _is_whole(db: sqlite3.Connection) -> bool:
    """Whether a file is undamaged, and empty or of this version: SQLite checks the structure, checksums the rows."""
    if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        return False
    if not _schema(db):
        return True
    marks = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    with closing(sqlite3.connect(":memory:")) as ours:
        ours.executescript(_SCHEMA)
        if marks != [_APPLICATION, _VERSION] or _schema(db) != _schema(ours):
            return False
    rows = (row for table in _TABLES for row in db.execute(f"SELECT * FROM {table}"))
    return all(_checksum(row[:-1]) == row[-1] for row in rows)
