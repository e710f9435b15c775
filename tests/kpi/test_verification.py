"""Before against after: who is on which side, equally mature days, and verdicts on streams whose truth is known."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from benchmarks.sequential import binomial
from exporter.kpi.beforeafter import DAY, DAYS_BEFORE, HOUR, NEITHER, TREATED, UNTOUCHED, Sums, days_of, side_of, spans
from exporter.kpi.significance import Counts
from exporter.kpi.verification import Reason, Verdict, Verification, confounders, left_out, verify
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
    return moving(slug, seed, lambda at: treated[at > AT], lambda at: untouched[at > AT], per_hour)


def moving(
    slug: str, seed: int, treated: Callable[[int], float], untouched: Callable[[int], float], per_hour: int = 100
) -> dict[str, dict[int, Sums]]:
    """The same with rates that are functions of the hour's start."""
    rng, one = Random(seed), kpi(slug)
    top, bottom = one.numerator[0], one.denominator[0]
    found: dict[str, dict[int, Sums]] = {top.dataset: {}, bottom.dataset: {}}
    for start in range(AT // HOUR * HOUR - 20 * DAY, AT + 40 * DAY, HOUR):
        counts = [binomial(rng, per_hour, rate(start)) for rate in (treated, untouched)]
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
    latest = now // HOUR * HOUR - ripe * HOUR
    assert after.end == after.start + (latest - after.start) // DAY * DAY


def test_settling_can_be_said_and_the_end_too() -> None:
    aim, until = Aim("csat", higher=True, settle_hours=5), AT + 3 * DAY
    _, after = spans(change(until=until), aim, kpi("csat"), catalogue(), AT + 30 * DAY)
    assert (after.start, after.end) == (AT + 1_800 + 5 * HOUR, AT + 1_800 + 5 * HOUR + 2 * DAY)
    assert after.end <= until


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
    # Of the seed 1 the days before happen to fall, one of the twenty in which they seem to.
    found = verified((0.30, 0.27), delta=-0.10, scoped=False, seed=2)
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


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_nothing_to_compare(rate: float) -> None:
    """None before and none after, or all: no day will tell more."""
    found = verified((rate, rate), days=14, scoped=False)
    assert (found.verdict, found.reason, found.again) == (Verdict.UNDECIDED, Reason.SAME, None)


@pytest.mark.parametrize(("before", "after"), [(0.0, 0.05), (1.0, 0.95)])
def test_what_was_none_or_all_can_change(before: float, after: float) -> None:
    """Nobody said how much is expected, and a tenth of nothing is nothing."""
    found = verified((before, after), days=14, scoped=False)
    assert found.worth == pytest.approx(3 / (DAYS_BEFORE * 24 * 100))
    assert found.verdict is (Verdict.WORSE if after > before else Verdict.WORKS)


def test_rare_events_wait() -> None:
    """A few in a day: told when ten of them should have come, and by then they have."""
    found = verified((0.001, 0.001), days=1, scoped=False)
    assert (found.reason, found.verdict) == (Reason.FEW, Verdict.UNDECIDED)
    assert found.again is not None
    later = verified((0.001, 0.001), days=(found.again - found.after.start) // DAY + 3, scoped=False)
    assert later.reason is Reason.NONE


def test_too_few_before_are_never_enough() -> None:
    """Waiting does not make the days before longer."""
    found = verified((0.001, 0.001), days=1, per_hour=5, scoped=False)
    assert (found.reason, found.again) == (Reason.FEW, None)


def test_it_ended_before_it_settled() -> None:
    """There will be no day to look at."""
    one, aim = kpi("csat"), Aim("csat", higher=True)
    made = change(until=AT + 3 * DAY, scope={})
    found = verify(made, aim, one, catalogue(), hours("csat", 1, (0.5, 0.5), (0.5, 0.5)), AT + 10 * DAY)
    assert (found.reason, found.again) == (Reason.ENDED, None)
    assert "再看" not in sentence(found, ZONE).zh


def test_what_turns_is_told() -> None:
    """Better for three days, worse ever since: the verdict is that of today, and never stands beside its opposite."""
    after = AT + 3 * DAY
    stream = moving("early_hangup", 1, lambda at: 0.3 if at <= AT else 0.1 if at < after else 0.45, lambda _: 0.2)
    one, aim = kpi("early_hangup"), Aim("early_hangup", higher=False)
    early, late = (verify(change(), aim, one, catalogue(), stream, AT + days * DAY + HOUR) for days in (3, 30))
    assert (early.verdict, late.verdict) == (Verdict.WORKS, Verdict.WORSE)
    assert late.did is not None
    assert late.did.look is not None
    assert late.did.look.estimate > 0
    assert "此后方向相反" in sentence(late, ZONE).zh


@pytest.mark.parametrize("scoped", [True, False])
def test_what_was_on_its_way_is_not_the_change(scoped: bool) -> None:
    """A rate that falls by a third of a point every day, before the change and after: proven, but of what?"""
    made = change() if scoped else change(scope={})
    stream = moving("early_hangup", 1, lambda at: 0.45 - (at - AT) / DAY * 0.0033, lambda _: 0.2)
    if not scoped:
        stream = {name: {at: whole(sums) for at, sums in each.items()} for name, each in stream.items()}
    one, aim = kpi("early_hangup"), Aim("early_hangup", higher=False)
    found = verify(made, aim, one, catalogue(), stream, AT + 14 * DAY + HOUR)
    assert found.basis is not None
    assert found.basis.proven_days is not None
    assert (found.verdict, found.reason) == (Verdict.UNDECIDED, Reason.TREND)
    assert found.drift == pytest.approx(-0.0033 * 14, rel=0.35)
    said = sentence(found, ZONE)
    assert "变更前就在这样变" in said.zh
    assert "证实" not in said.zh


def test_a_common_trend_is_no_trend() -> None:
    """Both slices fall alike: their gap does not, and a real effect is proven."""

    def rate(at: int) -> float:
        return 0.45 - (at - AT) / DAY * 0.003 - (0.1 if at > AT else 0.0)

    stream = moving("early_hangup", 1, rate, lambda at: 0.35 - (at - AT) / DAY * 0.003)
    one, aim = kpi("early_hangup"), Aim("early_hangup", higher=False)
    found = verify(change(), aim, one, catalogue(), stream, AT + 14 * DAY + HOUR)
    assert (found.verdict, found.reason) == (Verdict.WORKS, Reason.NONE)


def test_the_sample_is_that_of_the_test() -> None:
    """Against an untouched slice the same effect takes more, the more the smaller that slice is."""
    plain, against = (verified((0.45, 0.40), delta=-0.03, scoped=scoped) for scoped in (False, True))
    assert plain.required is not None
    assert against.required is not None
    assert against.required > 1.5 * plain.required


OTHERS = {
    "same": change(id="same"),
    "same-day": change(id="same-day", scope={}),
    "evening": change(id="evening", scope={"period": frozenset({"evening"})}),
    "taken-back": change(id="taken-back", at=AT - 40 * DAY, until=AT - 6 * DAY),
    "young": change(id="young", scope={"generation": frozenset({"gen_z"})}),
    "long-ago": change(id="long-ago", at=AT - 100 * DAY),
    "over": change(id="over", at=AT - 100 * DAY, until=AT - 60 * DAY),
}


def test_other_changes_meanwhile() -> None:
    """What began or ended within the days compared: not to be told apart, or left out of what is compared with."""
    found = verified((0.3, 0.3))
    changes = [change(), *OTHERS.values()]
    assert confounders(change(), changes, found) == ("same", "same-day", "evening", "taken-back")
    assert left_out(change(), changes, found) == ("young",)


def test_the_untouched_was_not_changed_either() -> None:
    """A control group that another change moved would prove the opposite of what happened."""
    side = side_of(change(), ("scenario", "generation"), [OTHERS["young"]])
    values = ("elderly", "gen_z", "gen_y", None)
    assert [side(("collection", value)) for value in values] == [TREATED, NEITHER, UNTOUCHED, NEITHER]
    compared = side_of(
        change(compare={"generation": frozenset({"gen_z", "gen_x"})}), ("generation",), [OTHERS["young"]]
    )
    assert [compared((value,)) for value in values] == [TREATED, NEITHER, NEITHER, NEITHER]
