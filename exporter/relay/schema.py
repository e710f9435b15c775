"""The tables of the queue's file, and the way to them from an older release: an update loses nothing that waits."""

from __future__ import annotations

import sqlite3

APPLICATION = 0x4F555452  # "OUTR"
VERSION = 1
# `person` is a keyed hash of a number, never the number; in rows from before version 1 it is empty until `adopt` fills
# it from `recipient`, the number's place in the list. `lead` is the fingerprint of the alert that leads a text.
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS notice (
    id INTEGER PRIMARY KEY, receiver TEXT NOT NULL, key TEXT NOT NULL, received REAL NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS notice_key ON notice (receiver, key);
CREATE TABLE IF NOT EXISTS incident (
    receiver TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL, open INTEGER NOT NULL,
    PRIMARY KEY (receiver, name)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS incident_name ON incident (name);
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
CREATE TABLE IF NOT EXISTS told (
    incident TEXT NOT NULL, number INTEGER NOT NULL, channel TEXT NOT NULL, person TEXT NOT NULL, place TEXT NOT NULL,
    at REAL NOT NULL, PRIMARY KEY (incident, number, channel, person, place)) WITHOUT ROWID;
"""
# What version 1 has that the first release had not.
_ADDED = {
    "person": "TEXT NOT NULL DEFAULT ''",
    "lead": "TEXT NOT NULL DEFAULT ''",
    "beat": "INTEGER NOT NULL DEFAULT 0",
    "doubts": "INTEGER NOT NULL DEFAULT 0",
}


def prepare(db: sqlite3.Connection) -> None:
    """Make the tables, or bring those of an older release up to date; raises sqlite3.Error for any other file."""
    if db.execute("PRAGMA application_id").fetchone()[0] not in (0, APPLICATION):
        raise sqlite3.DatabaseError("of another program")
    if db.execute("PRAGMA user_version").fetchone()[0] > VERSION:
        raise sqlite3.DatabaseError("of a newer release")
    db.executescript(_TABLES)
    db.execute("BEGIN IMMEDIATE")
    try:
        present = {name for _, name, *_ in db.execute("PRAGMA table_info(message)")}
        for column in _ADDED.keys() - present:
            db.execute(f"ALTER TABLE message ADD COLUMN {column} {_ADDED[column]}")
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
