"""The switches of the demo: named in both languages, passed on to the call stream, which they stop or disturb."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.demo.controls import EFFECTS_ZH, SILENCE, SWITCHES, Controls
from exporter.demo.evening import evening_zone
from exporter.demo.options import Options
from exporter.demo.panel import FaultPanel
from exporter.demo.stream import Order, Turn, obey
from exporter.errors import UsageError
from exporter.simulate.faults import NAMES


def test_every_fault_of_the_simulator_is_a_switch_and_said_in_both_languages() -> None:
    names = {fault.name for fault in SWITCHES}
    assert names == {*NAMES, SILENCE.name} == set(EFFECTS_ZH)
    assert all(fault.effect and fault.title_zh and fault.title_en and EFFECTS_ZH[fault.name] for fault in SWITCHES)


def test_clock_stands_still_while_the_platform_is_silent() -> None:
    """Turning it on twice makes no hole; afterwards the time that was missed is caught up with."""
    controls = Controls()
    controls.turn(SILENCE.name, on=True)
    stands = controls.clock()
    controls.turn(SILENCE.name, on=True)
    assert controls.clock() == stands
    controls.turn(SILENCE.name, on=False)
    assert stands < controls.clock() <= datetime.now(UTC)


def test_faults_of_the_simulator_are_passed_on() -> None:
    controls = Controls(["violations", SILENCE.name])
    assert controls.faults.active == {"violations"}
    controls.turn("violations", on=False)
    assert controls.faults.active == frozenset()
    with pytest.raises(UsageError, match=r"unknown fault 'earthquake'. Fix: choose one of .*platform_silent"):
        controls.turn("earthquake", on=True)


def test_stream_obeys_line_by_line() -> None:
    controls = Controls(["violations"])
    turns = [Turn("recordings_lost", on=True), Turn("violations", on=False), Turn(SILENCE.name, on=True)]
    obey([f"{turn.dump()}\n" for turn in turns], controls)
    assert controls.faults.active == {"recordings_lost"}
    assert controls.clock() == controls.clock()


def test_live_calls_are_a_multiple_of_the_history() -> None:
    """With alerts a large one, so that a short window holds enough of them."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    for options, calls in ((Options(), 4_000), (Options(alerts=True), 160_000), (Options(rate_factor=0.5), 2_000)):
        order = options.order("", "UTC", Path())
        assert order.live(order.plan(now)).calls_per_day == calls
        assert Order.parse(order.dump()) == order
    with pytest.raises(UsageError, match=r"--rate-factor is 0. Fix: choose a number above 0"):
        Options(rate_factor=0).check("UTC")


def test_panel_passes_each_turn_on_once() -> None:
    turns: list[tuple[str, bool]] = []
    panel = FaultPanel(lambda name, on: turns.append((name, on)), "UTC", ["violations"])
    assert panel.turn("violations", on=True)
    assert panel.turn("elderly_hangup", on=True)
    assert panel.turn("violations", on=False)
    assert not panel.turn("earthquake", on=True)
    assert turns == [("elderly_hangup", True), ("violations", False)]
    assert {switch.name for switch in panel.switches() if switch.on} == {"elderly_hangup"}


@given(
    st.integers(946_684_800, 2_524_608_000).map(lambda second: datetime.fromtimestamp(second, UTC)),
    st.sampled_from(["Asia/Shanghai", "America/New_York", "Asia/Kolkata", "UTC"]),
    st.integers(0, 23),
)
def test_evening_zone_has_that_hour(now: datetime, preferred: str, hour: int) -> None:
    """Whatever the hour is elsewhere; where it is so already, nothing is changed."""
    found = evening_zone(now, preferred, hour)
    assert now.astimezone(ZoneInfo(found)).hour == hour
    assert (found == preferred) == (now.astimezone(ZoneInfo(preferred)).hour == hour) or preferred == "UTC"


def test_evening_zone_stays_an_hour() -> None:
    """The minutes of a zone of whole hours are those of UTC."""
    now = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
    found = ZoneInfo(evening_zone(now, "Asia/Shanghai"))
    assert (now + timedelta(minutes=59)).astimezone(found).hour == 18
