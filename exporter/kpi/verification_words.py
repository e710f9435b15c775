"""What a verification says, in both languages: `works: -20.2 points (always valid 95 %: -21.5 to -18.9)`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from exporter.kpi.attribution_words import signed
from exporter.kpi.beforeafter import DAY
from exporter.kpi.significance import Effect
from exporter.kpi.verification import ALPHA, LEAST_DAYS, LONGEST_DAYS, Reason, Tested, Verdict, Verification
from exporter.semantic.moved import MOST_DIGITS
from exporter.semantic.spec import Text

VERDICTS: Mapping[Verdict, Text] = {
    Verdict.UNDECIDED: Text(zh="尚无定论", en="undecided"),
    Verdict.WORKS: Text(zh="有效", en="works"),
    Verdict.NO_EFFECT: Text(zh="无效", en="does not work"),
    Verdict.WORSE: Text(zh="适得其反", en="moves the wrong way"),
}
REASONS: Mapping[Reason, Text] = {
    Reason.NONE: Text(zh="", en=""),
    Reason.FUTURE: Text(zh="变更尚未生效", en="not in force yet"),
    Reason.NO_BEFORE: Text(
        zh=f"变更前该切片有数据的天数不足 {LEAST_DAYS} 天；新话术请在 scope 中同时写上旧话术",
        en=f"fewer than {LEAST_DAYS} days of this slice before; of a new script name the old one in the scope too",
    ),
    Reason.SETTLING: Text(zh="变更后尚无完整且成熟的一天", en="no whole day since the change whose facts have settled"),
    Reason.NO_AFTER: Text(zh="变更后该切片没有数据", en="nothing of this slice since the change"),
    Reason.ENDED: Text(zh="结束得太早，没有一天的结果已经成熟", en="it ended before a whole day had settled"),
    Reason.FEW: Text(zh="数量太少", en="too few to tell"),
    Reason.SAME: Text(zh="前后一样，全有或全无", en="the same before and after, all or none"),
    Reason.TREND: Text(
        zh="变更前就在这样变，不能归因于这次变更",
        en="it was on its way before, which cannot be put down to the change",
    ),
    Reason.NOT_READ: Text(zh="数据源无法读取", en="its source cannot be read"),
}
ESTIMATES: Mapping[str, Text] = {
    "difference": Text(zh="前后差", en="after less before"),
    "did": Text(zh="双重差分", en="difference in differences"),
}


def sentence(found: Verification, timezone: str) -> Text:
    """The verdict, the figures that it rests on, and when to look again."""
    verdict, reason = VERDICTS[found.verdict], REASONS[found.reason]
    zh, en = [verdict.zh], [verdict.en]
    if reason.zh:
        zh.append(reason.zh)
        en.append(reason.en)
    if (basis := found.basis) is not None and (look := basis.look) is not None:
        digits = digits_for(look.upper - look.lower)
        change, low, high = (points(value, digits) for value in (look.estimate, look.lower, look.upper))
        kind, p = ESTIMATES[basis.kind], p_text(look.p_value)
        zh.append(f"{kind.zh} {change} 个百分点（随时可看的 95% 区间 {low} 至 {high}，p {p}）")
        en.append(f"{kind.en} {change} points (always-valid 95 % interval {low} to {high}, p {p})")
    said = remarks(found, timezone)
    return Text(zh="；".join([*zh, *(one.zh for one in said)]), en="; ".join([*en, *(one.en for one in said)]))


def remarks(found: Verification, timezone: str) -> list[Text]:
    """What is to be said beside verdict and figures: since when it is proven, what else explains it, what is open."""
    said: list[Text | None] = []
    if (basis := found.basis) is not None and (look := basis.look) is not None:
        is_told = basis.proven_days is not None and found.reason is not Reason.TREND
        said.append(_proven_on(found, basis, look, timezone) if is_told else None)
    said += [_drift(found), _shortfall(found), _limit(found), again(found, timezone)]
    return [one for one in said if one is not None]


def _proven_on(found: Verification, basis: Tested, look: Effect, timezone: str) -> Text:
    """The first day of proof, and what became of it since."""
    first = next(one for one in basis.looks if one is not None and one.p_value <= ALPHA)
    day = _day(found.after.start + (basis.proven_days or 0) * DAY, timezone)
    zh, en = f"{day} 证实", f"proven by {day}"
    if look.lower <= 0 <= look.upper:
        return Text(zh=f"{zh}，此后减弱，最近的区间含 0", en=f"{en}, weaker since: the latest interval holds 0")
    if first.estimate * look.estimate < 0:
        return Text(zh=f"{zh}，此后方向相反", en=f"{en}, the other way since")
    return Text(zh=zh, en=en)


def _drift(found: Verification) -> Text | None:
    """What the trend of the days before would have made of it."""
    if found.trend is None or not found.trend.is_one or found.basis is None or found.basis.look is None:
        return None
    a_day, by_itself = (points(value, digits_for(value)) for value in (found.trend.slope, found.drift))
    return Text(
        zh=f"变更前每天已变 {a_day} 个百分点，照此到期中会变 {by_itself}",
        en=f"before the change it moved {a_day} points a day, which would make {by_itself} of it",
    )


def assumes(found: Verification) -> Text | None:
    """What the estimate takes for granted; None where there is none."""
    if found.basis is None or found.basis.look is None:
        return None
    if found.basis.kind == "did":
        return Text(zh="前提：没有变更时，两边的走势平行", en="assumes that both slices would have moved alike")
    return Text(zh="前提：没有变更时，水平不变", en="assumes that nothing else would have moved it")


def size(found: Verification) -> str:
    """The effect expected, or worth finding, as points."""
    worth = found.worth or 0.0
    return points(worth if found.aim.higher else -worth, digits_for(worth))


def _shortfall(found: Verification) -> Text | None:
    """What is ruled out, when the effect is smaller than it was to be."""
    if found.verdict is not Verdict.NO_EFFECT and not found.falls_short:
        return None
    given = found.aim.delta is not None
    zh = f"达不到{'预期的' if given else '值得一提的'} {size(found)} 个百分点"
    return Text(zh=zh, en=f"{'the expected' if given else 'an effect of'} {size(found)} points is ruled out")


def _limit(found: Verification) -> Text | None:
    """That what came later is not looked at."""
    if found.after.days < LONGEST_DAYS:
        return None
    return Text(zh=f"只看前 {LONGEST_DAYS} 天", en=f"the first {LONGEST_DAYS} days are looked at")


def again(found: Verification, timezone: str) -> Text | None:
    """When to look again, or why looking again is of no use; None when nothing is open."""
    if found.verdict is not Verdict.UNDECIDED or found.reason in (Reason.SAME, Reason.ENDED):
        return None
    if found.reason is Reason.TREND:
        return Text(zh="请用 compare 给出走势相同的对照", en="name a slice of the same trend under compare")
    if found.again is not None:
        day = _day(found.again, timezone)
        return Text(zh=f"请于 {day} 再看", en=f"look again on {day}")
    if found.basis is not None and found.basis.needed_days is None:
        return Text(
            zh=f"按现有数据量，{size(found)} 个百分点的效果一年内也看不出：请加长 --days 或扩大范围",
            en=f"with this volume {size(found)} points are not found within a year: take more --days or a wider scope",
        )
    return None


def _day(at: float, timezone: str) -> str:
    return datetime.fromtimestamp(at, ZoneInfo(timezone)).strftime("%Y-%m-%d")


def digits_for(width: float) -> int:
    """Decimals of points: as many as it takes to see two digits of an interval's width (a share)."""
    digits = 1
    while width and digits < MOST_DIGITS and abs(width) * 100 * 10**digits < 10:
        digits += 1
    return digits


def points(value: float, digits: int) -> str:
    """A share's difference as points, with its sign."""
    return signed(100 * value, digits)


def p_text(p: float) -> str:
    """`= 0.034`, or `< 0.001`."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"
