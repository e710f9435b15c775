"""Webhooks into a real relay process, vendors that fail, `kill -9` in between; and the account of it all."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import yaml

from tests.relay.conftest import BEARER, channel, relay_file, secret_files
from tests.relay.vendors import AMBIGUOUS, BROKEN, LATER, LOST_AFTER, LOST_BEFORE, OK, SILENT, Vendor
from tests.relay.webhooks import marked

# Which channels a webhook goes to, in turn: two each.
ROUTES = (("aliyun_sms", "dingtalk"), ("tencent_sms", "feishu"), ("wecom", "webhook"))
# 30 of 100 requests fail; the vendor had delivered in six of these.
FAILURES = ((LATER, 12), (BROKEN, 8), (LOST_BEFORE, 4), (LOST_AFTER, 5), (SILENT, 1))
SENDERS = 8
_MARK = re.compile(r"m-\d{6}")

# Vendor, mark of the incident, whether it says that it is over.
Said = tuple[str, str, bool]


@dataclass(slots=True)
class Account:
    """What was asked for, what came out, and for what a repetition is excused."""

    webhooks: int = 0
    repeated_posts: int = 0
    kills: int = 0
    interrupted: Counter[Said] = field(default_factory=Counter)
    delivered: Counter[Said] = field(default_factory=Counter)
    doubtful: Counter[Said] = field(default_factory=Counter)
    expected: set[Said] = field(default_factory=set)
    optional: set[Said] = field(default_factory=set)
    failures: int = 0
    requests: int = 0

    @property
    def lost(self) -> set[Said]:
        return {said for said in self.expected if not self.delivered[said]}

    @property
    def repeated(self) -> int:
        return sum(number - 1 for number in self.delivered.values())

    @property
    def unexcused(self) -> dict[Said, int]:
        """Repetitions beyond what vendors and kills left in doubt, and messages that nobody asked for."""
        over = {s: n - 1 - self.doubtful[s] - self.interrupted[s] for s, n in self.delivered.items()}
        unknown = set(self.delivered) - self.expected - self.optional
        return {said: number for said, number in over.items() if number > 0} | dict.fromkeys(unknown, 1)

    def __str__(self) -> str:
        share = 100 * self.failures / max(1, self.requests)
        return (
            f"{self.webhooks} webhooks ({self.repeated_posts} posts repeated), {self.kills} kills, "
            f"{self.requests} vendor requests, {share:.1f} % failed; {len(self.expected)} messages expected, "
            f"{len(self.lost)} lost, {self.repeated} repeated: {sum(self.doubtful.values())} requests ended in "
            f"doubt at the vendor, {sum(self.interrupted.values())} by a kill, {len(self.unexcused)} unexcused"
        )


class Process:
    """The relay as it is installed."""

    def __init__(self, folder: Path, vendor: Vendor) -> None:
        secret_files(folder, vendor.url)
        kinds = [kind for route in ROUTES for kind in route]
        budget = {"daily_budget": 1_000_000}
        channels = {kind: channel(kind, vendor.url, timeout=2, **budget) for kind in kinds}
        receivers = {f"r{number}": list(route) for number, route in enumerate(ROUTES)}
        relay_file(folder, channels, receivers=receivers)
        self.port, self.folder = _free_port(), folder
        settings = {
            "relay_file": "relay.yml",
            "relay_token_file": "bearer",
            "relay_listen": f"127.0.0.1:{self.port}",
            "state_dir": "state",
            "log_level": "error",
        }
        (folder / "outcall.yaml").write_text(yaml.safe_dump(settings))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "exporter.cli", "relay", "--config", str(self.folder / "outcall.yaml")]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the queue's file, or change it."""
        with contextlib.closing(sqlite3.connect(self.folder / "state" / "relay.sqlite", timeout=30)) as db, db:
            return db.execute(sql).fetchall()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Campaign:
    """`webhooks` of them, the process killed at `kills` random moments."""

    def __init__(self, folder: Path, vendor: Vendor, seed: str, webhooks: int, kills: int) -> None:
        self._rng, self._vendor, self.account = Random(seed), vendor, Account(webhooks=webhooks)
        self._process = Process(folder, vendor)
        self._left = iter(range(webhooks))
        self._kill_at = sorted(self._rng.sample(range(1, webhooks), kills), reverse=True)
        self._answered = 0
        self._restarting = asyncio.Lock()
        rng = Random(f"{seed}/vendor")
        actions, weights = (OK, *(action for action, _ in FAILURES)), (70, *(weight for _, weight in FAILURES))
        vendor.plan = lambda: rng.choices(actions, weights)[0]

    async def run(self) -> Account:
        """Send, kill, restart, wait until nothing is left, settle the account."""
        self._process.start()
        headers = {"Authorization": f"Bearer {BEARER}"}
        try:
            async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=20)) as session:
                await asyncio.gather(*(self._send(session) for _ in range(SENDERS)))
            await asyncio.to_thread(self._drain)
        finally:
            self._process.kill()
        return self._settle()

    async def _send(self, session: aiohttp.ClientSession) -> None:
        for number in self._left:
            mark, route = f"m-{number:06}", number % len(ROUTES)
            over = number % 5 == 0
            for end in (False, True) if over else (False,):
                await self._post(session, f"r{route}", marked(mark, over=end))
            for kind in ROUTES[route]:
                told = self.account.optional if over and kind.endswith("_sms") else self.account.expected
                told.add((kind, mark, False))
                if over and not kind.endswith("_sms"):
                    self.account.expected.add((kind, mark, True))
            self._answered += 1
            if self._kill_at and self._answered >= self._kill_at[-1]:
                self._kill_at.pop()
                await self._restart()

    async def _post(self, session: aiohttp.ClientSession, receiver: str, body: str) -> None:
        """Until it is accepted, as Alertmanager does."""
        url = f"http://127.0.0.1:{self._process.port}/alerts/{receiver}"
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.post(url, data=body.encode()) as answer:
                    if answer.status == 200:
                        return
                    assert answer.status == 503, answer.status
            self.account.repeated_posts += 1
            await asyncio.sleep(0.05)

    async def _restart(self) -> None:
        """Aside: the vendors are in this process, and one that stands still is one that times out."""
        async with self._restarting:
            await asyncio.to_thread(self._kill)
            self._process.start()

    def _kill(self) -> None:
        self._process.kill()
        self.account.kills += 1
        sql = "SELECT m.channel, n.body FROM message m JOIN notice n ON n.id = m.notice WHERE m.state = 'sending'"
        for kind, body in self._process.rows(sql):
            self.account.interrupted[kind, _mark(body), '"status": "resolved"' in body] += 1

    def _drain(self) -> None:
        """Until nothing waits; in a thread, for the vendors' sake. The half hour after much doubt passes quickly."""
        open_ones = "SELECT count(*) FROM message WHERE state NOT IN ('delivered', 'overtaken', 'dead')"
        while self._process.rows(open_ones)[0][0]:
            later = time.time() + 600
            self._process.rows(f"UPDATE message SET due = 0 WHERE state = 'pending' AND due > {later}")
            time.sleep(0.1)

    def _settle(self) -> Account:
        account, vendor = self.account, self._vendor
        account.requests = sum(vendor.done.values())
        account.failures = account.requests - vendor.done[OK]
        for kind, text in vendor.delivered:
            account.delivered[kind, _mark(text), "恢复" in text] += 1
        for (kind, text), number in vendor.doubtful.items():
            account.doubtful[kind, _mark(text), "恢复" in text] += number
        assert sum(account.doubtful.values()) == sum(vendor.done[action] for action in AMBIGUOUS)
        return account


def _mark(text: str) -> str:
    found = _MARK.search(text)
    assert found is not None, text
    return found[0]
