"""The queue's SQL. Every function works within a transaction of its caller; instants are Unix seconds."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from exporter.relay.outcome import Result

# The pace counts the attempts of so many seconds.
WINDOW_SECONDS = 60.0
# A message in doubt so often waits long before the next attempt.
MANY_DOUBTS, DOUBT_PAUSE = 3, 1800.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """What holds for a channel now: messages a minute, messages a day, when the day began and ends (Unix seconds)."""

    per_minute: int
    daily_budget: int | None
    day_start: float
    day_end: float


# Critical pages first, then in order; never a later message of an incident before an earlier one that still waits, but
# for texts, which need not wait for one that was probably delivered. A spent budget lets heartbeats alone through. The
# plus keeps SQLite from reading and sorting all that is due, thousands after an outage, to find the first.
NEXT = f"""
SELECT m.id, m.attempts, m.doubts, m.person, m.lead, m.beat, m.repeated, m.created, n.receiver, n.body
FROM message m JOIN notice n ON n.id = m.notice
WHERE m.channel = ? AND m.state = 'pending' AND +m.due <= ? AND m.beat >= ? AND NOT EXISTS (
    SELECT 1 FROM message e WHERE e.incident = m.incident AND e.channel = m.channel AND e.person = m.person
    AND e.state IN ('pending', 'sending') AND e.id < m.id AND NOT (m.sms AND e.doubts >= {MANY_DOUBTS}))
ORDER BY m.rank, m.id LIMIT 1
"""
DUE = "SELECT min(due) FROM message WHERE channel = ? AND state = 'pending' AND beat >= ?"


def doubt_pause(doubts: int) -> float:
    """The least pause, in seconds, of a message that ended in doubt so often: it probably arrives each time."""
    return DOUBT_PAUSE if doubts >= MANY_DOUBTS else 0.0


def insert(db: sqlite3.Connection, values: tuple[object, ...]) -> int:
    columns = "notice, channel, recipient, person, lead, incident, number, sms, beat, rank, created, due"
    db.execute(f"INSERT INTO message ({columns}, state) VALUES ({'?, ' * 12}'pending')", values)
    return 1


def expire(db: sqlite3.Connection, now: float, give_up_after: float) -> None:
    """What has waited for too long is a dead letter; a heartbeat is no letter."""
    where = "state = 'pending' AND created < ?"
    found = db.execute(f"SELECT id, channel, beat FROM message WHERE {where}", (now - give_up_after,)).fetchall()
    for message, channel, beat in found:
        state = "overtaken" if beat else Result.NEVER.value
        end = "UPDATE message SET state = ?, settled = ?, code = 'expired' WHERE id = ?"
        db.execute(end, (state, now, message))
        count(db, channel, state)


def held_until(db: sqlite3.Connection, channel: str, bounds: Bounds, now: float) -> float:
    """Until when the channel must rest: by its vendor's word or by its pace; 0 for not at all."""
    row = db.execute("SELECT until FROM pause WHERE channel = ?", (channel,)).fetchone()
    until = float(row[0]) if row else 0.0
    pace = "SELECT at FROM attempt WHERE channel = ? AND at > ? AND at <= ? ORDER BY at DESC LIMIT 1 OFFSET ?"
    row = db.execute(pace, (channel, now - WINDOW_SECONDS, now, bounds.per_minute - 1)).fetchone()
    return max(until, float(row[0]) + WINDOW_SECONDS if row else 0.0)


def is_spent(db: sqlite3.Connection, channel: str, bounds: Bounds) -> bool:
    """Whether nothing of the day's budget is left."""
    return bounds.daily_budget is not None and spent_since(db, channel, bounds.day_start) >= bounds.daily_budget


def spent_since(db: sqlite3.Connection, channel: str, instant: float) -> int:
    """Messages that were, or may have been, delivered since then."""
    count = "SELECT count(*) FROM attempt WHERE channel = ? AND at >= ? AND spent"
    return int(db.execute(count, (channel, instant)).fetchone()[0])


def pause(db: sqlite3.Connection, channel: str, until: float) -> None:
    db.execute("INSERT INTO pause VALUES (?, ?) ON CONFLICT DO UPDATE SET until = excluded.until", (channel, until))


def count(db: sqlite3.Connection, channel: str, status: str) -> None:
    add = "INSERT INTO tally VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET number = number + 1"
    db.execute(add, (channel, status))
