"""Did a change do what it was to do? Estimates, tests and a verdict in words' stead. Pure.

The verdict is the sequential test's alone, so it may be asked for every day: of the difference in differences where an
untouched slice was large enough before, else of the difference. The fixed-horizon test stands beside it, taken on the
first day on which the sample suffices for the expected effect and not again; before that day it is an early look. What
was on its way before the change is not put down to it: see `exporter.kpi.trend`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate
from operator import add

from exporter.kpi.beforeafter import DAY, DAYS_BEFORE, Hours, Sides, Span, days_of, spans
from exporter.kpi.otherchanges import confounding, elsewhere, meanwhile
from exporter.kpi.sequential import LEAST, Observation, always_valid, is_large, needed_variance, sharpness
from exporter.kpi.significance import (
    CONFIDENCE,
    Arms,
    Counts,
    Effect,
    difference,
    difference_in_differences,
    dispersion,
    dispersion_of_differences,
    planned_variance,
    required_against,
    required_samples,
    standard_error,
    total,
)
from exporter.kpi.trend import Trend, trend
from exporter.semantic.changes import Aim, Change
from exporter.semantic.model import Catalogue, Kpi

ALPHA = 1 - CONFIDENCE
# Where nobody said what is expected, this share of the rarer outcome is worth finding.
WORTH = 0.1
# What none, or all, of so many trials leave possible at 95 %: three of them (the rule of three).
RULE_OF_THREE = 3
# Of an estimate that a trend from before explains to this share, the change cannot be said to be the cause.
EXPLAINED = 0.5
# Days with data before the change that are needed to know how much days differ.
LEAST_DAYS = 7
AGAIN_DAYS = 7
LONGEST_DAYS = 366
NOTHING = Arms(Counts(0, 0), Counts(0, 0))


class Verdict(StrEnum):
    """What is known. `NO_EFFECT`: the effect is surely smaller than the expected one, and none is proven."""

    UNDECIDED = "undecided"
    WORKS = "works"
    NO_EFFECT = "no_effect"
    WORSE = "worse"


class Reason(StrEnum):
    """Why nothing can be said yet."""

    NONE = ""
    FUTURE = "future"
    NO_BEFORE = "no_before"
    SETTLING = "settling"
    ENDED = "ended"
    NO_AFTER = "no_after"
    FEW = "few"
    SAME = "same"
    TREND = "trend"
    NOT_READ = "not_read"


@dataclass(frozen=True, slots=True)
class Tested:
    """One estimator: its fixed-horizon test (after `fixed_days`, `at_plan` when the sample then sufficed), its looks.

    `needed_days` after the change until the sequential test finds the effect worth finding; None: never, with these
    days before.
    """

    kind: str
    dispersion: float
    fixed: Effect
    fixed_days: int
    at_plan: bool
    looks: tuple[Effect | None, ...]
    needed_days: int | None

    @property
    def look(self) -> Effect | None:
        """The latest look."""
        return self.looks[-1] if self.looks else None

    @property
    def proven_days(self) -> int | None:
        """Days after which the sequential test first found an effect."""
        found = (at for at, look in enumerate(self.looks, 1) if look is not None and look.p_value <= ALPHA)
        return next(found, None)


@dataclass(frozen=True, slots=True)
class Verification:
    """One KPI of a change. `worth`: the effect expected, or worth finding. `again`: when to look again (Unix seconds).

    `required`: trials in each arm for a fixed-horizon test to find it. `did_decides`: the untouched slice was large
    enough before the change to be compared with. `trend`: of the days before, in what decides; `drift`: what going on
    like that would have made of the estimate.
    """

    kpi: str
    aim: Aim
    before: Span
    after: Span
    treated: Arms = NOTHING
    untouched: Arms | None = None
    worth: float | None = None
    required: int | None = None
    difference: Tested | None = None
    did: Tested | None = None
    did_decides: bool = False
    verdict: Verdict = Verdict.UNDECIDED
    reason: Reason = Reason.NONE
    falls_short: bool = False
    again: int | None = None
    trend: Trend | None = None
    drift: float = 0.0

    @property
    def basis(self) -> Tested | None:
        """What the verdict is about. Never the one today and the other tomorrow: two tests err twice as often."""
        return self.did if self.did_decides else self.difference


def verify(
    change: Change,
    aim: Aim,
    kpi: Kpi,
    catalogue: Catalogue,
    hours: Hours,
    now: float,
    days: int = DAYS_BEFORE,
) -> Verification:
    """Compare the `days` before a change with what is known since; `hours` hold the sums of both."""
    before, after = spans(change, aim, kpi, catalogue, now, days)
    sides = days_of(kpi, hours, before), days_of(kpi, hours, after)
    treated = Arms(*(total(side.treated) for side in sides))
    rest = Arms(*(total(side.untouched) for side in sides))
    untouched = rest if rest.before.is_proportion else None
    found = Verification(kpi.slug, aim, before, after, treated, untouched)
    reason = _reason(found, sides[0], change, now)
    if reason is not Reason.NONE:
        again = after.start + DAY if reason in (Reason.SETTLING, Reason.FUTURE) else None
        if again is not None and change.until is not None and again > change.until:
            return replace(found, reason=Reason.ENDED)
        return replace(found, reason=reason, again=again)
    return _judged(found, *sides, over=change.until is not None and change.until <= now)


def _reason(found: Verification, before: Sides, change: Change, now: float) -> Reason:
    if change.at > now:
        return Reason.FUTURE
    if sum(day.trials > 0 for day in before.treated) < LEAST_DAYS or not found.treated.before.is_proportion:
        return Reason.NO_BEFORE
    if not found.after.days:
        return Reason.SETTLING
    return Reason.NONE if found.treated.after.is_proportion else Reason.NO_AFTER


def _judged(found: Verification, before: Sides, after: Sides, *, over: bool) -> Verification:
    rate = found.treated.before.rate
    usual = WORTH * min(rate, 1 - rate) or RULE_OF_THREE / found.treated.before.trials
    worth = abs(found.aim.delta) if found.aim.delta is not None else usual
    spread = dispersion(before.treated)
    moved = min(1.0, max(0.0, rate + (worth if found.aim.higher else -worth)))
    required = required_samples(rate, moved, dispersion=spread) if moved != rate else None
    plain = _tested("difference", _observations(before.treated, after.treated), spread, worth)
    found = replace(found, worth=worth, required=required, difference=plain, trend=trend(before.treated))
    if found.untouched is not None:
        found = _against_untouched(found, found.untouched.before, before, after, worth)
    if (basis := found.basis) is not None and basis.look is not None and found.trend is not None:
        middle = (found.after.start + found.after.end - found.before.start - found.before.end) / 2
        found = replace(found, drift=found.trend.slope * middle / DAY)
    return _with_verdict(found, over=over)


def _against_untouched(
    found: Verification, untouched: Counts, before: Sides, after: Sides, worth: float
) -> Verification:
    """With the difference in differences, which decides where the untouched slice was large enough before."""
    spread = dispersion_of_differences(before.treated, before.untouched)
    both = _observations(before.treated, after.treated, before.untouched, after.untouched)
    found = replace(found, did=_tested("did", both, spread, worth))
    if not is_large(Arms(untouched, untouched), spread):
        return found
    required = required_against(found.treated.before, untouched, worth, dispersion=spread)
    return replace(found, did_decides=True, required=required, trend=trend(before.treated, before.untouched))


def _observations(
    before: Sequence[Counts],
    after: Sequence[Counts],
    untouched_before: Sequence[Counts] = (),
    untouched_after: Sequence[Counts] = (),
) -> list[Observation]:
    """What each day's look sees."""
    treated = [Arms(total(before), so_far) for so_far in accumulate(after, add)]
    if not untouched_before:
        return [Observation(arms) for arms in treated]
    rest = [Arms(total(untouched_before), so_far) for so_far in accumulate(untouched_after, add)]
    return [Observation(*pair) for pair in zip(treated, rest, strict=True)]


