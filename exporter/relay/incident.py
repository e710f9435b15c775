"""Incidents in the queue: when they begin and end, what of them a text has told, and what they leave behind.

Every function works within a transaction of its caller; instants are Unix seconds.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from exporter.relay.message import Alert, Notice, parse_webhook
from exporter.relay.statements import count

# The whole and a part of it that become critical within this time are the same trouble: one text.
TOGETHER_SECONDS = 900.0
CLOSED, OPEN, UNSURE = 0, 1, 2

# What would call somebody out for nothing: a text whose incident is over, a heartbeat that a newer one follows.
_STALE = """state = 'pending' AND (
    sms AND NOT EXISTS (
        SELECT 1 FROM incident i WHERE i.name = message.incident AND i.number = message.number AND i.open)
    OR beat AND EXISTS (
        SELECT 1 FROM message n WHERE n.incident = message.incident AND n.channel = message.channel
        AND n.person = message.person AND n.beat AND n.id > message.id))"""


@dataclass(frozen=True, slots=True)
class Ear:
    """Who hears of which incident."""

    incident: str
    number: int
    channel: str
    person: str


def name_of(receiver: str, notice: Notice) -> str:
    """The name of the incidents of this group."""
    return hashlib.sha256(f"{receiver}\0{notice.group_key}".encode()).hexdigest()[:32]


def turn(db: sqlite3.Connection, receiver: str, name: str, notice: Notice) -> tuple[int, bool]:
    """Open or close the incident; returns its number, and whether it fires.

    Alertmanager takes the status from the alerts that it lists: `resolved` with alerts left out may still be firing.
    Where nothing is open, it is: a group that never fired is not told of. Otherwise nobody knows; what waits stays, and
    whatever fires next is an incident of its own, lest its page be swallowed.
    """
    find = "SELECT number, open FROM incident WHERE receiver = ? AND name = ?"
    number, state = db.execute(find, (receiver, name)).fetchone() or (0, CLOSED)
    unsure = notice.status == "resolved" and notice.truncated > 0
    firing = notice.status == "firing" or (unsure and state == CLOSED)
    number += firing and state != OPEN
    after = OPEN if firing else UNSURE if unsure else CLOSED
    db.execute("INSERT OR REPLACE INTO incident VALUES (?, ?, ?, ?)", (receiver, name, number, after))
    return int(number), firing


def called_for(db: sqlite3.Connection, notice: Notice, ear: Ear, now: float, remind_after: float) -> str | None:
    """Whether a firing notice calls for a text: the fingerprint of the alert that leads it, empty for the most urgent
    one; None when the incident was told and nothing critical is in a new place.
    """
    said = """SELECT 1 FROM message WHERE incident = ? AND number = ? AND channel = ? AND person = ?
              AND (created > ? OR state IN ('pending', 'sending')) LIMIT 1"""
    key = (ear.incident, ear.number, ear.channel, ear.person)
    sql = "SELECT place, at FROM told WHERE incident = ? AND number = ? AND channel = ? AND person = ?"
    told = {str(place): float(at) for place, at in db.execute(sql, key)}
    news = [alert for alert in _critical(notice) if _is_news(alert, told, now)]
    note(db, notice, ear, now)
    if db.execute(said, (*key, now - remind_after)).fetchone() is None:
        return news[0].fingerprint if news and told else ""
    return news[0].fingerprint if news else None


def note(db: sqlite3.Connection, notice: Notice, ear: Ear, now: float) -> None:
    """The critical places of a notice are told."""
    add = "INSERT OR IGNORE INTO told VALUES (?, ?, ?, ?, ?, ?)"
    for alert in _critical(notice):
        db.execute(add, (ear.incident, ear.number, ear.channel, ear.person, alert.place, now))


def _critical(notice: Notice) -> list[Alert]:
    return [alert for alert in notice.firing if alert.severity == "critical"]


def _is_news(alert: Alert, told: Mapping[str, float], now: float) -> bool:
    """Not told, and no other view of what was: the whole, whose place is empty, and its parts cross their lines one
    after the other.
    """
    if alert.place in told:
        return False
    views = [at for place, at in told.items() if not place or not alert.place]
    return all((alert.started or now) > at + TOGETHER_SECONDS for at in views)


def overtake(db: sqlite3.Connection, now: float, where: str, *values: object) -> int:
    """Leave out, of the messages `where`, those that nobody needs any more; returns how many, and counts them."""
    which = f"{_STALE} AND {where}"
    found = db.execute(f"SELECT id, channel FROM message WHERE {which}", values).fetchall()
    for message, channel in found:
        db.execute("UPDATE message SET state = 'overtaken', settled = ? WHERE id = ?", (now, message))
        count(db, channel, "overtaken")
    return len(found)


def adopt(db: sqlite3.Connection, channel: str, people: tuple[str, ...]) -> None:
    """Texts from before version 1 name a person by the place in the list: put the hash in, and note what was told."""
    sql = """SELECT m.id, m.recipient, m.incident, m.number, m.created, n.body
             FROM message m JOIN notice n ON n.id = m.notice WHERE m.channel = ? AND m.sms AND m.person = ''"""
    for message, recipient, incident, number, created, body in db.execute(sql, (channel,)).fetchall():
        if recipient < len(people):
            db.execute("UPDATE message SET person = ? WHERE id = ?", (people[recipient], message))
            note(db, parse_webhook(body), Ear(incident, number, channel, people[recipient]), created)
