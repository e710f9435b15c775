"""A quick part of `python -m benchmarks false_alarms`: the shipped rules on a day of the case, and its own laws."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import false_alarms_pasts
from benchmarks.false_alarms_chance import AFTER, AT_TARGET, CALLS, RULES, counts, tail
from benchmarks.false_alarms_gates import fired, lines, naive
from benchmarks.false_alarms_gauges import WINDOWS
from benchmarks.false_alarms_pasts import Past, evening_delays
from benchmarks.false_alarms_rules import Alert, episodes, shipped
from benchmarks.false_alarms_stream import HOUR, Cell, Observation, Windows
from exporter.semantic.load import load_catalogue

SEED, CALLS_PER_DAY = 1, 40_000
SIX, HORIZON = 18 * HOUR, 3 * HOUR


@pytest.fixture(scope="module")
def evening() -> Past:
    """A Monday of the "after" stream, on which the elderly hang up from 18:00 on; only the exporter's short windows."""
    return false_alarms_pasts.spiked(SEED, 1, CALLS_PER_DAY, [WINDOWS[name] for name in ("5m", "1h", "24h")])


def test_no_alarm_before_the_spike(evening: Past) -> None:
    """The case's calls raise nothing, where ratio-beyond-line raises dozens."""
    assert [firing for firing in evening.firings if firing.start < SIX] == []
    assert len([firing for firing in naive(hangup_alerts(), evening.sums) if firing.start < SIX]) > 50


def test_spike_is_named_within_the_hour(evening: Past) -> None:
    """The elderly's jump to 0.60 raises the critical alert of their own line."""
    elderly = [firing for firing in evening.firings if firing.cell == Cell("all", "elderly")]
    assert {firing.alert.severity for firing in elderly} == {"critical"}
    assert evening_delays(elderly, 1)[0] < HOUR


def test_prometheus_agrees_with_the_gate(evening: Past) -> None:
    """On the shortest window nothing suppresses: the rules find what the definition says, worked out without them."""
    catalogue = load_catalogue()
    window, z = catalogue.windows[0], catalogue.kpis["early_hangup"].alert.strict_z
    assert z is not None
    shortest = [alert for alert in hangup_alerts() if alert.window == window.name]
    expected = {
        (line.severity, firing.cell, firing.start, firing.end)
        for line in lines()
        if line.kpi == "early_hangup"
        for firing in fired(line, shortest[0], evening.sums, WINDOWS[window.name], z)
    }
    found = {(of.alert.severity, of.cell, of.start, of.end) for of in evening.firings if of.alert in shortest}
    assert found == expected != set()


def hangup_alerts() -> list[Alert]:
    return [alert for alert in shipped()[1] if alert.kpi == "early_hangup"]


def test_anchored_figures() -> None:
    """The naive rule's false alarms on 30 calls, and that 500 calls make all rules much alike."""
    naive_rule, gate, *_ = RULES
    assert tail(naive_rule.least(30), 30, AT_TARGET) == pytest.approx(0.197, abs=0.001)
    assert naive_rule.least(500) == gate.least(500)
    assert tail(gate.least(500), 500, AT_TARGET) == pytest.approx(0.0048, abs=0.0005)


@pytest.mark.parametrize("calls", CALLS)
def test_stricter_rules_fire_later(calls: int) -> None:
    """Each rule of the table needs at least as many hang-ups as the one before it."""
    least = [rule.least(calls) for rule in RULES]
    assert least == sorted(least)
    assert not any(rule.fires(rule.least(calls) - 1, calls) for rule in RULES)


def test_simulation_agrees_with_the_binomial() -> None:
    """Windows without overlap are independent looks: their share above a line is the binomial tail."""
    calls, least, looks = 30, 10, 20_000
    found = list(counts(Random(SEED), calls, [AFTER] * (calls * looks)))[::calls]
    expected = tail(least, calls, AFTER)
    share = sum(count >= least for count in found) / len(found)
    assert abs(share - expected) < 4.5 * (expected * (1 - expected) / len(found)) ** 0.5


WATCHED = {"early_hangup": (Cell(), Cell("collection"), Cell("operations"), Cell("all", "elderly"))}


@given(
    st.lists(
        st.builds(
            lambda at, late, numerator: Observation(
                "early_hangup", Cell("collection", "elderly"), at, at + late, numerator, 1
            ),
            st.floats(-2 * HOUR, HORIZON),
            st.floats(0, 90),
            st.integers(0, 1),
        ),
        max_size=20,
    ),
    st.integers(0, HORIZON - 1),
)
def test_windows_by_definition(seen: list[Observation], minute: int) -> None:
    """At minute T a window of W minutes holds what has arrived of the buckets from T - W to before T."""
    windows = Windows(HORIZON, WATCHED, (5, HOUR))
    for one in seen:
        windows.add(one)
    sums = windows.closed()
    for width in windows.widths:
        held = [one for one in seen if minute - width <= one.at // 1 < minute and one.arrives <= minute]
        for cell in (Cell(), Cell("collection"), Cell("all", "elderly")):
            assert sums["early_hangup", cell, width].denominator[minute] == len(held)
            assert sums["early_hangup", cell, width].numerator[minute] == sum(one.numerator for one in held)
        assert sums["early_hangup", Cell("operations"), width].denominator[minute] == 0


@given(st.sets(st.integers(0, 60)), st.integers(0, 5), st.integers(0, 5))
def test_episodes_by_definition(true_at: set[int], wait: int, keep: int) -> None:
    """An alert fires at a minute when it has held for `wait` minutes, or fired before and held `keep` minutes ago."""
    firing, expected = False, set()
    for minute in range(70):
        has_held = all(minute - back in true_at for back in range(wait + 1))
        lingers = firing and any(minute - back in true_at for back in range(keep + 1))
        firing = has_held or lingers
        if firing:
            expected.add(minute)
    found = list(episodes(true_at, wait, keep))
    assert {minute for start, end in found for minute in range(start, end + 1)} == expected
