"""Fixtures that every test may ask for. Under pytest-xdist a session is a worker: each has a cluster of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.postgres import Postgres

# How long an example takes says nothing on a machine that others use too.
settings.register_profile("outcall", deadline=None, print_blob=True)
settings.load_profile("outcall")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL cluster, shared by the session; a test that stops it need not start it again."""
    with Postgres() as cluster:
        yield cluster


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    """DSN of a fresh database that holds the canonical schema and no rows."""
    postgres.start()
    dsn = postgres.create_database()
    yield dsn
    postgres.start()
    postgres.drop_database(dsn)
