"""Laws of the decomposition, its significance, reversals, and how it is said."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TypeVar

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from exporter.kpi.attribution import (
    Attribution,
    Part,
    are_counts,
    attribute,
    attribute_kpi,
    is_attributable,
    named,
    ratio,
)
from exporter.kpi.attribution_words import digits_for, sentence, signed, slice_words
from tests.kpi.kpis import catalogue, kpi

K = TypeVar("K", bound=tuple[str, ...])
Slices = dict[tuple[str, ...], Part]

# Slices of either side, some of them empty, some with a numerator over nothing (costs of no customer).
PARTS = st.builds(Part, st.integers(-50, 10**12), st.integers(0, 10**9)) | st.just(Part()) | st.builds(Part, st.just(7))
KEYS = st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("xyz"))
SIDES = st.dictionaries(KEYS, PARTS, max_size=12)


def split(before: Mapping[K, Part], after: Mapping[K, Part]) -> Attribution:
    """The attribution of periods that are not over nothing."""
    found = attribute({(*key,): part for key, part in before.items()}, {(*key,): part for key, part in after.items()})
    if found is None:
        reject()
    return found


@given(SIDES, SIDES)
def test_effects_are_the_change(before: Slices, after: Slices) -> None:
    """Exactly as fractions, to 1e-12 of the values as numbers; slices that come or go included."""
    found = split(before, after)
    assert sum((effect.total for effect in found.effects), Fraction(0)) == found.change
    assert found.rate + found.mix == found.change
    size = max(1.0, *(abs(float(effect.rate)) + abs(float(effect.mix)) for effect in found.effects))
    total = sum(float(effect.rate) + float(effect.mix) for effect in found.effects)
    assert total == pytest.approx(float(found.change), rel=0, abs=1e-12 * size)


@given(SIDES, SIDES)
def test_the_formulas(before: Slices, after: Slices) -> None:
    """Of a slice with samples on both sides they are the document's; of one that is empty on a side all is mix."""
    found = split(before, after)
    mean = (found.old + found.new) / 2
    for effect in found.effects:
        old, new = ratio(effect.before, (0, 0)), ratio(effect.after, (0, 0))
        w0, w1 = Fraction(effect.before.d, found.before.d), Fraction(effect.after.d, found.after.d)
        if old is not None and new is not None:
            assert effect.rate == (w0 + w1) * (new - old) / 2
            assert effect.mix == (w1 - w0) * ((old + new) / 2 - mean)
        elif not (effect.before.n and not effect.before.d) and not (effect.after.n and not effect.after.d):
            assert effect.rate == 0


@given(SIDES, SIDES, st.permutations("abcdefgh"))
def test_names_do_not_matter(before: Slices, after: Slices, names: list[str]) -> None:
    """Renaming slices renames effects."""
    name = dict(zip("abcdefgh", names, strict=True))
    found = split(before, after)
    renamed = split(*({(name[a], b): part for (a, b), part in side.items()} for side in (before, after)))
    assert {(name[e.key[0]], e.key[1]): (e.rate, e.mix, e.p, e.q) for e in found.effects} == {
        e.key: (e.rate, e.mix, e.p, e.q) for e in renamed.effects
    }


@given(SIDES, SIDES, st.tuples(*(st.integers(1, 1000) for _ in range(6))))
def test_merging_what_is_alike(before: Slices, after: Slices, numbers: tuple[int, ...]) -> None:
    """Slices of the same ratio on each side have together the effects that they have apart; others do not notice."""
    n0, d0, n1, d1, p, q = numbers
    alike = [{("p",): p, ("q",): q} for _ in range(2)]
    apart = [
        {**side, **{(*key, ""): Part(n * times, d * times) for key, times in parts.items()}}
        for side, parts, n, d in zip((before, after), alike, (n0, n1), (d0, d1), strict=True)
    ]
    together = [
        {**side, ("p", ""): Part(n * (p + q), d * (p + q))}
        for side, n, d in zip((before, after), (n0, n1), (d0, d1), strict=True)
    ]
    one, other = split(*apart), split(*together)
    assert (one.change, one.rate, one.mix) == (other.change, other.rate, other.mix)
    effects = {e.key: e for e in one.effects}
    merged = {e.key: e for e in other.effects}
    for part in ("rate", "mix"):
        assert sum(getattr(effects[name, ""], part) for name in "pq") == getattr(merged["p", ""], part)
    assert all(effects[key].total == merged[key].total for key in merged if key != ("p", ""))


@given(SIDES, SIDES)
def test_the_other_way_round(before: Slices, after: Slices) -> None:
    """Swapping the periods flips every sign, and nothing else."""
    there, back = split(before, after), split(after, before)
    flipped = {e.key: (-e.rate, -e.mix, e.q) for e in back.effects}
    for effect in there.effects:
        rate, mix, q = flipped[effect.key]
        assert (effect.rate, effect.mix) == (rate, mix)
        assert effect.q == (None if q is None else pytest.approx(q, rel=1e-9))
    assert there.reversals == back.reversals


