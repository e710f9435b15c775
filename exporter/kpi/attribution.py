"""Why a ratio changed: the change between two periods, split exactly by slice into a rate and a mix effect. Pure.

With w a slice's share of the denominator, r its ratio, R the whole, and 0 and 1 for before and after:

    rate = 1/2 (w0 + w1) (r1 - r0)               the slice itself became better or worse
    mix  = (w1 - w0) (1/2 (r0 + r1) - 1/2 (R0 + R1))   it became a larger or smaller part

which is Kitagawa's symmetric decomposition (JASA 50, 1955, 1168-1194), with the slice's distance from the mean of the
whole, so that growing beyond one's share is good or bad as the slice is. All effects add up to R1 - R0, exactly: they
are fractions of integers. A slice that is empty on one side takes the other side's ratio (it has mix only). What it has
in the numerator without a denominator (costs of no customer) is rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from exporter.kpi.evaluate import Lookup, evaluate, total
from exporter.kpi.proportions import Sides, adjusted, beyond_share, standardised, two_proportions, two_sided
from exporter.kpi.slices import Slices
from exporter.semantic.model import Kpi
from exporter.semantic.moved import counts_trials

Key = tuple[str, ...]
ZERO = Fraction(0)
# What chance does less often than this is named, and only that.
SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Part:
    """Numerator and denominator of a slice in a period, stored integers."""

    n: int = 0
    d: int = 0

    def __add__(self, other: Part) -> Part:
        return Part(self.n + other.n, self.d + other.d)

    @property
    def is_share(self) -> bool:
        """Whether it may be so many of so many."""
        return 0 <= self.n <= self.d > 0


NOTHING = Part()


@dataclass(frozen=True, slots=True)
class Effect:
    """What a slice did to the whole, in the KPI's unit. `p`: of its own change; `q`: adjusted over the slices.

    `z`: by how many standard errors it did more than its share of the change; `q_excess`: the p-value of that, adjusted
    over all slices that were looked at.
    """

    key: Key
    before: Part
    after: Part
    rate: Fraction
    mix: Fraction
    p: float | None = None
    q: float | None = None
    z: float | None = None
    q_excess: float | None = None

    @property
    def total(self) -> Fraction:
        return self.rate + self.mix


@dataclass(frozen=True, slots=True)
class Attribution:
    """The whole before and after, and the slices, those first that matter most.

    `scales`: the stored numerators and denominators are the true ones times 10 to these powers. `p`: of the whole.
    `reversals`: the ways to cut (places in a slice's key) by which Simpson's paradox shows.
    """

    before: Part
    after: Part
    scales: tuple[int, int]
    effects: tuple[Effect, ...]
    p: float | None
    reversals: tuple[tuple[int, ...], ...]

    @property
    def old(self) -> Fraction:
        return ratio(self.before, self.scales) or ZERO

    @property
    def new(self) -> Fraction:
        return ratio(self.after, self.scales) or ZERO

    @property
    def change(self) -> Fraction:
        return self.new - self.old

    @property
    def rate(self) -> Fraction:
        return sum((effect.rate for effect in self.effects), ZERO)

    @property
    def mix(self) -> Fraction:
        return sum((effect.mix for effect in self.effects), ZERO)


def is_attributable(kpi: Kpi) -> bool:
    """Ratios and means are; percentiles do not add up, and an uplift has no past."""
    return kpi.kind in ("ratio", "mean") and bool(kpi.windows)


def are_counts(kpi: Kpi) -> bool:
    """Whether the denominator counts trials, so that chance can be reckoned with; of money and scores it cannot."""
    return counts_trials(kpi)


def attribute_kpi(kpi: Kpi, before: Slices, after: Slices) -> Attribution | None:
    """The attribution of a KPI's change, from the sums of its slices; None where it has no value on a side."""
    if not is_attributable(kpi) or not all(_is_known(kpi, slices) for slices in (before, after)):
        return None
    return attribute_parts(kpi, parts(kpi, before), parts(kpi, after))


def attribute_parts(kpi: Kpi, before: Mapping[Key, Part], after: Mapping[Key, Part]) -> Attribution | None:
    """The same from numerators and denominators; None when the whole is over nothing on a side."""
    scales = total(kpi.numerator, _nothing)[1], total(kpi.denominator, _nothing)[1]
    return attribute(before, after, scales, counts=are_counts(kpi), least=kpi.min_samples * 10 ** scales[1])


def _nothing(_: str) -> None:
    """No rows anywhere: then a total tells its scale."""


def ratio(part: Part, scales: tuple[int, int]) -> Fraction | None:
    """The value of a slice in the KPI's unit, None over nothing."""
    return Fraction(part.n, part.d) * _unit(scales) if part.d else None


def _unit(scales: tuple[int, int]) -> Fraction:
    """What a ratio of stored integers is multiplied by."""
    return Fraction(10 ** scales[1], 10 ** scales[0])


def parts(kpi: Kpi, slices: Slices) -> dict[Key, Part]:
    """Numerator and denominator of every slice."""
    return {key: _part(kpi, vectors.get) for key, vectors in slices.items()}


def _part(kpi: Kpi, lookup: Lookup) -> Part:
    return Part(total(kpi.numerator, lookup)[0], total(kpi.denominator, lookup)[0])


def _is_known(kpi: Kpi, slices: Slices) -> bool:
    """Whether the whole has a value: not over nothing, nor with a numerator of which nothing is known."""
    whole: dict[str, list[int]] = {}
    for vectors in slices.values():
        for name, vector in vectors.items():
            sums = whole.setdefault(name, [0] * len(vector))
            sums[:] = map(int.__add__, sums, vector)
    return evaluate(kpi, whole.get) is not None


def attribute(
    before: Mapping[Key, Part],
    after: Mapping[Key, Part],
    scales: tuple[int, int] = (0, 0),
    *,
    counts: bool = True,
    least: int = 30,
) -> Attribution | None:
    """The decomposition over all slices of either period; None when the whole is over nothing on a side.

    `counts`: they are numbers of trials and successes, so p-values are given. `least`: stored denominator that a slice
    needs on both sides to speak of a reversal.
    """
    whole = _sum(before.values()), _sum(after.values())
    if not whole[0].d or not whole[1].d:
        return None
    found = []
    for key in sorted({*before, *after}):
        sides = before.get(key, NOTHING), after.get(key, NOTHING)
        if sides != (NOTHING, NOTHING):
            found.append(_effect(key, sides, whole, _unit(scales)))
    if counts:
        found = _tested(found, whole)
    found.sort(key=lambda effect: -abs(effect.total))
    p = _p(*whole) if counts else None
    # Where chance cannot be reckoned with nobody knows a reversal from it.
    ways = reversals(before, after, whole, least) if p is not None and p < SIGNIFICANT else ()
    return Attribution(*whole, scales, tuple(found), p, ways)


def _sum(parts: Iterable[Part]) -> Part:
    return sum(parts, NOTHING)


def _effect(key: Key, sides: tuple[Part, Part], whole: tuple[Part, Part], unit: Fraction) -> Effect:
    """Integers until the end: `mean` is twice the mean ratio, the rate effect what is left of the whole effect."""
    (a, b), (whole_a, whole_b) = sides, whole
    both = whole_a.d * whole_b.d
    share = b.d * whole_a.d - a.d * whole_b.d
    grown = b.n * whole_a.d - a.n * whole_b.d
    if a.d and b.d:
        mean, of = a.n * b.d + b.n * a.d, a.d * b.d
    else:
        # Over nothing on both sides its share has not changed, and the ratio does not matter.
        mean, of = (2 * a.n, a.d) if a.d else (2 * b.n, b.d or 1)
    whole_mean = whole_a.n * whole_b.d + whole_b.n * whole_a.d
    rate = Fraction(2 * of * grown - share * mean, 2 * of * both)
    mix = Fraction(share * (mean * both - whole_mean * of), 2 * of * both * both)
    return Effect(key, a, b, rate * unit, mix * unit)


def _tested(effects: list[Effect], whole: tuple[Part, Part]) -> list[Effect]:
    """The p-value of each slice's own change, and whether it did more than its share; adjusted for their number."""
    ps = [_p(effect.before, effect.after) for effect in effects]
    zs = [excess(effect.before, effect.after, whole) for effect in effects]
    qs, q_excesses = adjusted(ps), adjusted([None if z is None else two_sided(z) for z in zs])
    return [
        replace(effect, p=p, q=q, z=z, q_excess=q_excess)
        for effect, p, q, z, q_excess in zip(effects, ps, qs, zs, q_excesses, strict=True)
    ]


def excess(before: Part, after: Part, whole: tuple[Part, Part]) -> float | None:
    """By how many standard errors a slice did more than its share of the change; None where that cannot be told."""
    return beyond_share(_sides(before, after), _sides(*whole))


def _sides(before: Part, after: Part) -> Sides:
    return before.n, before.d, after.n, after.d


def named(found: Attribution) -> Effect | None:
    """The slice to be named for the change: the largest effect of those that did more than their share, not by chance.

    Where chance cannot be reckoned with, the largest in the direction of the change.
    """
    change = found.change
    along = [effect for effect in found.effects if effect.total * change > 0]
    if found.p is not None:
        along = [effect for effect in along if stands_out(effect.z, effect.q_excess, change)]
    return max(along, key=lambda effect: abs(effect.total), default=None)


def stands_out(z: float | None, q: float | None, change: Fraction) -> bool:
    """Whether what a slice did beyond its share is in the direction of the change, and more than chance."""
    return z is not None and q is not None and z * (1 if change > 0 else -1) > 0 and q < SIGNIFICANT


def _p(before: Part, after: Part) -> float | None:
    if not before.is_share or not after.is_share:
        return None
    return two_proportions(before.n, before.d, after.n, after.d)


def reversals(
    before: Mapping[Key, Part], after: Mapping[Key, Part], whole: tuple[Part, Part], least: int
) -> tuple[tuple[int, ...], ...]:
    """The ways to cut that show Simpson's paradox: by all labels, by each alone; as places in the key."""
    width = max(map(len, (*before, *after)), default=0)
    ways = dict.fromkeys([tuple(range(width)), *((at,) for at in range(width))])
    return tuple(way for way in ways if is_reversed(cut(before, way), cut(after, way), whole, least))


def cut(parts: Mapping[Key, Part], places: tuple[int, ...]) -> dict[Key, Part]:
    """The slices by some of their labels."""
    found: dict[Key, Part] = {}
    for key, part in parts.items():
        at = tuple(key[place] for place in places)
        found[at] = found.get(at, NOTHING) + part
    return found


def is_reversed(before: Mapping[Key, Part], after: Mapping[Key, Part], whole: tuple[Part, Part], least: int) -> bool:
    """Whether the whole moved one way, and every slice that can speak the other, together more than by chance.

    Slices speak that have `least` samples on both sides; those have to be two at least, and hold most of each whole.
    """
    sides = [(before[key], after[key]) for key in before.keys() & after.keys()]
    speaking = [(a, b) for a, b in sides if min(a.d, b.d) >= least]
    covered = [sum(side[at].d for side in speaking) for at in (0, 1)]
    if len(speaking) < 2 or any(2 * held <= part.d for held, part in zip(covered, whole, strict=True)):
        return False
    moves, change = {_moved(a, b) for a, b in speaking}, _moved(*whole)
    if change == 0 or change in moves or -change not in moves:
        return False
    z = standardised((_sides(a, b) for a, b in sides), _sides(*whole))
    return z is not None and z * change < 0 and two_sided(z) < SIGNIFICANT


def _moved(before: Part, after: Part) -> int:
    """1 when the ratio rose, -1 when it fell, 0 when it did not."""
    difference = after.n * before.d - before.n * after.d
    return (difference > 0) - (difference < 0)
