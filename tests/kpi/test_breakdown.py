"""Which labels explain a change: the fewest that tell, by chance seldom any."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from random import Random

import pytest

from exporter.kpi.attribution import named
from exporter.kpi.breakdown import Explanation, comparable, explain
from exporter.kpi.slices import Slices
from tests.kpi.kpis import kpi, lookup

BY = ("scenario", "generation", "period")
SCENARIOS = {"acquisition": 0.6, "collection": 0.3, "operations": 0.1}
GENERATIONS = {"gen_z": 0.15, "gen_y": 0.25, "gen_x": 0.15, "elderly": 0.45}
PERIODS = {"morning": 0.4, "afternoon": 0.4, "evening": 0.2}
Rate = Callable[[tuple[str, ...]], float]


def hangups(rng: Random, rate: Rate, calls: int) -> Slices:
    """So many answered calls, each slice by its share, of which that rate is hung up on."""
    slices: dict[tuple[str, ...], dict[str, list[int]]] = {}
    for key in product(SCENARIOS, GENERATIONS, PERIODS):
        share = SCENARIOS[key[0]] * GENERATIONS[key[1]] * PERIODS[key[2]]
        answered = sum(rng.random() < share for _ in range(calls))
        hung_up = sum(rng.random() < rate(key) for _ in range(answered))
        slices[key] = vectors(hung_up, answered)
    return slices


def vectors(hung_up: int, answered: int) -> dict[str, list[int]]:
    """As the datasets of `early_hangup` hold them."""
    of = kpi("early_hangup")
    top, bottom = of.numerator[0], of.denominator[0]
    get = lookup("early_hangup", **{top.name: hung_up, bottom.name: answered})
    return {name: list(vector) for name in of.datasets if (vector := get(name)) is not None}


def explained(before: Rate, after: Rate, calls: int = 4000, seed: int = 1) -> Explanation:
    rng = Random(seed)
    found = explain(kpi("early_hangup"), hangups(rng, before, calls), hangups(rng, after, calls), BY)
    assert found is not None
    return found


def usual(_: tuple[str, ...]) -> float:
    return 0.3


@pytest.mark.parametrize(
    "cause",
    [{"generation": "elderly"}, {"scenario": "acquisition"}, {"scenario": "collection", "generation": "elderly"},
     {"scenario": "acquisition", "generation": "elderly", "period": "evening"}],
)  # fmt: skip
@pytest.mark.parametrize("move", [0.2, -0.2])
def test_the_extent_of_a_cause(cause: dict[str, str], move: float) -> None:
    """What one label names is named by one, what takes three by three; most of the change is said to be there."""

    def moved(key: tuple[str, ...]) -> float:
        at = dict(zip(BY, key, strict=True))
        return 0.3 + (move if all(at[label] == value for label, value in cause.items()) else 0)

    found = explained(usual, moved, 6000)
    top = named(found.attribution)
    assert top is not None
    assert dict(zip(found.by, top.key, strict=True)) == cause
    assert found.attribution.change * move > 0
    assert 0.6 < top.total / found.attribution.change < 1.6


def test_the_sum_is_the_change() -> None:
    """By whatever labels."""
    found = explained(usual, lambda key: 0.5 if key[1] == "elderly" else 0.3).attribution
    assert sum((effect.total for effect in found.effects), Fraction(0)) == found.change


def test_all_alike() -> None:
    """What moved everywhere is from nowhere: nothing is named, and the finest slices are shown."""
    found = explained(usual, lambda _: 0.4)
    assert named(found.attribution) is None
    assert found.by == BY


def test_by_chance_seldom() -> None:
    """Of 60 comparisons without a change at most 5 % on average name a slice; 9 would be more than chance (p < .01)."""
    assert sum(named(explained(usual, usual, 1000, seed).attribution) is not None for seed in range(60)) < 9


def counted(*sides: dict[tuple[str, ...], tuple[int, int]]) -> Explanation:
    """By generation and period, of (hang-ups, answered)."""
    before, after = ({key: vectors(*part) for key, part in side.items()} for side in sides)
    found = explain(kpi("early_hangup"), before, after, BY[1:])
    assert found is not None
    return found


def test_a_further_label_has_to_earn_its_place() -> None:
    """Of the elderly those of the morning moved, nine in ten: as likely all did. With ten times the calls it shows."""

    def side(rate: int, times: int) -> dict[tuple[str, ...], tuple[int, int]]:
        return {
            ("elderly", "morning"): (rate * 9 * times, 900 * times),
            ("elderly", "noon"): (30 * times, 100 * times),
            ("gen_z", "morning"): (300 * times, 1000 * times),
            ("gen_z", "noon"): (300 * times, 1000 * times),
        }

    assert counted(side(30, 1), side(38, 1)).by == ("generation",)
    assert counted(side(30, 10), side(38, 10)).by == ("generation", "period")


def test_a_reversal_is_shown_whole() -> None:
    """Not hidden behind the slice that grew."""
    found = counted(
        {("gen_z", "noon"): (1800, 9000), ("elderly", "noon"): (600, 1000)},
        {("gen_z", "noon"): (450, 3000), ("elderly", "noon"): (3850, 7000)},
    )
    assert found.by == ("generation", "period")
    assert found.attribution.reversals


def test_within_a_day_not_by_period() -> None:
    """The hour before lies in another band; of the same hours, or of days, periods can be compared."""
    assert comparable(BY, 3600) == BY[:2]
    assert comparable(BY, 3600, same_hours=True) == BY
    assert comparable(BY, 24 * 3600) == comparable(BY, 7 * 24 * 3600) == BY


def test_where_chance_cannot_be_reckoned_with() -> None:
    """Of money: the label that explains most of the change beyond its weight, else all labels."""
    of = kpi("recovery")
    top, bottom = of.numerator[0], of.denominator[0]

    def side(elderly: int, young: int, due: int = 1000) -> Slices:
        """Paid per thousand; the elderly owe `due`."""
        parts = {"elderly": (elderly * due // 1000, due), "gen_z": (young, 1000)}
        return {
            (scenario, generation): _money(top.name, paid, bottom.name, owed)
            for scenario in SCENARIOS
            for generation, (paid, owed) in parts.items()
        }

    found = explain(of, side(100, 100), side(200, 105), ("scenario", "generation"))
    assert found is not None
    assert found.by == ("generation",)
    alike = explain(of, side(100, 100, 4000), side(200, 200, 4000), ("scenario", "generation"))
    assert alike is not None
    assert alike.by == ("scenario", "generation")


def _money(paid: str, amount: int, due: str, owed: int) -> dict[str, list[int]]:
    get = lookup("recovery", **{paid: amount * 10**6, due: owed * 10**6})
    return {name: list(vector) for name in kpi("recovery").datasets if (vector := get(name)) is not None}
