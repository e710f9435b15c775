"""Which texts are database URLs, as far as that can be told without connecting."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from exporter.errors import ConfigError
from exporter.settings import Settings


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://reader@db.example:5432/calls",
        "postgres://reader:p%2Fq%40r@db/calls?sslmode=verify-full",
        "postgresql://reader@[2001:db8::1]:5432/calls",
        "postgresql://reader@one:5432,two:5433/calls?target_session_attrs=standby",
        "postgresql:///calls?host=/var/run/postgresql",
        "postgresql://%2Fvar%2Frun%2Fpostgresql/calls",
    ],
)
def test_urls(url: str) -> None:
    """What libpq and asyncpg take is taken."""
    assert Settings(database_url=SecretStr(url)).dsn() == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "calls",
        "host=db dbname=calls password=Gold-4711",
        "mysql://reader:Gold-4711@db/calls",
        "postgresql://reader:Gold-4711@db:port/calls",
        "postgresql://reader:Gold/4711@db/calls",
        "postgresql://reader:Gold#4711@db/calls",
        "postgresql://reader:Gold-4711@[2001/calls",
        "postgresql://reader:Gold-4711@db :5432/calls",
    ],
)
def test_others(url: str) -> None:
    """Anything else is a configuration error that does not show it."""
    with pytest.raises(ConfigError, match="database_url: is not a PostgreSQL URL") as caught:
        Settings(database_url=SecretStr(url)).dsn()
    assert "4711" not in str(caught.value)
