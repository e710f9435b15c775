"""A small history of some weeks, written once, and reviews of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from exporter.calldb.connect import Access
from exporter.review.collect import Request, collect
from exporter.review.model import Cadence, Review
from exporter.review.periods import span_of
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue
from exporter.simulate.plan import SimulationPlan
from tests.support.postgres import Postgres
from tests.support.simulated import simulated

PLAN = SimulationPlan(seed=20260402, now=datetime(2026, 4, 2, 2, 0, tzinfo=UTC), days=62, calls_per_day=200)
WEEK, MONTH = "2026-W12", "2026-03"
PERIODS: dict[Cadence, str] = {"weekly": WEEK, "monthly": MONTH}


@pytest.fixture(scope="session")
def past(postgres: Postgres) -> Iterator[str]:
    """DSN of a database with the history; to be read only."""
    with simulated(postgres, PLAN) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="session")
def reviews(past: str, catalogue: Catalogue) -> dict[Cadence, Review]:
    """A week and a month of the history."""
    return {cadence: asyncio.run(read(past, catalogue, cadence, period)) for cadence, period in PERIODS.items()}


async def read(
    dsn: str, catalogue: Catalogue, cadence: Cadence, period: str, weights: dict[str, float] | None = None
) -> Review:
    """A review, read now."""
    today = datetime.now(UTC).date()
    request = Request(cadence, span_of(period, cadence, today), weights or {})
    return await collect(Access(dsn), catalogue, request)
