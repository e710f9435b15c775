"""By which labels a change is best explained: the fewest that tell. Pure.

The finest slices hold little each: a cause that one label names (the elderly) is a dozen small effects among them. So
slices by any of the labels are looked at, and the one to be named is that which chance explains least: the largest z of
what it did beyond its share (`proportions.beyond_share`). As a spatial scan statistic does (Kulldorff, Communications
in Statistics 26, 1997, 1481-1496), this finds the extent of a cause: cutting it into pieces loses samples, adding what
did not move dilutes it. A further label has to earn its place. The p-values are adjusted over all slices looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from exporter.kpi.attribution import (
    Attribution,
    Effect,
    attribute_kpi,
    attribute_parts,
    cut,
    named,
    parts,
)
from exporter.kpi.proportions import adjusted, two_sided
from exporter.kpi.slices import Slices
from exporter.semantic.model import Kpi

# What z squared has to gain by a further label: the 5 % point of chi-squared with one degree of freedom.
EARNED = 3.84
# Where chance cannot be reckoned with: the part of the change that a slice explains, and that beyond its weight.
MOST, BEYOND = 0.6, 0.1
# More than any slice can do beyond its weight, as parts of a change that is not next to nothing.
FAR = 1e9
DAY = 86_400

Way = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The attribution by the labels that explain a change best; by all where none does."""

    by: tuple[str, ...]
    attribution: Attribution


def comparable(by: Sequence[str], seconds: int, *, same_hours: bool = False) -> tuple[str, ...]:
    """The labels by which a window can be compared with the one before: within a day the hours lie in other bands."""
    return tuple(label for label in by if label != "period" or seconds % DAY == 0 or same_hours)


def split(kpi: Kpi, before: Slices, after: Slices, by: Sequence[str]) -> Explanation | None:
    """The change by all of the labels, which are asked for. None without a value on a side."""
    found = attribute_kpi(kpi, before, after)
    return None if found is None else Explanation(tuple(by), found)


def explain(kpi: Kpi, before: Slices, after: Slices, by: Sequence[str]) -> Explanation | None:
    """The change by the best of all breakdowns; the slices are by all labels `by`. None without a value on a side."""
    finest = attribute_kpi(kpi, before, after)
    if finest is None:
        return None
    sides = parts(kpi, before), parts(kpi, after)
    cuts = {way: [cut(side, way) for side in sides] for way in _ways(len(by))}
    others = {way: each for way, both in cuts.items() if (each := attribute_parts(kpi, *both)) is not None}
    found = _adjusted(others | {tuple(range(len(by))): finest})
    way = _best(found)
    return Explanation(tuple(by[at] for at in way), found[way])


def _ways(width: int) -> Iterator[Way]:
    """All breakdowns but the finest, those by fewer labels first, as places in the key."""
    for size in range(1, width):
        yield from combinations(range(width), size)


def _adjusted(found: Mapping[Way, Attribution]) -> dict[Way, Attribution]:
    """With what a slice did beyond its share judged among the slices of all breakdowns."""
    zs = [effect.z for each in found.values() for effect in each.effects]
    qs = iter(adjusted([None if z is None else two_sided(z) for z in zs]))
    return {
        way: replace(each, effects=tuple(replace(effect, q_excess=next(qs)) for effect in each.effects))
        for way, each in found.items()
    }


def _best(found: Mapping[Way, Attribution]) -> Way:
    """The breakdown whose slice to be named explains the change best; the finest where none does, or one reverses."""
    *_, (finest, whole) = found.items()
    if whole.reversals:
        return finest
    score = _by_chance if whole.p is not None else _by_size
    scores = {way: value for way, each in found.items() if (value := score(each, len(way))) is not None}
    return max(scores, key=scores.__getitem__, default=finest)


def _by_chance(found: Attribution, labels: int) -> float | None:
    top = named(found)
    return None if top is None or top.z is None else top.z**2 - EARNED * labels


def _by_size(found: Attribution, labels: int) -> float | None:
    """Fewer labels first; among as many the slice that did most beyond its weight."""
    top, change = named(found), found.change
    if top is None:
        return None
    explained = float(top.total / change)
    beyond = explained - _weight(top, found)
    return beyond - labels * FAR if explained >= MOST and beyond >= BEYOND else None


def _weight(effect: Effect, found: Attribution) -> float:
    """A slice's part of the denominator, the mean of both sides."""
    return (effect.before.d / found.before.d + effect.after.d / found.after.d) / 2
