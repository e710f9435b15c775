"""A review as a document in one language: head, conclusions, every KPI, and the sections of the other modules. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from exporter.generate.wording import dimension
from exporter.review.blocks import Block, Cell, Document, Heading, Paragraph, Section, cells, table
from exporter.review.cohortpage import cohort_blocks
from exporter.review.conclusions import conclusions
from exporter.review.detail import details
from exporter.review.model import KpiReview, Review, Row
from exporter.review.sections import alert_blocks, change_blocks, composite_blocks, quality_blocks
from exporter.review.weekdays import LEAST_PAIRS
from exporter.review.words import Words

# Draws a KPI's course, empty where nothing can be drawn; None where there is nothing to draw with.
Draw = Callable[[KpiReview], str] | None
# Columns of figures in the table of KPIs.
NUMBERS = range(2, 9)


def document(words: Words, review: Review, draw: Draw) -> Document:
    """The whole review, Chinese or English."""
    say = words.say
    sections = [
        Section("conclusions", say("结论", "Conclusions"), tuple(conclusions(words, review))),
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
    title, scope = heading(words, review)
    return Document(
        words.language,
        title,
        f"{say('外呼绩效', 'Outbound calls')} · {scope}",
        tuple(_facts(words, review)),
        tuple(sections),
        say(
            "由 outcall-exporter 依据呼叫数据库生成；定义见 docs/kpis.md。",
            "Written by outcall-exporter from the call database; definitions in docs/kpis.md.",
        ),
    )


def heading(words: Words, review: Review) -> tuple[str, str]:
    """The title with the period, and what the review is of."""
    say = words.say
    if review.cadence == "weekly":
        title, scope = say("周复盘", "Weekly review"), say("业务与客户体验", "Business and experience")
    else:
        title, scope = say("月复盘", "Monthly review"), say("技术与合规", "Technical and compliance")
    return f"{title} {review.span.name}", scope


def _facts(words: Words, review: Review) -> Iterator[tuple[str, str]]:
    say, span, last = words.say, review.span, review.span_before
    zone = f" ({review.timezone})"
    yield say("本期", "Period"), f"{span.first} – {span.last}{zone}"
    yield say("上期", "Compared with"), f"{last.first} – {last.last}"
    yield say("数据截至", "Data as of"), words.instant(review.as_of)
    yield say("生成时间", "Generated"), words.instant(review.generated)
    newest = words.instant(review.newest) if review.newest is not None else say("没有通话", "no calls")
    yield say("最新通话", "Newest call"), newest


def _kpis(words: Words, review: Review) -> Iterator[Block]:
    rows: list[tuple[str | Cell, ...]] = []
    seen = ""
    for each in review.kpis:
        if each.kpi.dimension != seen:
            seen = each.kpi.dimension
            rows.append(cells(words.pick(dimension(seen))))
        rows.append(_line(words, each, each.whole))
        rows += [_line(words, each, row) for row in each.slices]
    yield table(_header(words), rows, right=NUMBERS)
    yield _explained(words)
    yield from _beside(words, review)


def _header(words: Words) -> tuple[str, ...]:
    say = words.say
    return (
        say("指标", "KPI"),
        say("状态", "State"),
        say("本期", "This period"),
        say("95% 区间", "95 % interval"),
        say("样本", "Samples"),
        say("目标", "Target"),
        say("告警线", "Alarm line"),
        say("上期", "Last period"),
        say("变化", "Change"),
        say("判断", "Verdict"),
    )


def _explained(words: Words) -> Paragraph:
    return Paragraph(
        words.say(
            "变化：比率以百分点计。判断：两比例检验，双侧 1%（小样本用 Fisher 精确检验），已计入各日本来就有的波动"
            f"（两期同一星期几成对比较，不足 {LEAST_PAIRS} 对不检验）；分母是金额或评分的指标、均值与分位数不检验。"
            "各切片与上期的同一切片比较。",
            "Change: ratios in points. Verdict: two-proportion test, two-sided 1 % (Fisher's exact test on small "
            "counts), allowing for how much days differ by themselves (the same weekdays of both periods in pairs; "
            f"no test on fewer than {LEAST_PAIRS}); KPIs over money or scores, means and percentiles are not tested. "
            "Slices are compared with the same slice.",
        ),
        "note",
    )


def _beside(words: Words, review: Review) -> Iterator[Block]:
    """Recovery with what it may have cost."""
    if not review.beside:
        return
    yield Heading(words.say("催收：回款、合规与投诉并看", "Collection: recovery beside compliance and complaints"))
    lines = [_line(words, KpiReview(kpi, row), replace(row, labels={})) for kpi, row in review.beside]
    yield table(_header(words), lines, right=NUMBERS)


def _line(words: Words, review: KpiReview, row: Row) -> tuple[str | Cell, ...]:
    kpi = review.kpi
    state = row.state or "no_data"
    verdict, tone = words.verdict(kpi, row)
    problem = words.say("数据源缺失", "source missing") if review.problem else words.state(row.state)
    return (
        Cell(words.pick(kpi.title), "kpi")
        if not row.labels
        else Cell(f"·\N{NO-BREAK SPACE}{words.slice(row.labels)}", "slice"),
        Cell(problem, state),
        words.value(row.now.value if row.now else None, kpi.unit),
        words.bounds(kpi, row),
        words.samples(kpi, row),
        words.target(kpi, row.lines),
        words.alarm(kpi, row.lines),
        words.value(row.before.value if row.before else None, kpi.unit),
        words.change(row.change, kpi),
        Cell(verdict, tone),
    )
