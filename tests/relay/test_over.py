"""Nobody is called out for what is over, nobody is left uncalled because the list of alerts was cut, and a message that
probably arrives is not repeated every few minutes.
"""

from __future__ import annotations

import json
import time

import aiohttp
import pytest

from exporter.relay.message import NotAWebhook, parse_webhook
from exporter.relay.outcome import never
from exporter.relay.queue import Job, Queue, Target
from exporter.relay.statements import DOUBT_PAUSE, Bounds
from tests.relay.conftest import Start, channel, metric, post, settled, states
from tests.relay.vendors import KINDS, LOST_AFTER, OK, REFUSE, SILENT, THROTTLE, Vendor
from tests.relay.waiting import until
from tests.relay.webhooks import alert, resolved, webhook

OVER = webhook(resolved(), status="resolved")


async def test_a_text_in_flight_when_the_incident_ends_is_not_sent_again(
    start: Start, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    vendor.plan = lambda: SILENT
    relay = await start({"sms": channel("aliyun_sms", vendor.url, timeout=0.5)})
    await post(client, relay, webhook())
    await until(lambda: len(vendor.delivered) == 1)
    await post(client, relay, OVER)
    await until(lambda: settled(relay))
    assert (states(relay), len(vendor.delivered)) == ({"overtaken": 1}, 1)
    assert await metric(client, relay, 'outcall_relay_deliveries_total{channel="sms",status="overtaken"}') == 1


@pytest.mark.parametrize("again", [False, True])
async def test_dead_texts_of_what_is_over_stay_dead(
    again: bool, start: Start, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    """Also when the group has begun another incident since: that one has its own text."""
    vendor.plan = lambda: REFUSE
    relay = await start({"sms": channel("tencent_sms", vendor.url), "chat": channel("wecom", vendor.url)})
    await post(client, relay, webhook())
    await until(lambda: states(relay) == {"dead": 2})
    vendor.plan = lambda: OK
    await post(client, relay, OVER)
    if again:
        await post(client, relay, webhook(alert(startsAt="2025-11-22T09:00:00Z")))
    await until(lambda: settled(relay))
    kept = list(vendor.delivered)
    assert relay.queue.revive("sms", time.time()) == 0
    assert states(relay)["overtaken"] == 1
    assert relay.queue.revive("chat", time.time()) == 1
    await until(lambda: settled(relay))
    assert [kind for kind, _ in vendor.delivered[len(kept) :]] == ["wecom"]


async def test_a_dead_text_of_an_open_incident_is_sent_by_retry(
    start: Start, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    vendor.plan = lambda: REFUSE
    relay = await start({"sms": channel("tencent_sms", vendor.url)})
    await post(client, relay, webhook())
    await until(lambda: states(relay) == {"dead": 1})
    vendor.plan = lambda: OK
    assert relay.queue.revive("sms", time.time()) == 1
    await until(lambda: states(relay) == {"delivered": 1})


def test_a_text_in_flight_at_a_kill_is_left_out_when_it_is_over() -> None:
    queue, sms, now = Queue(None), Target("sms", ("li",), sms=True), 1000.0
    for body in (webhook(), OVER):
        queue.accept("page", parse_webhook(body), body, [sms], now, 14_400.0)
        queue.take("sms", Bounds(10, None, 0.0, 86_400.0), now)
    assert queue.recover(now) == 1
    assert queue.read("SELECT state FROM message") == [("overtaken",)]


@pytest.mark.parametrize("status", ["firing", "resolved"])
async def test_a_cut_list_is_a_page_nevertheless(
    status: str, start: Start, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    """Of a group with more than `max_alerts` the first may be over. Alertmanager takes the status from those that it
    lists, but tells nobody of a group in which nothing fires or fired.
    """
    relay = await start({"sms": channel("aliyun_sms", vendor.url), "chat": channel("dingtalk", vendor.url)})
    assert await post(client, relay, webhook(resolved(), status=status, truncatedAlerts=3)) == 200
    await until(lambda: settled(relay))
    texts = dict(vendor.delivered)
    assert json.loads(texts["aliyun_sms"].split(maxsplit=1)[1])["where"] == "另有 3 条未列出"
    assert "33.2" not in texts["aliyun_sms"]
    assert "另有 3 条未列出" in texts["dingtalk"]
    assert "仍在告警" in texts["dingtalk"]


def test_a_list_that_is_not_cut_must_name_what_fires() -> None:
    with pytest.raises(NotAWebhook):
        parse_webhook(webhook(resolved()))


async def test_an_end_of_a_cut_list_ends_nothing(start: Start, vendor: Vendor, client: aiohttp.ClientSession) -> None:
    """A text that waits goes on waiting, none is added; the next firing may be a new incident, and is told."""
    vendor.plan = lambda: THROTTLE
    relay = await start({"sms": channel("aliyun_sms", vendor.url)})
    cut = webhook(resolved(), status="resolved", truncatedAlerts=40)
    await post(client, relay, webhook())
    await until(lambda: vendor.done[THROTTLE] == 1 and states(relay) == {"pending": 1})
    for _ in range(2):
        await post(client, relay, cut)
        assert states(relay) == {"pending": 1}
    vendor.plan = lambda: OK
    await post(client, relay, webhook(alert(startsAt="2025-11-22T09:00:00Z")))
    await until(lambda: states(relay) == {"overtaken": 1, "delivered": 1})


@pytest.mark.parametrize("kind", KINDS)
async def test_doubt_upon_doubt_is_repeated_seldom(
    kind: str, start: Start, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    """A gateway that delivers and loses its answer: three times within seconds, then not before half an hour has
    passed; and nothing is given up.
    """
    vendor.plan = lambda: LOST_AFTER
    relay = await start({"duty": channel(kind, vendor.url)})
    await post(client, relay, webhook())
    await until(lambda: relay.queue.read("SELECT doubts, state FROM message") == [(3, "pending")])
    [(wait,)] = relay.queue.read("SELECT due - created FROM message")
    assert float(str(wait)) >= DOUBT_PAUSE == 1800
    assert len(vendor.delivered) == 3
    vendor.plan = lambda: OK
    relay.queue._db.execute("UPDATE message SET due = 0")
    relay._workers["duty"].wake()
    await until(lambda: states(relay) == {"delivered": 1})


def test_a_text_in_doubt_holds_up_no_other_place() -> None:
    """It has probably arrived; the text about another machine need not wait half an hour for it."""
    queue, sms, now = Queue(None), Target("sms", ("li",), sms=True), 1000.0
    bounds, first = Bounds(100, None, 0.0, 86_400.0), alert(labels={"instance": "a"})
    second = alert(fingerprint="b", labels={"instance": "b"})
    body = webhook(first)
    queue.accept("page", parse_webhook(body), body, [sms], now, 14_400.0)
    for _ in range(3):
        assert isinstance(queue.take("sms", bounds, now), Job)
        queue.recover(now)
    assert not isinstance(queue.take("sms", bounds, now), Job)
    body = webhook(first, second)
    queue.accept("page", parse_webhook(body), body, [sms], now, 14_400.0)
    job = queue.take("sms", bounds, now)
    assert isinstance(job, Job)
    assert job.lead == "b"
    queue.finish("sms", job, never("x"), now, now)
