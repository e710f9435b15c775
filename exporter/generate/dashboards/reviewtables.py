"""Tables of the reviews: every KPI of a period against the one before, and the slices that moved most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from exporter.generate.dashboards import fields, looks, promql, tables
from exporter.generate.dashboards.block import Block, Query
from exporter.generate.dashboards.context import Context
from exporter.generate.dashboards.kpitable import units
from exporter.generate.dashboards.links import data_link, to_board
from exporter.semantic.model import Kpi
from exporter.semantic.names import ALL

# Two-sided at 1 %: many KPIs are looked at.
Z = 2.58
SLICES = ("scenario", "generation")
MOVED = 20


@dataclass(frozen=True, slots=True)
class Both:
    """Values of this period and of the last, by `by`; `labels`: matchers other than the variables'."""

    context: Context
    window: str
    slugs: str
    by: str = "kpi"
    labels: tuple[tuple[str, str], ...] = ()

    def get(self, part: str, ago: str = "") -> str:
        own = dict.fromkeys(promql.own_labels(self.context.catalogue), f"=~{ALL}{promql.OR_NONE}")
        at = {"window": self.window, "scenario": "$scenario", "generation": "$generation", "period": ALL, "script": ALL}
        return promql.slugged(promql.anyone(at | dict(self.labels) | own, part, self.slugs, ago), part, self.by)

    def change(self) -> str:
        return f"({self.get('value')} - {self.get('value', self.window)})"

    def z(self) -> str:
        """Of two proportions (ratios only): the change over its standard error if nothing had changed."""
        now, then = self.get("value"), self.get("value", self.window)
        n, m = self.get("samples"), self.get("samples", self.window)
        pooled = f"(({now} * {n} + {then} * {m}) / ({n} + {m}))"
        return f"({now} - {then})\n/ sqrt({pooled} * (1 - {pooled}) * (1 / {n} + 1 / {m}) > 0)"


def review_table(context: Context, window: str, kpis: Sequence[Kpi]) -> Block:
    """A row for each KPI: this period, the last, the change and whether it may be chance, the target."""
    columns = _columns(context)
    words = context.say(
        f"判断：两比例检验，|z| > {Z}（双侧 1%）；仅比率。点指标下钻。",
        f"Verdict: two proportions, |z| > {Z} (1 %, two-sided); ratios only. Click a KPI to drill down.",
    )
    defaults = fields.defaults(context, decimals=2, thresholds=fields.steps((None, "text")), none=_none(context))
    return Block(
        "table",
        context.say("本期对上期（比率为 %）", "This period against the last (ratios in %)"),
        words,
        24,
        15,
        _queries(context, window, kpis),
        looks.rows(defaults, _overrides(context, window, columns)),
        transformations=(tables.merged(), tables.sorted_by("Value #F"), tables.organized(columns)),
    )


def _queries(context: Context, window: str, kpis: Sequence[Kpi]) -> tuple[Query, ...]:
    both = Both(context, window, _slugs(kpis))
    ratios = replace(both, slugs=_slugs(counted(context, kpis)))
    least = promql.targets(context.catalogue, "warning", generation="$generation")
    line = promql.targets(context.catalogue, "goal", "warning", generation="$generation")
    better = f"on (kpi) {promql.GOOD_SIGN}"

    def missed(of: str) -> str:
        return f"-({both.get('value')} - on (kpi) ({of})) * {better} > bool {promql.TINY}"

    exprs = (
        promql.read(both.get("value"), f"title_{context.language}"),
        promql.read(both.get("value", window)),
        promql.read(both.change()),
        f"(({ratios.z()} > bool {Z}) - ({ratios.z()} < bool -{Z})) * {better}",
        promql.read(f"({line}) and on (kpi) {both.get('value')}"),
        f"({missed(line)}) + on (kpi) (({missed(least)}) or on (kpi) ({missed(line)}) * 0)",
        both.get("samples"),
        both.get("samples", window),
    )
    return tuple(Query(ref, expr, "", "table") for ref, expr in zip("ABCDEFGH", exprs, strict=True))


def _none(context: Context) -> str:
    return context.say("两期都没有数据", "nothing in either period")


def counted(context: Context, kpis: Iterable[Kpi]) -> list[Kpi]:
    """Those that are proportions of things that were counted."""
    return [kpi for kpi in kpis if kpi.kind == "ratio" and kpi.slug not in context.of_money]


def _slugs(kpis: Iterable[Kpi]) -> str:
    return "|".join(kpi.slug for kpi in kpis)


def _columns(context: Context) -> dict[str, str]:
    say = context.say
    return {
        f"title_{context.language}": say("指标", "KPI"),
        "Value #F": say("对目标", "Against target"),
        "Value #A": say("本期", "This period"),
        "Value #B": say("上期", "Last period"),
        "Value #C": say("变化", "Change"),
        "unit": say("单位", "Unit"),
        "Value #D": say("判断", "Verdict"),
        "Value #E": say("目标", "Target"),
        "Value #G": say("本期样本", "Samples now"),
        "Value #H": say("上期样本", "Samples before"),
        "kpi": "slug",
    }


