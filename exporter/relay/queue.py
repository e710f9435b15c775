"""The durable queue: what was accepted is on disk before Alertmanager is told so, and stays until it is settled.

One SQLite file with `synchronous=FULL`. A message is marked as *sending* before its request goes out; what is found so
after `kill -9` was in doubt, and is sent again with that said in it. A refusal of the vendor is no doubt.

    pending ──take──► sending ──delivered────────► delivered
       ▲                 │ └──never──────────────► dead        (kept until `revive`)
       └──retry, throttled, doubtful, killed        ▲
       │                 │                          └── pending for longer than `give_up_after`
       └─────────────────┴─► overtaken: a text whose incident is over, a heartbeat that a newer one follows
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.errors import StateError
from exporter.relay import incident, schema, statements
from exporter.relay.incident import Ear
from exporter.relay.message import Notice
from exporter.relay.outcome import Outcome, Result
from exporter.relay.statements import Bounds, doubt_pause

FILE_NAME = "relay.sqlite"
# Settled messages are kept for a week: they say what was already told, and what happened.
KEEP_SECONDS = 7 * 86_400.0
# No clock that was put back may silence a channel for longer than this.
LONGEST_WAIT = 86_400.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where a notice goes: `people` as the channel names them, `("",)` for one that has none."""

    channel: str
    people: tuple[str, ...]
    sms: bool


