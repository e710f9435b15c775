"""What the KPI document says of the case, and how far a sample of this size may be from it.

Rates are per generation before and after the change of wording. Decompositions are Kitagawa's, from the document's own
formulas: rate_c = 1/2 (w0 + w1) (r1 - r0), mix_c = (w1 - w0) (1/2 (r0 + r1) - mean of the whole).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

Sides = Mapping[str, tuple[float, float]]

MIX = {"gen_z": 0.15, "gen_y": 0.25, "gen_x": 0.15, "elderly": 0.45}
EARLY_HANGUP: Sides = {
    "gen_z": (0.18, 0.17),
    "gen_y": (0.20, 0.185),
    "gen_x": (0.26, 0.235),
    "elderly": (0.4533, 0.2511),
}
CONTACT: Sides = {"gen_z": (0.93, 0.93), "gen_y": (0.92, 0.925), "gen_x": (0.90, 0.91), "elderly": (0.80, 0.89)}
CONVERSION: Sides = {
    "gen_z": (0.20, 0.205),
    "gen_y": (0.195, 0.205),
    "gen_x": (0.175, 0.195),
    "elderly": (0.0925, 0.1517),
}
CSAT: Sides = {"gen_z": (0.86, 0.86), "gen_y": (0.83, 0.83), "gen_x": (0.80, 0.80), "elderly": (0.68, 0.78)}
# "Applications 60 % < 1 d and 97 % < 7 d".
WITHIN_WEEK = 0.97
# Standard errors: of a thousand right runs with other seeds three would be further off.
FAR = 3.0


@dataclass(frozen=True, slots=True)
class Split:
    """Effects of a change by slice: (rate, mix)."""

    effects: Mapping[str, tuple[float, float]]

    @property
    def rate(self) -> float:
        return sum(rate for rate, _ in self.effects.values())

    @property
    def mix(self) -> float:
        return sum(mix for _, mix in self.effects.values())

    def share(self, name: str) -> float:
        """A slice's part of the whole change."""
        return sum(self.effects[name]) / (self.rate + self.mix)


def split(weights: Sides, rates: Sides) -> Split:
    """The change of a mean of rates, by slice; weights need not add up to 1."""
    totals = [sum(pair[at] for pair in weights.values()) for at in (0, 1)]
    w = {name: (pair[0] / totals[0], pair[1] / totals[1]) for name, pair in weights.items()}
    mean = sum(w[name][at] * rates[name][at] for name in w for at in (0, 1)) / 2
    return Split(
        {
            name: (
                (w[name][0] + w[name][1]) / 2 * (rates[name][1] - rates[name][0]),
                (w[name][1] - w[name][0]) * (sum(rates[name]) / 2 - mean),
            )
            for name in w
        }
    )


def hangups() -> Split:
    """Of the fall in hang-ups: the mix of those who answer does not change."""
    return split({name: (share, share) for name, share in MIX.items()}, EARLY_HANGUP)


def conversion() -> Split:
    """Of the rise in conversion: more of the elderly stay long enough to be contacted, and they apply least."""
    contacted = {name: (MIX[name] * before, MIX[name] * after) for name, (before, after) in CONTACT.items()}
    return split(contacted, CONVERSION)


def whole(rates: Sides) -> tuple[float, float]:
    """Before and after, over all who answer."""
    before, after = (sum(MIX[name] * pair[at] for name, pair in rates.items()) for at in (0, 1))
    return before, after


@dataclass(frozen=True, slots=True)
class Errors:
    """Standard errors of a decomposition's sums, and of one slice's part of the change."""

    rate: float
    mix: float
    share: float


def errors(trials: Sides, rates: Sides, name: str) -> Errors:
    """By the delta method, of independent binomial rates and multinomial shares with these numbers of trials."""
    n = [sum(pair[at] for pair in trials.values()) for at in (0, 1)]
    scatter = 1 / n[0] + 1 / n[1]
    w = {key: (pair[0] / n[0], pair[1] / n[1]) for key, pair in trials.items()}
    noise = {key: sum(r * (1 - r) / d for r, d in zip(rates[key], trials[key], strict=True)) for key in trials}
    mean_share = {key: sum(pair) / 2 for key, pair in w.items()}
    gains = {key: pair[1] - pair[0] for key, pair in rates.items()}
    levels = {key: sum(pair) / 2 for key, pair in rates.items()}
    of_rate = sum(mean_share[key] ** 2 * noise[key] for key in trials) + scatter / 4 * _spread(mean_share, gains)
    of_mix = scatter * _spread(mean_share, levels) + sum((w[key][1] - w[key][0]) ** 2 / 4 * noise[key] for key in w)
    found = split(trials, rates)
    share, change = found.share(name), found.rate + found.mix
    own = mean_share[name] ** 2 * noise[name] + scatter / 4 * mean_share[name] * gains[name] ** 2
    rest = max(0.0, of_rate + of_mix - own)
    return Errors(sqrt(of_rate), sqrt(of_mix), sqrt((1 - share) ** 2 * own + share**2 * rest) / abs(change))


def _spread(weights: Mapping[str, float], values: Mapping[str, float]) -> float:
    """The weighted variance."""
    mean = sum(weights[key] * values[key] for key in weights)
    return sum(weights[key] * (values[key] - mean) ** 2 for key in weights)
