"""A review as a document in one language: head, conclusions, every KPI, and the sections of the other modules. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from exporter.expose.wording import STATE_WORDS, STATES
from exporter.generate.wording import dimension
from exporter.kpi.attribution_words import sentence
from exporter.review.blocks import Block, Bullets, Cell, Document, Paragraph, Section, cells, table
from exporter.review.detail import details
from exporter.review.model import KpiReview, Review, Row
from exporter.review.sections import alert_blocks, change_blocks, cohort_blocks, composite_blocks, quality_blocks
from exporter.review.words import NONE, Words

# Draws a KPI's course; empty where nothing can be drawn.
Draw = Callable[[KpiReview], str]
_WAITING = timedelta(days=7).total_seconds()
_BAD = ("critical", "warning", "below_goal")


def document(words: Words, review: Review, draw: Draw) -> Document:
    """The whole review, Chinese or English."""
    say = words.say
    sections = [
        Section("conclusions", say("结论", "Conclusions"), tuple(_conclusions(words, review))),
        Section("kpis", say("全部指标", "Every KPI"), tuple(_kpis(words, review))),
    ]
    if review.composite is not None:
        sections.append(Section("composite", say("综合绩效", "Composite"), tuple(composite_blocks(words, review))))
    if review.cohorts is not None:
        sections.append(Section("cohorts", say("队列口径", "By cohort"), tuple(cohort_blocks(words, review))))
    sections += [
        Section("courses", say("走势与归因", "Courses and causes"), tuple(details(words, review, draw))),
        Section("alerts", say("故障与告警", "Incidents and alerts"), tuple(alert_blocks(words, review))),
        Section("changes", say("变更与效果", "Changes and their effect"), tuple(change_blocks(words, review))),
        Section("quality", say("数据质量", "Data quality"), tuple(quality_blocks(words, review))),
    ]
    weekly = review.cadence == "weekly"
    title = say("周复盘", "Weekly review") if weekly else say("月复盘", "Monthly review")
    scope = (
        say("业务与客户体验", "Business and experience") if weekly else say("技术与合规", "Technical and compliance")
    )
    return Document(
        words.language,
        f"{title} {review.span.name}",
        f"{say('外呼绩效', 'Outbound calls')} · {scope}",
        tuple(_facts(words, review)),
        tuple(sections),
        say(
            "由 outcall-exporter 依据呼叫数据库生成；定义见 docs/kpis.md。",
            "Written by outcall-exporter from the call database; definitions in docs/kpis.md.",
        ),
    )


def _facts(words: Words, review: Review) -> Iterator[tuple[str, str]]:
    say, span, last = words.say, review.span, review.span_before
    zone = f" ({review.timezone})"
    yield say("本期", "Period"), f"{span.first} – {span.last}{zone}"
    yield say("上期", "Compared with"), f"{last.first} – {last.last}"
    yield say("数据截至", "Data as of"), words.instant(review.as_of)
    yield say("生成时间", "Generated"), words.instant(review.generated)
    newest = words.instant(review.newest) if review.newest is not None else say("没有通话", "no calls")
    yield say("最新通话", "Newest call"), newest


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
    for name, problem in sorted(review.quality.failed.items()):
        found.append(say(f"数据集 {name} 读不到：", f"Dataset {name} cannot be read: ") + words.problem(problem))
    if review.quality.silent and not review.is_empty:
        days = ", ".join(str(day) for day in review.quality.silent)
        found.append(say(f"没有通话的日子：{days}", f"Days without calls: {days}"))
    return found


def _conclusions(words: Words, review: Review) -> Iterator[Block]:
    say = words.say
    if review.is_empty:
        yield Paragraph(say("本期没有任何数据。", "There are no data in this period."), "warning")
    yield from (Paragraph(text, "warning") for text in incomplete(words, review))
    counts = {state: sum((each.whole.state or "no_data") == state for each in review.kpis) for state in STATES}
    shown = [(state, n) for state, n in counts.items() if n]
    yield Paragraph(say("，", ", ").join(f"{say(*STATE_WORDS[state])} {n}" for state, n in shown), "lead")
    points = [point for each in review.kpis if (point := _point(words, each)) is not None]
    if points:
        yield Bullets(tuple(points))
    elif not review.is_empty:
        yield Paragraph(say("没有指标需要处理。", "No KPI needs attention."))


def _point(words: Words, review: KpiReview) -> Cell | None:
    """A KPI that misses a line, or has become worse for certain, with what moved it."""
    kpi, row = review.kpi, review.whole
    bad_slices = [each for each in review.slices if each.state in _BAD]
    verdict, tone = words.verdict(kpi, row)
    if row.state not in _BAD and tone != "worse" and not bad_slices:
        return None
    text = f"{words.pick(kpi.title)} {_against(words, review, row)}"
    for each in bad_slices:
        text += words.say("；", "; ") + f"{words.slice(each.labels)} {_against(words, review, each)}"
    if row.change is not None:
        text += words.say("。较上期 ", ". Against the last period ") + _moved(words, review)
        text += words.say(f"（{verdict}）", f" ({verdict})")
    states = [row.state, *(each.state for each in bad_slices)]
    worst = next((state for state in _BAD if state in states), "worse")
    remedy = words.pick(kpi.remedy)
    return Cell(f"{text}。对策：{remedy}" if words.language == "zh" and remedy else _with_remedy(text, remedy), worst)


def _with_remedy(text: str, remedy: str) -> str:
    return f"{text}. Remedy: {remedy[:1].lower()}{remedy[1:]}" if remedy else text


def _against(words: Words, review: KpiReview, row: Row) -> str:
    """A value with its state and lines."""
    kpi = review.kpi
    value = words.value(row.now.value if row.now else None, kpi.unit)
    lines = [words.say("目标 ", "target ") + words.target(kpi, row.lines)]
    if words.alarm(kpi, row.lines) != NONE:
        lines.append(words.say("报警线 ", "alarm ") + words.alarm(kpi, row.lines))
    inside = ", ".join([words.state(row.state), *(line for line in lines if NONE not in line)])
    return f"{value}（{inside}）" if words.language == "zh" else f"{value} ({inside})"


def _moved(words: Words, review: KpiReview) -> str:
    """The change, with the slice that brought most of it where it can be split."""
    if review.causes:
        cause = review.causes[0]
        return words.pick(sentence(words.catalogue, review.kpi, cause.attribution, cause.by))
    return words.change(review.whole.change, review.kpi)


def _kpis(words: Words, review: Review) -> Iterator[Block]:
    say = words.say
    header = (
        say("指标", "KPI"),
        say("状态", "State"),
        say("本期", "This period"),
        say("95% 区间", "95 % interval"),
        say("样本", "Samples"),
        say("目标", "Target"),
        say("报警线", "Alarm line"),
        say("上期", "Last period"),
        say("变化", "Change"),
        say("判断", "Verdict"),
    )
    rows: list[tuple[str | Cell, ...]] = []
    seen = ""
    for each in review.kpis:
        if each.kpi.dimension != seen:
            seen = each.kpi.dimension
            rows.append(cells(words.pick(dimension(seen))))
        rows.append(_line(words, each, each.whole))
        rows += [_line(words, each, row) for row in each.slices]
    yield table(header, rows, right=(2, 3, 4, 5, 6, 7, 8))
    yield Paragraph(
        say(
            "变化：比率以百分点计。判断：两比例检验，双侧 1%（小样本用 Fisher 精确检验）；分母是金额或评分的指标、"
            "均值与分位数不检验。各切片与上期的同一切片比较。",
            "Change: ratios in points. Verdict: two-proportion test, two-sided 1 % (Fisher's exact test on small counts); "
            "KPIs over money or scores, means and percentiles are not tested. Slices are compared with themselves.",
        ),
        "note",
    )


def _line(words: Words, review: KpiReview, row: Row) -> tuple[str | Cell, ...]:
    kpi = review.kpi
    state = row.state or "no_data"
    verdict, tone = words.verdict(kpi, row)
    problem = words.say("数据源缺失", "source missing") if review.problem else words.state(row.state)
    return (
        Cell(words.pick(kpi.title), "kpi") if not row.labels else Cell(f"· {words.slice(row.labels)}", "slice"),
        Cell(problem, state),
        words.value(row.now.value if row.now else None, kpi.unit),
        words.bounds(row),
        words.count(row.now.samples if row.now else None),
        words.target(kpi, row.lines),
        words.alarm(kpi, row.lines),
        words.value(row.before.value if row.before else None, kpi.unit),
        words.change(row.change, kpi),
        Cell(verdict, tone),
    )
