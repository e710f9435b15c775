"""Before against after: who is on which side, equally mature days, and verdicts on streams whose truth is known."""

from __future__ import annotations

from random import Random

import pytest

from benchmarks.sequential import binomial
from exporter.kpi.beforeafter import DAY, DAYS_BEFORE, HOUR, NEITHER, TREATED, UNTOUCHED, Sums, days_of, side_of, spans
from exporter.kpi.significance import Counts
from exporter.kpi.verification import Reason, Verdict, Verification, confounders, verify
from exporter.kpi.verification_words import sentence
from exporter.semantic.changes import Aim, Change
from exporter.semantic.spec import Text
from tests.kpi.kpis import catalogue, kpi

# Monday 2026-03-02, 00:30 in Shanghai: not a whole hour of UTC's day, nor a whole hour.
AT = 1_772_382_600
ELDERLY = {"generation": frozenset({"elderly"})}
ZONE = "Asia/Shanghai"


def change(**given: object) -> Change:
    """A change of the elderly's script."""
    usual: dict[str, object] = {
        "id": "plain",
        "at": AT,
        "kind": "script",
        "title": Text(zh="大白话", en="Plain words"),
        "scope": ELDERLY,
        "compare": None,
        "until": None,
        "aims": (),
    }
    return Change(**{**usual, **given})  # type: ignore[arg-type]


