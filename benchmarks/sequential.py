"""False alarms and delay of the daily looks of `verify`: the always-valid test beside the naive one.

Volumes and rates are the source's case (12,000 dials a day, weekends x0.6), fourteen days before against a look a day
for thirty days. Counts are drawn by day, exactly binomial; with `unrest` the rate itself varies by day (beta), with
`lasting` as a first-order autoregression.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import add
from random import Random
from statistics import median
from typing import TYPE_CHECKING

from exporter.kpi.sequential import Observation, always_valid, sharpness
from exporter.kpi.significance import Arms, Counts, difference, dispersion, dispersion_of_differences, total

if TYPE_CHECKING:
    from benchmarks.base import Bench

DAYS_BEFORE, LOOKS, ALPHA = 14, 30, 0.05
SEEDS = 2_000
WEEKEND = 0.6


@dataclass(frozen=True, slots=True)
class Scene:
    """A KPI's slice: trials on a weekday, rates before and after; of an untouched slice too, where it has trials.

    `unrest`: the standard deviation of the days' true rates; `lasting`: the correlation of a day's with the next.
    `worth`: a tenth of the rarer outcome, as `verify` has it.
    """

    name: str
    trials: int
    before: float
    after: float
    worth: float
    untouched_trials: int = 0
    untouched_before: float = 0.0
    untouched_after: float = 0.0
    unrest: float = 0.0
    lasting: float = 0.0

    @property
    def without_change(self) -> Scene:
        return replace(self, after=self.before, untouched_after=self.untouched_before)


ANSWERED = round(12_000 * 0.68)
CONTACTS = round(12_000 * 0.5 * 0.68 * 0.865)
ELDERLY = round(ANSWERED * 0.45)
SCENES = (
    Scene("early_hangup, all", ANSWERED, 0.32, 0.22, 0.032),
    Scene("early_hangup, elderly", ELDERLY, 0.4533, 0.2511, 0.045),
    Scene("early_hangup, elderly against the rest", ELDERLY, 0.4533, 0.2511, 0.045, ANSWERED - ELDERLY, 0.211, 0.195),
    Scene("lead_conversion", CONTACTS, 0.15, 0.18, 0.015),
    Scene("csat, elderly", round(ELDERLY * 0.12), 0.68, 0.78, 0.032),
    Scene("compliant_speech", ANSWERED, 0.990, 0.997, 0.001),
    Scene("complaint", ANSWERED, 0.0008, 0.0004, 0.00008),
    Scene("early_hangup, a hundredth of the volume", ANSWERED // 100, 0.32, 0.22, 0.032),
    Scene("early_hangup, days differ by a point", ANSWERED, 0.32, 0.22, 0.032, unrest=0.01),
)
# Fourteen days do not show all of what lasts: above the 5 %, and said so.
LASTING = Scene("early_hangup, two points that last", ANSWERED, 0.32, 0.22, 0.032, unrest=0.02, lasting=0.5)


def binomial(rng: Random, n: int, p: float) -> int:
    """Exact: the median of n uniforms is beta distributed, and decides on half of them (Relles, 1972)."""
    count = 0
    while n > 24:
        middle = n // 2 + 1
        split = rng.betavariate(middle, n + 1 - middle)
        if split <= p:
            count, n, p = count + middle, n - middle, (p - split) / (1 - split)
        else:
            n, p = middle - 1, p / split
    return count + sum(rng.random() < p for _ in range(n))


def day(rng: Random, number: int, trials: int, rate: float, unrest: float, mood: float | None = None) -> Counts:
    """What a day counts; Monday is day 0. `mood`: how many standard deviations its true rate is off."""
    n = round(trials * (WEEKEND if number % 7 >= 5 else 1.0))
    if mood is not None:
        rate = min(1.0, max(0.0, rate + unrest * mood))
    elif unrest:
        strength = rate * (1 - rate) / unrest**2 - 1
        rate = rng.betavariate(rate * strength, (1 - rate) * strength)
    return Counts(binomial(rng, n, rate), n)


def moods(rng: Random, lasting: float) -> list[float | None]:
    """How far off each day is, of which a part stays until the next; None where days have nothing to do with others."""
    if not lasting:
        return [None] * (DAYS_BEFORE + LOOKS)
    found = [rng.gauss(0, 1)]
    while len(found) < DAYS_BEFORE + LOOKS:
        found.append(lasting * found[-1] + math.sqrt(1 - lasting**2) * rng.gauss(0, 1))
    return list(found)


def days(rng: Random, scene: Scene, trials: int, before: float, after: float) -> tuple[list[Counts], list[Counts]]:
    """The days before, and those after."""
    counts = [
        day(rng, at, trials, before if at < DAYS_BEFORE else after, scene.unrest, mood)
        for at, mood in enumerate(moods(rng, scene.lasting))
    ]
    return counts[:DAYS_BEFORE], counts[DAYS_BEFORE:]


def history(scene: Scene, seed: int) -> tuple[list[Observation], float]:
    """What each look sees, and the dispersion by the days before."""
    rng = Random(seed)
    before, after = days(rng, scene, scene.trials, scene.before, scene.after)
    treated = list(_arms(before, after))
    if not scene.untouched_trials:
        return [Observation(arms) for arms in treated], dispersion(before)
    other = days(rng, scene, scene.untouched_trials, scene.untouched_before, scene.untouched_after)
    pairs = zip(treated, _arms(*other), strict=True)
    return [Observation(*pair) for pair in pairs], dispersion_of_differences(before, other[0])


def _arms(before: list[Counts], after: list[Counts]) -> Iterator[Arms]:
    base = total(before)
    return (Arms(base, so_far) for so_far in accumulate(after, add))


def first_alarm(scene: Scene, seed: int) -> int | None:
    """The first look (from 1) at which the always-valid test finds an effect."""
    observations, spread = history(scene, seed)
    tau = sharpness(observations[0], scene.worth, spread)
    looks = always_valid(observations, tau, dispersion=spread)
    return next((at for at, look in enumerate(looks, 1) if look is not None and look.p_value <= ALPHA), None)


def naive_alarm(scene: Scene, seed: int) -> int | None:
    """The same for a two-proportion test at 5 % on every look."""
    observations, _ = history(scene, seed)
    return next((at for at, seen in enumerate(observations, 1) if difference(seen.treated).p_value <= ALPHA), None)


def share(found: list[int | None]) -> float:
    """How many of them raised an alarm at all."""
    return sum(at is not None for at in found) / len(found)


def delays(found: list[int | None]) -> str:
    """Days to detection: how often, and the median, ninth decile and longest of those that found it."""
    known = sorted(at for at in found if at is not None)
    if not known:
        return "never"
    decile = known[min(len(known) - 1, len(known) * 9 // 10)]
    return f"{share(found):.1%}: median {median(known):g}, 9 of 10 by {decile}, last {known[-1]}"


def lines(seeds: int, scenes: tuple[Scene, ...] = (*SCENES, LASTING)) -> Iterator[str]:
    """A line per scene: false alarms of both tests, and the delay of the always-valid one."""
    yield f"{seeds} seeds, {DAYS_BEFORE} days before, {LOOKS} daily looks, alpha {ALPHA:.0%}"
    yield f"{'scene':42}  {'always valid':>12}  {'naive':>6}  detects (days)"
    for scene in scenes:
        calm = scene.without_change
        valid, naive = ([alarm(calm, seed) for seed in range(seeds)] for alarm in (first_alarm, naive_alarm))
        found = delays([first_alarm(scene, seed) for seed in range(seeds)])
        yield f"{scene.name:42}  {share(valid):>12.1%}  {share(naive):>6.1%}  {found}"


async def run(_: Bench) -> None:
    """Print the table."""
    for line in lines(SEEDS):
        print(line, flush=True)


if __name__ == "__main__":
    for text in lines(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS):
        print(text, flush=True)
