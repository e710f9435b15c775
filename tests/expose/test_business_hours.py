"""`outcall_business_open`: by the instant that the gauges are right for, in the business time zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import generate_latest

from tests.golden.world import World, world
from tests.support.scrape import parse


@pytest.fixture
def made() -> World:
    return world()


def shown(made: World, instant: float) -> float | None:
    made.lanes.tracker.cube.as_of = instant
    page: bytes = generate_latest(made.registry)
    return parse(page.decode()).get(("outcall_business_open", ()))


@pytest.mark.parametrize(("clock", "value"), [("07:59", 0), ("08:00", 1), ("19:59", 1), ("20:00", 0)])
def test_local_time(made: World, clock: str, value: float) -> None:
    local = datetime.fromisoformat(f"2026-07-01T{clock}").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    assert shown(made, local.timestamp()) == value


def test_another_zone(made: World) -> None:
    """What is morning in Shanghai is night in Berlin."""
    instant = datetime(2026, 7, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
    assert shown(made, instant) == 1
    made.lanes.catalogue = replace(made.lanes.catalogue, timezone="Europe/Berlin")
    assert shown(made, instant) == 0


def test_before_the_first_poll_nobody_knows(made: World) -> None:
    assert shown(made, 0.0) is None
