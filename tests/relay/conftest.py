"""A relay in this process, its folder with secrets, and the vendors it talks to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from exporter.relay.build import wording_of
from exporter.relay.config import load_relay_file
from exporter.relay.service import Relay, RelaySetup
from tests.relay.vendors import KEY_ID, KEY_SECRET, SECRET, TOKEN, Vendor

BEARER = "what-alertmanager-presents"
TITLES = {"early_hangup": ("30 秒内挂断率", "30-second hang-up")}
NUMBERS = ("+8613800000001", "+8613800000002")

Start = Callable[..., Awaitable[Relay]]


def secret_files(folder: Path, url: str, numbers: tuple[str, ...] = NUMBERS[:1]) -> None:
    """The files that the channels of `channel` name."""
    files = {"id": KEY_ID, "key": KEY_SECRET, "token": TOKEN, "secret": SECRET, "url": f"{url}/hook"}
    for name, text in files.items():
        (folder / name).write_text(text + "\n")
    (folder / "numbers").write_text("# on duty\n" + "\n".join(numbers) + "\n")
    (folder / "bearer").write_text(BEARER)


def channel(kind: str, url: str, **more: Any) -> dict[str, Any]:
    """A channel of the relay file that goes to the vendor at `url`."""
    sms = {"numbers_file": "numbers", "sign_name": "外呼平台", "endpoint": url}
    own: dict[str, dict[str, Any]] = {
        "aliyun_sms": sms | {"access_key_id_file": "id", "access_key_secret_file": "key", "template_code": "SMS_1"},
        "tencent_sms": sms
        | {"secret_id_file": "id", "secret_key_file": "key", "sdk_app_id": "1400006666", "template_id": "1110"},
        "dingtalk": {"access_token_file": "token", "secret_file": "secret", "endpoint": url},
        "wecom": {"key_file": "token", "endpoint": url},
        "feishu": {"token_file": "token", "secret_file": "secret", "endpoint": url},
        "webhook": {"url_file": "url", "bearer_token_file": "token", "secret_file": "secret"},
        "print": {},
    }
    return {"type": kind, "per_minute": 100_000} | own[kind] | more


def relay_file(folder: Path, channels: dict[str, Any], **more: Any) -> Path:
    """Write a relay file whose receiver `page` has every channel."""
    path = folder / "relay.yml"
    data = {"channels": channels, "receivers": {"page": list(channels)}, "retry_after": 0.02} | more
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


def setup_of(path: Path) -> RelaySetup:
    """What the service would make of the file."""
    config = load_relay_file(path)
    return RelaySetup(config, wording_of(config, "Asia/Shanghai", TITLES), "Asia/Shanghai")


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    """A vendor that says yes until told otherwise."""
    one = Vendor()
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
async def start(tmp_path: Path, vendor: Vendor) -> AsyncIterator[Start]:
    """Starts relays with the channels named by kind; they are closed at the end."""
    running: list[Relay] = []

    async def start_one(channels: dict[str, Any], *, numbers: int = 1, say: Any = print, **more: Any) -> Relay:
        secret_files(tmp_path, vendor.url, NUMBERS[:numbers])
        setup = setup_of(relay_file(tmp_path, channels, **more))
        relay = Relay(setup, tmp_path / "state", say)
        running.append(relay)

        async def reload() -> str:
            return ""

        await relay.start("127.0.0.1:0", web_config=None, token=BEARER, reload=reload)
        return relay

    yield start_one
    for relay in running:
        await relay.close()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    """Alertmanager's side."""
    headers = {"Authorization": f"Bearer {BEARER}"}
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield session


async def post(client: aiohttp.ClientSession, relay: Relay, body: str, receiver: str = "page") -> int:
    """Send a webhook; the HTTP status."""
    assert relay.server is not None
    async with client.post(f"{relay.server.url}alerts/{receiver}", data=body.encode()) as answer:
        return answer.status


def settled(relay: Relay) -> bool:
    """Whether nothing waits."""
    return relay.queue.read("SELECT count(*) FROM message WHERE state IN ('pending', 'sending')") == [(0,)]


def states(relay: Relay) -> dict[str, int]:
    """Messages by state."""
    return {str(s): int(str(n)) for s, n in relay.queue.read("SELECT state, count(*) FROM message GROUP BY state")}


async def metric(client: aiohttp.ClientSession, relay: Relay, series: str) -> float:
    """The value of a series on the relay's page."""
    assert relay.server is not None
    async with client.get(f"{relay.server.url}metrics") as answer:
        lines = (await answer.text()).splitlines()
    [found] = [line for line in lines if line.startswith(f"{series} ")]
    return float(found.rpartition(" ")[2])
