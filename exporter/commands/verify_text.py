"""What `verify` writes for people: verdicts and figures. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from exporter.calldb.sides import Verified
from exporter.commands.table import table
from exporter.kpi.beforeafter import Span
from exporter.kpi.significance import Arms, Counts, Effect
from exporter.kpi.verification import Tested, Verification, confounders, left_out
from exporter.kpi.verification_words import ESTIMATES, assumes, digits_for, p_text, points, sentence, size
from exporter.semantic.changes import Change, Scope
from exporter.semantic.model import Catalogue

_TIME = "%Y-%m-%d %H:%M"
_HEADER = ("", "之前 before", "之后 after", "差 difference", "n")
_TESTS = ("检验 test", "估计 estimate", "95% 区间 interval", "p", "")


def as_text(catalogue: Catalogue, changes: Sequence[Change], verified: Verified) -> str:
    """The change, then for each KPI the verdict in both languages, the figures and the tests."""
    change, zone = verified.change, ZoneInfo(catalogue.timezone)
    lines = [
        f"{change.id}  {change.title.zh}  {change.title.en}",
        f"  生效 in force: {_time(change.at, zone)} ({catalogue.timezone})  {change.kind}",
        f"  范围 scope: {scope_text(change.scope)}；对照 untouched: {_compared_with(change)}",
    ]
    if (several := len(verified.found)) > 1:
        text = f"{several} 项指标各自检验，每项误报概率至多 5% {several} KPIs, each tested by itself at 5 %"
        lines.append(f"  {text}")
    for found in verified.found:
        lines += ["", *_kpi(catalogue, changes, verified, found, zone)]
    lines += [f"  无法读取 cannot be read: {problem}" for problem in sorted(set(verified.failed.values()))]
    return "\n".join(lines)


def _compared_with(change: Change) -> str:
    if not change.scope:
        return "无 none"
    return scope_text(change.compare) if change.compare is not None else "其余 all the rest"


def scope_text(scope: Scope) -> str:
    """`generation elderly, gen_x; period evening`, or the whole."""
    parts = [f"{label} {', '.join(sorted(values))}" for label, values in scope.items()]
    return "; ".join(parts) or "整体 the whole"


def _kpi(
    catalogue: Catalogue, changes: Sequence[Change], verified: Verified, found: Verification, zone: ZoneInfo
) -> list[str]:
    kpi, said = catalogue.kpis[found.kpi], sentence(found, catalogue.timezone)
    lines = [
        f"{kpi.slug}  {kpi.title.zh}  {kpi.title.en}",
        f"  {said.zh}",
        f"  {said.en}",
        f"  之前 before: {_span(found.before, zone)}；之后 after: {_span(found.after, zone)}",
    ]
    rows = [_arms_row("变更范围 scope", found.treated), *(_arms_row("对照 untouched", a) for a in _given(found))]
    lines += _indented(table(_HEADER, [row for row in rows if row], right=(1, 2, 3, 4)) if any(rows) else "")
    tests = [row for tested in (found.difference, found.did) if tested is not None for row in _tests(tested)]
    lines += _indented(table(_TESTS, tests, right=(1, 3)) if tests else "")
    others = confounders(verified.change, changes, found), left_out(verified.change, changes, found)
    return lines + [f"  {note}" for note in _notes(found, *others)]


def _given(found: Verification) -> list[Arms]:
    return [] if found.untouched is None else [found.untouched]


def _indented(text: str) -> list[str]:
    return ["", *(f"  {line}" for line in text.splitlines())] if text else []


def _arms_row(words: str, arms: Arms) -> tuple[str, ...]:
    if not arms.before.trials and not arms.after.trials:
        return ()
    both = arms.before.trials and arms.after.trials
    change = points(arms.difference, max(2, digits_for(arms.difference))) if both else "-"
    return words, _rate(arms.before), _rate(arms.after), change, f"{arms.before.trials} → {arms.after.trials}"


def _rate(counts: Counts) -> str:
    return f"{counts.rate:.{max(2, digits_for(counts.rate))}%}" if counts.trials else "-"


def _tests(tested: Tested) -> list[tuple[str, ...]]:
    kind = ESTIMATES[tested.kind]
    plan = "样本已够 as planned" if tested.at_plan else "样本未够，仅供参考 before the plan: indicative only"
    rows = [_row(f"{kind.zh}，一次性 {kind.en}, fixed horizon", tested.fixed, f"{tested.fixed_days} 天 days，{plan}")]
    if tested.look is not None:
        note = f"{len(tested.looks)} 次每日查看 daily looks"
        rows.append(_row(f"{kind.zh}，随时可看 {kind.en}, always valid", tested.look, note))
    return rows


def _row(words: str, found: Effect, note: str) -> tuple[str, ...]:
    digits = digits_for(found.upper - found.lower)
    low, high = points(found.lower, digits), points(found.upper, digits)
    return words, points(found.estimate, digits), f"{low} … {high}", p_text(found.p_value).removeprefix("= "), note


def _notes(found: Verification, others: Sequence[str], apart: Sequence[str]) -> list[str]:
    lines = []
    if found.worth is not None:
        said = "预期 expected" if found.aim.delta is not None else "值得发现 worth finding"
        need = f"，每组所需样本 required sample per arm {found.required}" if found.required is not None else ""
        lines.append(f"{said}: {size(found)} 个百分点 points{need}")
    if (premise := assumes(found)) is not None:
        lines.append(f"{premise.zh} {premise.en}")
    basis = found.basis or found.difference
    if basis is not None and basis.dispersion > 1:
        spread = basis.dispersion
        lines.append(f"各日波动为随机的 {spread:.1f} 倍，已计入 days vary {spread:.1f} x as chance would, allowed for")
    if others:
        names = ", ".join(others)
        lines.append(f"同期另有变更，无法分开 other changes meanwhile, effects cannot be told apart: {names}")
    if apart:
        names = ", ".join(apart)
        lines.append(f"对照中已去掉另有变更的切片 slices changed meanwhile are left out of the untouched: {names}")
    return lines


def _span(span: Span, zone: ZoneInfo) -> str:
    return f"{_time(span.start, zone)} – {_time(span.end, zone)}"


def _time(at: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at, zone).strftime(_TIME)