def _overrides(context: Context, window: str, columns: dict[str, str]) -> list[fields.Override]:
    say = context.say
    variables = ["var-kpi=${__data.fields.slug}", f"var-window={window}"]
    variables += [f"${{{label}:queryparam}}" for label in SLICES]
    link = data_link(say("下钻", "Drill down"), to_board(context, "drilldown", variables))
    verdicts = {
        "1": (say("改善", "better"), fields.GREEN),
        "-1": (say("恶化", "worse"), fields.RED),
        "0": (say("无显著变化", "no sure change"), fields.GREY),
    }
    missed = {
        "2": (say("未达", "missed"), fields.ORANGE),
        "1": (say("低于期望", "below goal"), fields.GOAL),
        "0": (say("达标", "met"), fields.GREEN),
    }
    return [
        fields.gaps(),
        fields.column(columns[f"title_{context.language}"], links=[link], custom__width=220),
        fields.column(columns["Value #D"], decimals=0, **fields.state(fields.mapping(verdicts), 120)),
        fields.column(columns["Value #F"], decimals=0, **fields.state(fields.mapping(missed), 126)),
        fields.column(columns["unit"], mappings=[units(context)], custom__width=60),
        *(fields.column(columns[f"Value #{ref}"], unit=fields.COUNT, decimals=0) for ref in "GH"),
        fields.column(columns["kpi"], **fields.hidden()),
    ]


def moved_table(context: Context, window: str, kpis: Sequence[Kpi]) -> Block:
    """The slices of KPIs (see `counted`) that changed most, among those with samples enough in both periods."""
    say = context.say
    columns = {
        f"title_{context.language}": say("指标", "KPI"),
        **{f"{label}_{context.language}": context.title(label) for label in SLICES},
        "Value #B": say("变化", "Change"),
        "Value #C": say("本期", "This period"),
        "Value #D": say("上期", "Last period"),
        "Value #E": say("样本", "Samples"),
        "kpi": "slug",
        **{label: label for label in SLICES},
    }
    least = context.least(kpis)
    words = say(
        f"变化最大的 {MOVED} 个切片（两期样本均不少于 {least}），比率指标。",
        f"The {MOVED} slices of ratio KPIs that changed most, with {least} samples or more in both periods.",
    )
    none = say("无上期数据", "nothing to compare with")
    defaults = fields.defaults(
        context, unit="percentunit", decimals=2, thresholds=fields.steps((None, "text")), none=none
    )
    return Block(
        "moved",
        say("变化最大的切片", "Slices that moved most"),
        words,
        24,
        12,
        _moved_queries(context, window, kpis),
        looks.rows(defaults, _moved_overrides(context, window, columns)),
        transformations=(tables.merged(), tables.sorted_by("Value #A"), tables.organized(columns, ["Value #A"])),
    )


def _moved_queries(context: Context, window: str, kpis: Sequence[Kpi]) -> tuple[Query, ...]:
    labels = ("kpi", *SLICES)
    cells = tuple((label, f"!={ALL}") for label in SLICES)
    both = Both(context, window, _slugs(kpis), ", ".join(labels), cells)
    enough = "\n".join(f"and {_enough(both, kpis, ago)}" for ago in ("", window))
    top = f"topk({MOVED}, abs({both.change()}\n{enough}))"
    name = f"title_{context.language}"
    titles = f"on (kpi) group_left ({name}) {promql.titles(name)}"
    kept = f"and on ({', '.join(labels)}) {top}"
    exprs = (
        f"({promql.titled(top, SLICES, context.language)})\n* {titles}",
        f"{both.change()} {kept}",
        f"{both.get('value')} {kept}",
        f"{both.get('value', window)} {kept}",
        f"{both.get('samples')} {kept}",
    )
    return tuple(Query(ref, expr, "", "table") for ref, expr in zip("ABCDE", exprs, strict=True))


def _enough(both: Both, kpis: Sequence[Kpi], ago: str) -> str:
    """The samples of the slices that have as many as the alerts of their KPI ask for."""
    found: dict[int, list[Kpi]] = {}
    for kpi in kpis:
        found.setdefault(kpi.min_samples, []).append(kpi)
    pieces = [f"{replace(both, slugs=_slugs(of)).get('samples', ago)} >= {least}" for least, of in found.items()]
    return pieces[0] if len(pieces) == 1 else f"({' or '.join(pieces)})"


def _moved_overrides(context: Context, window: str, columns: dict[str, str]) -> list[fields.Override]:
    variables = ["var-kpi=${__data.fields.slug}", f"var-window={window}"]
    variables += [f"var-{label}=${{__data.fields.{label}}}" for label in SLICES]
    link = data_link(context.say("下钻", "Drill down"), to_board(context, "drilldown", variables))
    return [
        fields.column(columns[f"title_{context.language}"], links=[link], custom__width=220),
        fields.column(columns["Value #E"], unit=fields.COUNT, decimals=0),
        *(fields.column(label, **fields.hidden()) for label in (columns["kpi"], *SLICES)),
    ]
