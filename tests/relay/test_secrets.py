"""Numbers and secrets, planted wherever they could be: in files, alerts, vendors' answers. None comes out."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import aiohttp
import pytest

from exporter.relay.build import build_channel
from exporter.relay.channels.base import Letter
from exporter.relay.message import parse_webhook
from exporter.relay.service import Relay
from tests.relay.conftest import NUMBERS, channel, relay_file, secret_files, setup_of
from tests.relay.vendors import KEY_ID, KEY_SECRET, KINDS, LATER, OK, REFUSE, SECRET, TOKEN, Vendor
from tests.relay.webhooks import alert, webhook

PLANTED = 10_000
SECRETS = (KEY_ID, KEY_SECRET, TOKEN, SECRET, *NUMBERS, *(number[3:] for number in NUMBERS))
ANNOTATIONS = ("summary", "summary_zh", "description_zh", "where", "where_zh", "value_zh", "title_zh", "runbook_url")


def plants(rng: Random) -> Iterator[str]:
    """Numbers as people and systems write them, and this relay's own secrets."""
    while True:
        mobile = f"1{rng.choice('3456789')}{rng.randrange(10**9):09}"
        yield rng.choice(
            (
                mobile,
                f"+86{mobile}",
                f"+86 {mobile[:3]} {mobile[3:7]} {mobile[7:]}",
                f"{mobile[:3]}-{mobile[3:7]}-{mobile[7:]}",
                f"{rng.randrange(10**17, 10**18)}",
                f"6222{rng.randrange(10**14, 10**15)}",
                f"0{rng.randrange(10, 999)}-{rng.randrange(10**7, 10**8)}0",
                rng.choice(SECRETS),
            )
        )


def test_ten_thousand_in_alerts(tmp_path: Path) -> None:
    """As texts of every channel, and as a rehearsal shows them."""
    secret_files(tmp_path, "https://hook.example.org", NUMBERS)
    names = (*KINDS, "print")
    setup = setup_of(relay_file(tmp_path, {kind: channel(kind, "https://vendor.example.org") for kind in names}))
    channels = [build_channel(one, setup.wording, print, "x") for one in setup.config.channels.values()]
    rng = Random(7)
    source, leaked = plants(rng), []
    for number in range(PLANTED):
        planted, place = next(source), ANNOTATIONS[number % len(ANNOTATIONS)]
        notice = parse_webhook(webhook(alert(annotations={place: f"给{planted}。"}, labels={"script": planted})))
        one = channels[number % len(channels)]
        shown = one.show(Letter(1, "page", notice, 0, repeated=False), 1763792000.0)
        leaked += [planted] if _plain(planted) in _plain(shown) else []
    assert leaked == []


def _plain(text: str) -> str:
    return re.sub(r"[ \-]", "", text)


async def test_nothing_in_logs_metrics_answers_and_the_queue_s_states(
    tmp_path: Path, vendor: Vendor, client: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """With every channel, in success, failure and refusal; vendors that repeat the number in their answer."""
    caplog.set_level(logging.DEBUG)
    secret_files(tmp_path, vendor.url, NUMBERS)
    channels = {kind: channel(kind, vendor.url) for kind in KINDS}
    actions = iter([LATER, REFUSE] * 20)
    vendor.plan = lambda: next(actions, OK)
    setup = setup_of(relay_file(tmp_path, channels))
    relay = Relay(setup, tmp_path / "state", print)

    async def reload() -> str:
        return ""

    await relay.start("127.0.0.1:0", web_config=None, token="t0ken-of-alertmanager", reload=reload)
    assert relay.server is not None
    headers = {"Authorization": "Bearer t0ken-of-alertmanager"}
    try:
        said = []
        for body in (webhook(), "{}"):
            async with client.post(f"{relay.server.url}alerts/page", data=body, headers=headers) as answer:
                said.append(await answer.text())
        while relay.queue.read("SELECT 1 FROM message WHERE state IN ('pending', 'sending')"):
            await relay._aside(lambda: None)
        async with client.get(f"{relay.server.url}metrics", headers=headers) as answer:
            said.append(await answer.text())
        tables = ("message", "attempt", "pause", "tally", "incident", "notice", "meta")
        said += [str(relay.queue.read(f"SELECT * FROM {table}")) for table in tables]
        said += [relay.health(), repr(setup), repr(setup.config)]
    finally:
        await relay.close()
    said += [record.getMessage() for record in caplog.records if not record.name.startswith("aiohttp.client")]
    assert vendor.bad_signatures == []
    text = "\n".join(said)
    assert [secret for secret in (*SECRETS, "t0ken-of-alertmanager") if secret in text] == []
