"""A reload changes the configuration, not the service: the page stays up, and ready, while the new engine starts."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from tests.app.running import Running, running


def gauges(service: Running) -> set[str]:
    """The KPI and measure families that have a series, and whether the service is ready."""
    return {name for name, _ in service.page() if name.startswith("outcall_calls_")}


async def test_nothing_is_missing_meanwhile(database: str, tmp_path: Path) -> None:
    """Every page of a reload has the gauges, says that the database is up, and is ready."""
    async with running(database, tmp_path, poll_interval=1.0) as service:
        await service.until(lambda: service.app.snapshot.status.ready and gauges(service) != set())
        before = service.app._engine
        shown = gauges(service)
        service.settings = {**service.settings, "poll_interval": 2.0}
        as_of = service.value("as_of_timestamp_seconds") or 0.0
        reload = asyncio.create_task(service.app.reload())
        while service.app._engine is before or (service.value("as_of_timestamp_seconds") or 0.0) <= as_of:
            assert service.app.snapshot.status.ready
            assert service.value("up") == 1
            assert gauges(service) == shown
            await asyncio.sleep(0.005)
        assert await reload == ""
        assert gauges(service) == shown


async def test_a_database_that_is_not_there_is_told(database: str, tmp_path: Path) -> None:
    """The new configuration names another server, where nobody listens: the old page does not hide it."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        async with running(database, tmp_path, poll_interval=60.0) as service:
            await service.until(lambda: service.app.snapshot.status.ready)
            nowhere = f"postgresql://nobody@127.0.0.1:{closed.getsockname()[1]}/none"
            service.settings = {**service.settings, "database_url": nowhere}
            assert await service.app.reload() == ""
            await service.until(lambda: service.value("up") == 0)
