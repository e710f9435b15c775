"""A heartbeat gets through every time it comes, and only its newest beat is worth anything."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from exporter.errors import ConfigErrors
from exporter.relay.config import load_relay_file
from exporter.relay.message import parse_webhook
from exporter.relay.queue import Queue, Target
from exporter.relay.service import Relay
from exporter.relay.statements import Bounds
from tests.relay.conftest import Start, channel, metric, post, relay_file, secret_files, settled, states
from tests.relay.vendors import OK, REFUSE, Vendor
from tests.relay.waiting import until
from tests.relay.webhooks import alert, marked, webhook


def beat(mark: str = "alive") -> str:
    """The watchdog as Alertmanager sends it every five minutes: always the same but for its annotations."""
    labels = {"alertname": "OutcallWatchdog", "severity": "info", "kpi": "exporter"}
    return webhook(alert("OutcallWatchdog", labels=labels, annotations={"summary_zh": mark}), key="{}:{watchdog}")


async def started(start: Start, vendor: Vendor, **more: Any) -> Relay:
    receivers = {"watchdog": ["beats"], "page": ["beats"]}
    return await start({"beats": channel("webhook", vendor.url, **more)}, receivers=receivers)


async def test_every_beat_is_delivered(start: Start, vendor: Vendor, client: aiohttp.ClientSession) -> None:
    """The same webhook again is not "said already"; to any other receiver it is."""
    relay = await started(start, vendor)
    for number in range(1, 5):
        assert await post(client, relay, beat(), "watchdog") == 200
        await until(lambda: settled(relay))
        assert len(vendor.delivered) == number
    for _ in range(2):
        await post(client, relay, beat(), "page")
        await until(lambda: settled(relay))
    assert len(vendor.delivered) == 5


async def test_after_an_outage_the_newest_goes_out_alone(
    start: Start, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    """A pile of old beats would say that all was well when nobody knew."""
    port = int(vendor.url.rpartition(":")[2])
    relay = await started(start, vendor)
    await vendor.stop()
    for number in range(1, 6):
        await post(client, relay, beat(f"beat-{number}"), "watchdog")
    await until(lambda: states(relay) == {"overtaken": 4, "pending": 1})
    await vendor.start(port)
    await until(lambda: settled(relay))
    assert len(vendor.delivered) == 1
    assert vendor.count("beat-5") == 1
    assert await metric(client, relay, 'outcall_relay_deliveries_total{channel="beats",status="overtaken"}') == 4


async def test_beats_take_nothing_from_the_budget(start: Start, vendor: Vendor, client: aiohttp.ClientSession) -> None:
    """Nor are they held up by one that is spent."""
    relay = await started(start, vendor, daily_budget=1)
    for body, receiver in ((beat(), "watchdog"), (marked("one"), "page"), (marked("two"), "page")):
        await post(client, relay, body, receiver)
        await until(lambda: relay.queue.read("SELECT 1 FROM message WHERE state = 'sending'") == [])
    await until(lambda: states(relay) == {"delivered": 2, "pending": 1})
    assert await metric(client, relay, 'outcall_relay_budget_remaining{channel="beats"}') == 0
    await post(client, relay, beat(), "watchdog")
    await until(lambda: states(relay) == {"delivered": 3, "pending": 1})
    assert (vendor.count("one"), vendor.count("two"), vendor.count("alive")) == (1, 0, 2)


async def test_a_refused_beat_is_counted_and_gone(start: Start, vendor: Vendor, client: aiohttp.ClientSession) -> None:
    """The alert about dead letters hears of it, but no `retry` sends it days later."""
    vendor.plan = lambda: REFUSE
    relay = await started(start, vendor)
    await post(client, relay, beat(), "watchdog")
    await until(lambda: settled(relay))
    assert states(relay) == {"overtaken": 1}
    assert await metric(client, relay, 'outcall_relay_deliveries_total{channel="beats",status="dead"}') == 1
    vendor.plan = lambda: OK
    assert relay.queue.revive("beats", time.time()) == 0


async def test_a_beat_that_waits_for_too_long_is_no_dead_letter(
    start: Start, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    await vendor.stop()
    relay = await started(start, vendor)
    await post(client, relay, beat(), "watchdog")

    def swept() -> bool:
        """Between two attempts; while it is being sent nobody takes it away."""
        relay.queue.sweep(time.time() + 90_000, 86_400)
        return states(relay) == {"overtaken": 1}

    await until(swept)


def test_a_beat_that_a_kill_cuts_off_takes_nothing_from_the_budget() -> None:
    """And the newer one that came meanwhile replaces it."""
    queue, notice = Queue(None), parse_webhook(beat())
    for now in (1000.0, 1300.0):
        queue.accept("watchdog", notice, beat(), [Target("web", ("",), sms=False)], now, 14_400.0, beat=True)
        queue.take("web", Bounds(10, 1, 0.0, 86_400.0), now)
    queue.recover(1301.0)
    assert queue.read("SELECT spent FROM attempt") == [(0,)]
    assert queue.read("SELECT state FROM message") == [("overtaken",), ("pending",)]


@pytest.mark.parametrize(
    ("receivers", "more", "found"),
    [
        ({"watchdog": ["web"], "page": ["web"]}, {}, {"watchdog"}),
        ({"page": ["web"]}, {}, set()),
        ({"watchdog": ["web"]}, {"heartbeats": []}, set()),
        ({"alive": ["web"], "watchdog": ["sms"]}, {"heartbeats": ["alive"]}, {"alive"}),
    ],
)
def test_which_receivers_are_heartbeats(
    receivers: dict[str, list[str]], more: dict[str, Any], found: set[str], tmp_path: Path
) -> None:
    """Those that are named; without a word the one of Alertmanager's shipped configuration."""
    secret_files(tmp_path, "https://hook.example.org")
    channels = {"web": channel("webhook", ""), "sms": channel("aliyun_sms", "https://sms.example.org")}
    assert load_relay_file(relay_file(tmp_path, channels, receivers=receivers, **more)).heartbeats == found


@pytest.mark.parametrize(
    ("receivers", "more", "problem"),
    [
        ({"watchdog": ["sms"]}, {}, "sms would send a text for every heartbeat"),
        ({"watchdog": ["phone"]}, {}, "phone would send a text for every heartbeat"),
        ({"page": ["sms"]}, {"heartbeats": ["alive"]}, "there is no receiver 'alive'. Fix: choose from page"),
        ({"page": ["sms"]}, {"heartbeats": "page"}, "heartbeats: input should be a valid list"),
    ],
)
def test_heartbeats_that_cannot_be(
    receivers: dict[str, list[str]], more: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    secret_files(tmp_path, "https://hook.example.org")
    channels = {"phone": {"type": "print", "form": "sms"}, "sms": channel("aliyun_sms", "https://sms.example.org")}
    with pytest.raises(ConfigErrors, match=problem):
        load_relay_file(relay_file(tmp_path, channels, receivers=receivers, **more))
