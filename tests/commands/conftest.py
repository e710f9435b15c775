"""Databases with rows enough for plans to matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.postgres import Postgres


@pytest.fixture(scope="session")
def filled(postgres: Postgres) -> Iterator[str]:
    """DSN of a database with twelve thousand rows in every canonical table; to be read only."""
    dsn = postgres.create_database()
    postgres.psql(Path(__file__).with_name("filled.sql").read_text("utf-8"), name_of(dsn))
    yield dsn
    postgres.drop_database(dsn)


@pytest.fixture
def spoilt(postgres: Postgres, filled: str) -> Iterator[Callable[[str], str]]:
    """Makes a copy of the filled database, runs SQL in it, and gives its DSN."""
    made = []

    def spoil(sql: str) -> str:
        dsn = postgres.create_database(schema=False)
        made.append(dsn)
        postgres.psql(f"DROP DATABASE {name_of(dsn)}; CREATE DATABASE {name_of(dsn)} TEMPLATE {name_of(filled)}")
        postgres.psql(sql, name_of(dsn))
        return dsn

    yield spoil
    for dsn in made:
        postgres.drop_database(dsn)


def name_of(dsn: str) -> str:
    """The database's name."""
    return dsn.rpartition("/")[2]
