"""A test that may be looked at every day: p-values and intervals that hold at all looks together. Pure.

The mixture sequential probability ratio test (Robbins, Annals of Mathematical Statistics 41, 1970, 1397-1409; for A/B
tests Johari, Koomen, Pekelis and Walsh, "Peeking at A/B Tests", KDD 2017): the likelihood of the estimate under effects
spread normally about 0 with variance tau^2, over that under no effect,

    Lambda = sqrt(V / (V + tau^2)) * exp(tau^2 * D^2 / (2 * V * (V + tau^2))),

is a martingale when there is no effect, so it ever reaches 1/alpha with probability at most alpha (Ville). The p-value
is the least 1/Lambda so far; the interval holds the effects that Lambda would not reject.

Why it fits before against after. With D the difference of sample rates and V its variance, looks k < l have
Cov(D_k, D_l) = V_l, whether both arms grow or, as here, the one before stays as it is: D/V is a Brownian motion at the
times 1/V (Jennison and Turnbull, Group Sequential Methods, 2000, 3.1). The same holds for a difference in differences.
Confidence sequences by betting or by exact binomials need arms that grow together, and would waste the weeks before.

Small counts. The normal approximation is asked for only when every arm holds `LEAST` expected successes and failures:
before that a look says nothing (p-value 1, no interval). V is never 0 (`significance.variance`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

from exporter.kpi.significance import CONFIDENCE, POWER, Arms, Effect, standard_error

# Expected successes and failures that every arm must hold for a look to say anything.
LEAST = 10
_ITERATIONS = 60


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known at a look: all of both arms, and of those of the untouched slice where it is compared with."""

    treated: Arms
    untouched: Arms | None = None

    @property
    def estimate(self) -> float:
        """The difference, or the difference in differences."""
        return self.treated.difference - (self.untouched.difference if self.untouched is not None else 0.0)

    def says_enough(self, dispersion: float = 1.0) -> bool:
        """Whether every arm is large enough for the normal approximation."""
        pairs = [self.treated, *([self.untouched] if self.untouched is not None else [])]
        return all(is_large(arms, dispersion) for arms in pairs)


def is_large(arms: Arms, dispersion: float) -> bool:
    """Whether both sides hold enough successes and failures for the normal approximation."""
    if not (arms.before.is_proportion and arms.after.is_proportion):
        return False
    rate = (arms.before + arms.after).rate
    return min(rate, 1 - rate) * min(arms.before.trials, arms.after.trials) >= LEAST * dispersion


def always_valid(
    observations: Iterable[Observation], tau: float, *, dispersion: float = 1.0, confidence: float = CONFIDENCE
) -> list[Effect | None]:
    """The looks in their order: the estimate, its always-valid interval, and the p-value of all looks so far.

    None where an observation says too little.

    `tau` (a share, > 0): the effect that is expected or worth having; it makes the test sharpest there, and the level
    holds whatever it is, as long as it was not chosen by what came after.
    """
    looks: list[Effect | None] = []
    p_value = 1.0
    for seen in observations:
        if not seen.says_enough(dispersion):
            looks.append(None)
            continue
        v = standard_error(seen.treated, seen.untouched, dispersion) ** 2
        p_value = min(p_value, math.exp(min(0.0, -log_likelihood_ratio(seen.estimate, v, tau))))
        half = half_width(v, tau, confidence)
        looks.append(Effect(seen.estimate, seen.estimate - half, seen.estimate + half, p_value))
    return looks


def sharpness(seen: Observation, worth: float, dispersion: float = 1.0) -> float:
    """The `tau` for an effect worth having: that effect, or the least that a look can find where it is too small.

    That is what is found with as much after the change as before it: known before anything came after.
    """
    untouched = Arms(seen.untouched.before, seen.untouched.before) if seen.untouched is not None else None
    error = standard_error(Arms(seen.treated.before, seen.treated.before), untouched, dispersion)
    return max(worth, error / math.sqrt(needed_variance(1.0)))


def log_likelihood_ratio(estimate: float, v: float, tau: float) -> float:
    """The logarithm of Lambda at an estimate with variance `v`."""
    spread = v + tau * tau
    return 0.5 * math.log(v / spread) + tau * tau * estimate * estimate / (2 * v * spread)


def half_width(v: float, tau: float, confidence: float = CONFIDENCE) -> float:
    """Half of the always-valid interval: the estimate at which Lambda is 1 / (1 - confidence)."""
    spread = v + tau * tau
    return math.sqrt(2 * v * spread / (tau * tau) * (0.5 * math.log(spread / v) - math.log(1 - confidence)))


def needed_variance(effect: float, *, power: float = POWER, confidence: float = CONFIDENCE) -> float:
    """The variance at which a look (tau = effect) finds `effect` with about that power: when to look again.

    effect = half_width(V) + z_power * sqrt(V), solved by halving; V scales with the square of the effect.
    """
    z = NormalDist().inv_cdf(power)
    low, high = 0.0, 1.0
    for _ in range(_ITERATIONS):
        middle = (low + high) / 2
        if half_width(middle, 1.0, confidence) + z * math.sqrt(middle) > 1:
            high = middle
        else:
            low = middle
    return low * effect * effect
