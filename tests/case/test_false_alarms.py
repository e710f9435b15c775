"""How often `verify` says of nothing that it did something, looked at every day: the verdicts that it gives.

A small version of `python -m benchmarks sequential`, through the code that the command runs: sums by the hour, the
estimator that the days before choose, the dispersion, the days that have to settle, the verdict in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

import pytest

from benchmarks.sequential import CONTACTS, ELDERLY, day
from exporter.kpi.beforeafter import DAY, HOUR, Hours, Sums, settle_hours
from exporter.kpi.verification import ALPHA, Verdict, Verification, verify
from exporter.semantic.changes import Aim, Change
from exporter.semantic.load import load_catalogue
from exporter.semantic.spec import Text

CATALOGUE = load_catalogue()
SEEDS = range(200)
DAYS_BEFORE, LOOKS = 14, 30
# A Monday, midnight in Shanghai.
AT = 1_772_380_800
FOUND = (Verdict.WORKS, Verdict.WORSE)


@dataclass(frozen=True, slots=True)
class Stream:
    """Trials on a weekday, the rate before and after; the same of an untouched slice. `unrest`: of the days' rates."""

    slug: str
    trials: int
    before: float
    after: float
    untouched: int = 0
    unrest: float = 0.0

    def hours(self, seed: int, *, changed: bool) -> Hours:
        """A month and a half, a day's counts in its first hour."""
        rng, kpi = Random(seed), CATALOGUE.kpis[self.slug]
        top, bottom = kpi.numerator[0], kpi.denominator[0]
        found: dict[str, dict[int, Sums]] = {top.dataset: {}, bottom.dataset: {}}
        for number in range(-DAYS_BEFORE, LOOKS + 8):
            rate = self.after if changed and number >= 0 else self.before
            sides = [day(rng, number, self.trials, rate, self.unrest), day(rng, number, self.untouched, 0.2, 0.0)]
            at = AT + number * DAY
            for measure, pair in (
                (top, (sides[0].successes, sides[1].successes)),
                (bottom, (sides[0].trials, sides[1].trials)),
            ):
                found[measure.dataset][at] = {**found[measure.dataset].get(at, {}), measure.offset: pair}
        return found

    def verdict(self, seed: int, *, changed: bool) -> Verification:
        """After thirty daily looks."""
        kpi = CATALOGUE.kpis[self.slug]
        scope: Mapping[str, frozenset[str]] = {"generation": frozenset({"elderly"})} if self.untouched else {}
        words = Text(zh="大白话", en="Plain words")
        change = Change("plain", AT, "script", words, scope, None, None, ())
        aim = Aim(self.slug, higher=kpi.direction == "higher", delta=None)
        hours = self.hours(seed, changed=changed)
        now = AT + settle_hours(kpi, aim, CATALOGUE) * HOUR + LOOKS * DAY
        return verify(change, aim, kpi, CATALOGUE, hours, now, DAYS_BEFORE)


STREAMS = {
    "hang-ups": Stream("early_hangup", 2 * ELDERLY, 0.32, 0.22),
    "elderly against the rest": Stream("early_hangup", ELDERLY, 0.4533, 0.2511, untouched=ELDERLY),
    "conversion": Stream("lead_conversion", CONTACTS, 0.15, 0.18),
    "days differ by a point": Stream("early_hangup", 2 * ELDERLY, 0.32, 0.22, unrest=0.01),
}


@pytest.mark.parametrize("name", STREAMS)
def test_nothing_is_seldom_found(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Over 200 seeds without a change at most 5 % false alarms; all thirty looks of the verdict count."""
    found = [STREAMS[name].verdict(seed, changed=False) for seed in SEEDS]
    alarms = sum(one.verdict in FOUND for one in found) / len(SEEDS)
    with capsys.disabled():
        print(f"\n  {name}: {alarms:.1%} false alarms in {LOOKS} daily looks ", end="")
    assert alarms <= ALPHA
    for one in found:
        assert one.basis is not None
        assert len(one.basis.looks) == LOOKS
        assert one.basis.kind == ("did" if STREAMS[name].untouched else "difference")


@pytest.mark.parametrize("name", STREAMS)
def test_the_case_is_found_in_days(name: str) -> None:
    """At the case's own volume: within a week of settled days, with the truth inside the interval.

    Of days before that happen to rise or fall, one in twenty, `verify` says so instead.
    """
    stream = STREAMS[name]
    found = [stream.verdict(seed, changed=True) for seed in SEEDS[:50]]
    assert all(one.basis is not None and (one.basis.proven_days or LOOKS) <= 7 for one in found)
    assert sum(one.verdict is Verdict.WORKS for one in found) >= 0.85 * len(found)
    looks = [one.basis.looks[-1] for one in found if one.basis is not None]
    truth = stream.after - stream.before
    held = sum(look is not None and look.lower <= truth <= look.upper for look in looks)
    assert held >= 0.95 * len(found)
