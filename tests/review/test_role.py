"""The role of role.sql is enough for a review: no column is read that its views do not have."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from exporter.calldb.connect import Access
from exporter.calldb.schema import ROLE, VIEW_SCHEMA, init_db
from exporter.semantic.model import Catalogue
from tests.review.conftest import WEEK, read
from tests.support.postgres import Postgres

PASSWORD = "read-only"


@pytest.fixture
def restricted(database: str, postgres: Postgres) -> Iterator[str]:
    """DSN of the role over empty tables."""
    asyncio.run(init_db(Access(database), 60, with_role=True))
    name = database.rpartition("/")[2]
    postgres.psql(f"ALTER ROLE {ROLE} PASSWORD '{PASSWORD}'")
    yield postgres.dsn(name, user=ROLE, password=PASSWORD)
    postgres.psql(f"DROP SCHEMA {VIEW_SCHEMA} CASCADE; DROP OWNED BY {ROLE}; DROP ROLE {ROLE}", name)


async def test_the_exporters_own_role_is_enough(restricted: str, catalogue: Catalogue) -> None:
    """Weekly and monthly, cohorts, incidents and lateness: nothing is refused."""
    weekly = await read(restricted, catalogue, "weekly", WEEK)
    monthly = await read(restricted, catalogue, "monthly", "2026-03")
    for review in (weekly, monthly):
        assert not review.quality.failed
        assert not [each.kpi.slug for each in review.kpis if each.problem]
        assert not review.incidents.problem
    assert weekly.cohorts is not None
    assert not weekly.cohorts.problems
    assert {each.source for each in weekly.quality.sources} >= {"calls", "surveys", "repayments"}
