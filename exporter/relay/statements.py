"""The queue's SQL. Every function works within a transaction of its caller; instants are Unix seconds."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from exporter.relay.message import Notice
from exporter.relay.outcome import Result

# The pace counts the attempts of so many seconds.
WINDOW_SECONDS = 60.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notice (
    id INTEGER PRIMARY KEY, receiver TEXT NOT NULL, key TEXT NOT NULL, received REAL NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS notice_key ON notice (receiver, key);
CREATE TABLE IF NOT EXISTS incident (
    receiver TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL, open INTEGER NOT NULL,
    PRIMARY KEY (receiver, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, notice INTEGER NOT NULL, channel TEXT NOT NULL, recipient INTEGER NOT NULL,
    incident TEXT NOT NULL, number INTEGER NOT NULL, sms INTEGER NOT NULL, rank INTEGER NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, repeated INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL, due REAL NOT NULL,
    settled REAL, code TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS message_order ON message (channel, rank, id) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS message_due ON message (channel, due) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS message_incident ON message (incident, channel);
CREATE INDEX IF NOT EXISTS message_notice ON message (notice);
CREATE TABLE IF NOT EXISTS attempt (
    id INTEGER PRIMARY KEY, message INTEGER NOT NULL, channel TEXT NOT NULL, at REAL NOT NULL, spent INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS attempt_at ON attempt (channel, at);
CREATE TABLE IF NOT EXISTS pause (channel TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tally (
    channel TEXT NOT NULL, status TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (channel, status)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What holds for a channel now: messages a minute, messages a day, when the day began and ends (Unix seconds)."""

    per_minute: int
    daily_budget: int | None
    day_start: float
    day_end: float


# Critical pages first, then in order; never a later message of an incident before an earlier one that still waits.
NEXT = """
SELECT m.id, m.attempts, m.recipient, m.repeated, m.created, n.receiver, n.body
FROM message m JOIN notice n ON n.id = m.notice
WHERE m.channel = ? AND m.state = 'pending' AND m.due <= ? AND NOT EXISTS (
    SELECT 1 FROM message e WHERE e.incident = m.incident AND e.channel = m.channel AND e.recipient = m.recipient
    AND e.state IN ('pending', 'sending') AND e.id < m.id)
ORDER BY m.rank, m.id LIMIT 1
"""


def turn_incident(db: sqlite3.Connection, receiver: str, name: str, *, firing: bool) -> int:
    """The number of the incident that is open, of a new one, or of the one that is closed now."""
    find = "SELECT number, open FROM incident WHERE receiver = ? AND name = ?"
    number, is_open = db.execute(find, (receiver, name)).fetchone() or (0, 0)
    number += firing and not is_open
    db.execute("INSERT OR REPLACE INTO incident VALUES (?, ?, ?, ?)", (receiver, name, number, firing))
    return int(number)


def calls_for_sms(
    db: sqlite3.Connection, notice: Notice, channel: str, recipient: int, name: str, number: int, recent: float
) -> bool:
    """Whether an SMS is called for: it fires, and none was queued for this incident lately or still waits."""
    if notice.status == "resolved":
        return False
    said = """SELECT 1 FROM message WHERE incident = ? AND channel = ? AND recipient = ? AND number = ?
              AND (created > ? OR state IN ('pending', 'sending')) LIMIT 1"""
    return db.execute(said, (name, channel, recipient, number, recent)).fetchone() is None


def insert(db: sqlite3.Connection, values: tuple[object, ...]) -> int:
    columns = "notice, channel, recipient, incident, number, sms, rank, created, due"
    db.execute(f"INSERT INTO message ({columns}, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending')", values)
    return 1


def overtake(db: sqlite3.Connection, name: str, now: float) -> None:
    """An SMS that still waits when its incident is over would call somebody out for nothing."""
    where = "incident = ? AND sms AND state = 'pending'"
    for (channel,) in db.execute(f"SELECT channel FROM message WHERE {where}", (name,)).fetchall():
        count(db, channel, "overtaken")
    db.execute(f"UPDATE message SET state = 'overtaken', settled = ? WHERE {where}", (now, name))


def expire(db: sqlite3.Connection, now: float, give_up_after: float) -> None:
    where = "state = 'pending' AND created < ?"
    for (channel,) in db.execute(f"SELECT channel FROM message WHERE {where}", (now - give_up_after,)).fetchall():
        count(db, channel, Result.NEVER.value)
    died = f"UPDATE message SET state = 'dead', settled = ?, code = 'expired' WHERE {where}"
    db.execute(died, (now, now - give_up_after))


def held_until(db: sqlite3.Connection, channel: str, bounds: Bounds, now: float) -> float:
    """Until when the channel must rest: by its vendor's word, by its pace, by its budget; 0 for not at all."""
    row = db.execute("SELECT until FROM pause WHERE channel = ?", (channel,)).fetchone()
    until = float(row[0]) if row else 0.0
    pace = "SELECT at FROM attempt WHERE channel = ? AND at > ? AND at <= ? ORDER BY at DESC LIMIT 1 OFFSET ?"
    row = db.execute(pace, (channel, now - WINDOW_SECONDS, now, bounds.per_minute - 1)).fetchone()
    until = max(until, float(row[0]) + WINDOW_SECONDS if row else 0.0)
    if bounds.daily_budget is not None and spent_since(db, channel, bounds.day_start) >= bounds.daily_budget:
        until = max(until, bounds.day_end)
    return until


def spent_since(db: sqlite3.Connection, channel: str, instant: float) -> int:
    """Messages that were, or may have been, delivered since then."""
    count = "SELECT count(*) FROM attempt WHERE channel = ? AND at >= ? AND spent"
    return int(db.execute(count, (channel, instant)).fetchone()[0])


def pause(db: sqlite3.Connection, channel: str, until: float) -> None:
    db.execute("INSERT INTO pause VALUES (?, ?) ON CONFLICT DO UPDATE SET until = excluded.until", (channel, until))


def count(db: sqlite3.Connection, channel: str, status: str) -> None:
    add = "INSERT INTO tally VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET number = number + 1"
    db.execute(add, (channel, status))