def _tested(kind: str, observations: Sequence[Observation], spread: float, worth: float) -> Tested | None:
    """None when even all that is known makes no proportions."""
    latest = observations[-1]
    if not all(side.is_proportion for side in _arms_of(latest)):
        return None
    tau = sharpness(latest, worth, spread)
    looks = tuple(always_valid(observations, tau, dispersion=spread))
    planned = planned_variance(worth)
    at = next((n for n, seen in enumerate(observations, 1) if _variance(seen, spread) <= planned), None)
    seen = observations[-1 if at is None else at - 1]
    if seen.untouched is None:
        fixed = difference(seen.treated, dispersion=spread)
    else:
        fixed = difference_in_differences(seen.treated, seen.untouched, dispersion=spread)
    days = len(observations)
    needed = _needed_days(latest, days, spread, needed_variance(worth))
    return Tested(kind, spread, fixed, at or days, at is not None, looks, needed)


def _arms_of(seen: Observation) -> list[Counts]:
    return [side for arms in (seen.treated, seen.untouched) if arms for side in (arms.before, arms.after)]


def _variance(seen: Observation, spread: float) -> float:
    if not all(side.is_proportion for side in _arms_of(seen)):
        return math.inf
    return standard_error(seen.treated, seen.untouched, spread) ** 2


