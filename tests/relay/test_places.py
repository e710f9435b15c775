"""Within an incident another text goes out when something critical begins in a place that was not told; else none."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from exporter.relay.incident import TOGETHER_SECONDS
from exporter.relay.message import parse_webhook
from exporter.relay.outcome import DELIVERED
from exporter.relay.queue import Job, Queue, Target
from exporter.relay.service import Relay
from exporter.relay.statements import Bounds
from tests.relay.conftest import Start, channel, post, settled
from tests.relay.vendors import Vendor
from tests.relay.waiting import until
from tests.relay.webhooks import alert, resolved, webhook


def at(name: str, make: Any = alert, **labels: str) -> dict[str, Any]:
    """An alert with a fingerprint of its own, whose text names it."""
    return dict(make(fingerprint=name, labels=labels, annotations={"where_zh": name}))


async def told(vendor: Vendor, client: aiohttp.ClientSession, relay: Relay, *alerts: dict[str, Any]) -> list[str]:
    """The texts that a notice with these alerts makes."""
    before = len(vendor.delivered)
    assert await post(client, relay, webhook(*alerts)) == 200
    await until(lambda: settled(relay))
    return [text for _, text in vendor.delivered[before:]]


@pytest.mark.parametrize("label", ["scenario", "instance", "channel", "source"])
async def test_another_place_is_another_text(
    label: str, start: Start, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    """To every number, and it is the new one that leads it; what was told stays told, whatever else changes."""
    relay = await start({"sms": channel("aliyun_sms", vendor.url)}, numbers=2)
    chronic, second = at("chronic", **{label: "a"}), at("second", **{label: "b"})
    assert len(await told(vendor, client, relay, chronic)) == 2
    texts = await told(vendor, client, relay, chronic, second)
    assert len(texts) == 2
    assert all('"where":"second"' in text for text in texts)
    assert await told(vendor, client, relay, chronic, second, at("mild", severity="warning", **{label: "c"})) == []
    again = at("again", window="5m", **{label: "b"}) | {"startsAt": "2025-11-22T08:00:00Z"}
    assert await told(vendor, client, relay, chronic, second, again) == []
    assert await told(vendor, client, relay, at("second", resolved, **{label: "b"}), chronic) == []
    assert await told(vendor, client, relay, chronic, again) == []


async def test_a_spike_in_many_windows_and_slices_is_one_text(
    start: Start, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    """Slices first, then the whole, then a scenario that the whole had hidden; and a warning elsewhere."""
    relay = await start({"sms": channel("tencent_sms", vendor.url)})
    slice_ = at("elderly", scenario="all", generation="elderly", level="slice", window="5m")
    whole = at("whole", scenario="all", generation="all", window="1h")
    part = at("part", scenario="collection", level="scenario")
    warning = at("warning", scenario="operations", severity="warning")
    assert len(await told(vendor, client, relay, slice_)) == 1
    assert await told(vendor, client, relay, slice_, whole) == []
    assert await told(vendor, client, relay, part, warning) == []
    assert await told(vendor, client, relay, part, whole) == []


async def test_a_scenario_before_its_whole_is_one_text(
    start: Start, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    relay = await start({"sms": channel("tencent_sms", vendor.url)})
    part = at("part", scenario="collection", level="scenario")
    assert len(await told(vendor, client, relay, part)) == 1
    assert await told(vendor, client, relay, part, at("whole", scenario="all")) == []


async def test_a_part_that_begins_long_after_the_whole_was_told_is_news(
    start: Start, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    relay = await start({"sms": channel("tencent_sms", vendor.url)})
    whole = at("whole", scenario="all")
    later = datetime.fromtimestamp(time.time() + TOGETHER_SECONDS + 60, UTC).isoformat()
    assert len(await told(vendor, client, relay, whole)) == 1
    [text] = await told(vendor, client, relay, whole, at("late", scenario="collection") | {"startsAt": later})
    assert "late" in text


async def test_a_warning_that_was_sent_as_a_text_does_not_hide_its_critical(
    start: Start, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    """Where a receiver sends both."""
    relay = await start({"sms": channel("tencent_sms", vendor.url)})
    place = {"scenario": "collection"}
    assert len(await told(vendor, client, relay, at("warning", severity="warning", **place))) == 1
    [text] = await told(vendor, client, relay, at("critical", **place))
    assert "critical" in text


async def test_places_that_come_at_once_are_one_text(
    start: Start, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    """A storm of machines is no storm of texts; the next incident tells all of it anew."""
    relay = await start({"sms": channel("tencent_sms", vendor.url)})
    machines = [at(f"m{number}", instance=f"m{number}") for number in range(30)]
    assert len(await told(vendor, client, relay, *machines)) == 1
    assert await told(vendor, client, relay, *machines[:7]) == []
    assert await post(client, relay, webhook(resolved(), status="resolved")) == 200
    assert len(await told(vendor, client, relay, *machines[3:5])) == 1


def test_what_was_told_outlives_a_kill(tmp_path: Path) -> None:
    """Nothing but the file is left of the first queue; it was never closed."""
    sms, now = Target("sms", ("li",), sms=True), 1_000_000.0
    first, second = at("a", instance="a"), at("b", instance="b")

    def accept(queue: Queue, *alerts: dict[str, Any]) -> int:
        body = webhook(*alerts)
        made = queue.accept("page", parse_webhook(body), body, [sms], now, 14_400.0)
        while isinstance(job := queue.take("sms", Bounds(1000, None, 0.0, 2e6), now), Job):
            queue.finish("sms", job, DELIVERED, now, now)
        return made

    queue = Queue(tmp_path)
    assert [accept(queue, first), accept(queue, first, second)] == [1, 1]
    queue = Queue(tmp_path)
    assert accept(queue, first, second, at("c", instance="b", window="24h")) == 0
    queue.sweep(now + 8 * 86_400, 86_400.0)
    now += 60
    assert accept(queue, second) == 1  # reminded, as nothing was said for a week
    assert accept(queue, second, at("d", instance="a")) == 0
