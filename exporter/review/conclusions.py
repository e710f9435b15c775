"""The conclusions of a review: what to mind, which KPIs need attention, and why they moved. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from exporter.expose.wording import STATE_WORDS, STATES
from exporter.kpi.attribution_words import sentence
from exporter.review.blocks import Block, Bullets, Cell, Paragraph
from exporter.review.model import KpiReview, Review, Row
from exporter.review.words import NONE, Words, runs

# How long after its end a period's figures still move noticeably.
_WAITING = timedelta(days=7).total_seconds()
_BAD = ("critical", "warning", "below_goal")
_ORDER = (*_BAD, "worse", "better")


def incomplete(words: Words, review: Review) -> list[str]:
    """What the figures do not hold, or not yet."""
    say, found = words.say, []
    if review.is_running:
        until = words.instant(review.period.end)
        found.append(
            say(
                f"本期尚未结束：数据到 {until}，与上期的同等时长比较。",
                f"The period is still running: data until {until}, compared with as much of the one before.",
            )
        )
    elif review.as_of - review.full.end < _WAITING:
        found.append(
            say(
                "本期结束不足 7 天：满意度、标注、申请、回款等迟到数据仍会变化。",
                "The period ended less than 7 days ago: surveys, labels, applications and repayments still come in.",
            )
        )
    if review.newest is not None and review.newest < review.period.end - 86400:
        at = words.instant(review.newest)
        found.append(
            say(f"最新一通通话在 {at}，早于本期结束。", f"The newest call is of {at}, before the period's end.")
        )
    unread = say("数据源读不到：", "A source cannot be read: ")
    found += [unread + words.problem(problem) for problem in sorted(set(review.quality.failed.values()))]
    if review.quality.silent and not review.is_empty:
        days = ", ".join(runs(review.quality.silent))
        found.append(say(f"没有通话的日子：{days}", f"Days without calls: {days}"))
    return found


def conclusions(words: Words, review: Review) -> Iterator[Block]:
    """What is incomplete, how many KPIs are in which state, and those that matter, the worst first."""
    say = words.say
    if review.is_empty:
        yield Paragraph(say("本期没有任何数据。", "There are no data in this period."), "warning")
    yield from (Paragraph(text, "warning") for text in incomplete(words, review))
    yield Paragraph(counts(words, review), "lead")
    if points := [_point(words, each, tone) for each, tone in _notable(words, review)]:
        yield Bullets(tuple(points))
    elif not review.is_empty:
        yield Paragraph(say("没有指标需要处理。", "No KPI needs attention."))


def counts(words: Words, review: Review) -> str:
    """How many KPIs are in which state."""
    numbers = {state: sum((each.whole.state or "no_data") == state for each in review.kpis) for state in STATES}
    shown = [(state, n) for state, n in numbers.items() if n]
    return words.say("，", ", ").join(f"{words.say(*STATE_WORDS[state])} {n}" for state, n in shown)


def brief(words: Words, review: Review) -> list[str]:
    """The KPIs that matter, the worst first, in few words: value, state, change; for a chat."""
    return [_short(words, each) for each, _ in _notable(words, review)]


def _notable(words: Words, review: Review) -> list[tuple[KpiReview, str]]:
    """KPIs that miss a line, or have become better or worse for certain, the worst first, each with its tone."""
    found = [(each, tone) for each in review.kpis if (tone := _tone(words, each))]
    return sorted(found, key=lambda pair: _ORDER.index(pair[1]))


def _tone(words: Words, review: KpiReview) -> str:
    """The worst state, of the whole or a slice with a line of its own; else `better`, `worse` or nothing."""
    states = [review.whole.state, *(each.state for each in review.slices)]
    return next((state for state in _BAD if state in states), words.verdict(review.kpi, review.whole)[1])


def _short(words: Words, review: KpiReview) -> str:
    kpi, row = review.kpi, review.whole
    bad = [words.slice(each.labels) for each in review.slices if each.state in _BAD]
    text = f"{words.pick(kpi.title)} {_against(words, review, row, alarm=False)}"
    if bad and row.state not in _BAD:
        text = f"{words.pick(kpi.title)} {words.value(row.now.value if row.now else None, kpi.unit)}"
        text += words.say("；未达标：", "; off target: ") + words.say("、", ", ").join(bad)
    if words.verdict(kpi, row)[1]:
        text += words.say("；较上期 ", "; against the last period ") + _difference(words, review)
        text += words.say("，", ", ") + words.verdict(kpi, row)[0]
    return text


def _point(words: Words, review: KpiReview, tone: str) -> Cell:
    """One of them in full, with what moved it and the remedy."""
    kpi, row = review.kpi, review.whole
    bad_slices = [each for each in review.slices if each.state in _BAD]
    verdict = words.verdict(kpi, row)[0]
    text = f"{words.pick(kpi.title)} {_against(words, review, row)}"
    for each in bad_slices:
        text += words.say("；", "; ") + f"{words.slice(each.labels)} {_against(words, review, each)}"
    if row.change is not None:
        text += words.say("。较上期 ", ". Against the last period ") + _moved(words, review)
        text += words.say(f"（{verdict}）", f" ({verdict})")
    remedy = "" if tone == "better" else words.pick(kpi.remedy)
    return Cell(f"{text}。对策：{remedy}" if words.language == "zh" and remedy else _with_remedy(text, remedy), tone)


def _with_remedy(text: str, remedy: str) -> str:
    return f"{text}. Remedy: {remedy}" if remedy else text


def _against(words: Words, review: KpiReview, row: Row, *, alarm: bool = True) -> str:
    """A value with its state and lines."""
    kpi = review.kpi
    value = words.value(row.now.value if row.now else None, kpi.unit)
    lines = [words.say("目标 ", "target ") + words.target(kpi, row.lines)]
    if alarm and words.alarm(kpi, row.lines) != NONE:
        lines.append(words.say("告警线 ", "alarm ") + words.alarm(kpi, row.lines))
    inside = words.say("，", ", ").join([words.state(row.state), *(line for line in lines if NONE not in line)])
    return f"{value}（{inside}）" if words.language == "zh" else f"{value} ({inside})"


def _moved(words: Words, review: KpiReview) -> str:
    """The change, with the slice that brought most of it where it can be split."""
    if review.causes:
        cause = review.causes[0]
        return words.pick(sentence(words.catalogue, review.kpi, cause.attribution, cause.by))
    return _difference(words, review)


def _difference(words: Words, review: KpiReview) -> str:
    """The change of the whole with its unit."""
    points = words.say(" 个百分点", " points") if review.kpi.unit == "ratio" else ""
    return words.change(review.whole.change, review.kpi) + points
