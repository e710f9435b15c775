"""A message waits for a person, not for a place in a list; also one from before this was so."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import aiohttp
import pytest

from exporter.errors import StateError
from exporter.relay.incident import name_of
from exporter.relay.message import parse_webhook
from exporter.relay.queue import FILE_NAME, Queue
from tests.relay.conftest import NUMBERS, Start, channel, post, relay_file, secret_files, settled, setup_of, states
from tests.relay.vendors import Vendor
from tests.relay.waiting import until
from tests.relay.webhooks import alert, webhook

# The tables of the first release, as they were.
FIRST_RELEASE = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE notice (
    id INTEGER PRIMARY KEY, receiver TEXT NOT NULL, key TEXT NOT NULL, received REAL NOT NULL, body TEXT NOT NULL);
CREATE INDEX notice_key ON notice (receiver, key);
CREATE TABLE incident (
    receiver TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL, open INTEGER NOT NULL,
    PRIMARY KEY (receiver, name)) WITHOUT ROWID;
CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, notice INTEGER NOT NULL, channel TEXT NOT NULL, recipient INTEGER NOT NULL,
    incident TEXT NOT NULL, number INTEGER NOT NULL, sms INTEGER NOT NULL, rank INTEGER NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, repeated INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL, due REAL NOT NULL,
    settled REAL, code TEXT NOT NULL DEFAULT '');
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY, message INTEGER NOT NULL, channel TEXT NOT NULL, at REAL NOT NULL, spent INTEGER NOT NULL);
CREATE TABLE pause (channel TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE tally (
    channel TEXT NOT NULL, status TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (channel, status)) WITHOUT ROWID;
INSERT INTO meta VALUES ('installation', '0123456789abcdef');
PRAGMA application_id = 0x4F555452;
"""


def first_release(folder: Path, body: str) -> None:
    """A queue of the first release: of two texts of an incident and one chat message, the first text is delivered."""
    folder.mkdir()
    with sqlite3.connect(folder / FILE_NAME) as db:
        db.executescript(FIRST_RELEASE)
        notice = parse_webhook(body)
        name, now = name_of("page", notice), time.time()
        db.execute("INSERT INTO notice VALUES (1, 'page', ?, ?, ?)", (notice.key, now, body))
        db.execute("INSERT INTO incident VALUES ('page', ?, 1, 1)", (name,))
        row = """INSERT INTO message (notice, channel, recipient, incident, number, sms, rank, state, created, due)
                  VALUES (1, ?, ?, ?, 1, ?, 0, ?, ?, 0)"""
        db.execute(row, ("sms", 0, name, 1, "delivered", now))
        db.execute(row, ("sms", 1, name, 1, "pending", now))
        db.execute(row, ("chat", 0, name, 0, "pending", now))
    db.close()


async def test_a_queue_of_the_first_release(
    start: Start, vendor: Vendor, client: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """What waits arrives where it was to; what was told is known; the name of the installation stays."""
    body = webhook(alert(labels={"instance": "a"}))
    first_release(tmp_path / "state", body)
    relay = await start({"sms": channel("aliyun_sms", vendor.url), "chat": channel("wecom", vendor.url)}, numbers=2)
    await until(lambda: settled(relay))
    assert states(relay) == {"delivered": 3}
    assert sorted(text.split()[0] for kind, text in vendor.delivered if kind == "aliyun_sms") == [NUMBERS[1][3:]]
    assert relay.queue.installation == "0123456789abcdef"
    changed = alert(fingerprint="x", labels={"instance": "a", "window": "5m"})
    await post(client, relay, webhook(alert(labels={"instance": "a"}), changed))
    await until(lambda: settled(relay))
    assert [kind for kind, _ in vendor.delivered].count("aliyun_sms") == 1
    assert relay.queue.read("PRAGMA user_version") == [(1,)]
    Queue(tmp_path / "state").close()  # `relay retry` beside it


def test_a_queue_of_a_later_release_is_refused(tmp_path: Path) -> None:
    Queue(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as db:
        db.execute("PRAGMA user_version = 2")
    db.close()
    with pytest.raises(StateError, match="queue"):
        Queue(tmp_path)


@pytest.mark.parametrize("kind", ["aliyun_sms", "tencent_sms"])
async def test_a_number_that_is_taken_off_the_list(
    kind: str, start: Start, vendor: Vendor, client: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """Its messages go to nobody; those of the others go to them, though they have moved up."""
    port = int(vendor.url.rpartition(":")[2])
    relay = await start({"sms": channel(kind, vendor.url)}, numbers=2)
    await vendor.stop()
    await post(client, relay, webhook())
    await until(lambda: relay.queue.read("SELECT count(*) FROM message WHERE attempts > 0") == [(2,)])
    secret_files(tmp_path, vendor.url, NUMBERS[1:])
    await relay.replace(setup_of(relay_file(tmp_path, {"sms": channel(kind, vendor.url)})))
    await vendor.start(port)
    await until(lambda: settled(relay))
    assert states(relay) == {"dead": 1, "delivered": 1}
    assert relay.queue.read("SELECT code FROM message WHERE state = 'dead'") == [("recipient_removed",)]
    [(_, text)] = vendor.delivered
    assert text.split()[0].endswith(NUMBERS[1][3:])


async def test_a_number_that_is_put_first_hears_of_the_open_incident(
    start: Start, vendor: Vendor, client: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """With the next notice; who was told before is not told again."""
    relay = await start({"sms": channel("tencent_sms", vendor.url)})
    await post(client, relay, webhook())
    await until(lambda: settled(relay))
    secret_files(tmp_path, vendor.url, (NUMBERS[1], NUMBERS[0]))
    await relay.replace(setup_of(relay_file(tmp_path, {"sms": channel("tencent_sms", vendor.url)})))
    await post(client, relay, webhook(alert(), alert(fingerprint="b", labels={"window": "5m"})))
    await until(lambda: settled(relay))
    assert [text.split()[0] for _, text in vendor.delivered] == list(NUMBERS)


async def test_no_number_is_in_the_file(start: Start, vendor: Vendor, client: aiohttp.ClientSession) -> None:
    """Nor its hash without the key: that of one installation says nothing to another."""
    relay = await start({"sms": channel("tencent_sms", vendor.url)}, numbers=2)
    await post(client, relay, webhook())
    await until(lambda: settled(relay))
    people = {str(person) for (person,) in relay.queue.read("SELECT person FROM message")}
    assert len(people) == 2
    assert relay.queue.path is not None
    raw = b"".join(file.read_bytes() for file in relay.queue.path.parent.iterdir())
    assert not any(number[3:].encode() in raw for number in NUMBERS)
    assert people.isdisjoint(relay._channels["sms"].people("another installation"))