def _needed_days(seen: Observation, days: int, spread: float, wanted: float) -> int | None:
    """Days after the change until the variance is down to `wanted`; that of the days before stays."""
    pairs = [arms for arms in (seen.treated, seen.untouched) if arms]
    rates = [(arms.before + arms.after).rate for arms in pairs]
    stays, shrinks = (
        spread * sum(p * (1 - p) / getattr(arms, side).trials for p, arms in zip(rates, pairs, strict=True))
        for side in ("before", "after")
    )
    if wanted <= stays:
        return None
    needed = math.ceil(shrinks * days / (wanted - stays))
    return needed if needed <= LONGEST_DAYS else None


def _with_verdict(found: Verification, *, over: bool) -> Verification:
    basis = found.basis
    look = basis.look if basis is not None else None
    if basis is None or look is None or found.worth is None:
        return _too_few(found, over=over)
    sign = 1 if found.aim.higher else -1
    # The most that the change can have done in the expected direction.
    most = look.upper if found.aim.higher else -look.lower
    falls_short = most < found.worth
    if look.p_value <= ALPHA:
        verdict = Verdict.WORKS if sign * _proven(basis) > 0 else Verdict.WORSE
        if found.trend is not None and found.trend.is_one and found.drift / look.estimate >= EXPLAINED:
            return replace(found, reason=Reason.TREND)
        return replace(found, verdict=verdict, falls_short=falls_short and verdict is Verdict.WORKS)
    if falls_short:
        return replace(found, verdict=Verdict.NO_EFFECT)
    return replace(found, again=None if over else _again(found, basis))


def _too_few(found: Verification, *, over: bool) -> Verification:
    """Nothing can be said of so little: when it should be enough, or None where these days before never are."""
    pairs = [found.treated, *([found.untouched] if found.did_decides and found.untouched is not None else [])]
    sides = [arms.before + arms.after for arms in pairs]
    if all(side.successes in (0, side.trials) for side in sides):
        return replace(found, reason=Reason.SAME)
    spread = found.did.dispersion if found.did_decides and found.did is not None else 1.0
    days = [found.after.days + 1]
    for arms, side in zip(pairs, sides, strict=True):
        trials = LEAST * spread / (min(side.rate, 1 - side.rate) or 1.0)
        if arms.before.trials < trials:
            return replace(found, reason=Reason.FEW)
        days.append(math.ceil(trials * found.after.days / arms.after.trials) if arms.after.trials else 0)
    again = None if over or max(days) > LONGEST_DAYS else found.after.start + max(days) * DAY
    return replace(found, reason=Reason.FEW, again=again)


def _proven(tested: Tested) -> float:
    """The estimate of the latest look that is sure of its sign, which may have turned since the surest."""
    known = [look for look in tested.looks if look is not None]
    sure = [look.estimate for look in known if not look.lower <= 0 <= look.upper]
    return sure[-1] if sure else min(known, key=lambda look: look.p_value).estimate


def _again(found: Verification, basis: Tested) -> int | None:
    """When the effect should be found if there is one; a week from now when it should have been already."""
    if basis.needed_days is None:
        return None
    days = basis.needed_days if basis.needed_days > found.after.days else found.after.days + AGAIN_DAYS
    return found.after.start + days * DAY


def confounders(change: Change, changes: Sequence[Change], found: Verification) -> tuple[str, ...]:
    """Other changes within what is compared, whose slices may share calls with this one's."""
    return tuple(other.id for other in confounding(change, _others(change, changes, found)))


def left_out(change: Change, changes: Sequence[Change], found: Verification) -> tuple[str, ...]:
    """Other changes within what is compared, whose slices are left out of the untouched one."""
    return tuple(other.id for other in elsewhere(change, _others(change, changes, found)))


def _others(change: Change, changes: Sequence[Change], found: Verification) -> tuple[Change, ...]:
    return meanwhile(change, changes, found.before.start, found.after.end)