@dataclass(frozen=True, slots=True)
class Job:
    """A message that is being sent; `attempt` names this attempt, `attempts` counts them, `doubts` those before it
    whose end nobody knows; `lead` is the fingerprint of the alert that leads it, empty for the most urgent one.
    """

    message: int
    attempt: int
    attempts: int
    doubts: int
    person: str
    lead: str
    beat: bool
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
        schema.prepare(self._db)
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
        """A random name of this queue that no other one has."""
        with self._transaction() as db:
            return str(db.execute("SELECT value FROM meta WHERE name = 'installation'").fetchone()[0])

    def adopt(self, people: Mapping[str, tuple[str, ...]]) -> None:
        """Give the texts of an older release, by channel, the people that their list held. Raises sqlite3.Error."""
        with self._transaction() as db:
            for channel, names in people.items():
                incident.adopt(db, channel, names)

    def accept(
        self, receiver: str, notice: Notice, body: str, targets: Sequence[Target], now: float, remind_after: float,
        *, beat: bool = False,
    ) -> int:  # fmt: skip
        """Queue a notice for its targets; returns how many messages that makes: none for what was said already. A
        heartbeat (`beat`) is never said already, and takes the place of one that waits.
        """
        with self._transaction() as db:
            said = "SELECT 1 FROM notice WHERE receiver = ? AND key = ? AND received > ? LIMIT 1"
            if not beat and db.execute(said, (receiver, notice.key, now - remind_after)).fetchone():
                return 0
            insert = "INSERT INTO notice (receiver, key, received, body) VALUES (?, ?, ?, ?)"
            notice_id = db.execute(insert, (receiver, notice.key, now, body)).lastrowid
            name = incident.name_of(receiver, notice)
            number, firing = incident.turn(db, receiver, name, notice)
            rank = 0 if firing and notice.lead.severity == "critical" else 1
            heard = [(target, i, Ear(name, number, target.channel, person)) for target in targets
                     for i, person in enumerate(target.people) if firing or not target.sms]  # fmt: skip
            made = 0
            for target, index, ear in heard:
                lead = incident.called_for(db, notice, ear, now, remind_after) if target.sms else ""
                if lead is not None:
                    row = (notice_id, ear.channel, index, ear.person, lead, name, number, target.sms, beat, rank)
                    made += statements.insert(db, (*row, now, now))
            incident.overtake(db, now, "incident = ?", name)
            return made

    def take(self, channel: str, bounds: Bounds, now: float) -> Job | float | None:
        """The next message, marked as being sent; or when to ask again (Unix seconds); or None when nothing waits."""
        with self._transaction() as db:
            if db.execute(statements.DUE, (channel, 0)).fetchone()[0] is None:
                return None
            if (until := statements.held_until(db, channel, bounds, now)) > now:
                return min(until, now + LONGEST_WAIT)
            spent = statements.is_spent(db, channel, bounds)
            row = db.execute(statements.NEXT, (channel, now, spent)).fetchone()
            if row is None:
                due = db.execute(statements.DUE, (channel, spent)).fetchone()[0]
                due = bounds.day_end if due is None else float(due)
                return min(due if due > now else now + 1, now + LONGEST_WAIT)
            message, attempts, doubts, person, lead, beat, repeated, created, receiver, body = row
            db.execute("UPDATE message SET state = 'sending', attempts = attempts + 1 WHERE id = ?", (message,))
            begun = "INSERT INTO attempt (message, channel, at, spent) VALUES (?, ?, ?, ?)"
            attempt = db.execute(begun, (message, channel, now, not beat)).lastrowid or 0
            return Job(message, attempt, attempts + 1, doubts, person, lead, bool(beat), receiver, body, bool(repeated),
                       created)  # fmt: skip

    def finish(self, channel: str, job: Job, outcome: Outcome, now: float, again: float) -> None:
        """Note what came of a job; `again` is when a message that is not settled is due (Unix seconds)."""
        settled = outcome.result in (Result.DELIVERED, Result.NEVER)
        state = outcome.result.value if settled else "pending"
        if job.beat and outcome.result is Result.NEVER:
            state = "overtaken"  # told by its counter; kept as a dead letter it would be a false sign of life one day
        doubt, due = outcome.result is Result.DOUBTFUL, now if settled else max(again, outcome.until)
        end = """UPDATE message SET state = ?, due = ?, settled = ?, code = ?, repeated = repeated OR ?,
                 doubts = doubts + ? WHERE id = ?"""
        with self._transaction() as db:
            db.execute(end, (state, due, now if settled else None, outcome.code, doubt, doubt, job.message))
            spent = not job.beat and (doubt or outcome.result is Result.DELIVERED)
            db.execute("UPDATE attempt SET spent = ? WHERE id = ?", (spent, job.attempt))
            statements.count(db, channel, outcome.result.value)
            incident.overtake(db, now, "id = ?", job.message)
            if outcome.whole:
                statements.pause(db, channel, outcome.until)

    def pause(self, channel: str, until: float) -> None:
        """Leave a channel alone until then (Unix seconds)."""
        with self._transaction() as db:
            statements.pause(db, channel, until)

    def recover(self, now: float) -> int:
        """Put back what was being sent when the process ended; returns how many messages are in doubt."""
        with self._transaction() as db:
            rows = db.execute("SELECT id, channel, doubts FROM message WHERE state = 'sending'").fetchall()
            again = """UPDATE message SET state = 'pending', repeated = 1, doubts = doubts + 1, due = ?,
                       code = 'interrupted' WHERE id = ?"""
            for message, channel, doubts in rows:
                db.execute(again, (now + doubt_pause(doubts + 1), message))
                statements.count(db, channel, Result.DOUBTFUL.value)
            incident.overtake(db, now, "code = 'interrupted'")
            return len(rows)

    def revive(self, channel: str, now: float) -> int:
        """Give the dead letters of a channel another chance, but for texts of incidents that are over; returns how many
        there were.
        """
        again = "UPDATE message SET state = 'pending', created = ?, due = ?, settled = NULL, attempts = 0, doubts = 0"
        with self._transaction() as db:
            found = db.execute(f"{again} WHERE channel = ? AND state = 'dead'", (now, now, channel)).rowcount
            return found - incident.overtake(db, now, "channel = ? AND due = ?", channel, now)

    def sweep(self, now: float, give_up_after: float) -> None:
        """Give up what has waited for too long, and forget what was settled a week ago; dead letters stay."""
        old = now - KEEP_SECONDS
        with self._transaction() as db:
            statements.expire(db, now, give_up_after)
            db.execute("DELETE FROM message WHERE state IN ('delivered', 'overtaken') AND settled < ?", (old,))
            db.execute("DELETE FROM attempt WHERE at < ?", (old,))
            is_open = (
                "EXISTS (SELECT 1 FROM incident i WHERE i.name = told.incident AND i.number = told.number AND i.open)"
            )
            db.execute(f"DELETE FROM told WHERE NOT {is_open}")
            unused = "NOT EXISTS (SELECT 1 FROM message m WHERE m.notice = notice.id)"
            db.execute(f"DELETE FROM notice WHERE received < ? AND {unused}", (old,))

    def read(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Rows of a question about the queue, for metrics."""
        with self._lock:
            return list(self._db.execute(sql, values).fetchall())
