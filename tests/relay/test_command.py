"""`relay` on the command line: a real process, its rehearsal, `test`, `retry`, and errors in one sentence."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import yaml

from exporter.cli import main
from tests.relay.campaign import _free_port
from tests.relay.conftest import BEARER, channel, relay_file, secret_files
from tests.relay.vendors import REFUSE, Vendor
from tests.relay.waiting import until
from tests.relay.webhooks import resolved, webhook


def configuration(folder: Path, **more: object) -> Path:
    """A settings file beside `relay.yml`."""
    path = folder / "outcall.yaml"
    settings = {"relay_file": "relay.yml", "relay_token_file": "bearer", "state_dir": "state",
                "relay_listen": f"127.0.0.1:{_free_port()}"} | more  # fmt: skip
    path.write_text(yaml.safe_dump({key: value for key, value in settings.items() if value is not None}))
    return path


@contextlib.asynccontextmanager
async def running(path: Path, *arguments: str) -> AsyncIterator[tuple[str, asyncio.subprocess.Process, list[str]]]:
    """The command as a process: its URL, the process, what it has written so far."""
    command = (sys.executable, "-m", "exporter.cli", "relay", "--config", str(path), *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    first = (await process.stdout.readline()).decode()
    lines: list[str] = []

    async def read(stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            lines.append(line.decode())

    reading = asyncio.create_task(read(process.stdout))
    try:
        yield first.split(" listens on ")[1].split()[0], process, lines
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        await reading


async def send(url: str, body: str = "") -> int:
    headers = {"Authorization": f"Bearer {BEARER}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.post(url, data=body or webhook()) as answer:
        return answer.status


async def test_a_rehearsal_prints_and_sends_nothing(vendor: Vendor, tmp_path: Path) -> None:
    """`--dry-run`: no request, no queue on disk, numbers only counted."""
    secret_files(tmp_path, vendor.url, ("+8613800000001", "+8613800000002"))
    relay_file(tmp_path, {"sms": channel("aliyun_sms", vendor.url), "chat": channel("feishu", vendor.url)})
    async with running(configuration(tmp_path), "--dry-run") as (url, _, lines):
        assert await send(f"{url}alerts/page") == 200
        await until(lambda: sum("would send" in line for line in lines) == 3)
        await until(lambda: any("处置手册" in line for line in lines))
    text = "".join(lines)
    assert (
        "would send to sms (aliyun_sms): SMS 2 of 2, template SMS_1: kpi=30秒内挂断率, where=催收 / 老年 / 晚间" in text
    )
    assert "would send to chat (feishu): 【严重】30 秒内挂断率过高" in text
    assert "1380000" not in text
    assert vendor.bodies == []
    assert not (tmp_path / "state").exists()


async def test_a_reload(vendor: Vendor, tmp_path: Path) -> None:
    """SIGHUP takes a new file; a wrong one changes nothing and is told by `/-/reload`."""
    secret_files(tmp_path, vendor.url)
    relay_file(tmp_path, {"chat": channel("print", "")})
    async with running(configuration(tmp_path)) as (url, process, lines):
        assert await send(f"{url}alerts/page") == 200
        await until(lambda: any("[page] 【严重】" in line for line in lines))
        relay_file(tmp_path, {"chat": channel("dingtalk", vendor.url)}, receivers={"ticket": ["chat"]})
        process.send_signal(signal.SIGHUP)
        while await send(f"{url}alerts/ticket") != 200:
            continue
        await until(lambda: len(vendor.delivered) == 1)
        relay_file(tmp_path, {"chat": {"type": "dingding"}})
        headers = {"Authorization": f"Bearer {BEARER}"}
        async with aiohttp.ClientSession(headers=headers) as session, session.post(f"{url}-/reload") as answer:
            assert answer.status == 500
            assert "channel chat has no known type" in await answer.text()
        assert await send(f"{url}alerts/ticket") == 200


async def test_what_a_telephone_would_show(tmp_path: Path) -> None:
    """Printed in the form of an SMS: one for the incident, and none when it is over."""
    secret_files(tmp_path, "")
    phone = channel("print", "") | {"form": "sms"}
    relay_file(tmp_path, {"chat": channel("print", ""), "phone": phone})
    async with running(configuration(tmp_path)) as (url, _, lines):
        for body in (webhook(), webhook(resolved(), status="resolved")):
            assert await send(f"{url}alerts/page", body) == 200
        await until(lambda: any("[page] 【恢复】" in line for line in lines))
    (text,) = [line for line in lines if "短信" in line]
    assert re.fullmatch(
        r"\[page\] 短信 SMS: 30秒内挂断率，催收 / 老年 / 晚间：33.2%\(>30%,n=512\)，11-22 14:05 起\n", text
    )


async def test_one_message_to_try_a_channel(vendor: Vendor, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`test CHANNEL` says what came of it, by exit status too."""
    secret_files(tmp_path, vendor.url)
    relay_file(tmp_path, {"sms": channel("tencent_sms", vendor.url), "chat": channel("wecom", vendor.url)})
    config = ["relay", "--config", str(configuration(tmp_path))]
    assert await asyncio.to_thread(main, [*config, "test", "sms"]) == 0
    assert "sms: message 1 of 1: delivered" in capsys.readouterr().out
    assert "告警通道测试" in vendor.delivered[0][1]
    vendor.plan = lambda: REFUSE
    assert await asyncio.to_thread(main, [*config, "test", "chat"]) == 1
    expected = "chat: message 1 of 1: not delivered, and the relay would give up (code 93000)\n"
    assert capsys.readouterr().out == expected
    assert await asyncio.to_thread(main, [*config, "test", "sms", "--dry-run"]) == 0
    assert "would send to sms (tencent_sms): SMS 1 of 1" in capsys.readouterr().out
    assert len(vendor.delivered) == 1


