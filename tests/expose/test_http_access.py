"""Credentials over a real socket, and what an attacker can neither learn nor slow down."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable
from pathlib import Path

import aiohttp
import bcrypt
import pytest

from exporter.expose.access import Authenticator, PasswordChecker, Verdict
from exporter.expose.server import HttpServer
from exporter.expose.snapshot import StaticBoard
from tests.expose.conftest import Start

WebFile = Callable[[str], Path]


def hashed(password: str, cost: int = 4) -> str:
    """A bcrypt hash, cheap unless said otherwise."""
    return bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(cost)).decode()


def basic(user: str, password: str) -> dict[str, str]:
    """The header of basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    """The header of a bearer token."""
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
async def guarded(start: Start, web_file: WebFile) -> HttpServer:
    """A server that knows alice and a token."""
    path = web_file(f"basic_auth_users:\n  alice: {hashed('wonder:land 茶')}\n")
    return await start(web_config=path, bearer_token="t0ken")


@pytest.mark.parametrize("path", ["metrics", "", "-/healthy", "-/ready", "nothing"])
async def test_every_route_asks(guarded: HttpServer, client: aiohttp.ClientSession, path: str) -> None:
    """Without credentials nothing answers, not even that a path is unknown; with them it does."""
    async with client.get(guarded.url + path) as answer:
        assert answer.status == 401
        assert [value.split()[0] for value in answer.headers.getall("WWW-Authenticate")] == ["Basic", "Bearer"]
        assert await answer.text() == "401 Unauthorized\n"
    async with client.get(guarded.url + path, headers=basic("alice", "wonder:land 茶")) as answer:
        assert answer.status in (200, 404)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (basic("alice", "wonder:land 茶"), 200),
        (bearer("t0ken"), 200),
        ({"Authorization": "bearer  t0ken "}, 200),
        (basic("alice", "wonder"), 401),
        (basic("alice", ""), 401),
        (basic("Alice", "wonder:land 茶"), 401),
        (basic("bob", "wonder:land 茶"), 401),
        (basic("", ""), 401),
        (bearer("t0ken2"), 401),
        (bearer(""), 401),
        ({"Authorization": "Basic"}, 401),
        ({"Authorization": "Basic !!!"}, 401),
        ({"Authorization": "Basic YWxpY2U="}, 401),  # no colon
        ({"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:x").decode()}, 401),
        ({"Authorization": "Digest username=alice"}, 401),
    ],
)
async def test_credentials(
    guarded: HttpServer, client: aiohttp.ClientSession, headers: dict[str, str], status: int
) -> None:
    """Right ones pass, wrong and unreadable ones get 401."""
    async with client.get(f"{guarded.url}metrics", headers=headers) as answer:
        assert answer.status == status


async def test_reload_needs_credentials(guarded: HttpServer, board: StaticBoard, client: aiohttp.ClientSession) -> None:
    """POST /-/reload is no exception."""
    async with client.post(f"{guarded.url}-/reload") as answer:
        assert (answer.status, board.reloads) == (401, 0)


async def test_users_change_with_a_reload(
    start: Start, web_file: WebFile, client: aiohttp.ClientSession, board: StaticBoard
) -> None:
    """A reload takes up new passwords at once; a broken file is reported and the last good one kept."""
    server = await start(web_config=web_file(f"basic_auth_users: {{alice: {hashed('old')}}}\n"))
    web_file(f"basic_auth_users: {{alice: {hashed('new')}}}\n")
    assert await server.reload() == ""
    for password, status in (("old", 401), ("new", 200)):
        async with client.get(f"{server.url}metrics", headers=basic("alice", password)) as answer:
            assert answer.status == status
    web_file("basic_auth_users: {alice: plain}\nnonsense: 1\n")
    errors = await server.reload()
    assert "web.yml:1: the password of user 'alice' is not a bcrypt hash" in errors
    assert "web.yml:2: unknown key 'nonsense'" in errors
    assert "plain" not in errors
    assert board.reloads == 1, "the application is not reloaded when the web configuration is wrong"
    async with client.get(f"{server.url}metrics", headers=basic("alice", "new")) as answer:
        assert answer.status == 200


async def test_a_refused_application_keeps_the_web_configuration(
    start: Start, web_file: WebFile, client: aiohttp.ClientSession, board: StaticBoard
) -> None:
    """Both sides are swapped together or not at all."""
    server = await start(web_config=web_file(f"basic_auth_users: {{alice: {hashed('old')}}}\n"))
    web_file(f"basic_auth_users: {{alice: {hashed('new')}}}\n")
    board.reload_result = "kpis.yaml:3: unknown key"
    assert await server.reload() == "kpis.yaml:3: unknown key"
    async with client.get(f"{server.url}metrics", headers=basic("alice", "old")) as answer:
        assert answer.status == 200


