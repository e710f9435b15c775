"""Webhook in, message out: every vendor, over real sockets, with everything a vendor may do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.relay.conftest import Start, channel, metric, post, settled, states
from tests.relay.vendors import BROKEN, KINDS, LATER, LOST_AFTER, LOST_BEFORE, OK, REFUSE, SILENT, THROTTLE, Vendor
from tests.relay.waiting import until
from tests.relay.webhooks import alert, marked, resolved, webhook


def plan(vendor: Vendor, *actions: str) -> None:
    """Do these in turn, then say yes."""
    left: Iterator[str] = iter(actions)
    vendor.plan = lambda: next(left, OK)


@pytest.mark.parametrize("kind", KINDS)
async def test_each_vendor_takes_it(kind: str, start: Start, vendor: Vendor, client: aiohttp.ClientSession) -> None:
    """The signature holds for the vendor's own check, and the message says what, where, how bad and since when."""
    relay = await start({"duty": channel(kind, vendor.url)})
    assert await post(client, relay, webhook()) == 200
    await until(lambda: settled(relay))
    assert vendor.bad_signatures == []
    assert states(relay) == {"delivered": 1}
    [(seen, text)] = vendor.delivered
    assert seen == kind
    for part in ("老年", "33.2", "14:05"):
        assert part in text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("action", [LATER, BROKEN, LOST_BEFORE, LOST_AFTER, SILENT])