async def test_dead_letters_are_sent_again(vendor: Vendor, tmp_path: Path) -> None:
    """`retry CHANNEL` beside a running relay."""
    secret_files(tmp_path, vendor.url)
    relay_file(tmp_path, {"chat": channel("wecom", vendor.url)})
    path = configuration(tmp_path)
    vendor.plan = lambda: REFUSE
    async with running(path) as (url, _, _):
        await send(f"{url}alerts/page")
        await until(lambda: vendor.done[REFUSE] == 1)
        vendor.plan = lambda: "ok"
        while not vendor.delivered:
            assert await asyncio.to_thread(main, ["relay", "--config", str(path), "retry", "chat"]) == 0


@pytest.mark.parametrize(
    ("arguments", "settings", "status", "message"),
    [
        (["test"], {}, 2, "relay test needs a channel. Fix: write relay test CHANNEL"),
        (["run", "chat"], {}, 2, "run takes no channel"),
        (["test", "none"], {}, 2, "there is no channel 'none'. Fix: choose from chat"),
        (["retry", "chat", "--dry-run"], {}, 2, "retry has no rehearsal"),
        ([], {"relay_file": None}, 2, "relay_file: the relay has no file"),
        ([], {"relay_token_file": None}, 2, "relay_token_file: the relay has no token"),
        ([], {"relay_token_file": "empty"}, 2, "empty is empty"),
        ([], {"relay_listen": "x"}, 2, "'x' is not a listen address"),
    ],
)
def test_errors_are_one_sentence(
    arguments: list[str],
    settings: dict[str, object],
    status: int,
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    secret_files(tmp_path, "https://hook.example.org")
    (tmp_path / "empty").write_text("\n")
    relay_file(tmp_path, {"chat": channel("print", "")})
    assert main(["relay", "--config", str(configuration(tmp_path, **settings)), *arguments]) == status
    error = capsys.readouterr().err
    assert error.startswith("outcall-exporter: ")
    assert message in error
    assert len(error.splitlines()) == 1
