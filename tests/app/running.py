"""The service within the test's own event loop, and waiting for what its page says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from exporter.app import App
from exporter.settings import Settings
from tests.support.scrape import Samples, parse

QUICK: dict[str, Any] = {
    "listen": "127.0.0.1:0",
    "poll_interval": 0.2,
    "host_interval": 0.2,
    "recordings_interval": 0.2,
    "connect_timeout": 1,
}


class Running:
    """An application that runs; `settings` are what its next reload finds."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.app = App(lambda: Settings.model_validate(self.settings))

    def page(self) -> Samples:
        """What a scrape would be given now."""
        return parse(self.app.snapshot.text.plain.decode())

    def value(self, name: str, **labels: str) -> float | None:
        """One sample of the page; None where it is absent."""
        return self.page().get((f"outcall_{name}", tuple(sorted(labels.items()))))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for it; a page is built at least every half second. The test's time limit bounds it."""
        while not condition():  # noqa: ASYNC110 - what the page says is told by no event
            await asyncio.sleep(0.02)


@asynccontextmanager
async def running(dsn: str, folder: Path, **settings: Any) -> AsyncIterator[Running]:
    """Started, not necessarily polled; it must end without an error of its own."""
    given = {**QUICK, "database_url": dsn, "state_dir": folder / "state", **settings}
    one = Running(given)
    serving = asyncio.create_task(one.app.run(lambda _: None))
    started = asyncio.create_task(one.app.started.wait())
    await asyncio.wait({serving, started}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield one
    finally:
        one.app.stop()
        await serving
