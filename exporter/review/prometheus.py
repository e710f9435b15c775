"""Alerts of a period, as Prometheus remembers them: `ALERTS` over the period, through its HTTP API."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import aiohttp

from exporter.calldb.period import Period
from exporter.errors import UsageError
from exporter.review.model import Alert, Alerts
from exporter.review.problems import LATE, NO_PROMETHEUS, REFUSED, UNREACHED
from exporter.semantic.addresses import checked_address

# Prometheus answers at most 11,000 points of a series.
MOST_POINTS = 10_000
LEAST_STEP = 60
DEADLINE = 60.0
LARGEST = 16 << 20
ALERTS = 'ALERTS{alertstate="firing", alertname=~"Outcall.*"}'


def checked_server(url: str) -> str:
    """The address of a Prometheus server; raises UsageError, which shows no password."""
    try:
        return checked_address(url, private=True)
    except ValueError:
        raise UsageError("--prometheus is not an address of a server", "write http://127.0.0.1:9090") from None


async def alerts(url: str, period: Period) -> Alerts:
    """What fired in a period, and what reconcile mended; a server that does not answer is a problem, not an error."""
    step = max(LEAST_STEP, -(-period.seconds // MOST_POINTS))
    # Each point stands for the step before it, so that no alert is too short to be seen.
    firing = f"max by (alertname, severity, kpi) (max_over_time({ALERTS}[{step}s]))"
    end = period.start + -(-period.seconds // step) * step
    range_of = {"query": firing, "start": str(period.start + step), "end": str(end), "step": str(step)}
    # Replicas mend the same rows, each in its own state.
    each = f"sum by (source, job, instance) (increase(outcall_reconcile_corrections_total[{period.seconds}s]))"
    mended = f"max by (source) ({each}) > 0"
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(DEADLINE)) as session:
            series = await _ask(session, f"{url}/api/v1/query_range", range_of)
            sums = await _ask(session, f"{url}/api/v1/query", {"query": mended, "time": str(period.end)})
        return Alerts(tuple(fired(series, step)), {_label(each, "source"): float(each["value"][1]) for each in sums})
    except aiohttp.ClientResponseError as error:
        return Alerts(problem=REFUSED.format(error.status))
    except TimeoutError:
        return Alerts(problem=LATE)
    except (aiohttp.ClientError, asyncio.IncompleteReadError, OSError):
        return Alerts(problem=UNREACHED)
    except (ValueError, KeyError, TypeError, IndexError):
        return Alerts(problem=NO_PROMETHEUS)


async def _ask(session: aiohttp.ClientSession, url: str, query: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
    async with session.get(url, params=query) as answer:
        answer.raise_for_status()
        body = await answer.content.read(LARGEST)
        if not answer.content.at_eof():
            raise ValueError
        result: Sequence[Mapping[str, Any]] = json.loads(body)["data"]["result"]
        return result


def fired(series: Iterable[Mapping[str, Any]], step: int) -> list[Alert]:
    """Each alert with how often it began and how long it fired, longest first; samples `step` seconds apart."""
    found = []
    for each in series:
        instants = [float(at) for at, value in each["values"] if math.isfinite(float(value))]
        times = sum(at - earlier > 1.5 * step for at, earlier in zip(instants[1:], instants, strict=False)) + 1
        found.append(
            Alert(_label(each, "alertname"), _label(each, "severity"), _label(each, "kpi"), times, len(instants) * step)
        )
    return sorted(found, key=lambda alert: (-alert.seconds, alert.name))


def _label(series: Mapping[str, Any], name: str) -> str:
    return str(series["metric"].get(name, ""))