async def test_a_right_password_is_checked_once() -> None:
    """bcrypt runs once per right password, at every time for a wrong one; the memory is bounded."""
    checker = PasswordChecker(remember=2)
    hashes = {name: hashed(name) for name in ("a", "b", "c")}
    for name in ("a", "a", "a", "b", "c"):
        assert await checker.check(name, name.encode(), hashes[name], "peer") is Verdict.ALLOWED
    assert checker.checks == 3
    assert await checker.check("c", b"wrong", hashes["c"], "peer") is Verdict.DENIED
    assert await checker.check("c", b"wrong", hashes["c"], "peer") is Verdict.DENIED
    assert checker.checks == 5
    assert await checker.check("a", b"a", hashes["a"], "peer") is Verdict.ALLOWED
    assert checker.checks == 6, "the oldest of three was forgotten"
    checker.close()


async def test_a_remembered_password_is_bound_to_user_and_hash() -> None:
    """Neither another user's name nor a changed hash profits from what is remembered."""
    checker = PasswordChecker()
    assert await checker.check("a", b"x", hashed("x"), "peer") is Verdict.ALLOWED
    assert await checker.check("a", b"x", hashed("y"), "peer") is Verdict.DENIED
    assert await checker.check("ax", b"", hashed("y"), "peer") is Verdict.DENIED
    checker.close()


async def test_long_passwords_and_odd_bytes() -> None:
    """bcrypt's own limit of 72 bytes, and bytes that no text has, are no errors."""
    checker = PasswordChecker()
    assert await checker.check("a", b"p" * 100, hashed("p" * 72), "peer") is Verdict.ALLOWED
    assert await checker.check("a", b"\x00\xff", hashed("x"), "peer") is Verdict.DENIED
    checker.close()


async def test_an_unknown_user_costs_a_check() -> None:
    """An unknown user is checked like a known one, against a hash of the highest cost."""
    checker = PasswordChecker()
    users = {"cheap": hashed("x", 4), "dear": hashed("x", 5)}
    authenticator = Authenticator(users, None, checker)
    for user, expected in (("nobody", Verdict.DENIED), ("dear", Verdict.ALLOWED)):
        header = basic(user, "x")["Authorization"]
        before = checker.checks
        assert await authenticator.check(header, "peer") is expected
        assert checker.checks == before + 1
    checker.close()


async def test_brute_force_does_not_stop_others(start: Start, web_file: WebFile, client: aiohttp.ClientSession) -> None:
    """While one address tries passwords as fast as it can, a remembered scrape passes and most tries get 429."""
    server = await start(web_config=web_file(f"basic_auth_users: {{alice: {hashed('right', 10)}}}\n"))
    url = f"{server.url}metrics"

    async def attempt(password: str) -> int:
        async with client.get(url, headers=basic("alice", password)) as answer:
            return answer.status

    assert await attempt("right") == 200
    attack = [asyncio.create_task(attempt(f"wrong-{number}")) for number in range(60)]
    assert await attempt("right") == 200
    statuses = await asyncio.gather(*attack)
    assert set(statuses) == {401, 429}
    assert statuses.count(429) > statuses.count(401)


async def test_one_address_cannot_fill_the_queue() -> None:
    """The checks that wait are bounded for each address, so that another one still gets its turn."""
    checker = PasswordChecker(waiting_per_peer=2)
    right = hashed("x")
    attack = [asyncio.create_task(checker.check("a", b"%d" % n, right, "attacker")) for n in range(9)]
    await asyncio.sleep(0)
    assert await checker.check("a", b"x", right, "scraper") is Verdict.ALLOWED
    assert sorted(verdict.name for verdict in await asyncio.gather(*attack)) == ["BUSY"] * 7 + ["DENIED"] * 2
    checker.close()


async def test_rate_limit(start: Start, web_file: WebFile, client: aiohttp.ClientSession) -> None:
    """The toolkit's token bucket: `burst` at once, then 429."""
    server = await start(web_config=web_file("rate_limit: {interval: 1h, burst: 3}\n"))
    statuses = []
    for _ in range(5):
        async with client.get(f"{server.url}metrics") as answer:
            statuses.append(answer.status)
    assert statuses == [200, 200, 200, 429, 429]


async def test_no_secret_is_logged(
    guarded: HttpServer, client: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither passwords nor tokens, right or wrong, appear in any log line."""
    caplog.set_level(logging.DEBUG)
    for headers in (basic("alice", "s3cret-wrong"), bearer("t0ken-wrong"), bearer("t0ken")):
        async with client.get(f"{guarded.url}metrics", headers=headers):
            pass
    assert not [word for word in ("s3cret", "t0ken") if word in caplog.text]
