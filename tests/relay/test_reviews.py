"""A review's notice through the relay: worded as a review in every chat, once, and never by SMS."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from exporter.errors import ConfigError, RunError
from exporter.relay.config import check_reviews, load_relay_file
from exporter.relay.message import parse_webhook
from exporter.relay.service import RelaySetup
from exporter.semantic.load import load_catalogue
from exporter.settings import Settings
from tests.relay.conftest import Start, channel, post, relay_file, secret_files, settled, states
from tests.relay.vendors import OK, REFUSE, Vendor
from tests.relay.waiting import until
from tests.relay.webhooks import alert, webhook

CHATS = ("dingtalk", "wecom", "feishu", "webhook")
LINK = "https://outcall.example/reviews/review-weekly-2026-W46.zh.html"
FILE = "# 周复盘 2026-W46\n\n| 指标 | 本期 |\n| --- | ---: |\n| 30秒内挂断率 | 33.4 % |\n"


def review(**annotations: str) -> str:
    """The body as `serve` makes it."""
    said = {
        "title_zh": "周复盘 2026-W46 · 业务与客户体验",
        "title": "Weekly review 2026-W46 · Business and experience",
        "summary_zh": "严重 1，达标 4",
        "summary": "Critical 1, On target 4",
        "points_zh": "30秒内挂断率 33.4 %（严重，目标 ≤ 25%）\n有效触达率 55.5 %（预警，目标 ≥ 60%）",
        "points": "Early hang-up rate 33.4 % (Critical, target ≤ 25%)",
        "warnings_zh": "本期结束不足 7 天",
        "more_zh": "另有 2 项，见全文。",
        "review_url_zh": LINK,
        "review_url": LINK.replace(".zh.", ".en."),
        "file_name_zh": "review-weekly-2026-W46.zh.md",
        "file_name": "review-weekly-2026-W46.en.md",
        "file_zh": FILE,
        "file": "# Weekly review\n",
    }
    labels = {"alertname": "OutcallReview", "severity": "info", "review": "weekly", "period": "2026-W46"}
    one = alert("OutcallReview", fingerprint="5f", startsAt="2026-11-15T16:00:00Z")
    one |= {"labels": labels, "annotations": said | annotations}
    return webhook(one, key="OutcallReview/review-weekly-2026-W46")


async def test_every_chat_words_it_as_a_review(start: Start, vendor: Vendor, client: aiohttp.ClientSession) -> None:
    """Title, link first, the points; nothing of an alarm."""
    relay = await start({kind: channel(kind, vendor.url) for kind in CHATS})
    assert await post(client, relay, review()) == 200
    await until(lambda: settled(relay))
    assert sorted(kind for kind, _ in vendor.delivered) == sorted(CHATS)
    assert vendor.bad_signatures == []
    for kind, text in vendor.delivered:
        assert "周复盘 2026-W46" in text
        assert "30秒内挂断率 33.4" in text
        assert "Early hang-up rate" in text
        assert text.index(LINK) < text.index("30秒内挂断率"), kind
        assert not any(word in text.lower() for word in ("firing", "告警", "resolved", "恢复", "起始", "处置"))


async def test_it_is_printed(start: Start, client: aiohttp.ClientSession) -> None:
    said: list[str] = []
    relay = await start({"screen": channel("print", "")}, say=said.append)
    await post(client, relay, review())
    await until(lambda: settled(relay))
    [printed] = said
    assert printed.splitlines() == [
        "[page] 周复盘 2026-W46 · 业务与客户体验",
        f"    [查看复盘]({LINK})",
        "    **严重 1，达标 4**",
        "    > 本期结束不足 7 天",
        "    - 30秒内挂断率 33.4 %（严重，目标 ≤ 25%）",
        "    - 有效触达率 55.5 %（预警，目标 ≥ 60%）",
        "    另有 2 项，见全文。",
        "    ---",
        f"    [Read the review]({LINK.replace('.zh.', '.en.')})",
        "    **Critical 1, On target 4**",
        "    - Early hang-up rate 33.4 % (Critical, target ≤ 25%)",
    ]


async def test_without_a_link_the_file_is_named(start: Start, client: aiohttp.ClientSession) -> None:
    """What is no link is none, and what could be a tag of a robot opens none."""
    said: list[str] = []
    relay = await start({"screen": channel("print", "", language="zh")}, say=said.append)
    await post(client, relay, review(review_url_zh="javascript:alert(1)", points_zh="<at id=all> 13800000001"))
    await until(lambda: settled(relay))
    assert "文件：review-weekly-2026-W46.zh.md" in said[0]
    assert "- ＜at id=all> ***" in said[0]
    assert "javascript" not in said[0]


async def test_a_webhook_gets_the_file(start: Start, vendor: Vendor, client: aiohttp.ClientSession) -> None:
    """Name, media type and text of each; a consumer of alerts finds a status that is none of theirs."""
    relay = await start({"web": channel("webhook", vendor.url)})
    await post(client, relay, review())
    await until(lambda: settled(relay))
    [(_, text)] = vendor.delivered
    found = json.loads(text)
    assert (found["status"], found["review"], found["period"]) == ("review", "weekly", "2026-W46")
    assert found["zh"]["url"] == LINK
    assert len(found["zh"]["points"]) == 2
    assert [(file["name"], file["language"], file["text"]) for file in found["files"]] == [
        ("review-weekly-2026-W46.zh.md", "zh", FILE),
        ("review-weekly-2026-W46.en.md", "en", "# Weekly review\n"),
    ]
    assert {file["media_type"] for file in found["files"]} == {"text/markdown; charset=utf-8"}


async def test_it_is_told_once(start: Start, vendor: Vendor, client: aiohttp.ClientSession) -> None:
    """However short the time after which an alert is told again."""
    relay = await start({"web": channel("webhook", vendor.url)}, remind_after=0.000001)
    for _ in range(3):
        assert await post(client, relay, review()) == 200
        await until(lambda: settled(relay))
    assert vendor.count("2026-W46") == 1
    await post(client, relay, webhook())
    await until(lambda: settled(relay))
    await post(client, relay, webhook())
    await until(lambda: settled(relay))
    assert vendor.count("30 秒内挂断率过高") == 2


async def test_a_refused_one_is_a_dead_letter_that_can_be_sent_again(
    start: Start, vendor: Vendor, client: aiohttp.ClientSession
) -> None:
    vendor.plan = lambda: REFUSE
    relay = await start({"chat": channel("feishu", vendor.url)})
    await post(client, relay, review())
    await until(lambda: states(relay) == {"dead": 1})
    vendor.plan = lambda: OK
    assert relay.queue.revive("chat", time.time()) == 1
    await until(lambda: states(relay) == {"delivered": 1})


async def test_no_telephone_rings_for_it(start: Start, vendor: Vendor, client: aiohttp.ClientSession) -> None:
    """Refused when it comes, with the reason; an alert goes through."""
    relay = await start({"sms": channel("aliyun_sms", vendor.url), "chat": channel("wecom", vendor.url)})
    assert relay.server is not None
    async with client.post(f"{relay.server.url}alerts/page", data=review().encode()) as answer:
        assert answer.status == 422
        assert "sms of receiver page would send a text for every review" in await answer.text()
    assert await post(client, relay, webhook()) == 200
    await until(lambda: settled(relay))
    assert vendor.count("2026-W46") == 0
    with pytest.raises(RunError, match="would send a text for every review"):
        await relay.take("page", review())
    with pytest.raises(RunError, match="the relay has no receiver 'nobody'"):
        await relay.take("nobody", review())


async def test_it_may_come_from_inside(start: Start, vendor: Vendor) -> None:
    """`serve` with `relay: true`: the same queue, without HTTP."""
    relay = await start({"web": channel("webhook", vendor.url)})
    for _ in range(2):
        await relay.take("page", review())
    await until(lambda: settled(relay))
    assert vendor.count("2026-W46") == 1


@pytest.mark.parametrize(
    ("receiver", "problem"),
    [
        ("texts", "reviews_receiver: sms of receiver texts would send a text for every review. Fix: choose from chats"),
        ("phone", "reviews_receiver: shown of receiver phone would send a text for every review"),
        ("watchdog", "reviews_receiver: receiver watchdog is for heartbeats. Fix: choose from chats"),
        ("chat", "reviews_receiver: the relay file has no receiver 'chat'. Fix: choose from chats"),
    ],
)
def test_receivers_that_cannot_be(tmp_path: Path, receiver: str, problem: str) -> None:
    """At start, at a reload and by `check`."""
    secret_files(tmp_path, "https://hook.example.org")
    channels = {
        "sms": channel("tencent_sms", "https://sms.example.org"),
        "shown": channel("print", "", form="sms"),
        "web": channel("webhook", ""),
    }
    receivers = {"texts": ["web", "sms"], "phone": ["shown"], "watchdog": ["web"], "chats": ["web"]}
    file = relay_file(tmp_path, channels, receivers=receivers)
    settings = Settings.model_validate({"relay_file": file, "reviews_receiver": receiver})
    attempts: list[Callable[[], Any]] = [
        lambda: check_reviews(load_relay_file(file), receiver),
        lambda: RelaySetup.from_settings(settings, load_catalogue()),
    ]
    for attempt in attempts:
        with pytest.raises(ConfigError) as refused:
            attempt()
        assert str(refused.value).startswith(problem)
    check_reviews(load_relay_file(file), "chats")


def test_alerts_beside_it_make_it_alerts() -> None:
    """Only what is nothing but reviews is worded as one."""
    mixed = webhook(alert(), alert("OutcallReview", fingerprint="5f"))
    assert not parse_webhook(mixed).is_review
    assert parse_webhook(review()).is_review
