"""Alerts from Prometheus, asked over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from exporter.calldb.period import Period
from exporter.errors import UsageError
from exporter.review.prometheus import alerts, checked_address, fired

WEEK = Period(1773590400, 1774195200)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    """A server on a free port of this machine."""
    app = web.Application()
    app.router.add_get("/{tail:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def series(name: str, *instants: int) -> dict[str, object]:
    metric = {"alertname": name, "severity": "critical", "kpi": "csat"}
    return {"metric": metric, "values": [[at, "1"] for at in instants]}


def test_episodes_are_runs_of_samples() -> None:
    """Three samples, a gap, two samples: twice, five steps."""
    (found,) = fired([series("A", 0, 60, 120, 600, 660)], 60)
    assert (found.times, found.seconds, found.kpi) == (2, 300, "csat")


async def test_the_whole_period_is_asked_for_in_points_that_prometheus_gives() -> None:
    """`ALERTS` over the period, at most 11,000 points; corrections at its end."""
    asked: list[dict[str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(dict(request.query))
        result = [series("OutcallCsatLow", WEEK.start)]
        if request.path.endswith("/query"):
            result = [{"metric": {"source": "calls"}, "value": [WEEK.end, "12"]}]
        return web.json_response({"status": "success", "data": {"result": result}})

    async with server(answer) as url:
        found = await alerts(url, WEEK)
    assert found.fired is not None
    assert [(each.name, each.times) for each in found.fired] == [("OutcallCsatLow", 1)]
    assert found.corrections == {"calls": 12.0}
    step = int(asked[0]["step"])
    assert f"[{step}s]" in asked[0]["query"]
    assert int(asked[0]["start"]) == WEEK.start + step
    assert 0 <= int(asked[0]["end"]) - WEEK.end < step
    assert WEEK.seconds / step <= 11_000
    assert asked[1]["time"] == str(WEEK.end)


@pytest.mark.parametrize("body", ["not json", "[]", '{"data": {}}', '{"data": {"result": [{"metric": {}}]}}'])
async def test_what_is_no_prometheus_is_told(body: str) -> None:
    """The review is written all the same."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body)

    async with server(answer) as url:
        found = await alerts(url, WEEK)
    assert found.problem == "what answered is no Prometheus server"
    assert found.fired is None


async def test_a_server_that_refuses_is_told() -> None:
    """By the kind of its failure; an address may hold a password."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=503)

    async with server(answer) as url:
        assert "did not answer" in (await alerts(url, WEEK)).problem
    assert "did not answer" in (await alerts(url, WEEK)).problem


@pytest.mark.parametrize("url", ["", "prometheus:9090", "ftp://x", "http://", "http://x/?a=b", "http://[::1"])
def test_what_is_no_address(url: str) -> None:
    """Told before anything is read."""
    with pytest.raises(UsageError):
        checked_address(url)
