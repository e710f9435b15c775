"""Waiting for what another process or task brings about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; the test's time-out is the limit."""
    while not condition():  # noqa: ASYNC110  # other processes set no event
        await asyncio.sleep(0.005)
