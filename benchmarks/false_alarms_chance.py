"""What chance alone does to alarm rules: false alarms and detection delay over windows of a fixed number of calls.

The rules watch the 30-second hang-up rate: alarm line 0.30, target 0.25. A single look is worked out exactly (binomial
tail); looking again after every call, as an alerting rule in effect does, is simulated.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from benchmarks.report import number, quantile, show

LINE, TARGET, LEAST_SAMPLES = 0.30, 0.25, 30
AT_TARGET, AFTER, RAISED = 0.25, 0.22, 0.45
CALLS = (30, 100, 500)
Z95 = statistics.NormalDist().inv_cdf(0.975)
# A rule has fired when it holds for a tenth of its window more; `for` of an alerting rule does the same.
HOLD = 0.1
SEQUENCES, PATIENCE, WATCHED = 400, 5_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule on a ratio above its line; with `z` also on the lower bound above the target, and on samples."""

    title: str
    z: float | None

    def fires(self, count: int, calls: int) -> bool:
        """Whether `count` hang-ups of `calls` raise the alarm."""
        if count / calls <= LINE:
            return False
        return self.z is None or (calls >= LEAST_SAMPLES and certain(count, calls, self.z) > TARGET)

    def least(self, calls: int) -> int:
        """The smallest count that fires; more than `calls` when none does."""
        return next((count for count in range(calls + 1) if self.fires(count, calls)), calls + 1)


RULES = (
    Rule("naive: ratio > line", None),
    Rule("gate: 95 % bound", Z95),
    Rule("strict: z = 3", 3.0),
    Rule("strict: z = 4", 4.0),
    Rule("strict: z = 5", 5.0),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One rule on one window size. Rates per look, false alarms per 1,000 calls, delays in calls (None: not seen)."""

    rule: str
    calls: int
    least: int
    single_at_target: float
    single_after: float
    repeated_at_target: float
    repeated_after: float
    delays: Sequence[int | None]


def wilson(ratio: float, samples: float, z: float) -> tuple[float, float]:
    """The Wilson score interval (JASA 22, 1927) of a proportion, as kpis.md asks for it, for any z."""
    z2 = z * z
    centre = ratio + z2 / (2 * samples)
    spread = z * math.sqrt(ratio * (1 - ratio) / samples + z2 / (4 * samples * samples))
    return (centre - spread) / (1 + z2 / samples), (centre + spread) / (1 + z2 / samples)


def certain(count: int, calls: int, z: float) -> float:
    """The share that is certain: the lower bound of the definition at 95 %, that of the shipped rules for more.

    Stricter ones are Byar's approximation of the exact bound of a count (Rothman and Boice, 1979), with the variance of
    a proportion.
    """
    if z <= Z95 or count == 0:
        return wilson(count / calls, calls, z)[0]
    share = count / calls
    return share * max(0.0, 1 - 1 / (9 * count) - z / 3 * math.sqrt((1 - share) / count)) ** 3


def tail(least: int, calls: int, rate: float) -> float:
    """P(count >= least) of `calls` Bernoulli draws."""
    return math.fsum(math.comb(calls, k) * rate**k * (1 - rate) ** (calls - k) for k in range(least, calls + 1))


def counts(rng: Random, calls: int, rates: Iterable[float]) -> Iterator[int]:
    """Hang-ups among the last `calls` calls after each call, from the first full window on; `rates`: one per call."""
    window: list[int] = []
    count = 0
    for place, rate in enumerate(rates):
        drawn = int(rng.random() < rate)
        count += drawn
        if place < calls:
            window.append(drawn)
        else:
            count -= window[place % calls]
            window[place % calls] = drawn
        if place >= calls - 1:
            yield count


def episodes(found: Iterable[int], least: int, hold: int) -> Iterator[int]:
    """Places at which a count has been at `least` or above for `hold` calls more: one for each stay above."""
    above = 0
    for place, count in enumerate(found):
        above = above + 1 if count >= least else 0
        if above == hold + 1:
            yield place


def delays(seed: int, calls: int, least: int) -> list[int | None]:
    """Calls from the jump (0.22 to 0.45) until the rule has fired and held, for each simulated sequence."""
    rng = Random(f"delay:{seed}:{calls}")
    hold = int(HOLD * calls)
    rates = [AFTER] * calls + [RAISED] * PATIENCE
    return [next(episodes(counts(rng, calls, rates), least, hold), None) for _ in range(SEQUENCES)]


def repeated(seed: int, calls: int, least: int, rate: float) -> float:
    """False alarms per 1,000 calls of an eye that looks after every call."""
    rng = Random(f"watch:{seed}:{calls}:{rate}")
    raised = sum(1 for _ in episodes(counts(rng, calls, [rate] * WATCHED), least, int(HOLD * calls)))
    return 1_000 * raised / WATCHED


def outcome(rule: Rule, calls: int, seed: int = 1) -> Outcome:
    """Everything about one rule on windows of `calls` calls."""
    least = rule.least(calls)
    return Outcome(
        rule.title,
        calls,
        least,
        tail(least, calls, AT_TARGET),
        tail(least, calls, AFTER),
        repeated(seed, calls, least, AT_TARGET),
        repeated(seed, calls, least, AFTER),
        delays(seed, calls, least),
    )


def run() -> list[dict[str, Any]]:
    """Print the table; returns its figures."""
    found = [outcome(rule, calls) for calls in CALLS for rule in RULES]
    head = ["calls", "rule", "fires from"]
    head += [f"false at {AT_TARGET}, one look", f"false at {AFTER}, one look"]
    head += [f"false alarms per 1,000 calls at {AT_TARGET}", f"at {AFTER}"]
    head += [f"calls until {RAISED} is seen: median (90 %)", f"seen within {PATIENCE:,}"]
    show("False alarms and detection delay of hang-up rules", head, map(_row, found))
    return [_figures(one) for one in found]


def _row(found: Outcome) -> tuple[object, ...]:
    return (
        found.calls,
        found.rule,
        f"{found.least} ({found.least / found.calls:.0%})",
        f"{100 * found.single_at_target:.2g} %",
        f"{100 * found.single_after:.2g} %",
        number(found.repeated_at_target),
        number(found.repeated_after),
        f"{_shown(found.delays, 0.5)} ({_shown(found.delays, 0.9)})",
        f"{_seen(found.delays):.0%}",
    )


def _figures(found: Outcome) -> dict[str, Any]:
    figures = {name: getattr(found, name) for name in Outcome.__slots__ if name != "delays"}
    return figures | {
        "delay_median": _at(found.delays, 0.5),
        "delay_90": _at(found.delays, 0.9),
        "seen": _seen(found.delays),
    }


def _seen(delays: Sequence[int | None]) -> float:
    return sum(delay is not None for delay in delays) / len(delays)


def _at(delays: Sequence[int | None], share: float) -> float | None:
    value = quantile([math.inf if delay is None else delay for delay in delays], share)
    return value if math.isfinite(value) else None


def _shown(delays: Sequence[int | None], share: float) -> str:
    value = _at(delays, share)
    return "never" if value is None else f"{value:.0f}"
