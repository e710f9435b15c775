"""The sections beside the KPIs: cohorts, incidents and alerts, changes, data quality, composite. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.kpi.attribution import ratio
from exporter.kpi.value import wilson
from exporter.review.blocks import Block, Cell, Heading, Paragraph, table
from exporter.review.cohorts import CONTACT_DAYS, ENTRY_DAYS
from exporter.review.model import Composite, Contacts, Entries, Incidents, Part, Review
from exporter.review.words import NONE, Words, p_text

_MICRO = 10**6


def cohort_blocks(words: Words, review: Review) -> Iterator[Block]:
    """Both cohorts, each labelled as such, with the period's figure beside it."""
    say, cohorts = words.say, review.cohorts
    if cohorts is None:
        return
    yield Paragraph(
        say(
            "队列口径跟踪本期开始的人和案件，期间口径计算本期发生的事；两者不同，不能混用。",
            "A cohort follows those who began in the period; a period's figure counts what happened in it. They differ.",
        ),
        "note",
    )
    yield Heading(say("按触达队列的转化率", "Conversion by contact cohort"), "lead_conversion")
    yield from _contacts(words, review, cohorts.contacts, cohorts.problems.get("contacts", ""))
    yield Heading(say("按入催队列的回款率", "Recovery by entry cohort"), "recovery")
    yield from _entries(words, review, cohorts.entries, cohorts.problems.get("entries", ""))


def _contacts(words: Words, review: Review, rows: tuple[Contacts, ...], problem: str) -> Iterator[Block]:
    say = words.say
    if problem or not rows:
        yield _missing(words, problem, say("本期没有首次有效触达。", "No customer was first contacted in the period."))
        return
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
    period = _by_period(review, "lead_conversion", "generation")
    lines = [
        _contact(words, words.member("generation", row.generation), row, period.get(row.generation)) for row in rows
    ]
    whole = sum(rows[1:], rows[0])
    lines.append(_contact(words, say("整体", "Whole"), whole, period.get("")))
    yield table(header, lines, right=range(1, len(header)))
    yield Paragraph(
        say(
            f"本期首次有效触达的客户（每个活动一次），自该次外呼起至通话结束后 {CONTACT_DAYS} 天内申请授信的占比；只计已满 "
            f"{CONTACT_DAYS} 天者。",
            f"Of customers first effectively contacted in the period (once per campaign), those who applied from that dial "
            f"to {CONTACT_DAYS} days after the call's end; only where the {CONTACT_DAYS} days are over.",
        ),
        "note",
    )


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


def _entries(words: Words, review: Review, rows: tuple[Entries, ...], problem: str) -> Iterator[Block]:
    say = words.say
    if problem or not rows:
        yield _missing(words, problem, say("本期没有案件入催。", "No case entered in the period."))
        return
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
    period = _by_period(review, "recovery", "bucket")
    lines = [_entry(words, words.member("bucket", row.bucket), row, period.get(row.bucket)) for row in rows]
    whole = sum(rows[1:], rows[0])
    lines.append(_entry(words, say("整体", "Whole"), whole, period.get("")))
    yield table(header, lines, right=range(1, len(header)))
    yield Paragraph(
        say(
            f"本期入催案件至数据截至时已还（扣除冲正）/ 其逾期金额；{ENTRY_DAYS} 天回款率只计入催已满 {ENTRY_DAYS} 天的案件。",
            f"Repaid (less reversals) by the cases that entered in the period, as of the data / their overdue money; "
            f"{ENTRY_DAYS}-day recovery only of cases that entered at least {ENTRY_DAYS} days ago.",
        ),
        "note",
    )


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


def _by_period(review: Review, slug: str, label: str) -> dict[str, float]:
    """The period's figure per member of a label, and under `""` of the whole."""
    found: dict[str, float] = {}
    for each in (each for each in review.kpis if each.kpi.slug == slug):
        if each.whole.now is not None:
            found[""] = each.whole.now.value
        for cause in (cause for cause in each.causes if cause.by == (label,)):
            values = (
                (effect.key[0], ratio(effect.after, cause.attribution.scales)) for effect in cause.attribution.effects
            )
            found |= {name: float(value) for name, value in values if value is not None}
    return found


