"""The panel of switches: turned by our own page only; and where there is no panel, nothing of it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import pytest

from exporter.expose.panel import Switch, panel_html
from exporter.expose.server import HttpServer
from exporter.expose.statuspage import render
from exporter.expose.style import load_style
from exporter.expose.wording import Link
from tests.expose.conftest import Start
from tests.expose.samples import LABEL_TITLES, NOW, sample_status
from tests.expose.test_statuspage_browser import LONG, measure
from tests.expose.webdriver import browser


class FakePanel:
    """Two switches."""

    title = ("模拟故障", "Simulated faults")
    timezone = "Asia/Shanghai"

    def __init__(self, words: str = "words") -> None:
        self.since: dict[str, float | None] = {"first": None, "<b>": None}
        self._words = words

    def switches(self) -> Sequence[Switch]:
        return [Switch(name, name, self._words, self._words, "effect", at) for name, at in self.since.items()]

    def links(self) -> Sequence[Link]:
        return [Link("http://127.0.0.1:1/?a&b", "告警", "Alerts")]

    def turn(self, name: str, *, on: bool) -> bool:
        if name in self.since:
            self.since[name] = 1_700_000_000.0 if on else None
        return name in self.since


@pytest.fixture
def panel() -> FakePanel:
    return FakePanel()


@pytest.fixture
async def demo(start: Start, panel: FakePanel) -> HttpServer:
    return await start(panel=panel)


async def press(client: aiohttp.ClientSession, server: HttpServer, body: str, **headers: str) -> tuple[int, str]:
    headers |= {"Content-Type": "application/x-www-form-urlencoded"}
    async with client.post(f"{server.url}switches", data=body, headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", "")


async def page(client: aiohttp.ClientSession, server: HttpServer) -> tuple[str, str]:
    async with client.get(server.url, headers={"Accept-Encoding": "identity"}) as answer:
        return await answer.text(), answer.headers["Content-Security-Policy"]


async def test_switch_is_turned_and_shown_at_once(
    demo: HttpServer, panel: FakePanel, client: aiohttp.ClientSession
) -> None:
    assert await press(client, demo, "switch=first&turn=on") == (303, "/#switches")
    assert panel.since["first"] is not None
    text, policy = await page(client, demo)
    assert "开启，自 2023-11-15 06:13:20" in text
    assert "form-action 'self'" in policy
    assert await press(client, demo, "switch=first&turn=off") == (303, "/#switches")
    assert "开启，自" not in (await page(client, demo))[0]


async def test_service_has_no_panel(server: HttpServer, client: aiohttp.ClientSession) -> None:
    """Neither route, nor form, nor style, nor the permission to post one."""
    text, policy = await page(client, server)
    assert "switches" not in text
    assert "<form" not in text
    assert "referrer" not in text
    assert "form-action 'none'" in policy
    assert (await press(client, server, "switch=first&turn=on"))[0] == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_page_of_another_site_turns_nothing(
    demo: HttpServer, panel: FakePanel, client: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    assert (await press(client, demo, "switch=first&turn=on", **headers))[0] == 403
    assert panel.since["first"] is None


@pytest.mark.parametrize(
    "body", ["", "switch=first", "turn=on", "switch=other&turn=on", "switch=first&turn=maybe", "%ff"]
)
async def test_what_no_button_sends_is_refused(demo: HttpServer, client: aiohttp.ClientSession, body: str) -> None:
    assert (await press(client, demo, body))[0] == 400


async def test_long_body_is_refused(demo: HttpServer, client: aiohttp.ClientSession) -> None:
    assert (await press(client, demo, "switch=" + "x" * 70_000))[0] == 413


async def test_nothing_is_turned_by_looking(demo: HttpServer, client: aiohttp.ClientSession) -> None:
    async with client.get(f"{demo.url}switches?switch=first&turn=on") as answer:
        assert answer.status == 405


def test_names_are_escaped(panel: FakePanel) -> None:
    html = panel_html(panel)
    assert "<b>" not in html
    assert 'value="&lt;b&gt;"' in html
    assert 'href="http://127.0.0.1:1/?a&amp;b"' in html


async def test_browser_presses_the_button(demo: HttpServer, panel: FakePanel, tmp_path: Path) -> None:
    """The real thing: its policies let our own form through, without any script."""

    def use() -> None:
        with browser(tmp_path) as it:
            it.open(demo.url)
            it.wait_for("未开启", "#switches li:first-child")
            it.click("#switches li:first-child button")
            it.wait_for("开启，自", "#switches li:first-child")
            it.click("#switches li:first-child button")
            it.wait_for("未开启", "#switches li:first-child")

    await asyncio.to_thread(use)


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_overflows(width: int, tmp_path: Path) -> None:
    panel = FakePanel(LONG)
    panel.turn("first", on=True)
    style = load_style("panel.css").css
    html = render(sample_status(), now=NOW, style=style, label_titles=LABEL_TITLES, panel=panel_html(panel))
    seen = measure(html, width, tmp_path)
    assert (seen["width"], seen["scroll"], seen["outside"], seen["cut"]) == (width, width, [], [])
