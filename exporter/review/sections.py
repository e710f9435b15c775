"""The sections beside the KPIs: incidents and alerts, changes, data quality, composite. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.review.blocks import Block, Cell, Heading, Paragraph, table
from exporter.review.model import Change, Composite, Incidents, Part, Review
from exporter.review.words import KINDS, NONE, Words, p_text, runs


def alert_blocks(words: Words, review: Review) -> Iterator[Block]:
    """Incidents and the time to their resolution; alerts where Prometheus was asked."""
    yield Heading(words.say("故障", "Incidents"))
    if review.incidents.problem:
        text = words.say("读不到：", "Cannot be read: ") + words.problem(review.incidents.problem)
        yield Paragraph(text, "warning")
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
            f"Mean time to resolution {words.value(found.mean, 'seconds')}, "
            f"longest {words.value(found.longest, 'seconds')}.",
        )
    )
    if found.listed:
        yield Paragraph(say(f"时间最长的 {len(found.listed)} 个：", f"The {len(found.listed)} that took longest:"))
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
        yield table(header, rows, right=(3,))


def _alerts(words: Words, review: Review) -> Iterator[Block]:
    say, found = words.say, review.alerts
    if found.problem:
        yield Paragraph(words.problem(found.problem), "warning")
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
    say, found = words.say, review.changes
    if not found.told:
        yield Paragraph(say("本期没有登记的变更。", "No changes were recorded in this period."))
    for change in found.told:
        yield Heading(
            words.pick(change.title), f"{change.name} · {words.say(*KINDS[change.kind])} · {words.instant(change.at)}"
        )
        yield _effects(words, change)
    if found.left_out:
        kept, rest = len(found.told), found.left_out
        zh, en = (
            f"只列最新的 {kept} 项，另有 {rest} 项未列。",
            f"The newest {kept} are told of; {rest} more are left out.",
        )
        yield Paragraph(say(zh, en), "warning")


def _effects(words: Words, change: Change) -> Block:
    say, kpis = words.say, words.catalogue.kpis
    known = [(kpis[effect.slug], effect) for effect in change.effects if effect.slug in kpis]
    if not known:
        return Paragraph(say("没有要验证的指标。", "It names no KPI that could be verified."))
    # Only ratios can be verified.
    header = (
        say("指标", "KPI"),
        say("效果（百分点）", "Effect (points)"),
        say("随时可看的 95% 区间（百分点）", "Always-valid 95 % interval (points)"),
        "p",
        say("结论", "Verdict"),
    )
    rows = []
    for kpi, effect in known:
        bounds = " – ".join(words.change(bound, kpi) for bound in effect.interval) if effect.interval else NONE
        p = p_text(effect.p) if effect.p is not None else NONE
        rows.append(
            (words.pick(kpi.title), words.change(effect.difference, kpi), bounds, p, words.pick(effect.verdict))
        )
    return table(header, rows, right=(1, 2, 3))


def quality_blocks(words: Words, review: Review) -> Iterator[Block]:
    """Late, missing, rejected and corrected rows, and what could not be read."""
    say, found = words.say, review.quality
    if found.silent is None:
        yield Paragraph(say("通话读不到。", "Calls cannot be read."), "warning")
    elif found.silent:
        days = ", ".join(runs(found.silent))
        yield Paragraph(say(f"没有通话的日子：{days}", f"Days without calls: {days}"), "warning")
    else:
        yield Paragraph(say("每天都有通话。", "There were calls on every day."))
    # Of a source, not of each of its datasets.
    yield from (Paragraph(words.problem(problem), "warning") for problem in sorted(set(found.failed.values())))
    header = (say("数据源", "Source"), say("行数", "Rows"), say("迟于一天", "Over a day late"), say("占比", "Share"))
    rows = [
        (each.source, words.count(each.rows), words.count(each.late), words.value(_over(each.late, each.rows), "ratio"))
        for each in found.sources
    ]
    if rows:
        yield table(header, rows, right=(1, 2, 3))
    for name, problem in sorted(found.uncounted.items()):
        why = words.problem(problem)
        yield Paragraph(say(f"{name} 的迟到行数不详：{why}", f"Late rows of {name} are not known: {why}"), "warning")
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
    if review.alerts.problem:
        yield Paragraph(say("对账更正的行数不详。", "Corrections by reconcile are not known."), "note")
    elif review.alerts.fired is None:
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
    yield Paragraph(_wholes(words, found), "lead")
    header = (
        say("指标", "KPI"),
        say("权重", "Weight"),
        say("得分", "Score"),
        say("贡献", "Contribution"),
        say("失分", "Lost"),
        say("上期得分", "Score before"),
    )
    yield table(header, [_part(words, found, part) for part in found.parts], right=range(1, len(header)))
    yield from _missing(words, found)
    yield Paragraph(
        say(
            "得分：达到目标 100，到告警线 0，其间线性；没有告警线时取与目标之比（最高 100）；目标与告警线相同（零容忍）"
            "时非 0 即 100。整体没有目标的指标取有目标的切片的平均。",
            "Score: 100 at the target, 0 at the alarm line, linear in between; without an alarm line the ratio to the "
            "target (at most 100); 0 or 100 where both are one (zero tolerance). A KPI whose whole has no target: the "
            "mean of its slices that have.",
        ),
        "note",
    )


def _wholes(words: Words, found: Composite) -> str:
    """The score, and the last period's: like with like, where a KPI has a score in one of both periods only."""
    say, whole = words.say, _points(found.whole)
    if found.compared is None:
        return say(f"{whole} 分（满分 100），无可比的上期。", f"{whole} of 100; nothing to compare it with.")
    now, before = (_points(value) for value in found.compared)
    if found.is_alike:
        return say(f"{whole} 分（满分 100），上期 {before} 分。", f"{whole} of 100; last period {before}.")
    return say(
        f"{whole} 分（满分 100）。两期都有得分的部分：本期 {now} 分，上期 {before} 分。",
        f"{whole} of 100. What has a score in both periods: {now} now, {before} in the last.",
    )


def _missing(words: Words, found: Composite) -> Iterator[Block]:
    """What is left out, of the period and of the comparison."""
    say = words.say
    for parts, zh, en in (
        ([part for part in found.parts if part.score is None], "本期没有数值，未计入", "Without a value, left out"),
        (
            [part for part in found.parts if part.score is not None and part.both is None],
            "上期没有数值，不参与比较",
            "Without a value in the last period, not compared",
        ),
    ):
        if parts:
            names = say("、", ", ").join(words.pick(part.kpi.title) for part in parts)
            yield Paragraph(say(f"{zh}：{names}", f"{en}: {names}"), "warning")


def _part(words: Words, found: Composite, part: Part) -> tuple[str, ...]:
    weight = part.weight / found.known if part.score is not None else None
    gained = None if weight is None or part.score is None else weight * part.score
    lost = None if weight is None or gained is None else weight - gained
    values = (part.score, gained, lost, part.before)
    return (words.pick(part.kpi.title), f"{part.weight:g}", *map(_points, values))


def _points(score: float | None) -> str:
    return NONE if score is None else f"{score * 100:.1f}"


def _over(part: int, whole: int) -> float | None:
    return part / whole if whole else None
