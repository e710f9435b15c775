"""`serve` with `relay: true`: the relay listens beside the gauges, reloads with them, and stops with them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from exporter.app import App
from exporter.settings import Settings
from tests.relay.campaign import _free_port
from tests.relay.conftest import BEARER, channel, relay_file, secret_files
from tests.relay.vendors import Vendor
from tests.relay.waiting import until
from tests.relay.webhooks import marked


async def test_the_relay_is_a_part_of_the_service(
    vendor: Vendor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a database too: alerts about the database must get through when it is down."""
    secret_files(tmp_path, vendor.url)
    relay_file(tmp_path, {"chat": channel("dingtalk", vendor.url), "screen": channel("print", "")})
    settings = Settings.model_validate(
        {
            "database_url": f"postgresql://nobody@127.0.0.1:{_free_port()}/none",
            "listen": "127.0.0.1:0",
            "state_dir": tmp_path / "state",
            "relay": True,
            "relay_listen": "127.0.0.1:0",
            "relay_file": tmp_path / "relay.yml",
            "relay_token_file": tmp_path / "bearer",
        }
    )
    app, said = App(lambda: settings), list[str]()
    running = asyncio.create_task(app.run(said.append))
    await app.started.wait()
    assert app.relay is not None
    assert app.relay.server is not None
    headers = {"Authorization": f"Bearer {BEARER}"}
    async with aiohttp.ClientSession(headers=headers) as client:

        async def send(mark: str, receiver: str) -> int:
            assert app.relay is not None
            assert app.relay.server is not None
            async with client.post(f"{app.relay.server.url}alerts/{receiver}", data=marked(mark)) as answer:
                return answer.status

        assert await send("mark-1", "page") == 200
        await until(lambda: vendor.count("mark-1") == 1)
        printed: list[str] = []

        def is_printed() -> bool:
            printed.append(capsys.readouterr().out)
            return "mark-1" in "".join(printed)

        await until(is_printed)
        assert "".join(printed).startswith("[page] 【严重】30 秒内挂断率过高\n")
        relay_file(tmp_path, {"chat": channel("wecom", vendor.url)}, receivers={"ticket": ["chat"]})
        assert await app.reload() == ""
        assert (await send("mark-2", "page"), await send("mark-2", "ticket")) == (404, 200)
        relay_file(tmp_path, {"chat": {"type": "none"}})
        assert "channel chat has no known type" in await app.reload()
        assert await send("mark-3", "ticket") == 200
        await until(lambda: len(vendor.delivered) == 3)
    app.stop()
    await running
    assert [kind for kind, _ in vendor.delivered] == ["dingtalk", "wecom", "wecom"]