def hours(
    slug: str, seed: int, treated: tuple[float, float], untouched: tuple[float, float], per_hour: int = 100
) -> dict[str, dict[int, Sums]]:
    """Sums of 60 days by the hour: rates before and after the change on both sides; the change's own hour is absurd."""
    rng, one = Random(seed), kpi(slug)
    top, bottom = one.numerator[0], one.denominator[0]
    found: dict[str, dict[int, Sums]] = {top.dataset: {}, bottom.dataset: {}}
    for start in range(AT // HOUR * HOUR - 20 * DAY, AT + 40 * DAY, HOUR):
        after = start > AT
        counts = [binomial(rng, per_hour, rates[after]) for rates in (treated, untouched)]
        if start <= AT < start + HOUR:
            counts = [per_hour, per_hour]
        found[top.dataset][start] = {**found[top.dataset].get(start, {}), top.offset: (counts[0], counts[1])}
        found[bottom.dataset][start] = {**found[bottom.dataset].get(start, {}), bottom.offset: (per_hour, per_hour)}
    return found


def whole(sums: Sums) -> Sums:
    """Of a change without a scope nothing is untouched."""
    return {at: (treated, 0) for at, (treated, _) in sums.items()}


def verified(
    treated: tuple[float, float],
    untouched: tuple[float, float] = (0.2, 0.2),
    *,
    days: int = 14,
    delta: float | None = None,
    scoped: bool = True,
    per_hour: int = 100,
    seed: int = 1,
) -> Verification:
    """The early hang-ups of a stream, so many days after the change."""
    made = change() if scoped else change(scope={})
    aim = Aim("early_hangup", higher=False, delta=delta)
    stream = hours("early_hangup", seed, treated, untouched, per_hour)
    if not scoped:
        stream = {name: {at: whole(sums) for at, sums in each.items()} for name, each in stream.items()}
    return verify(made, aim, kpi("early_hangup"), catalogue(), stream, AT + days * DAY + HOUR)


def test_sides() -> None:
    """In the scope, surely outside of it, or neither: unknown values, and facts that have no such label."""
    made = change(scope={**ELDERLY, "scenario": frozenset({"collection"})})
    side = side_of(made, ("scenario", "generation", "script"))
    assert side(("collection", "elderly", "a")) == TREATED
    assert side(("acquisition", "elderly", "a")) == UNTOUCHED
    assert side(("acquisition", None, None)) == UNTOUCHED
    assert [side(("collection", value, "a")) for value in (None, "", "unknown")] == [NEITHER] * 3
    assert side_of(change(), ())(()) == NEITHER
    assert side_of(change(scope={}), ())(()) == TREATED


def test_sides_compared() -> None:
    """`compare` names the untouched slice; what is in neither is left out."""
    side = side_of(change(compare={"generation": frozenset({"gen_x"})}), ("generation",))
    assert [side((value,)) for value in ("elderly", "gen_x", "gen_y", None)] == [TREATED, UNTOUCHED, NEITHER, NEITHER]


@pytest.mark.parametrize(
    ("slug", "settle", "ripe"),
    [
        ("early_hangup", 0, 0),
        ("csat", 72, 0),
        ("lead_conversion", 168, 0),
        ("asr_accuracy", 168, 0),
        ("complaint", 360, 0),
        ("compliant_speech", 1, 0),
        ("inspection_coverage", 0, 1),
        ("recording_coverage", 0, 1),
    ],
)
def test_equally_mature(slug: str, settle: int, ripe: int) -> None:
    """Facts that come late are compared from when they are of calls since the change; nobody's hour is the change's."""
    now = AT + 30 * DAY
    before, after = spans(change(), Aim(slug, higher=True), kpi(slug), catalogue(), now)
    assert (before.end, before.days) == (AT - 1_800, DAYS_BEFORE)
    assert after.start == AT + 1_800 + settle * HOUR
    assert after.end == now // HOUR * HOUR - ripe * HOUR


def test_settling_can_be_said_and_the_end_too() -> None:
    aim, until = Aim("csat", higher=True, settle_hours=5), AT + 3 * DAY
    _, after = spans(change(until=until), aim, kpi("csat"), catalogue(), AT + 30 * DAY)
    assert (after.start, after.end) == (AT + 1_800 + 5 * HOUR, until // HOUR * HOUR)


def test_days_are_whole() -> None:
    """24 hours each, the change's own hour in none of them."""
    stream = hours("early_hangup", 1, (0.0, 1.0), (1.0, 0.0), per_hour=10)
    one = kpi("early_hangup")
    before, after = spans(change(), Aim(one.slug, higher=False), one, catalogue(), AT + 3 * DAY)
    old, new = days_of(one, stream, before), days_of(one, stream, after)
    assert old.treated == (Counts(0, 240),) * DAYS_BEFORE
    assert new.treated == (Counts(240, 240),) * 2
    assert (set(old.untouched), set(new.untouched)) == ({Counts(240, 240)}, {Counts(0, 240)})


def test_works() -> None:
    """The case's elderly: proven on the first day, by the difference in differences."""
    found = verified((0.4533, 0.2511))
    assert (found.verdict, found.falls_short, found.again) == (Verdict.WORKS, False, None)
    assert found.did is not None
    assert found.basis is found.did
    assert found.did.proven_days == 1
    assert found.did.look is not None
    assert found.did.look.lower <= -0.2022 <= found.did.look.upper
    said = sentence(found, ZONE)
    assert said.zh.startswith("有效；双重差分 −20")
    assert said.en.startswith("works; difference in differences −20")


def test_what_all_slices_did_is_not_the_change() -> None:
    """Everyone fell by ten points: the difference is proven, the difference in differences is not, and decides."""
    found = verified((0.40, 0.30), (0.30, 0.20), days=14)
    assert found.difference is not None
    assert found.difference.proven_days == 1
    assert found.verdict is Verdict.NO_EFFECT
    assert found.did is not None
    assert found.did.proven_days is None


def test_one_estimator_decides_from_the_beginning() -> None:
    """An untouched slice that was large enough before decides, even while too little of it is known since."""
    stream = hours("early_hangup", 1, (0.45, 0.25), (0.2, 0.2))
    one, aim = kpi("early_hangup"), Aim("early_hangup", higher=False)
    dead = {
        name: {at: {c: (t, u if at < AT else 0) for c, (t, u) in sums.items()} for at, sums in each.items()}
        for name, each in stream.items()
    }
    found = verify(change(), aim, one, catalogue(), dead, AT + 5 * DAY)
    assert found.difference is not None
    assert found.difference.proven_days == 1
    assert (found.verdict, found.reason, found.basis) == (Verdict.UNDECIDED, Reason.FEW, None)
    rare = {
        name: {at: {c: (t, u // 100) for c, (t, u) in sums.items()} for at, sums in each.items()}
        for name, each in stream.items()
    }
    found = verify(change(), aim, one, catalogue(), rare, AT + 5 * DAY)
    assert (found.did_decides, found.verdict) == (False, Verdict.WORKS)


def test_worse() -> None:
    found = verified((0.30, 0.40))
    assert found.verdict is Verdict.WORSE
    assert sentence(found, ZONE).en.startswith("moves the wrong way")


def test_no_effect_of_the_expected_size() -> None:
    found = verified((0.30, 0.30), delta=-0.05)
    assert found.verdict is Verdict.NO_EFFECT
    assert "达不到预期的 −5.0 个百分点" in sentence(found, ZONE).zh


def test_less_than_expected() -> None:
    found = verified((0.30, 0.27), delta=-0.10, scoped=False)
    assert (found.verdict, found.falls_short) == (Verdict.WORKS, True)
    assert "the expected −10.0 points is ruled out" in sentence(found, ZONE).en


def test_undecided_tells_when_to_look_again() -> None:
    """With twenty calls an hour, two days are too few for three points; when they should do is told, and they do."""
    found = verified((0.30, 0.30), days=2, per_hour=20, scoped=False)
    assert found.verdict is Verdict.UNDECIDED
    assert found.again is not None
    assert found.difference is not None
    assert found.difference.needed_days == (found.again - found.after.start) // DAY
    detected = [
        verified((0.30, 0.27), days=found.difference.needed_days, per_hour=20, scoped=False, seed=seed).verdict
        for seed in range(20)
    ]
    assert detected.count(Verdict.WORKS) >= 12
    assert "look again on 2026-" in sentence(found, ZONE).en


def test_the_fixed_test_is_taken_once() -> None:
    """Its figures stand still from the day on which the sample sufficed; before, it is marked as an early look."""
    early = verified((0.30, 0.29), days=1, delta=-0.01, scoped=False).difference
    planned = [verified((0.30, 0.20), days=days, delta=-0.03, scoped=False).difference for days in (8, 14)]
    assert early is not None
    assert not early.at_plan
    assert all(one is not None and one.at_plan for one in planned)
    assert len({one.fixed for one in planned if one is not None}) == 1


@pytest.mark.parametrize(
    ("made", "now", "reason"),
    [
        (change(), AT - DAY, Reason.FUTURE),
        (change(), AT + DAY, Reason.SETTLING),
        (change(at=AT - 30 * DAY), AT, Reason.NO_BEFORE),
        (change(at=AT - 14 * DAY), AT, Reason.NO_BEFORE),
        (change(at=AT + 38 * DAY), AT + 60 * DAY, Reason.NONE),
        (change(at=AT + 41 * DAY), AT + 60 * DAY, Reason.NO_AFTER),
        (change(scope={"script": frozenset({"new"})}), AT + 20 * DAY, Reason.NONE),
    ],
)
def test_reasons(made: Change, now: float, reason: Reason) -> None:
    """Why nothing can be said; the sums given know no scope."""
    aim, one = Aim("early_hangup", higher=False), kpi("early_hangup")
    found = verify(made, aim, one, catalogue(), hours("early_hangup", 1, (0.3, 0.3), (0.2, 0.2)), now)
    assert found.reason is reason
    if reason is not Reason.NONE:
        assert found.verdict is Verdict.UNDECIDED
        assert found.basis is None
        assert sentence(found, ZONE).zh.startswith("尚无定论；")


def test_rare_events_wait() -> None:
    """Nothing before: a rate of nothing has no tenth."""
    assert verified((0.0, 0.0), days=14).reason is Reason.FEW


def test_other_changes_meanwhile() -> None:
    """Those in force from within the days compared, unless their slices share no call."""
    found = verified((0.3, 0.3))
    others = [
        change(id="same"),
        change(id="same-day", scope={}),
        change(id="young", scope={"generation": frozenset({"gen_z"})}),
        change(id="evening", scope={"period": frozenset({"evening"})}),
        change(id="long-ago", at=AT - 100 * DAY),
    ]
    assert confounders(change(), [change(), *others], found) == ("same", "same-day", "evening")
