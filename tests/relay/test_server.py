"""The webhook's side: each status says what Alertmanager should do, and only whoever has the token is heard."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import aiohttp
import pytest

from exporter.errors import ConfigErrors, StateError
from exporter.relay.message import MAX_ALERTS
from exporter.relay.service import Relay
from tests.relay.conftest import Start, channel, metric, post, relay_file, settled, setup_of, states
from tests.relay.vendors import OK, SILENT, Vendor
from tests.relay.waiting import until
from tests.relay.webhooks import alert, marked, webhook


@pytest.fixture
async def relay(start: Start, vendor: Vendor) -> Relay:
    return await start({"chat": channel("dingtalk", vendor.url)})


@pytest.mark.parametrize("path", ["alerts/page", "metrics", "-/healthy", "-/ready", "alerts/nobody", ""])
async def test_every_route_asks_for_the_token(relay: Relay, path: str) -> None:
    assert relay.server is not None
    async with aiohttp.ClientSession() as stranger:
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            async with stranger.post(relay.server.url + path, data=webhook(), headers=headers) as answer:
                assert answer.status == 401
    assert states(relay) == {}


async def test_what_is_no_webhook(relay: Relay, client: aiohttp.ClientSession) -> None:
    for body in ("", "{}", "[]", "x", webhook(version="3"), json.dumps({"alerts": []})):
        assert await post(client, relay, body) == 400
    assert relay.server is not None
    async with client.post(f"{relay.server.url}alerts/page", data=b"\xff\xfe") as answer:
        assert answer.status == 400
    assert await post(client, relay, webhook(), "nobody") == 404
    assert await metric(client, relay, 'outcall_relay_requests_total{code="400",receiver="page"}') == 7
    assert await metric(client, relay, 'outcall_relay_requests_total{code="404",receiver="unknown"}') == 1
    assert states(relay) == {}


async def test_a_large_body_is_refused(relay: Relay, client: aiohttp.ClientSession) -> None:
    """Over 1 MiB; what is just below is taken."""
    big = webhook(*[alert(fingerprint=str(n), annotations={"summary": "x" * 900}) for n in range(500)])
    assert (1 << 19) < len(big) < (1 << 20)
    assert await post(client, relay, big) == 200
    assert await post(client, relay, big + " " * ((1 << 20) - len(big.encode()))) == 200
    assert await post(client, relay, " " * ((1 << 20) + 1)) == 413
    assert MAX_ALERTS >= 500


async def test_what_cannot_be_stored_is_to_be_sent_again(relay: Relay, client: aiohttp.ClientSession) -> None:
    """503 while another process holds the file; the same webhook is taken once it is free."""
    assert relay.queue.path is not None
    relay.queue.read("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(relay.queue.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert await post(client, relay, webhook()) == 503
    other.execute("ROLLBACK")
    other.close()
    assert await post(client, relay, webhook()) == 200
    await until(lambda: settled(relay))
    assert states(relay) == {"delivered": 1}


async def test_a_worker_that_cannot_reach_its_disk_is_told_and_goes_on(
    relay: Relay, client: aiohttp.ClientSession
) -> None:
    """`/-/healthy` names the channel; afterwards it works as before."""
    assert relay.queue.path is not None
    assert relay.server is not None
    relay.queue.read("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(relay.queue.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await until(lambda: relay.health() != "")
    async with client.get(f"{relay.server.url}-/healthy") as answer:
        assert (answer.status, await answer.text()) == (503, "channel chat: OperationalError\n")
    other.execute("ROLLBACK")
    other.close()
    await until(lambda: relay.health() == "")


async def test_an_outcome_that_cannot_be_stored_is_not_forgotten(
    relay: Relay, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    """The disk fails between the request and its answer: the message is not sent again."""
    assert relay.queue.path is not None
    relay.queue.read("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(relay.queue.path, isolation_level=None)

    def lock() -> str:
        other.execute("BEGIN IMMEDIATE")
        return OK

    vendor.plan = lock
    assert await post(client, relay, webhook()) == 200
    await until(lambda: relay.health() != "")
    other.execute("ROLLBACK")
    other.close()
    await until(lambda: settled(relay))
    assert states(relay) == {"delivered": 1}
    assert len(vendor.delivered) == 1


async def test_many_at_once(relay: Relay, client: aiohttp.ClientSession) -> None:
    statuses = await asyncio.gather(*(post(client, relay, marked(f"mark-{number % 20}")) for number in range(60)))
    assert statuses == [200] * 60
    await until(lambda: settled(relay))
    assert states(relay) == {"delivered": 20}


async def test_the_common_routes(relay: Relay, client: aiohttp.ClientSession) -> None:
    assert relay.server is not None
    for path, status, text in (("-/healthy", 200, "Healthy"), ("-/ready", 200, "Ready"), ("", 200, "POST /alerts/")):
        async with client.get(relay.server.url + path) as answer:
            assert answer.status == status
            assert text in await answer.text()
    assert await metric(client, relay, 'outcall_relay_oldest_seconds{channel="chat"}') == 0


async def test_a_second_relay_on_the_same_queue_is_refused(relay: Relay, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="another relay"):
        Relay(setup_of(tmp_path / "relay.yml"), tmp_path / "state", print)


async def test_another_configuration_takes_over(
    relay: Relay, vendor: Vendor, client: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """What is being sent comes to its end; what waits goes on; a new receiver is known."""
    await post(client, relay, marked("mark-1"))
    path = relay_file(tmp_path, {"chat": channel("feishu", vendor.url)}, receivers={"ticket": ["chat"]})
    await relay.replace(setup_of(path))
    assert await post(client, relay, marked("mark-2"), "ticket") == 200
    assert await post(client, relay, marked("mark-3")) == 404
    await until(lambda: settled(relay))
    assert [kind for kind, text in vendor.delivered if "mark-2" in text] == ["feishu"]
    assert vendor.count("mark-1") == 1


async def test_another_configuration_while_the_disk_refuses(
    relay: Relay, vendor: Vendor, client: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """Without workers nothing is delivered: that is not healthy, and they begin as soon as they can."""
    assert relay.queue.path is not None
    assert relay.server is not None
    relay.queue.read("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(relay.queue.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await relay.replace(setup_of(relay_file(tmp_path, {"chat": channel("feishu", vendor.url)})))
    async with client.get(f"{relay.server.url}-/healthy") as answer:
        assert answer.status == 503
        assert "cannot be put in order (OperationalError); channel chat: no worker runs" in await answer.text()
    assert await post(client, relay, webhook()) == 503
    other.execute("ROLLBACK")
    other.close()
    assert await post(client, relay, webhook()) == 200
    await until(lambda: settled(relay))
    assert relay.health() == ""
    assert [kind for kind, _ in vendor.delivered] == ["feishu"]


async def test_a_worker_that_is_gone_is_told(relay: Relay) -> None:
    assert relay.health() == ""
    relay._tasks["chat"].cancel()
    await until(lambda: relay.health() == "channel chat: no worker runs")


async def test_a_stop_waits_for_what_is_being_sent(start: Start, vendor: Vendor, client: aiohttp.ClientSession) -> None:
    """A stop between request and answer leaves no doubt behind."""
    relay = await start({"chat": channel("wecom", vendor.url, timeout=0.3)})
    vendor.plan = lambda: SILENT
    await post(client, relay, webhook())
    await until(lambda: len(vendor.delivered) == 1)
    path = relay.queue.path
    await relay.close()
    with sqlite3.connect(path or "") as db:
        assert db.execute("SELECT state, repeated FROM message").fetchall() == [("pending", 1)]


def test_a_file_without_channels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors):
        setup_of(relay_file(tmp_path, {}))
