"""The exporter's reading side without its clock: polls, backfill and reconcile happen when a test says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from exporter.calldb.connect import Access, Connection, connection
from exporter.calldb.lanes import Lanes, Pace
from exporter.calldb.reader import Nets, instant
from exporter.calldb.tracker import Tracker
from exporter.expose.families import Exposition
from exporter.semantic.load import load_catalogue
from exporter.semantic.model import Catalogue
from exporter.state.store import Store
from tests.oracle import FAMILIES, oracle
from tests.support.scrape import Samples, compare, parse

# Long enough that nothing grows stale within a test.
FOR_EVER = 86400.0


class Stepper:
    """One exporter that is stepped by hand; the page is rendered from scratch or incrementally as in production."""

    def __init__(
        self, catalogue: Catalogue, access: Access, opened: Connection, store: Store | None, nets: Nets
    ) -> None:
        self.opened = opened
        pace = Pace(FOR_EVER, FOR_EVER, FOR_EVER)
        self.lanes = Lanes(catalogue, access, Tracker(catalogue, store), pace, nets, lambda *_: None, lambda: None)
        self.exposition = Exposition(catalogue)

    async def poll(self) -> None:
        """One poll."""
        await self.lanes.poll_once(self.opened)

    async def backfill(self) -> None:
        """Read history until every window is covered."""
        while await self.lanes.background.backfill(self.opened):
            pass

    async def reconcile(self) -> None:
        """One whole reconcile pass."""
        passes = self.lanes.background.passes
        while self.lanes.background.passes == passes:
            await self.lanes.background.reconcile(self.opened)

    @property
    def as_of(self) -> datetime:
        """The instant that the gauges are right for."""
        return instant(self.lanes.tracker.cube.as_of)

    def gauges(self) -> Samples:
        """Everything on the page that comes from the catalogue."""
        tracker, windows = self.lanes.tracker, {w.name: w for w in self.lanes.catalogue.windows}

        def shown(name: str, window: str) -> bool:
            fresh = self.lanes.is_fresh(name)
            return fresh and (not window or tracker.covers(name, windows[window], tracker.cube.as_of))

        self.exposition.update(tracker.cube, tracker.levels, shown)
        return parse(self.exposition.render())

    async def differences(self) -> list[str]:
        """Where the gauges and the independent oracle disagree, at the gauges' own instant."""
        expected = await oracle(self.opened, self.as_of, timezone=self.lanes.catalogue.timezone)
        return compare(expected, self.gauges(), families=FAMILIES)


@asynccontextmanager
async def stepper(
    dsn: str,
    *,
    state_dir: Path | None = None,
    own_files: Sequence[Path] = (),
    nets: Nets | None = None,
    timezone: str = "Asia/Shanghai",
    schema: str = "",
    pooled: bool = False,
) -> AsyncIterator[Stepper]:
    """An attached exporter that has not polled yet."""
    catalogue = load_catalogue(own_files, timezone=timezone)
    access = Access(dsn, schema=schema, statement_timeout=60, pooled=pooled)
    store = Store(state_dir) if state_dir is not None else None
    try:
        async with connection(access) as opened:
            one = Stepper(catalogue, access, opened, store, nets or Nets())
            await one.lanes.attach(opened)
            yield one
    finally:
        if store is not None:
            store.close()