@given(SIDES, SIDES, st.integers(1, 1000), st.integers(1, 1000))
def test_size_does_not_matter(before: Slices, after: Slices, a: int, b: int) -> None:
    """As many times the counts on a side: the same effects (a reference of seven days is as good as one of one)."""
    scaled = ({k: Part(part.n * by, part.d * by) for k, part in side.items()} for side, by in ((before, a), (after, b)))
    one, other = split(before, after), split(*scaled)
    assert {e.key: (e.rate, e.mix) for e in one.effects} == {e.key: (e.rate, e.mix) for e in other.effects}


def test_nothing_over_nothing() -> None:
    """No change where a side has no value."""
    assert attribute({}, {("a",): Part(1, 2)}) is None
    assert attribute({("a",): Part(1, 2)}, {("a",): Part(1, 0)}) is None


CASE = {  # The document's: share and hang-up ratio of each generation, before and after, per ten thousand
    "gen_z": (1500, 0.18, 0.17),
    "gen_y": (2500, 0.20, 0.185),
    "gen_x": (1500, 0.26, 0.235),
    "elderly": (4500, 0.4533, 0.2511),
}


def case(at: int, times: int = 1) -> Slices:
    """A side of the case."""
    return {
        (name,): Part(round(figures[0] * times * figures[at]), figures[0] * times) for name, figures in CASE.items()
    }


def test_the_case() -> None:
    """The elderly explain 91 % of the fall in hang-ups."""
    found = split(case(1, 100), case(2, 100))
    assert found.effects[0].key == ("elderly",)
    assert float(found.effects[0].total / found.change) == pytest.approx(0.91, abs=0.001)
    assert (float(found.old), float(found.new)) == pytest.approx((0.32, 0.22), abs=1e-4)
    assert found.mix == 0


def test_conversion_of_the_case() -> None:
    """Those who were contacted: +3.19 points by rate, -0.19 by mix."""
    share = {"gen_z": 15, "gen_y": 25, "gen_x": 15, "elderly": 45}
    contact = ({"gen_z": 930, "gen_y": 920, "gen_x": 900, "elderly": 800},
               {"gen_z": 930, "gen_y": 925, "gen_x": 910, "elderly": 890})  # fmt: skip
    applied = ({"gen_z": 2000, "gen_y": 1950, "gen_x": 1750, "elderly": 925},
               {"gen_z": 2050, "gen_y": 2050, "gen_x": 1950, "elderly": 1517})  # fmt: skip
    sides = [
        {(name,): Part(share[name] * side[name] * hits[name], share[name] * side[name] * 10_000) for name in share}
        for side, hits in zip(contact, applied, strict=True)
    ]
    found = split(*sides)
    # The document's ratios are rounded to the fourth decimal.
    assert (100 * float(found.rate), 100 * float(found.mix)) == pytest.approx((3.19, -0.19), abs=0.01)


def test_reversal() -> None:
    """Every generation improves and the whole gets worse, for the worse one grew: cut by it, and by both labels."""
    before: Slices = {("young", "am"): Part(1800, 9000), ("old", "am"): Part(500, 1000)}
    after: Slices = {("young", "am"): Part(150, 1000), ("old", "am"): Part(4050, 9000)}
    found = split(before, after)
    assert found.change > 0
    assert found.rate < 0
    assert found.reversals == ((0, 1), (0,))


@pytest.mark.parametrize(
    "slices",
    [
        {("young",): (Part(180, 900), Part(15, 100)), ("old",): (Part(50, 100), Part(405, 900))},
        {("young",): (Part(2000, 10000), Part(1692, 9000)), ("old",): (Part(5000, 10000), Part(5335, 11000))},
    ],
    ids=["slices by chance", "the whole by chance"],
)
def test_no_reversal_by_chance(slices: dict[tuple[str, ...], tuple[Part, Part]]) -> None:
    """It is flagged only where the whole's change and the slices' together are both more than chance."""
    found = split(*({key: parts[side] for key, parts in slices.items()} for side in (0, 1)))
    assert found.reversals == ()


@pytest.mark.parametrize(
    "slices",
    [
        {("young",): (Part(180, 900), Part(15, 100)), ("old",): (Part(50, 100), Part(460, 900))},
        {("young",): (Part(180, 900), Part(1, 29)), ("old",): (Part(50, 100), Part(405, 900))},
        {("all",): (Part(180, 900), Part(15, 100))},
        {("all",): (Part(180, 900), Part(175, 900)), ("few",): (Part(1, 29), Part(29, 29))},
        {("young",): (Part(20, 100), Part(15, 100)), ("old",): (Part(10, 100), Part(9, 100)),
         ("new",): (Part(), Part(900, 1000))},
    ],
    ids=["one follows the whole", "too few of one", "one slice only", "one that speaks", "most is elsewhere"],
)  # fmt: skip
def test_no_reversal(slices: dict[tuple[str, ...], tuple[Part, Part]]) -> None:
    """What looks like it and is none, or cannot be told."""
    found = split(*({key: parts[side] for key, parts in slices.items()} for side in (0, 1)))
    assert found.reversals == ()


