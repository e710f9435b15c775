"""The durable queue: what was accepted is on disk before Alertmanager is told so, and stays until it is settled.

One SQLite file with `synchronous=FULL`. A message is marked as *sending* before its request goes out; what is found so
after `kill -9` was in doubt, and is sent again with that said in it. A refusal of the vendor is no doubt.

    pending ──take──► sending ──delivered────────► delivered
       ▲                 │ └──never──────────────► dead        (kept until `revive`)
       └──retry, throttled, doubtful, killed        ▲
       └──incident over (SMS only)──► overtaken     └── pending for longer than `give_up_after`
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.errors import StateError
from exporter.relay import statements
from exporter.relay.message import Notice
from exporter.relay.outcome import Outcome, Result
from exporter.relay.statements import Bounds

FILE_NAME = "relay.sqlite"
_APPLICATION = 0x4F555452  # "OUTR"
# Settled messages are kept for a week: they say what was already told, and what happened.
KEEP_SECONDS = 7 * 86_400.0
# No clock that was put back may silence a channel for longer than this.
LONGEST_WAIT = 86_400.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where a notice goes."""

    channel: str
    recipients: int
    sms: bool


@dataclass(frozen=True, slots=True)
class Job:
    """A message that is being sent; `attempt` names this attempt, `attempts` counts them."""

    message: int
    attempt: int
    attempts: int
    recipient: int
    receiver: str
    body: str
    repeated: bool
    created: float


