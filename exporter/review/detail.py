"""Each KPI by itself: definition, daily course, and the slices that moved it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from exporter.kpi.attribution import Part as Share
from exporter.kpi.attribution import are_counts, ratio
from exporter.kpi.attribution_words import REVERSAL, digits_for, sentence, shown, signed, slice_words
from exporter.review.blocks import Block, Cell, Figure, Heading, Paragraph, Table, table
from exporter.review.charts import MISSING
from exporter.review.model import Cause, KpiReview, Review
from exporter.review.words import NONE, Words, p_text
from exporter.semantic.model import Kpi

MOST_SLICES = 4


def details(words: Words, review: Review, draw: Callable[[KpiReview], str] | None) -> Iterator[Block]:
    """All KPIs of the review; what has no value only says why."""
    if draw is None:
        yield Paragraph(
            words.say(
                f"没有图：安装 matplotlib 后即有（{MISSING}）。", f"No charts: they need matplotlib ({MISSING})."
            ),
            "note",
        )
    for each in review.kpis:
        kpi = each.kpi
        yield Heading(words.pick(kpi.title), kpi.slug)
        yield Paragraph(words.pick(kpi.definition), "note")
        if each.problem:
            text = words.say("没有数值：", "No value: ") + words.problem(each.problem)
            yield Paragraph(text, "warning")
            continue
        if each.whole.now is None and each.whole.before is None:
            yield Paragraph(words.say("两期都没有可计的数据。", "Nothing to count in either period."))
            continue
        if draw is not None and (svg := draw(each)):
            yield Figure(svg, _caption(words, each), tuple(_legend(words, each)))
        yield from _causes(words, each)


def _caption(words: Words, review: KpiReview) -> str:
    title = words.pick(review.kpi.title)
    return words.say(
        f"{title}：每日，本期与上期（虚线为目标）", f"{title}: by day, this period and the last; target dashed"
    )


def _legend(words: Words, review: KpiReview) -> Iterator[Cell]:
    kpi, lines = review.kpi, review.whole.lines
    yield Cell(words.say("本期", "this period"), "now")
    yield Cell(words.say("上期", "last period"), "then")
    if lines.target is not None:
        yield Cell(f"{words.say('目标', 'target')} {words.target(kpi, lines)}", "target")
    if lines.critical is not None:
        yield Cell(f"{words.say('告警线', 'alarm line')} {words.alarm(kpi, lines)}", "alarm")


def _causes(words: Words, review: KpiReview) -> Iterator[Block]:
    kpi = review.kpi
    if not review.causes:
        yield Paragraph(_why_not(words, review), "note")
    for cause in review.causes:
        by = words.say(" × ", " x ").join(words.label(label) for label in cause.by)
        said = words.pick(sentence(words.catalogue, kpi, cause.attribution, cause.by))
        yield Paragraph(words.say(f"按{by}：{said}。", f"By {by.lower()}: {said}."))
        if cause.attribution.reversals:
            yield Paragraph(_reversed(words, cause), "warning")
        yield _slices(words, kpi, cause)


def _reversed(words: Words, cause: Cause) -> str:
    """Simpson's paradox, and the ways to cut by which it shows."""
    ways = (
        words.say(" × ", " x ").join(words.label(cause.by[at]) for at in way) for way in cause.attribution.reversals
    )
    return f"{words.pick(REVERSAL)} ({', '.join(ways)})"


def _why_not(words: Words, review: KpiReview) -> str:
    if review.kpi.kind == "quantile":
        return words.say("分位数不能相加，不做归因。", "Percentiles do not add up: no attribution.")
    if review.kpi.kind == "uplift":
        return words.say(
            "取到期末为止的最新快照，没有切片。", "From the newest snapshots up to the period's end; it has no slices."
        )
    return words.say("两期之一没有数值，不做归因。", "One of both periods has no value: no attribution.")


def _slices(words: Words, kpi: Kpi, cause: Cause) -> Table:
    say, found = words.say, cause.attribution
    digits = max(digits_for(shown(found.change, kpi), kpi), digits_for(0.0, kpi) + 1)
    header = (
        say("切片", "Slice"),
        say("上期", "Last period"),
        say("本期", "This period"),
        say("变化内", "Rate"),
        say("结构", "Mix"),
        say("合计", "Total"),
        say("校正 p", "Adjusted p"),
    )
    rows = []
    for effect in found.effects[:MOST_SLICES]:
        name = words.pick(slice_words(words.catalogue, cause.by, effect.key))
        amounts = (signed(shown(value, kpi), digits) for value in (effect.rate, effect.mix, effect.total))
        values = (_value(words, kpi, cause, part) for part in (effect.before, effect.after))
        rows.append((name, *values, *amounts, p_text(effect.q) if effect.q is not None else NONE))
    columns = len(header) if are_counts(kpi) else len(header) - 1
    return table(header[:columns], [row[:columns] for row in rows], right=range(1, columns))


def _value(words: Words, kpi: Kpi, cause: Cause, part: Share) -> str:
    value = ratio(part, cause.attribution.scales)
    return words.value(None if value is None else float(value), kpi.unit)