def _over(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _missing(words: Words, problem: str, otherwise: str) -> Paragraph:
    if problem:
        return Paragraph(words.say("读不到：", "Cannot be read: ") + words.problem(problem), "warning")
    return Paragraph(otherwise)


def alert_blocks(words: Words, review: Review) -> Iterator[Block]:
    """Incidents and the time to their resolution; alerts where Prometheus was asked."""
    yield Heading(words.say("故障", "Incidents"))
    if review.incidents.problem:
        yield _missing(words, review.incidents.problem, "")
    else:
        yield from _incidents(words, review.incidents)
    yield Heading(words.say("告警", "Alerts"))
    yield from _alerts(words, review)


def _incidents(words: Words, found: Incidents) -> Iterator[Block]:
    say = words.say
    yield Paragraph(
        say(
            f"发生 {found.opened}，解决 {found.resolved}，期末未解决 {found.open_at_end}。"
            f"平均处理时间 {words.value(found.mean, 'seconds')}，最长 {words.value(found.longest, 'seconds')}。",
            f"Opened {found.opened}, resolved {found.resolved}, open at the end {found.open_at_end}. "
            f"Mean time to resolution {words.value(found.mean, 'seconds')}, longest {words.value(found.longest, 'seconds')}.",
        )
    )
    if found.listed:
        header = (say("编号", "Number"), say("发生", "Opened"), say("解决", "Resolved"), say("处理时间", "Took"))
        rows = [
            (
                str(each.number),
                words.instant(each.opened),
                NONE if each.resolved is None else words.instant(each.resolved),
                words.value(None if each.resolved is None else each.resolved - each.opened, "seconds"),
            )
            for each in found.listed
        ]
        yield table(header, rows, right=(0, 3))


def _alerts(words: Words, review: Review) -> Iterator[Block]:
    say, found = words.say, review.alerts
    if found.problem:
        yield Paragraph(found.problem, "warning")
    elif found.fired is None:
        yield Paragraph(
            say(
                "没有查询 Prometheus，告警未列出：加上 --prometheus 地址。",
                "Prometheus was not asked, so alerts are not listed: add --prometheus URL.",
            )
        )
    elif not found.fired:
        yield Paragraph(say("本期没有告警。", "No alert fired in the period."))
    else:
        header = (
            say("告警", "Alert"),
            say("级别", "Severity"),
            say("指标", "KPI"),
            say("次数", "Times"),
            say("时长", "Fired for"),
        )
        titles = {kpi.slug: words.pick(kpi.title) for kpi in words.catalogue.kpis.values()}
        rows = [
            (
                each.name,
                Cell(each.severity, each.severity),
                titles.get(each.kpi, each.kpi),
                words.count(each.times),
                words.value(each.seconds, "seconds"),
            )
            for each in found.fired
        ]
        yield table(header, rows, right=(3, 4))


def change_blocks(words: Words, review: Review) -> Iterator[Block]:
    """Changes that were recorded, and what verification says of them."""
    say = words.say
    if not review.changes:
        yield Paragraph(say("本期没有登记的变更。", "No changes were recorded in this period."))
    kpis = words.catalogue.kpis
    for change in review.changes:
        yield Heading(words.pick(change.title), f"{change.name} · {change.kind} · {words.instant(change.at)}")
        header = (
            say("指标", "KPI"),
            say("效果", "Effect"),
            say("95% 区间", "95 % interval"),
            "p",
            say("结论", "Verdict"),
        )
        rows = []
        for effect in (effect for effect in change.effects if effect.slug in kpis):
            kpi = kpis[effect.slug]
            bounds = " – ".join(words.change(bound, kpi) for bound in effect.interval) if effect.interval else NONE
            p = p_text(effect.p) if effect.p is not None else NONE
            rows.append(
                (words.pick(kpi.title), words.change(effect.difference, kpi), bounds, p, words.pick(effect.verdict))
            )
        if rows:
            yield table(header, rows, right=(1, 2, 3))
        else:
            yield Paragraph(say("尚无验证结果。", "Nothing is verified yet."))


def quality_blocks(words: Words, review: Review) -> Iterator[Block]:
    """Late, missing, rejected and corrected rows, and what could not be read."""
    say, found = words.say, review.quality
    if found.silent is None:
        yield Paragraph(say("通话读不到。", "Calls cannot be read."), "warning")
    elif found.silent:
        days = ", ".join(str(day) for day in found.silent)
        yield Paragraph(say(f"没有通话的日子：{days}", f"Days without calls: {days}"), "warning")
    else:
        yield Paragraph(say("每天都有通话。", "There were calls on every day."))
    for name, problem in sorted(found.failed.items()):
        yield Paragraph(f"{name}: {words.problem(problem)}", "warning")
    header = (say("数据源", "Source"), say("行数", "Rows"), say("迟于一天", "Over a day late"), say("占比", "Share"))
    rows = [
        (each.source, words.count(each.rows), words.count(each.late), words.value(_over(each.late, each.rows), "ratio"))
        for each in found.sources
    ]
    if rows:
        yield table(header, rows, right=(1, 2, 3))
    yield Paragraph(
        say(
            "迟于一天：最后写入（含更正）晚于事件一天以上。",
            "Over a day late: last written, or corrected, more than a day after the event.",
        ),
        "note",
    )
    yield from _rejected(words, review)


def _rejected(words: Words, review: Review) -> Iterator[Block]:
    say = words.say
    if review.quality.rejected:
        header = (say("数据集", "Dataset"), say("剔除原因", "Rejected because"), say("行数", "Rows"))
        yield table(header, [(r.dataset, r.reason, words.count(r.rows)) for r in review.quality.rejected], right=(2,))
    else:
        yield Paragraph(say("没有被剔除的行。", "No rows were rejected."))
    if review.alerts.fired is None:
        text = say(
            "对账更正的行数在 Prometheus 里：加上 --prometheus。", "Corrections by reconcile: add --prometheus URL."
        )
        yield Paragraph(text, "note")
    elif review.alerts.corrections:
        text = ", ".join(f"{name} {words.count(n)}" for name, n in sorted(review.alerts.corrections.items()))
        yield Paragraph(say(f"对账更正的行：{text}", f"Rows corrected by reconcile: {text}"))
    else:
        yield Paragraph(say("对账没有更正。", "Reconcile corrected nothing."))


def composite_blocks(words: Words, review: Review) -> Iterator[Block]:
    """The whole, and what each KPI brings and loses, of 100 points."""
    say, found = words.say, review.composite
    if found is None:
        return
    whole, before = (_points(value) for value in (found.whole, found.before))
    yield Paragraph(
        say(f"{whole} 分（满分 100），上期 {before} 分。", f"{whole} of 100; last period {before}."), "lead"
    )
    header = (
        say("指标", "KPI"),
        say("权重", "Weight"),
        say("得分", "Score"),
        say("贡献", "Contribution"),
        say("失分", "Lost"),
        say("上期得分", "Score before"),
    )
    yield table(header, [_part(words, found, part) for part in found.parts], right=range(1, len(header)))
    missing = [words.pick(part.kpi.title) for part in found.parts if part.score is None]
    if missing:
        names = say("、", ", ").join(missing)
        yield Paragraph(say(f"没有数值，未计入：{names}", f"Without a value, left out: {names}"), "warning")
    yield Paragraph(
        say(
            "得分：达到目标 100，到报警线 0，其间线性；没有报警线时取与目标之比（最高 100）；目标与报警线相同（零容忍）时非 0 即 "
            "100。整体没有目标的指标取有目标的切片的平均。",
            "Score: 100 at the target, 0 at the alarm line, linear in between; without an alarm line the ratio to the target "
            "(at most 100); 0 or 100 where both are one (zero tolerance). A KPI whose whole has no target: the mean of its "
            "slices that have.",
        ),
        "note",
    )


def _part(words: Words, found: Composite, part: Part) -> tuple[str, ...]:
    weight = part.weight / found.known if part.score is not None else None
    gained = None if weight is None or part.score is None else weight * part.score
    lost = None if weight is None or gained is None else weight - gained
    values = (part.score, gained, lost, part.before)
    return (words.pick(part.kpi.title), f"{part.weight:g}", *map(_points, values))


def _points(score: float | None) -> str:
    return NONE if score is None else f"{score * 100:.1f}"
