"""Did a change do what it was to do? Estimates, tests and a verdict in words' stead. Pure.

The verdict is the sequential test's alone, so it may be asked for every day: of the difference in differences where an
untouched slice was large enough before, else of the difference. The fixed-horizon test stands beside it, taken on the
first day on which the sample suffices for the expected effect and not again; before that day it is an early look.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate
from operator import add

from exporter.kpi.beforeafter import DAY, DAYS_BEFORE, Hours, Sides, Span, days_of, spans
from exporter.kpi.sequential import Observation, always_valid, is_large, needed_variance, sharpness
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
    required_samples,
    standard_error,
    total,
)
from exporter.semantic.changes import Aim, Change
from exporter.semantic.model import Catalogue, Kpi

ALPHA = 1 - CONFIDENCE
# Where nobody said what is expected, this share of the rarer outcome is worth finding.
WORTH = 0.1
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
    NO_AFTER = "no_after"
    FEW = "few"
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
    enough before the change to be compared with.
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
    worth = abs(found.aim.delta) if found.aim.delta is not None else WORTH * min(rate, 1 - rate)
    if not worth:
        return replace(found, reason=Reason.FEW)
    spread = dispersion(before.treated)
    moved = min(1.0, max(0.0, rate + (worth if found.aim.higher else -worth)))
    required = required_samples(rate, moved, dispersion=spread) if moved != rate else None
    plain = _tested("difference", _observations(before.treated, after.treated), spread, worth)
    found = replace(found, worth=worth, required=required, difference=plain)
    if found.untouched is not None:
        spread = dispersion_of_differences(before.treated, before.untouched)
        both = _observations(before.treated, after.treated, before.untouched, after.untouched)
        decides = is_large(Arms(found.untouched.before, found.untouched.before), spread)
        found = replace(found, did=_tested("did", both, spread, worth), did_decides=decides)
    return _with_verdict(found, over=over)


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
        again = None if over else found.after.start + (found.after.days + 1) * DAY
        return replace(found, reason=Reason.FEW, again=again)
    sign = 1 if found.aim.higher else -1
    # The most that the change can have done in the expected direction.
    most = look.upper if found.aim.higher else -look.lower
    falls_short = most < found.worth
    if look.p_value <= ALPHA:
        verdict = Verdict.WORKS if sign * _proven(basis) > 0 else Verdict.WORSE
        return replace(found, verdict=verdict, falls_short=falls_short and verdict is Verdict.WORKS)
    if falls_short:
        return replace(found, verdict=Verdict.NO_EFFECT)
    return replace(found, again=None if over else _again(found, basis))


def _proven(tested: Tested) -> float:
    """The estimate at the look that was the surest."""
    known = [look for look in tested.looks if look is not None]
    return min(known, key=lambda look: look.p_value).estimate


def _again(found: Verification, basis: Tested) -> int | None:
    """When the effect should be found if there is one; a week from now when it should have been already."""
    if basis.needed_days is None:
        return None
    days = basis.needed_days if basis.needed_days > found.after.days else found.after.days + AGAIN_DAYS
    return found.after.start + days * DAY


def confounders(change: Change, changes: Sequence[Change], found: Verification) -> tuple[str, ...]:
    """Other changes in force from within what is compared, whose slices may share calls with this one's."""
    return tuple(
        other.id
        for other in changes
        if other.id != change.id
        and found.before.start < other.at < found.after.end
        and all(other.scope[label] & change.scope[label] for label in other.scope.keys() & change.scope.keys())
    )
