"""Alerts from Prometheus, asked over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import astuple
from pathlib import Path

import pytest
from aiohttp import web

from devtools.stage.server import PrometheusFolder, promtool
from exporter.calldb.period import Period
from exporter.errors import UsageError
from exporter.review.prometheus import alerts, checked_server, fired

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
        assert (await alerts(url, WEEK)).problem == "Prometheus refused to answer (HTTP 503)"
    assert (await alerts(url, WEEK)).problem == "Prometheus cannot be reached"


@pytest.mark.parametrize("url", ["", "prometheus:9090", "ftp://x", "http://", "http://x/?a=b", "http://[::1"])
def test_what_is_no_address(url: str) -> None:
    """Told before anything is read."""
    with pytest.raises(UsageError):
        checked_server(url)


def remembered() -> Iterator[str]:
    """OpenMetrics: an alert of half an hour, and again for half a minute; one that only waited; twelve corrections."""
    start = WEEK.start
    yield "# TYPE ALERTS gauge\n"
    firing = [*range(600, 2400, 15), *range(4210, 4240, 15)]
    labels = 'alertname="OutcallEarlyHangupHigh",severity="critical",kpi="early_hangup"'
    yield from (f'ALERTS{{{labels},alertstate="firing",generation="elderly"}} 1 {start + at}\n' for at in firing)
    yield from (f'ALERTS{{{labels},alertstate="pending"}} 1 {start + at}\n' for at in range(0, 7200, 15))
    yield "# TYPE outcall_reconcile_corrections counter\n"
    # Two replicas mend the same rows, the second one fewer, for it was started later.
    for replica, mended in (("a", 12), ("b", 8)):
        name = f'outcall_reconcile_corrections_total{{source="calls",job="outcall",instance="{replica}"}}'
        yield from (f"{name} {mended if at > 3600 else 0} {start + at}\n" for at in range(0, 7201, 15))
    yield "# EOF\n"


async def test_a_real_server_remembers(tmp_path: Path) -> None:
    """Both times are seen, the short one too; what only waited is not."""
    folder = PrometheusFolder(tmp_path / "prometheus")
    text = tmp_path / "samples.txt"
    text.write_text("".join(remembered()))
    promtool("openmetrics", str(text), str(folder.data))
    with folder.builder():
        found = await alerts(folder.url, Period(WEEK.start, WEEK.start + 7200))
    assert not found.problem
    assert found.fired is not None
    ((name, severity, slug, times, seconds),) = [astuple(each) for each in found.fired]
    assert (name, severity, slug, times) == ("OutcallEarlyHangupHigh", "critical", "early_hangup", 2)
    assert 30 * 60 <= seconds <= 34 * 60
    assert found.corrections == pytest.approx({"calls": 12}, rel=0.1)
