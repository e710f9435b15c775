"""The cohorts' section: each cohort labelled as such, the period's figure beside it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.calldb.cohortsql import CONTACT_DAYS, ENTRY_DAYS
from exporter.kpi.attribution import ratio
from exporter.kpi.value import wilson
from exporter.review.blocks import Block, Heading, Paragraph, table
from exporter.review.model import Contacts, Entries, Review, Span
from exporter.review.words import NONE, Words

_MICRO = 10**6


def cohort_blocks(words: Words, review: Review) -> Iterator[Block]:
    """Both cohorts, each labelled as such, with the period's figure beside it."""
    say, cohorts = words.say, review.cohorts
    if cohorts is None:
        return
    yield Paragraph(
        say(
            "队列口径跟踪本期开始的人和案件，期间口径计算本期发生的事；两者不同，不能混用。",
            "A cohort follows those who began in the period; a period's figure counts what happened in it.",
        ),
        "note",
    )
    yield Heading(say("按触达队列的转化率", "Conversion by contact cohort"), "lead_conversion")
    yield from _cohort(
        words, cohorts.problems.get("contacts", ""), [_contacts(words, review, *each) for each in cohorts.contacts]
    )
    yield Heading(say("按入催队列的回款率", "Recovery by entry cohort"), "recovery")
    yield from _cohort(
        words, cohorts.problems.get("entries", ""), [_entries(words, review, *each) for each in cohorts.entries]
    )


def _cohort(words: Words, problem: str, parts: list[list[Block]]) -> Iterator[Block]:
    if problem:
        yield Paragraph(words.say("读不到：", "Cannot be read: ") + words.problem(problem), "warning")
    for number, part in enumerate(parts, start=1):
        # What the columns mean is said once, below the last table.
        yield from (block for block in part if number == len(parts) or getattr(block, "kind", "") != "note")


def _began(words: Words, review: Review, span: Span, days: int) -> Paragraph:
    """Which cohort a table is of."""
    text = f"{span.first} – {span.last}"
    if span == review.span:
        return Paragraph(words.say(f"本期开始的队列：{text}", f"The cohort of this period: {text}"), "lead")
    return Paragraph(
        words.say(f"最近一个已满 {days} 天的队列：{text}", f"The newest cohort {days} days old: {text}"), "lead"
    )


def _contacts(words: Words, review: Review, span: Span, rows: tuple[Contacts, ...]) -> list[Block]:
    say, head = words.say, _began(words, review, span, CONTACT_DAYS)
    if not rows:
        return [head, Paragraph(say("没有首次有效触达。", "No customer was first contacted then."))]
    header = (
        words.label("generation"),
        say("首次触达客户", "First contacted"),
        say(f"满 {CONTACT_DAYS} 天", f"{CONTACT_DAYS} days over"),
        say("未满占比", "Not matured"),
        say(f"{CONTACT_DAYS} 天内申请", f"Applied in {CONTACT_DAYS} days"),
        say("队列转化率", "Cohort conversion"),
        say("95% 区间", "95 % interval"),
        say("未满者已申请", "Applied, not matured"),
        say("期间口径", "By period"),
    )
    period = _by_period(review, "lead_conversion", "generation", span)
    lines = [
        _contact(words, words.member("generation", row.generation), row, period.get(row.generation)) for row in rows
    ]
    lines.append(_contact(words, say("整体", "Whole"), sum(rows[1:], rows[0]), period.get("")))
    note = say(
        f"首次有效触达的客户（每个活动一次），自该次外呼起至通话结束后 {CONTACT_DAYS} 天内申请授信的占比；只计已满 "
        f"{CONTACT_DAYS} 天者。",
        f"Of customers first effectively contacted then (once per campaign), those who applied from that dial to "
        f"{CONTACT_DAYS} days after the call's end; only where the {CONTACT_DAYS} days are over.",
    )
    return [head, table(header, lines, right=range(1, len(header))), Paragraph(note, "note")]


def _contact(words: Words, name: str, row: Contacts, period: float | None) -> tuple[str, ...]:
    bounds = wilson(row.applied, row.matured)
    return (
        name,
        words.count(row.contacted),
        words.count(row.matured),
        words.value(_over(row.contacted - row.matured, row.contacted), "ratio"),
        words.count(row.applied),
        words.value(_over(row.applied, row.matured), "ratio"),
        NONE if bounds is None else words.interval(bounds),
        words.count(row.applied_early),
        words.value(period, "ratio"),
    )


def _entries(words: Words, review: Review, span: Span, rows: tuple[Entries, ...]) -> list[Block]:
    say, head = words.say, _began(words, review, span, ENTRY_DAYS)
    if not rows:
        return [head, Paragraph(say("没有案件入催。", "No case entered then."))]
    header = (
        words.label("bucket"),
        say("入催案件", "Cases entered"),
        say("逾期金额", "Overdue"),
        say("至今已还", "Repaid so far"),
        say("至今回款率", "Recovery so far"),
        say(f"满 {ENTRY_DAYS} 天案件", f"Cases {ENTRY_DAYS} days old"),
        say("未满金额占比", "Not matured, by money"),
        say(f"{ENTRY_DAYS} 天回款率", f"{ENTRY_DAYS}-day recovery"),
        say("期间口径", "By period"),
    )
    period = _by_period(review, "recovery", "bucket", span)
    lines = [_entry(words, words.member("bucket", row.bucket), row, period.get(row.bucket)) for row in rows]
    lines.append(_entry(words, say("整体", "Whole"), sum(rows[1:], rows[0]), period.get("")))
    note = say(
        f"入催案件至数据截至时已还（扣除冲正）/ 其逾期金额；{ENTRY_DAYS} 天回款率只计入催已满 {ENTRY_DAYS} 天的案件。",
        f"Repaid (less reversals) by cases that entered then, as of the data / their overdue money; "
        f"{ENTRY_DAYS}-day recovery only of cases that entered at least {ENTRY_DAYS} days ago.",
    )
    return [head, table(header, lines, right=range(1, len(header))), Paragraph(note, "note")]


def _entry(words: Words, name: str, row: Entries, period: float | None) -> tuple[str, ...]:
    return (
        name,
        words.count(row.cases),
        words.value(row.overdue / _MICRO, "cny"),
        words.value(row.repaid / _MICRO, "cny"),
        words.value(_over(row.repaid, row.overdue), "ratio"),
        words.count(row.matured_cases),
        words.value(_over(row.overdue - row.matured_overdue, row.overdue), "ratio"),
        words.value(_over(row.repaid_within, row.matured_overdue), "ratio"),
        words.value(period, "ratio"),
    )


def _by_period(review: Review, slug: str, label: str, span: Span) -> dict[str, float]:
    """The period's figure per member of a label, and under `""` of the whole, where the review has that span."""
    found: dict[str, float] = {}
    if span not in (review.span, review.span_before):
        return found
    this = span == review.span
    for each in (each for each in review.kpis if each.kpi.slug == slug):
        value = each.whole.now if this else each.whole.before
        if value is not None:
            found[""] = value.value
        for cause in (cause for cause in each.causes if cause.by == (label,)):
            for effect in cause.attribution.effects:
                ratio_of = ratio(effect.after if this else effect.before, cause.attribution.scales)
                found |= {} if ratio_of is None else {effect.key[0]: float(ratio_of)}
    return found


def _over(part: int, whole: int) -> float | None:
    return part / whole if whole else None