def test_significance_is_of_the_slices_own_change() -> None:
    """A slice that grew and did not change is not significant; missing on a side it is not tested."""
    found = split(
        {("same",): Part(100, 1000), ("moved",): Part(100, 1000), ("gone",): Part(5, 50)},
        {("same",): Part(300, 3000), ("moved",): Part(200, 1000)},
    )
    by_key = {effect.key[0]: effect for effect in found.effects}
    assert by_key["same"].p == pytest.approx(1)
    assert by_key["moved"].q == pytest.approx(2 * by_key["moved"].p if by_key["moved"].p else 0)
    assert by_key["moved"].q is not None
    assert by_key["moved"].q < 1e-6
    assert by_key["gone"].p is None


def test_which_kpis() -> None:
    """Ratios and means; significance where the denominator counts."""
    attributable = {slug for slug, each in catalogue().kpis.items() if is_attributable(each)}
    counted = {slug for slug in attributable if are_counts(catalogue().kpis[slug])}
    assert catalogue().kpis.keys() - attributable == {
        "ltv_uplift", "reborrow_uplift", "credit_limit_uplift", "response_latency"
    }  # fmt: skip
    assert attributable - counted == {"recovery", "acquisition_cost", "tts_mos", "incident_resolution"}


def test_money_is_in_its_unit() -> None:
    """Stored as millionths; the whole includes what no slice has."""
    cost = kpi("acquisition_cost")
    sides: list[dict[tuple[str, ...], dict[str, list[int]]]] = []
    for cny, granted, ledger in ((700, 2, 100), (600, 2, 100)):
        vectors = {
            "dial": _vector("acquisition_call_cost_cny", cny * 10**6),
            "grant": _vector("granted_customers", granted),
        }
        sides.append({("elderly",): vectors, ("all",): {"ledger_entry": _vector("ledger_cost_cny", ledger * 10**6)}})
    found = attribute_kpi(cost, *sides)
    assert found is not None
    assert [float(value) for value in (found.old, found.new, found.change)] == [400, 350, -50]
    assert found.p is None


def _vector(measure: str, value: int) -> list[int]:
    spec = catalogue().measures[measure]
    vector = [0] * (catalogue().datasets[spec.dataset].width + 1)
    vector[spec.offset] = value
    return vector


@pytest.mark.parametrize(
    ("sides", "zh", "en"),
    [
        (((320, 1000, 100, 1000), (460, 1000, 110, 1000)), "+7.5 个百分点，其中 7.0 来自 老年 × 晚间",
         "+7.5 points, 7.0 of them Elderly x Evening"),
        (((460, 1000, 100, 1000), (320, 1000, 120, 1000)), "−6.0 个百分点，主要来自 老年 × 晚间（−7.0）",
         "−6.0 points, mainly Elderly x Evening (−7.0)"),
        (((32, 100, 10, 100), (46, 100, 11, 100)), "+7.5 个百分点，没有切片显著", "+7.5 points, no slice stands out"),
        (((300, 1000, 300, 1000), (600, 1000, 600, 1000)), "+30.0 个百分点，没有切片显著",
         "+30.0 points, no slice stands out"),
        (((1, 10, 1, 10), (1, 10, 1, 10)), "没有变化", "No change"),
    ],
)  # fmt: skip
def test_sentence(sides: tuple[tuple[int, ...], ...], zh: str, en: str) -> None:
    """The change and the slice that did most; none by chance, nor where all did alike."""
    by: tuple[str, ...] = ("generation", "period")
    keys: tuple[tuple[str, ...], ...] = (("elderly", "evening"), ("gen_z", "noon"))
    found = split(*({key: Part(*side[at : at + 2]) for key, at in zip(keys, (0, 2), strict=True)} for side in sides))
    text = sentence(catalogue(), kpi("early_hangup"), found, by)
    assert (text.zh, text.en) == (zh, en)


def test_less_than_its_share() -> None:
    """A slice that is nearly all did most of the fall, but less than its share: the other one is named."""
    found = split(
        {("nearly all",): Part(2850, 9500), ("few",): Part(150, 500)},
        {("nearly all",): Part(2717, 9500), ("few",): Part(50, 500)},
    )
    assert found.effects[0].key == ("nearly all",)
    top = named(found)
    assert top is not None
    assert top.key == ("few",)


def test_words() -> None:
    """Facts of no slice are told apart from an unknown slice; small numbers keep two digits; nothing has no sign."""
    by = ("generation", "period")
    assert slice_words(catalogue(), by, ("all", "all")).en == "Facts of no slice"
    assert slice_words(catalogue(), by, ("elderly", "all")).en == "Elderly, facts of no slice"
    assert slice_words(catalogue(), by, ("unknown", "other")).zh == "未知 × 其他"
    assert digits_for(0.0123, kpi("early_hangup")) == 3
    assert (signed(-0.04, 1), signed(0.06, 1), signed(-0.06, 1)) == ("0.0", "+0.1", "−0.1")
    assert named(split({("a",): Part(1, 2)}, {("a",): Part(1, 2)})) is None
