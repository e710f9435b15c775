"""The ledger that the oracle's own tests write into."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.oracle.ledger import Ledger


@pytest.fixture
async def ledger(database: str) -> AsyncIterator[Ledger]:
    """An empty canonical call database."""
    connection = await asyncpg.connect(database)
    yield Ledger(connection)
    await connection.close()