class Queue:
    """The queue of one state folder; `None` keeps it in memory. Every method is one transaction, safe in any thread."""

    def __init__(self, folder: Path | None) -> None:
        """Raises StateError when the folder cannot be used."""
        self.path = folder / FILE_NAME if folder is not None else None
        self._lock = threading.Lock()
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(
                self.path or ":memory:", check_same_thread=False, isolation_level=None, timeout=5
            )
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise StateError(
                f"the relay's queue {self.path} cannot be used ({type(error).__name__})",
                "make the folder writable, set state_dir to another one, or move a damaged file away",
            ) from None

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        found = self._db.execute("PRAGMA application_id").fetchone()[0]
        if found not in (0, _APPLICATION):
            raise sqlite3.DatabaseError("of another program")
        self._db.executescript(statements.SCHEMA)
        self._db.execute(f"PRAGMA application_id={_APPLICATION}")
        with self._transaction() as db:
            db.execute("INSERT OR IGNORE INTO meta VALUES ('installation', ?)", (secrets.token_hex(8),))

    def close(self) -> None:
        """Release the file."""
        with self._lock:
            self._db.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @property
    def installation(self) -> str:
        """A name of this queue that no other one has."""
        with self._transaction() as db:
            return str(db.execute("SELECT value FROM meta WHERE name = 'installation'").fetchone()[0])

    def accept(
        self, receiver: str, notice: Notice, body: str, targets: Sequence[Target], now: float, remind_after: float
    ) -> int:
        """Queue a notice for its targets; returns how many messages that makes: none for what was said already."""
        with self._transaction() as db:
            said = "SELECT 1 FROM notice WHERE receiver = ? AND key = ? AND received > ? LIMIT 1"
            if db.execute(said, (receiver, notice.key, now - remind_after)).fetchone():
                return 0
            insert = "INSERT INTO notice (receiver, key, received, body) VALUES (?, ?, ?, ?)"
            notice_id = db.execute(insert, (receiver, notice.key, now, body)).lastrowid
            name = hashlib.sha256(f"{receiver}\0{notice.group_key}".encode()).hexdigest()[:32]
            number = statements.turn_incident(db, receiver, name, firing=notice.status == "firing")
            if notice.status == "resolved":
                statements.overtake(db, name, now)
            rank = 0 if notice.status == "firing" and notice.lead.severity == "critical" else 1
            return sum(
                statements.insert(db, (notice_id, target.channel, recipient, name, number, target.sms, rank, now, now))
                for target in targets
                for recipient in range(target.recipients)
                if not target.sms
                or statements.calls_for_sms(db, notice, target.channel, recipient, name, number, now - remind_after)
            )

    def take(self, channel: str, bounds: Bounds, now: float) -> Job | float | None:
        """The next message, marked as being sent; or when to ask again (Unix seconds); or None when nothing waits."""
        with self._transaction() as db:
            waiting = "SELECT min(due) FROM message WHERE channel = ? AND state = 'pending'"
            due = db.execute(waiting, (channel,)).fetchone()[0]
            if due is None:
                return None
            due = float(due)
            if (until := statements.held_until(db, channel, bounds, now)) > now:
                return min(until, now + LONGEST_WAIT)
            row = db.execute(statements.NEXT, (channel, now)).fetchone()
            if row is None:
                return min(due if due > now else now + 1, now + LONGEST_WAIT)
            message, attempts, recipient, repeated, created, receiver, body = row
            db.execute("UPDATE message SET state = 'sending', attempts = attempts + 1 WHERE id = ?", (message,))
            begun = "INSERT INTO attempt (message, channel, at, spent) VALUES (?, ?, ?, 1)"
            attempt = db.execute(begun, (message, channel, now)).lastrowid or 0
            return Job(message, attempt, attempts + 1, recipient, receiver, body, bool(repeated), created)

    def finish(self, channel: str, job: Job, outcome: Outcome, now: float, again: float) -> None:
        """Note what came of a job; `again` is when a message that is not settled is due (Unix seconds)."""
        settled = outcome.result in (Result.DELIVERED, Result.NEVER)
        state = outcome.result.value if settled else "pending"
        doubt, due = outcome.result is Result.DOUBTFUL, now if settled else max(again, outcome.until)
        with self._transaction() as db:
            db.execute(
                "UPDATE message SET state = ?, due = ?, settled = ?, code = ?, repeated = repeated OR ? WHERE id = ?",
                (state, due, now if settled else None, outcome.code, doubt, job.message),
            )
            spent = doubt or outcome.result is Result.DELIVERED
            db.execute("UPDATE attempt SET spent = ? WHERE id = ?", (spent, job.attempt))
            statements.count(db, channel, outcome.result.value)
            if outcome.whole:
                statements.pause(db, channel, outcome.until)

    def pause(self, channel: str, until: float) -> None:
        """Leave a channel alone until then (Unix seconds)."""
        with self._transaction() as db:
            statements.pause(db, channel, until)

    def recover(self, now: float) -> int:
        """Put back what was being sent when the process ended; returns how many messages are in doubt."""
        with self._transaction() as db:
            rows = db.execute("SELECT id, channel FROM message WHERE state = 'sending'").fetchall()
            for message, channel in rows:
                again = "UPDATE message SET state = 'pending', repeated = 1, due = ?, code = 'interrupted' WHERE id = ?"
                db.execute(again, (now, message))
                statements.count(db, channel, Result.DOUBTFUL.value)
            return len(rows)

    def revive(self, channel: str, now: float) -> int:
        """Give the dead letters of a channel another chance; returns how many there were."""
        with self._transaction() as db:
            again = "UPDATE message SET state = 'pending', created = ?, due = ?, settled = NULL, attempts = 0"
            return db.execute(f"{again} WHERE channel = ? AND state = 'dead'", (now, now, channel)).rowcount

    def sweep(self, now: float, give_up_after: float) -> None:
        """Give up what has waited for too long, and forget what was settled a week ago; dead letters stay."""
        old = now - KEEP_SECONDS
        with self._transaction() as db:
            statements.expire(db, now, give_up_after)
            db.execute("DELETE FROM message WHERE state IN ('delivered', 'overtaken') AND settled < ?", (old,))
            db.execute("DELETE FROM attempt WHERE at < ?", (old,))
            unused = "NOT EXISTS (SELECT 1 FROM message m WHERE m.notice = notice.id)"
            db.execute(f"DELETE FROM notice WHERE received < ? AND {unused}", (old,))

    def read(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Rows of a question about the queue, for metrics."""
        with self._lock:
            return list(self._db.execute(sql, values).fetchall())