async def test_trouble_is_tried_again(
    kind: str, action: str, start: Start, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    """Delivered in the end; twice only where the vendor delivered and did not say so, and then chats say it may be."""
    plan(vendor, action)
    relay = await start({"duty": channel(kind, vendor.url, timeout=0.3)})
    assert await post(client, relay, webhook()) == 200
    await until(lambda: settled(relay))
    assert states(relay) == {"delivered": 1}
    assert len(vendor.delivered) == (2 if action in (LOST_AFTER, SILENT) else 1)
    if kind not in ("aliyun_sms", "tencent_sms"):
        told = "可能重复" in vendor.delivered[-1][1]
        assert told is (action in (LOST_BEFORE, LOST_AFTER, SILENT))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_refusal_is_a_dead_letter(
    kind: str, start: Start, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    """Kept, counted, not tried again; the next message goes out; `revive` gives it another chance."""
    plan(vendor, REFUSE)
    relay = await start({"duty": channel(kind, vendor.url)})
    await post(client, relay, marked("mark-1"))
    await until(lambda: settled(relay))
    await post(client, relay, marked("mark-2"))
    await until(lambda: settled(relay))
    assert states(relay) == {"dead": 1, "delivered": 1}
    assert await metric(client, relay, 'outcall_relay_deliveries_total{channel="duty",status="dead"}') == 1
    assert relay.queue.revive("duty", time.time()) == 1
    relay._workers["duty"].wake()
    await until(lambda: settled(relay))
    assert (vendor.count("mark-1"), vendor.count("mark-2")) == (1, 1)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_throttle_is_respected(kind: str, start: Start, vendor: Vendor, client: aiohttp.ClientSession) -> None:
    """The vendor is left alone: robots as a whole, SMS for that number."""
    plan(vendor, THROTTLE)
    relay = await start({"duty": channel(kind, vendor.url)})
    await post(client, relay, webhook())
    await until(lambda: vendor.done[THROTTLE] == 1 and states(relay) == {"pending": 1})
    [(until_when, whole)] = relay.queue.read(
        "SELECT max(due, coalesce((SELECT until FROM pause), 0)) - created, (SELECT count(*) FROM pause) FROM message"
    )
    least = {"dingtalk": 590, "webhook": 0.5}.get(kind, 55)
    assert float(str(until_when)) > least
    assert (whole == 1) is (kind not in ("aliyun_sms", "tencent_sms"))
    assert vendor.delivered == []


async def test_one_sms_an_incident(start: Start, vendor: Vendor, client: aiohttp.ClientSession) -> None:
    """Changes of the group, repetitions and the end send none; chat hears all; the next incident sends again."""
    sms, chat = channel("aliyun_sms", vendor.url), channel("dingtalk", vendor.url)
    relay = await start({"sms": sms, "chat": chat}, numbers=2)
    second = alert(fingerprint="bb", labels={"level": "scenario"})
    for body in (webhook(), webhook(), webhook(alert(), second), webhook(resolved(), status="resolved")):
        assert await post(client, relay, body) == 200
        await until(lambda: settled(relay))
    kinds = [kind for kind, _ in vendor.delivered]
    assert (kinds.count("aliyun_sms"), kinds.count("dingtalk")) == (2, 3)
    assert {text.split()[0] for kind, text in vendor.delivered if kind == "aliyun_sms"} == {
        "13800000001",
        "13800000002",
    }
    assert "恢复" in vendor.delivered[-1][1]
    await post(client, relay, webhook(alert(startsAt="2025-11-22T09:00:00Z")))
    await until(lambda: settled(relay))
    assert [kind for kind, _ in vendor.delivered].count("aliyun_sms") == 4


async def test_a_number_that_is_refused_stops_no_other(
    start: Start, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    """Each number is a message of its own."""
    plan(vendor, REFUSE)
    relay = await start({"sms": channel("tencent_sms", vendor.url)}, numbers=2)
    await post(client, relay, webhook())
    await until(lambda: settled(relay))
    assert states(relay) == {"dead": 1, "delivered": 1}


async def test_the_daily_budget(start: Start, vendor: Vendor, client: aiohttp.ClientSession) -> None:
    """What goes beyond it waits for the next day; refusals do not count; the metric says what is left."""
    plan(vendor, OK, REFUSE)
    relay = await start({"sms": channel("aliyun_sms", vendor.url, daily_budget=2)})
    for mark in "abcd":
        await post(client, relay, marked(f"mark-{mark}"))
    await until(lambda: states(relay) == {"delivered": 2, "dead": 1, "pending": 1})
    assert await metric(client, relay, 'outcall_relay_budget_remaining{channel="sms"}') == 0
    assert await metric(client, relay, 'outcall_relay_queue{channel="sms"}') == 1
    await post(client, relay, marked("mark-d", over=True))
    assert states(relay) == {"delivered": 2, "dead": 1, "overtaken": 1}


async def test_the_pace(start: Start, vendor: Vendor, client: aiohttp.ClientSession) -> None:
    """So many a minute, critical ones first."""
    relay = await start({"chat": channel("wecom", vendor.url, per_minute=2)})
    vendor.plan = lambda: OK
    warning = webhook(alert(labels={"severity": "warning"}, annotations={"summary_zh": "不急"}), key="w")
    for body in (marked("one"), marked("two"), warning, marked("three")):
        await post(client, relay, body)
    await until(lambda: states(relay) == {"delivered": 2, "pending": 2})
    relay.queue._db.execute("UPDATE attempt SET at = at - 60")
    await until(lambda: settled(relay))
    assert vendor.count("不急") == 1
    assert "不急" in vendor.delivered[-1][1]


async def test_a_slow_vendor_holds_up_nobody(start: Start, vendor: Vendor, client: aiohttp.ClientSession) -> None:
    """Channels are independent."""
    silent = Vendor(plan=lambda: SILENT)
    await silent.start()
    relay = await start({"slow": channel("wecom", silent.url, timeout=60), "quick": channel("feishu", vendor.url)})
    await post(client, relay, webhook())
    await until(lambda: len(vendor.delivered) == 1 and len(silent.delivered) == 1)
    await silent.stop()


async def test_no_redirect_is_followed(
    start: Start, vendor: Vendor, client: aiohttp.ClientSession, tmp_path: Path
) -> None:
    """A vendor that points elsewhere is refused: nothing goes to hosts that are not configured."""

    async def elsewhere(_request: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect(f"{vendor.url}/cgi-bin/webhook/send?key=robot-token-1")

    app = web.Application()
    app.router.add_post("/cgi-bin/webhook/send", elsewhere)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    relay = await start({"chat": channel("wecom", f"http://127.0.0.1:{runner.addresses[0][1]}")})
    await post(client, relay, webhook())
    await until(lambda: settled(relay))
    await runner.cleanup()
    assert (states(relay), vendor.bodies) == ({"dead": 1}, [])


async def test_nobody_listens(start: Start, vendor: Vendor, client: aiohttp.ClientSession) -> None:
    """A refused connection is no doubt: what comes then is no repetition."""
    port = int(vendor.url.rpartition(":")[2])
    await vendor.stop()
    relay = await start({"chat": channel("feishu", vendor.url)})
    await post(client, relay, webhook())
    await until(lambda: relay.queue.read("SELECT 1 FROM message WHERE attempts > 2") == [(1,)])
    await vendor.start(port)
    await until(lambda: settled(relay))
    [(_, text)] = vendor.delivered
    assert "可能重复" not in text
